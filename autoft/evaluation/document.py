"""The document `evaluation.json`: an evaluation as plain data and back (format: docs/evaluation.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import reduce
from operator import getitem
from typing import Any

import numpy as np

from autoft.errors import EvaluationError
from autoft.files import FORMAT
from autoft.records.evaluation import Evaluation
from autoft.records.hint_tests import Curve
from autoft.records.reading import read_record

#: Fields of `Evaluation` that are keys of the document's part ``best``.
_OF_BEST = (
    *("naive", "per_class", "confusion", "curves", "importance", "overfitting", "strategy", "target", "rows"),
    *("interrupted", "hints", "all_hints", "dependence"),
)
#: Places in the document, in its order, with the part of an evaluation that stands there.
_PLACES = {
    **{name: name for name in ("version", "task", "objective", "held_out", "undefined", "validation", "optimism")},
    "worse_than_default": "worse_than_default",
    **{name: name for name in ("bag_gain", "bag_gain_source", "folds", "baselines")},
    **{name: name for name in ("trials", "best.params", "best.epochs")},
    **{"best.trial": "best.number", "best.blend": "blend"},
    **{f"best.{name}": f"finish.{name}" for name in ("threshold", "calibration")},
    **{f"best.{name}": name for name in _OF_BEST},
    "best.decisions.matrix": "finish.matrix",
    **{f"best.decisions.{name}": name for name in ("minimum", "spending")},
    **{name: name for name in ("seconds", "environment", "slices", "split_gap")},
}
#: The same of one of its folds.
_OF_FOLD = {
    "fold": "fold",
    **{f"rows.{which}": f"{which}_rows" for which in ("train", "held_out")},
    **{f"scores.{which}": f"{which}_score" for which in ("train", "held_out")},
    "gap": "gap",
    **{f"curves.{which}": f"{which}_curve" for which in ("train", "held_out")},
}
#: Top-level keys, in order.
KEYS = tuple(dict.fromkeys(place.partition(".")[0] for place in _PLACES))


def to_document(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as plain data for JSON, with the keys `KEYS`; NaN and infinities become None."""
    values = {"version": FORMAT, **_plain(evaluation)}
    values["folds"] = [_moved(fold, _OF_FOLD) for fold in values["folds"]]
    values["baselines"] = {one.pop("name"): one for one in values["baselines"]}
    return _moved(values, _PLACES)


def from_document(document: Mapping[str, Any]) -> Evaluation:
    """The evaluation that a dictionary of `to_document` describes.

    Raises:
        EvaluationError: If the dictionary is of another format or lacks a part.
    """
    if document.get("version") != FORMAT:
        found = f"it is of version {document.get('version')!r}"
        fix = "read it with the autoft that wrote it, or evaluate again"
        raise EvaluationError("The evaluation", f"be of format version {FORMAT}", found, fix)
    measured = "measured" if document.get("bag_gain") else "none"
    earlier: dict[str, Any] = {
        "undefined": {},
        "bag_gain_source": measured,
        "worse_than_default": None,
        "split_gap": None,
    }
    document = {**earlier, **document}  # which earlier versions did not write
    try:
        evaluation: Evaluation = read_record(Evaluation, _values(document))
        for curve in evaluation.dependence:
            _check(curve)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        found = f"a part is missing or of another form ({type(error).__name__}: {error})"
        fix = "restore the file as autoft wrote it, or evaluate again"
        raise EvaluationError("The evaluation", "have the parts that docs/evaluation.md lists", found, fix) from error
    return evaluation


def _values(document: Mapping[str, Any]) -> dict[str, Any]:
    number = document["best"]["trial"]
    chosen = [trial for trial in document["trials"] if trial["number"] == number]
    if not chosen:
        raise KeyError(f"trial {number}")
    parts = {part: place for place, part in _PLACES.items() if not part.startswith(("version", "best."))}
    values, of_fold = _moved(document, parts), {part: place for place, part in _OF_FOLD.items()}
    values["folds"] = [_moved(fold, of_fold) for fold in document["folds"]]
    values["baselines"] = [{"name": name, **baseline} for name, baseline in document["baselines"].items()]
    return {**values, "best": chosen[0]}


def _moved(values: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """Nested dictionaries with a value at each place, taken from where `places` says.

    >>> _moved({"a": {"b": 1}, "c": 2}, {"x.y": "a.b", "x.z": "c"})
    {'x': {'y': 1, 'z': 2}}
    """
    found: dict[str, Any] = {}
    for place, source in places.items():
        *folders, last = place.split(".")
        part = reduce(lambda part, key: part.setdefault(key, {}), folders, found)
        part[last] = reduce(getitem, source.split("."), values)
    return found


def _check(curve: Curve) -> None:
    texts = all(isinstance(point, str) for point in curve.grid)
    lines = (curve.mean, *curve.members, *curve.lines)
    cells = len(curve.grid) if texts else 11
    if any(len(line) != len(curve.grid) for line in lines) or len(curve.cells) != cells:
        raise ValueError(f"curve of {curve.column!r}")


def _plain(value: Any) -> Any:
    """The value with dictionaries, lists, strings, integers, finite floats, booleans and None alone."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
