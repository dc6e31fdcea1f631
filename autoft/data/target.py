"""Target: the kind of problem that it makes, class positions, and the user's own labels back.

Until a table is described its target is a column like the others. Then `written` makes it one form however it came:
texts that name the classes, or numbers. The labels themselves are in `Target`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoft.data.cells import Distinct, numbers
from autoft.data.labels import Given, Plain, restored, to_plain
from autoft.data.table import number_text
from autoft.errors import SchemaError, cell
from autoft.records.arrays import EXACT
from autoft.records.columns import Target, Task

#: Most distinct values of whole numbers that are classes rather than amounts.
MOST_CLASSES = 20

_AFFIRMATIVE = frozenset(
    {"yes", "true", "1", "y", "t", "positive", "pos", "ja", "oui", "si", "sí", "sim", "wahr", "vrai"}
)


def understand(
    series: pd.Series, *, dtype: str, task: Task | None, positive: Any, given: Given | None = None
) -> Target:
    """Read the problem off the target column.

    Args:
        series: The canonical column (texts, float64 or times); missing cells are ignored.
        dtype: The dtype that the column came with, ``text`` for files of text.
        task: The user's word; None to decide: texts, booleans, dates and pandas' categories are classes, whole numbers
            with at most 20 distinct values too, other numbers are amounts.
        positive: For binary tasks the positive label as the user writes it; None takes an affirmative label (yes,
            true, 1) or else the rarer one.
        given: The column as it was given, where its canonical form may say less.

    Raises:
        SchemaError: If the column does not fit the task, `positive` is not one of its values, or labels cannot be
            given back.
    """
    name, distinct = str(series.name), Distinct.of(series)
    amounts = _amounts(distinct, dtype)
    if task is None:
        different = np.unique(distinct.texts if amounts is None else amounts)
        whole = amounts is not None and bool(np.all(different == np.floor(different)))
        few = len(different) <= (MOST_CLASSES if whole else 2)
        task = "binary" if len(different) <= 2 else "multiclass"
        category = given is not None and isinstance(given.values.dtype, pd.CategoricalDtype)
        if amounts is not None and not few and not category:
            task = "regression"
    if task == "regression":
        odd = [text for text, number in zip(distinct.texts, distinct.numbers, strict=True) if np.isnan(number)]
        if odd or not len(distinct.values):
            held = f"it holds {cell(min(odd))}" if odd else "it is empty"
            fix = "correct the cells that are no numbers, or name another task"
            raise _wrong(name, "be numeric for a regression", held, fix)
        return Target(name=name, task=task, dtype="float64")
    rows: dict[str, int] = {}
    found: dict[str, _Label] = {}
    texts: dict[_Label, str] = {}  # 1, 1.0 and True are one key
    for label, count in zip(_labels(distinct, dtype, name, given), distinct.counts.tolist(), strict=True):
        text = as_text(label[0])
        rows[text] = rows.get(text, 0) + count
        other = texts.setdefault(label, text)
        if found.setdefault(text, label) != label or other != text:
            must, fix = "hold labels that differ, as texts and as values", "write each label in one way, as one type"
            raise _wrong(name, must, f"it holds {cell(text)} and {cell(other)} of different types", fix)
    if task == "binary" and len(found) > 2:
        raise _wrong(name, "have two values for a binary task", f"it has {len(found):,}", "task: multiclass")
    labels = _in_order(list(found.values()))
    classes, types = tuple(plain for plain, _ in labels), tuple(kind for _, kind in labels)
    target = Target(
        name=name,
        task=task,
        classes=classes,
        dtype=_numpy_type(labels, dtype if given is None or given.values.dtype != object else "object"),
        types=types if any(types) else (),
    )
    if task == "binary" and classes:
        target = replace(target, positive=_positive(target, rows, positive))
    return target


def written(series: pd.Series, target: Target, *, dtype: str, given: Given | None = None) -> pd.Series:
    """The target column in the form that does not depend on its source: texts of the labels, or for a regression the
    column as it is; None where a cell is missing. The arguments are those of `understand`, which made `target`."""
    if target.task == "regression":
        return series
    distinct = Distinct.of(series)
    texts = np.array([as_text(plain) for plain, _ in _labels(distinct, dtype, target.name, given)], dtype=object)
    return pd.Series(distinct.spread(texts, None), index=series.index, name=series.name, dtype=object)


def encode(series: pd.Series, target: Target) -> NDArray[Any]:
    """Class positions ``[n]`` int64, or values ``[n]`` float64, of a column as `written` has it without missing
    cells."""
    distinct = Distinct.of(series)
    if target.task == "regression":
        return distinct.numbers[distinct.codes]
    positions = {as_text(label): i for i, label in enumerate(target.classes)}
    return np.array([positions[text] for text in distinct.texts], dtype=np.int64)[distinct.codes]


def decode(positions: NDArray[Any], target: Target) -> NDArray[Any]:
    """Class positions back to labels equal to those that were given, in their dtype. Raises an ArithmeticError,
    AttributeError, LookupError, TypeError or ValueError if `target` is none that `understand` made."""
    classes = np.empty(len(target.classes), dtype=object)
    dtype = np.dtype(target.dtype)
    if dtype.kind not in "biufOmM":
        raise ValueError(f"labels of dtype {dtype}")
    kinds = target.types or [""] * len(target.classes)
    labels = zip(target.classes, kinds, strict=True)
    # NumPy reads times from texts to the nanosecond; from Python's objects it does not.
    classes[:] = [label if dtype.kind == "M" else restored(label, kind) for label, kind in labels]
    if dtype.kind == "m":
        classes[:] = [label.to_timedelta64() for label in classes]
    return np.asarray(classes.astype(dtype)[positions])


def is_label(label: Plain, wanted: object) -> bool:
    """Whether somebody who writes `wanted` means this label: ``1`` means 1.0, ``true`` means True and "TRUE", but
    neither 1 nor "1" means "01".

    >>> is_label(1, "1"), is_label("01", 1), is_label("yes", "yes"), is_label("TRUE", True)
    (True, False, True, True)
    """
    if isinstance(wanted, bool) or isinstance(label, bool):
        return label == wanted or str(label).casefold() == str(wanted).casefold()
    if isinstance(label, str) or not isinstance(wanted, str):
        return label == wanted or as_text(str(label)) == as_text(str(wanted))
    return bool(numbers([wanted])[0] == label)


def as_text(plain: Plain) -> str:
    """A label as text, the same whatever source it came from.

    >>> as_text(1.0), as_text("1.0"), as_text(True)
    ('1', '1.0', 'True')
    """
    if isinstance(plain, float):
        return number_text(plain)
    return str(plain) if not isinstance(plain, str) or plain.isascii() else unicodedata.normalize("NFC", plain)


_Label = tuple[Plain, str]


def _amounts(distinct: Distinct, dtype: str) -> NDArray[Any] | None:
    """The distinct values as numbers, where all of them are; digits in a file of text may also be names."""
    if distinct.values.dtype.kind == "f":
        return distinct.values
    if dtype != "text" or not len(distinct.values):
        return None
    found, texts = distinct.numbers, [text.strip().lstrip("+-") for text in distinct.texts]
    codes = any((text[:1] == "0" and text[1:2].isdigit()) or " " in text for text in texts)  # 007, 0 days 00:01:00
    # Whole numbers beyond float64's exact ones are names, and so is "inf"; 1.5e+20 is an amount.
    names = any(
        not np.isfinite(number) or (abs(number) > EXACT and text.isdigit())
        for text, number in zip(texts, found.tolist(), strict=True)
    )
    return None if codes or names else found


def _labels(distinct: Distinct, dtype: str, name: str, given: Given | None) -> list[_Label]:
    """The label behind each distinct cell."""
    values: list[Any] = distinct.values.tolist()
    amounts = _amounts(distinct, dtype)
    if dtype == "text" and amounts is not None:
        whole = not any(sign in text for text in distinct.texts for sign in ".eE")
        return [(int(value) if whole else float(value), "") for value in amounts.tolist()]
    if (dtype == "text" or dtype.lower().startswith("bool")) and {*values} <= {"True", "False"}:
        return [(value == "True", "") for value in values]
    kind = _number_type(dtype)
    if amounts is not None and kind is not None:
        return [(value, "") for value in amounts.astype(kind).tolist()]
    if given is not None:
        known = given.by_cell()
        values = [known[value] for value in values]
    elif distinct.values.dtype.kind == "M":
        values = list(distinct.values)
    labels = [to_plain(value, name) for value in values]
    if amounts is not None and any(type(plain) is float for plain, _ in labels):
        return [(float(plain) if type(plain) is int else plain, kind) for plain, kind in labels]
    return labels


def _number_type(dtype: str) -> np.dtype[Any] | None:
    """The numpy type of the user's numbers ("Int64" and "int64[pyarrow]" are int64 too), None if they have none."""
    try:
        found = np.dtype(dtype.lower().partition("[")[0])
    except (TypeError, ValueError):  # the latter of "decimal128(2, 1)[pyarrow]"
        return None
    return np.dtype("float64") if found == np.longdouble else found if found.kind in "iuf" else None


