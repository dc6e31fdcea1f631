"""Cells of single columns and ratios among encoded rows: where they are, and the same rows with other ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.statistics import ratios_of
from autoft.records.arrays import Array

#: Name of the array of `Encoded`, and the place in it.
Place = tuple[str, int]


def place(plan: InputLayout, column: str) -> Place | None:
    """Where a column's (or ratio's) cells are; None if it is no input."""
    ratios = [ratio.id for ratio in plan.ratios]
    for array, ids in (
        ("numbers", plan.numbers),
        ("codes", [one.id for one in plan.categories]),
        ("texts", [one.id for one in plan.texts]),
        ("ratios", ratios),
    ):
        if column in ids:
            return array, list(ids).index(column)
    return None


def of(plan: InputLayout, encoded: Encoded, where: Place) -> Array:
    """The cells ``[n]`` of a column or ratio that is no text."""
    array, j = where
    found: Array = (ratios_of(plan, encoded.numbers) if array == "ratios" else getattr(encoded, array))[:, j]
    return found


def set_to(plan: InputLayout, encoded: Encoded, where: Place, cells: Array) -> Encoded:
    """The same rows with other cells ``[n]``, all else equal; of a ratio its parts, too."""
    array, j = where
    own = ratios_of(plan, encoded.numbers) if array == "ratios" else getattr(encoded, array).copy()
    own[:, j] = cells
    changed: dict[str, Any] = {array: own}
    return replace(encoded, **changed)
