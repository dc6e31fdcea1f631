"""The description of a saved model (``meta.json``): what prediction needs besides the Keras model, and its consistency.

Whoever forges a model can sign it anew. So a description has to agree with itself, and with the model's inputs and
outputs, before anything is made of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autoft.data import target as targets
from autoft.records.columns import Column, Kind, Repair, Target
from autoft.records.decisions import CostMatrix

#: No count, and no part of a number, is larger in any table.
_MOST = 10**15
_ID = re.compile(r"[a-z][a-z0-9_]{0,30}")
#: A dtype that numpy does not have: pandas' own (``Int64``) and those of extensions; no text that numpy refuses as too
#: wide (``U1000000000``).
_DTYPE = re.compile(r"(?![a-zA-Z]\d)[A-Za-z][A-Za-z_]{0,30}\d{0,3}(\[[\w, /+:-]{0,60}\])?")
#: Bytes of a label in arrays of texts, for each of its characters.
_TEXT_BYTES = 4
_LONGEST_FORMAT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What prediction needs besides the Keras model.

    Attributes:
        columns: The feature columns, used or not.
        version: Version of autoft that saved it.
        engine: Name of the schema engine; empty without one.
        ranges: Smallest and largest value of each numeric column in the training table, by column id.
        vocabularies: Categories of each categorical column in the training table, by column id.
        words: Words of each text column that the model counts, by column id.
        encoders: Name of the encoder of each column that has one of its own, by column id.
        threshold: Positive probability from which on a row is positive (binary tasks), between 0 and 1.
        repairs: Changes that were made to the training table, and are made to every other table first.
        unused: Columns of the training table that are no inputs of the model.
        matrix: Costs ``[true][answered]`` by which more than two classes are decided; empty for the most probable one.
        private: Whether findings about later tables keep cells that fewer than ten rows hold to themselves.
        layers: Package and version of each layer that is not Keras' own, by registered name; `save` fills it in.
        missing: Words that mean a missing cell, None for the usual ones.
        words_apart: By column those of them that are values there.

    Raises:
        ValueError: If the threshold or the matrix cannot be one.
    """

    columns: tuple[Column, ...]
    target: Target
    version: str
    engine: str
    ranges: Mapping[str, tuple[float, float]]
    vocabularies: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encoders: Mapping[str, str] = field(default_factory=dict)
    threshold: float = 0.5
    repairs: tuple[Repair, ...] = ()
    unused: tuple[str, ...] = ()
    matrix: CostMatrix = ()
    private: bool = False
    layers: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] | None = None
    words_apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold {self.threshold}")
        classes = len(self.target.classes)
        bad = any(not 0 <= cost < math.inf for row in self.matrix for cost in row)
        if bad or (self.matrix and [len(row) for row in self.matrix] != [classes] * classes):
            raise ValueError(f"matrix of {len(self.matrix)} rows")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """An input of the raw Keras model as its configuration has it; `width` is 0 where that says none."""

    name: str
    dtype: str
    width: int


def contradictions(meta: Meta) -> Iterator[str]:
    """In what a description contradicts itself, each as it goes on after "meta.json"."""
    ids = [column.id for column in meta.columns]
    if not ids or len({*ids}) < len(ids) or not all(map(_ID.fullmatch, ids)):
        yield "has no columns, or their ids are not safe names, each once"
    names = [meta.target.name, *(column.name for column in meta.columns)]
    if len({*names}) < len(names):
        yield "has two columns of one name, or the target among them"
    yield from (f"contradicts itself in column {column.id}" for column in meta.columns if not _is_column(column))
    yield from _target_faults(meta.target)
    kinds = {column.id: column.kind for column in meta.columns}
    parts: tuple[tuple[str, Mapping[str, Any], str], ...] = (
        ("ranges", meta.ranges, "numeric"),
        ("vocabularies", meta.vocabularies, "categorical"),
        ("words", meta.words, "text"),
    )
    for name, part, kind in parts:
        if any(kinds.get(column) != kind for column in part):
            yield f"has {name} of columns that are not {kind}"
    if not {*meta.encoders} <= {*ids}:
        yield "has encoders of columns that it does not have"
    if not all(-math.inf < low <= high < math.inf for low, high in meta.ranges.values()):
        yield "has a range that is none"
    if any(len({*texts}) < len(texts) for texts in (*meta.vocabularies.values(), *meta.words.values())):
        yield "has a category or word twice"
    orders = {column.id: column.order for column in meta.columns if column.order and column.id not in meta.encoders}
    if any(meta.vocabularies.get(column) != order for column, order in orders.items()):
        yield "has an order that is not that of the categories"
    if not all(map(_is_repair, meta.repairs)):
        yield "has a repair that cannot be carried out"


