"""Orders that the names of categories give away, and those that they do not."""

from __future__ import annotations

import pytest

from autoft.knowledge.orders import evident_order


@pytest.mark.parametrize(
    "order",
    [
        ("low", "medium", "high"),
        ("Low", "Medium", "High", "Very High"),
        ("Fair", "Good", "Very Good", "Premium", "Ideal"),
        ("never", "sometimes", "always"),
        ("S", "M", "L", "XL"),
        ("<18", "18-29", "30-59", ">=60"),
        ("under 10", "10", "over 10"),
        ("1st", "2nd", "3rd"),
        ("One year", "Two years", "Three years"),
        ("0 to 1,000", "1,000 to 9,999", "10,000 or more"),
        ("very_low", "low", "high"),
    ],
)
def test_found(order):
    assert evident_order(sorted(order)) == order
    assert evident_order(order[::-1]) == order


@pytest.mark.parametrize(
    "names",
    [
        ("Bonn", "Oslo", "Rome"),
        ("shop 1", "shop 2", "shop 3"),
        ("low", "medium", "unknown"),
        ("10-20", "10-30", "30-40"),
        ("1", "2"),
        ("yes", "no"),
        ("low", "LOW"),
        ("only",),
        (),
    ],
)
def test_not_found(names):
    assert evident_order(names) is None
