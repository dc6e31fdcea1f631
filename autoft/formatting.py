"""Text for people: numbers and suggestions of names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from difflib import get_close_matches


def number(value: float | None) -> str:
    """A score with a sensible number of digits.

    >>> number(0.85712), number(48213.9), number(12.3456), number(None), number(0.00004)
    ('0.857', '48,214', '12.35', '-', '4e-05')
    """
    if value is None or math.isnan(value):
        return "-"
    size = abs(value)
    if size != 0 and size < 0.0005:
        return f"{value:.2g}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.2f}" if size >= 10 else f"{value:.3f}"


def percent(share: float) -> str:
    """A share in percent.

    >>> percent(0.123), percent(0.002), percent(1)
    ('12 %', 'below 1 %', '100 %')
    """
    return "below 1 %" if share < 0.005 else f"{100 * share:.0f} %"


def counted(number_of: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "row"), counted(7043, "row")
    ('1 row', '7,043 rows')
    """
    return f"{number_of:,} {noun}{'' if number_of == 1 else 's'}"


def nearest(name: str, options: Iterable[object], most: int = 3) -> str:
    """A clause with the nearest of some names, `most` of them, or an empty text if none is near.

    >>> nearest("churn", ["Churn", "tenure"])
    "perhaps 'Churn' is meant"
    """
    by_folded = {str(option).casefold(): str(option) for option in options}
    near = get_close_matches(str(name).casefold(), by_folded, n=most, cutoff=0.6)
    return f"perhaps {' or '.join(repr(by_folded[option]) for option in near)} is meant" if near else ""
