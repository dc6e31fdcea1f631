"""Target: the kind of problem that it makes, class positions, and the user's own labels back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.errors import SchemaError
from autoft.records.columns import Target, Task

if TYPE_CHECKING:
    import pandas as pd

#: Most distinct values of whole numbers that are classes rather than amounts.
MOST_CLASSES = 20

#: Largest whole number up to which float64 tells all whole numbers apart.
_EXACT = 2**53

_AFFIRMATIVE = frozenset({"yes", "true", "1", "y", "t", "positive", "pos"})


def understand(series: pd.Series, *, dtype: str, task: Task | None, positive: Any) -> Target:
    """Read the problem off the target column.

    Args:
        series: The canonical column (texts or float64) without missing cells to speak of; they are ignored.
        dtype: The dtype that the column came with, ``text`` for files of text.
        task: The user's word; None to decide: text and booleans are classes, whole numbers with at most 20 distinct
            values too, other numbers are amounts.
        positive: For binary tasks the positive label as the user writes it; None takes an affirmative label (yes,
            true, 1) or else the rarer one.

    Raises:
        SchemaError: If the column does not fit the task, or `positive` is not one of its values.
    """
    name = str(series.name)
    labels = _labels(series.dropna(), dtype)
    numeric = labels.dtype.kind in "iuf"
    distinct = np.unique(labels) if len(labels) else labels
    if task is None:
        whole = numeric and bool(np.all(distinct == np.floor(distinct)))
        few = len(distinct) <= (MOST_CLASSES if whole else 2)
        task = "regression" if numeric and not few else ("binary" if len(distinct) <= 2 else "multiclass")
    if task == "regression":
        if not numeric:
            held = f"it holds '{str(distinct[0])[:40]}'" if len(distinct) else "it is empty"
            fix = "correct the cells that are no numbers, or name another task"
            raise _wrong(name, "be numeric for a regression", held, fix)
        return Target(name=name, task=task, dtype="float64")
    if task == "binary" and len(distinct) > 2:
        raise _wrong(name, "have two values for a binary task", f"it has {len(distinct):,}", "task: multiclass")
    classes = tuple(label.item() if isinstance(label, np.generic) else label for label in distinct)
    chosen = _positive(name, classes, labels, positive) if task == "binary" and classes else None
    return Target(name=name, task=task, classes=classes, positive=chosen, dtype=str(labels.dtype))


def encode(series: pd.Series, target: Target, *, dtype: str) -> NDArray[Any]:
    """Class positions ``[n]`` int64, or values ``[n]`` float64. The column must have no missing cells."""
    labels = _labels(series, dtype)
    if target.task == "regression":
        return labels.astype(np.float64)
    positions = {label: i for i, label in enumerate(target.classes)}
    return np.array([positions[label] for label in labels.tolist()], dtype=np.int64)


def decode(positions: NDArray[Any], target: Target) -> NDArray[Any]:
    """Class positions back to the user's labels, in their dtype."""
    classes = np.empty(len(target.classes), dtype=object)
    classes[:] = target.classes
    return np.asarray(classes[positions].astype(target.dtype))


def _labels(series: pd.Series, dtype: str) -> NDArray[Any]:
    """The labels as the user knows them: numbers from a text file become numbers, booleans booleans."""
    import pandas as pd

    if series.dtype.kind == "f":
        values = series.to_numpy(np.float64)
        return values.astype(_number_type(dtype)) if np.isfinite(values).all() else values
    texts = series.to_numpy(object)
    known = set(texts)
    booleans = dtype.lower().startswith("bool") or (dtype == "text" and known)
    if booleans and known <= {"True", "False"}:
        return np.array([t == "True" for t in texts], dtype=bool)
    if dtype == "text":
        numbers = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy()
        codes = any(str(t).lstrip("+-").startswith("0") and str(t).lstrip("+-")[1:2].isdigit() for t in known)
        # Whole numbers beyond float64's exact ones are names, and so is "inf".
        if len(numbers) and (np.abs(numbers.astype(float)) <= _EXACT).all() and not codes:
            whole = all("." not in str(t) and "e" not in str(t).lower() for t in known)
            return np.asarray(numbers.astype(np.int64 if whole else np.float64))
    return texts


def _number_type(dtype: str) -> np.dtype[Any]:
    """The numpy type of the user's numbers ("Int64" and "int64[pyarrow]" are int64 too), float64 if they have none."""
    try:
        found = np.dtype(dtype.lower().partition("[")[0])
    except TypeError:
        return np.dtype(np.float64)
    return found if found.kind in "iuf" else np.dtype(np.float64)


def _positive(name: str, classes: tuple[Any, ...], labels: NDArray[Any], wanted: Any) -> Any:
    if wanted is not None:
        for label in classes:
            if label == wanted or str(label) == str(wanted):
                return label
        found = f"its values are {', '.join(map(repr, classes))}"
        raise _wrong(name, f"hold the positive label {wanted!r}", found, "set data: positive: to one of them")
    affirmative = [c for c in classes if c == 1 or str(c).strip().lower() in _AFFIRMATIVE]
    if len(affirmative) == 1:
        return affirmative[0]
    return min(classes, key=lambda c: (int(np.sum(labels == c)), str(c)))


def _wrong(name: str, must: str, found: str, fix: str) -> SchemaError:
    return SchemaError(f"Target '{name}'", must, found, fix)
