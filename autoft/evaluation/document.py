"""The document `evaluation.json`: an evaluation as plain data and back (format: docs/evaluation.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from autoft.errors import EvaluationError
from autoft.files import FORMAT
from autoft.records.evaluation import Evaluation
from autoft.records.hint_tests import Curve
from autoft.records.reading import read_record

#: Fields of `Evaluation` that are keys of the document under their own names.
_AS_THEY_ARE = (
    *("task", "objective", "held_out", "undefined", "validation", "optimism", "bag_gain"),
    *("seconds", "environment", "slices"),
)
#: Fields of `Evaluation` that are keys of its part ``best``.
_OF_BEST = (
    *("naive", "per_class", "confusion", "curves", "importance", "overfitting", "strategy", "target", "rows"),
    *("interrupted", "hints", "all_hints", "dependence"),
)
#: Top-level keys, in order.
KEYS = ("version", *_AS_THEY_ARE[:7], "folds", "baselines", "trials", "best", *_AS_THEY_ARE[7:])


def to_document(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as plain data for JSON, with the keys `KEYS`; NaN and infinities become None."""
    best, rule = evaluation.best, evaluation.finish
    document = {
        "version": FORMAT,
        **{key: getattr(evaluation, key) for key in _AS_THEY_ARE},
        "folds": [
            {
                "fold": fold.fold,
                "rows": {"train": fold.train_rows, "held_out": fold.held_out_rows},
                "scores": {"train": fold.train_score, "held_out": fold.held_out_score},
                "gap": fold.gap,
                "curves": {"train": fold.train_curve, "held_out": fold.held_out_curve},
            }
            for fold in evaluation.folds
        ],
        "baselines": {
            one.name: {key: getattr(one, key) for key in ("metrics", "difference", "verdict")}
            for one in evaluation.baselines
        },
        "trials": evaluation.trials,
        "best": {
            "params": best.params,
            "epochs": best.epochs,
            "trial": best.number,
            "blend": evaluation.blend,
            "threshold": rule.threshold,
            "calibration": rule.calibration,
            **{key: getattr(evaluation, key) for key in _OF_BEST},
            "decisions": {"matrix": rule.matrix, "minimum": evaluation.minimum, "spending": evaluation.spending},
        },
    }
    return {key: _plain(document[key]) for key in KEYS}


def from_document(document: Mapping[str, Any]) -> Evaluation:
    """The evaluation that a dictionary of `to_document` describes.

    Raises:
        EvaluationError: If the dictionary is of another format or lacks a part.
    """
    if document.get("version") != FORMAT:
        found = f"it is of version {document.get('version')!r}"
        fix = "read it with the autoft that wrote it, or evaluate again"
        raise EvaluationError("The evaluation", f"be of format version {FORMAT}", found, fix)
    document = {"undefined": {}, **document}  # which earlier versions did not write
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
    best = document["best"]
    chosen = [trial for trial in document["trials"] if trial["number"] == best["trial"]]
    if not chosen:
        raise KeyError(f"trial {best['trial']}")
    decisions = best["decisions"]
    return {
        **{key: document[key] for key in _AS_THEY_ARE},
        **{key: best[key] for key in _OF_BEST},
        "folds": [
            {
                "fold": fold["fold"],
                "gap": fold["gap"],
                **{f"{which}_rows": rows for which, rows in fold["rows"].items()},
                **{f"{which}_score": score for which, score in fold["scores"].items()},
                **{f"{which}_curve": curve for which, curve in fold["curves"].items()},
            }
            for fold in document["folds"]
        ],
        "baselines": [{"name": name, **baseline} for name, baseline in document["baselines"].items()],
        "trials": document["trials"],
        "best": chosen[0],
        "blend": best["blend"],
        "finish": {key: best[key] for key in ("threshold", "calibration")} | {"matrix": decisions["matrix"]},
        "minimum": decisions["minimum"],
        "spending": decisions["spending"],
    }


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