def _is_column(column: Column) -> bool:
    counts = 0 <= column.missing < _MOST and 0 <= column.distinct < _MOST
    truths = (*column.false, *column.true)
    both = bool(column.false or column.true) <= (column.kind == "boolean") and len({*truths}) == len(truths)
    order = not column.order or (column.kind == "categorical" and len({*column.order}) == len(column.order))
    date = column.date_format is None or (column.kind == "date" and len(column.date_format) <= _LONGEST_FORMAT)
    return counts and both and order and date


def _is_repair(repair: Repair) -> bool:
    numbers = (*repair.numbers, repair.low or 0.0, repair.high or 0.0, repair.factor, repair.cut)
    placed = (repair.column is None) == (repair.action == "drop-rows")
    return placed and all(map(math.isfinite, numbers))


def _target_faults(target: Target) -> Iterator[str]:
    count = len(target.classes)
    least = {"regression": 0, "binary": 2, "multiclass": 2}[target.task]
    if (count != least) if target.task != "multiclass" else (count < least):
        yield f"has {count:,} classes for the task {target.task}"
    elif not all(map(_is_label, target.classes)) or not (target.positive is None or _is_label(target.positive)):
        yield "has classes that are no labels"
    elif _has_twice(target) or (target.task == "binary" and target.positive not in target.classes):
        yield "has a class twice, or a positive class that is none of them"
    elif not _keeps_classes(target):
        yield f"has a target of type '{target.dtype[:40]}', which does not hold its classes"


def _has_twice(target: Target) -> bool:
    """Whether two classes are one; texts of other types (dates ...) are compared once they are read."""
    return not target.types and len({(type(one), one) for one in target.classes}) < len(target.classes)


def _is_label(label: Any) -> bool:
    return isinstance(label, str | bool | int) or (isinstance(label, float) and math.isfinite(label))


def _keeps_classes(target: Target) -> bool:
    """Whether the labels come back from an array of the target's dtype, which takes no more memory than they do."""
    try:
        dtype = np.dtype(target.dtype)
    except (TypeError, ValueError, SyntaxError):  # an extension of pandas, or nothing at all
        return _DTYPE.fullmatch(target.dtype) is not None
    if target.task == "regression":
        return dtype == np.float64
    longest = max(len(str(label)) for label in target.classes)
    if dtype.kind == "V" or not 0 < dtype.itemsize <= _TEXT_BYTES * max(longest, 4):  # numpy's own may overflow
        return False
    try:
        decoded = targets.decode(np.arange(len(target.classes)), target)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return False
    return len({(type(label), label) for label in decoded.tolist()}) == len(target.classes)


def disagreements(meta: Meta, inputs: Iterable[ModelInput]) -> Iterator[str]:
    """In what a description contradicts the inputs of its model, each as it goes on after "meta.json"."""
    inputs = tuple(inputs)
    used = {column.id: column for column in meta.columns if column.used or column.id in meta.encoders}
    names = {one.name for one in inputs}  # a text column of which no word repeats is no input
    if not names or len(names) < len(inputs) or not names <= {*used}:
        yield "does not have the columns that the model takes"
        return
    yield from (
        f"describes column {one.name} otherwise than the model takes it"
        for one in inputs
        if not _fits(one, used[one.name].kind, meta)
    )


def _fits(given: ModelInput, kind: Kind, meta: Meta) -> bool:
    """Whether the cells of a column are what the model's input takes (`autoft.serving.predictor.model_inputs`)."""
    if given.name in meta.encoders:
        return given.width > 0
    if given.name in meta.words:
        return given.width == (1 if given.dtype == "string" else len(meta.words[given.name]))
    if given.width != 1:
        return False
    if kind == "categorical":
        return given.dtype == "string" or given.name in meta.vocabularies
    return (given.dtype == "string") == (kind == "text")
