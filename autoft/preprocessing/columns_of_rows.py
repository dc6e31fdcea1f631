"""Cells of single columns and ratios among encoded rows: where they are, and the same rows with other ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autoft.preprocessing.custom import NUMBERS
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.statistics import ratios_of
from autoft.records.arrays import Array
from autoft.records.columns import Column

#: Name of the array of `Encoded`, and the place in it.
Place = tuple[str, int]


def places(plan: InputLayout) -> dict[str, Place]:
    """Where the cells of each column (or ratio) are, by id."""
    inputs: dict[str, Sequence[Any]] = {
        "codes": plan.categories,
        "texts": plan.texts,
        "ratios": plan.ratios,
        "custom": plan.custom,
    }
    ids = {"numbers": plan.numbers} | {array: [one.id for one in own] for array, own in inputs.items()}
    return {column: (array, j) for array, found in ids.items() for j, column in enumerate(found)}


def is_one_number(encoded: Encoded, column: Column, where: Place) -> bool:
    """Whether a column can be set to one cell after the other: no text, and nothing read from one."""
    array, j = where
    if array == "custom":
        return column.kind in NUMBERS and encoded.custom[j].shape[1] == 1
    return array != "texts"


def of(plan: InputLayout, encoded: Encoded, where: Place) -> Array:
    """The cells ``[n]`` of a column or ratio that is no text, of a custom column the first number of each."""
    array, j = where
    if array == "custom":
        return encoded.custom[j][:, 0]
    return np.asarray(ratios_of(plan, encoded.numbers) if array == "ratios" else getattr(encoded, array))[:, j]


def set_to(plan: InputLayout, encoded: Encoded, where: Place, cells: Array) -> Encoded:
    """The same rows with other cells ``[n]``, all else equal; of a ratio its parts, too."""
    array, j = where
    if array == "custom":
        column = np.broadcast_to(np.asarray(cells, np.float64)[:, None], encoded.custom[j].shape)
        return replace(encoded, custom=(*encoded.custom[:j], column, *encoded.custom[j + 1 :]))
    own = ratios_of(plan, encoded.numbers) if array == "ratios" else getattr(encoded, array).copy()
    own[:, j] = cells
    changed: dict[str, Any] = {array: own}
    return replace(encoded, **changed)


def shuffled(encoded: Encoded, where: Place, order: Array) -> Encoded:
    """The same rows, each with another row's cell of one column: that of the row in `order` ``[n]``."""
    array, j = where
    cells: Any = getattr(encoded, array)
    if array in ("texts", "custom"):
        own = cells[j].rows(order) if array == "texts" else cells[j][order]
        cells = (*cells[:j], own, *cells[j + 1 :])
    else:
        cells = cells.copy()
        cells[:, j] = cells[order, j]
    return replace(encoded, **{array: cells})