def _numpy_type(labels: list[_Label], dtype: str) -> str:
    """Name of the numpy type of an array of labels."""
    kinds, types = {kind for _, kind in labels}, {type(plain) for plain, _ in labels}
    if kinds in ({"Timestamp"}, {"Timedelta"}) and dtype.startswith(("datetime64", "timedelta64")) and "," not in dtype:
        return dtype
    if kinds != {""} or types not in ({bool}, {int}, {float}):
        return "object"
    if types == {bool}:
        return "bool"
    own = _number_type(dtype)
    if types == {float}:
        return str(own) if own is not None and own.kind == "f" else "float64"
    if own is not None and own.kind in "iu":
        return str(own)
    fits = all(-(2**63) <= int(plain) < 2**63 for plain, _ in labels)
    return "int64" if fits else "object"


def _in_order(labels: list[_Label]) -> list[_Label]:
    """Labels sorted by value, or by text where they are of types that have no common order."""
    families = {(kind, type(plain) if isinstance(plain, str | bool) else float) for plain, kind in labels}
    if len(families) == 1 and families != {("", str)}:
        try:
            return sorted(labels, key=lambda label: restored(*label))
        except TypeError:  # times with a zone and without
            pass
    return sorted(labels, key=lambda label: as_text(label[0]))


def _positive(target: Target, rows: Mapping[str, int], wanted: Any) -> Any:
    if wanted is not None:
        meant = [label for label in target.classes if is_label(label, wanted)]
        if meant:
            return meant[0]
        found = (
            f"its values are {', '.join(cell(label, repr(label), rows[as_text(label)]) for label in target.classes)}"
        )
        raise _wrong(target.name, f"hold the positive label {wanted!r}", found, "set data: positive: to one of them")
    affirmative = [c for c in target.classes if c == 1 or str(c).strip().lower() in _AFFIRMATIVE]
    if len(affirmative) == 1:
        return affirmative[0]
    return min(target.classes, key=lambda label: (rows[as_text(label)], str(label)))


def _wrong(name: str, must: str, found: str, fix: str) -> SchemaError:
    return SchemaError(f"Target '{name}'", must, found, fix)
