"""Suite of column encoders: what `ColumnEncoder` promises, checked on awkward cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autoft.preprocessing.custom import NUMBERS, read, tensor_texts
from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.serving.artifact import as_tensors
from autoft.testing.saving import reloaded

#: Rows of the columns that are tried, and rows of them that no member trains on.
_ROWS, _HELD_OUT = 60, 20

_CELLS: Mapping[str, tuple[Any, ...]] = {
    "numeric": (np.nan, 0.0, -0.0, 1.0, 7.5, -3.0, 1e300, -1e300, 5e-324, 1.7e12, 2.0**24 + 1),
    "boolean": (np.nan, 0.0, 1.0),
    "date": (np.nan, -2.2e9, 0.0, 86_399.0, 1.7e9, 2.5e11),
    "categorical": (None, "", "a", "b", "[UNK]", "Łódź", "\ud800", "nul\x00", "long " * 99),
    "text": (None, "", "An old car.", "ein ganz anderer Satz", "?!", "word " * 500, "\ud800 é", "日本"),
}


def check_encoder(encoder: ColumnEncoder) -> None:
    """Hold an encoder to its promises, for each kind of column that it takes."""
    assert ENCODERS[encoder.name] is encoder, f"'{encoder.name}' must be registered"
    unknown = encoder.kinds - _CELLS.keys()
    assert encoder.kinds, f"'{encoder.name}' must take some kind of column"
    assert not unknown, f"'{encoder.name}' must take kinds of columns that are inputs, not {', '.join(unknown)}"
    for kind in sorted(encoder.kinds):
        _check(encoder, Column(id="c000", name="a column", kind=kind, why="", missing=1, false=("no",), true=("yes",)))


def _check(encoder: ColumnEncoder, column: Column) -> None:
    import keras

    rng = np.random.default_rng(0)
    cells = np.array([_CELLS[column.kind][j] for j in rng.integers(0, len(_CELLS[column.kind]), _ROWS)])
    members = [np.arange(0, _ROWS - _HELD_OUT, 2), np.arange(1, _ROWS - _HELD_OUT)]
    about = f"encoder '{encoder.name}' of a {column.kind} column"
    values = read(encoder.name, cells)
    assert values.shape[0] == _ROWS, f"{about} must read a row of numbers from each cell: {values.shape}"
    alone = np.vstack([read(encoder.name, cells[[row]]) for row in range(_ROWS)])
    assert np.array_equal(values, alone, equal_nan=True), f"{about} must read each cell by itself"
    text = encoder.describe(column)
    assert text.endswith("."), f"{about} must be described by a sentence: {text!r}"
    directions = encoder.directions(column)
    assert len(directions) == encoder.width(column), f"{about} must have a direction for each input"

    statistics = encoder.fit(values, members)
    strange = values.copy()
    strange[-_HELD_OUT:] = -99.0
    for name, learned in encoder.fit(strange, members).items():
        known = statistics[name]
        assert len(known) == len(members), f"{about}: the first axis of '{name}' must be that of the members"
        assert np.array_equal(known, learned, equal_nan=True), f"{about} must learn '{name}' from training rows alone"

    outputs = _outputs(encoder.layer(statistics), values, len(members))
    assert outputs.shape == (len(members), _ROWS, encoder.width(column)), f"{about} has outputs {outputs.shape}"
    assert outputs.dtype == np.float32, f"{about} must give float32, not {outputs.dtype}"
    assert np.isfinite(outputs).all(), f"{about} must give finite numbers, whatever the cells"
    second = _outputs(encoder.layer({name: own[1:] for name, own in statistics.items()}), values, 1)
    assert np.array_equal(second[0], outputs[1]), f"{about}: a member alone must be encoded as in a stack"
    _check_directions(encoder, column, statistics, about)
    inputs = keras.Input((values.shape[1],), dtype="float64")
    again = _outputs(reloaded(keras.Model(inputs, encoder.layer(statistics)(inputs))), values, len(members))
    assert np.array_equal(again, outputs), f"{about} must be read back the same"
    _check_reader(encoder, column, cells, values, about)


def _outputs(layer: Any, values: Array, members: int) -> Array:
    found = np.asarray(layer(values))
    return np.repeat(found[None], members, axis=0) if found.ndim == 2 else found


def _check_directions(encoder: ColumnEncoder, column: Column, statistics: Mapping[str, Array], about: str) -> None:
    """Outputs move with ascending cells as they promise."""
    known = sorted({cell for cell in _CELLS[column.kind] if isinstance(cell, float) and not np.isnan(cell)})
    if not known:
        return
    cells = np.array([*known, *np.linspace(-10.0, 10.0, 41)]) if column.kind != "boolean" else np.array(known)
    values = read(encoder.name, np.sort(cells))
    moves = np.diff(_outputs(encoder.layer(statistics), values, 1), axis=1)
    for j, direction in enumerate(encoder.directions(column)):
        if direction == "missing":
            assert not moves[:, :, j].any(), f"{about}: input {j} must move only where a cell is missing"
        elif direction:
            assert (moves[:, :, j] * direction >= -1e-6).all(), f"{about}: input {j} must move in direction {direction}"


def _check_reader(encoder: ColumnEncoder, column: Column, cells: Array, values: Array, about: str) -> None:
    """In TensorFlow the layer that reads strings agrees with numpy."""
    import keras

    if column.kind in NUMBERS or keras.backend.backend() != "tensorflow" or encoder.reader() is None:
        return
    found = np.asarray(encoder.reader()(as_tensors({"cells": tensor_texts(cells)[:, None]})["cells"]))
    assert np.array_equal(found, values, equal_nan=True), f"{about}: reader() must agree with read()"
