"""The document `evaluation.json`: an evaluation as plain data and back (format: docs/evaluation.md)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autoft.errors import EvaluationError
from autoft.evaluation import calibration
from autoft.records import (
    Alternative,
    Baseline,
    Curve,
    DecisionCosts,
    DecisionRule,
    Evaluation,
    FoldReport,
    HintSlice,
    HintTest,
    Importance,
    Interval,
    Minimum,
    Target,
    Trial,
)
from autoft.records.slices import Slices

#: Raised whenever a reader of the older format would misunderstand the newer one.
VERSION = 1

#: Top-level keys, in order.
KEYS = (
    "version",
    "task",
    "objective",
    "held_out",
    "validation",
    "optimism",
    "bag_gain",
    "folds",
    "baselines",
    "trials",
    "best",
    "seconds",
    "environment",
    "slices",
)


def to_document(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as a JSON-ready dictionary with exactly the keys of `KEYS`.

    Numbers are plain Python numbers; NaN and infinities become None.
    """
    best = evaluation.best
    document = {
        "version": VERSION,
        "task": evaluation.task,
        "objective": evaluation.objective,
        "held_out": {name: dataclasses.asdict(value) for name, value in evaluation.held_out.items()},
        "validation": evaluation.validation,
        "optimism": evaluation.optimism,
        "bag_gain": evaluation.bag_gain,
        "folds": [_fold(report) for report in evaluation.folds],
        "baselines": {baseline.name: _baseline(baseline) for baseline in evaluation.baselines},
        "trials": [dataclasses.asdict(trial) for trial in evaluation.trials],
        "best": {
            **{key: getattr(best, key) for key in ("params", "epochs")},
            "trial": best.number,
            "blend": [list(part) for part in evaluation.blend],
            "threshold": evaluation.finish.threshold,
            "calibration": dataclasses.asdict(evaluation.finish.calibration),
            "naive": evaluation.naive,
            "per_class": evaluation.per_class,
            "confusion": evaluation.confusion,
            "curves": evaluation.curves,
            "importance": [dataclasses.asdict(importance) for importance in evaluation.importance],
            "overfitting": evaluation.overfitting,
            "strategy": evaluation.strategy,
            "target": dataclasses.asdict(evaluation.target),
            "rows": evaluation.rows,
            "interrupted": evaluation.interrupted,
            "hints": [dataclasses.asdict(test) for test in evaluation.hints],
            "all_hints": evaluation.all_hints and dataclasses.asdict(evaluation.all_hints),
            "dependence": [dataclasses.asdict(curve) for curve in evaluation.dependence],
            "decisions": {
                "matrix": evaluation.finish.matrix,
                "minimum": evaluation.minimum and dataclasses.asdict(evaluation.minimum),
                "spending": evaluation.spending and dataclasses.asdict(evaluation.spending),
            },
        },
        "seconds": evaluation.seconds,
        "environment": evaluation.environment,
        "slices": None if evaluation.slices is None else dataclasses.asdict(evaluation.slices),
    }
    return {key: _plain(document[key]) for key in KEYS}


def from_document(document: Mapping[str, Any]) -> Evaluation:
    """The evaluation that a dictionary of `to_document` describes.

    Raises:
        EvaluationError: If the dictionary is of another version or lacks a part.
    """
    if document.get("version") != VERSION:
        raise EvaluationError(
            "The evaluation",
            f"be of format version {VERSION}",
            f"it is of version {document.get('version')!r}",
            "read it with the autoft that wrote it, or evaluate again",
        )
    try:
        return _evaluation(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(
            "The evaluation",
            "have the parts that docs/evaluation.md lists",
            f"a part is missing or of another form ({type(error).__name__}: {error})",
            "restore the file as autoft wrote it, or evaluate again",
        ) from error


def _evaluation(document: Mapping[str, Any]) -> Evaluation:
    best = document["best"]
    decisions = best.get("decisions") or {}  # older runs have none
    minimum, spending = decisions.get("minimum"), decisions.get("spending")
    trials = tuple(_trial(trial) for trial in document["trials"])
    chosen = [trial for trial in trials if trial.number == best["trial"]]
    if not chosen:
        raise KeyError(f"trial {best['trial']}")
    return Evaluation(
        task=document["task"],
        objective=document["objective"],
        strategy=best["strategy"],
        target=Target(**{**best["target"], "classes": tuple(best["target"]["classes"])}),
        rows=best["rows"],
        held_out={name: read_interval(value) for name, value in document["held_out"].items()},
        validation=_number(document["validation"]),
        optimism=_number(document["optimism"]),
        bag_gain=_numbers(document.get("bag_gain", {})),  # older runs have none
        naive=_numbers(best["naive"]),
        folds=tuple(_report(fold, number) for number, fold in enumerate(document["folds"])),
        overfitting=best["overfitting"],
        baselines=tuple(
            Baseline(
                name=name,
                metrics={metric: read_interval(value) for metric, value in baseline["metrics"].items()},
                difference=read_interval(baseline["difference"]),
                verdict=baseline["verdict"],
            )
            for name, baseline in document["baselines"].items()
        ),
        trials=trials,
        best=chosen[0],
        blend=tuple((int(number), float(share)) for number, share in best.get("blend", ())),  # older runs have none
        finish=DecisionRule(
            threshold=_number(best.get("threshold", 0.5)),
            calibration=calibration.read(best.get("calibration", {"method": "none"})),
            matrix=tuple(tuple(map(float, row)) for row in decisions.get("matrix", ())),
        ),
        per_class={label: _numbers(row) for label, row in best["per_class"].items()},
        confusion=tuple(tuple(row) for row in best["confusion"]),
        curves=best["curves"],
        importance=tuple(
            Importance(column=entry["column"], drop=read_interval(entry["drop"])) for entry in best["importance"]
        ),
        seconds=document["seconds"],
        environment=document["environment"],
        interrupted=best["interrupted"],
        hints=tuple(read_hint(test) for test in best.get("hints", ())),  # older runs have none
        all_hints=read_interval(best["all_hints"]) if best.get("all_hints") else None,
        dependence=tuple(_curve(curve) for curve in best.get("dependence", ())),  # older runs have none
        slices=read_slices(document.get("slices")),  # older runs have none
        spending=spending and _spending(spending),
        minimum=minimum and Minimum(of=minimum["of"], share=_number(minimum["share"])),
    )


def _fold(report: FoldReport) -> dict[str, Any]:
    return {
        "fold": report.fold,
        "rows": {"train": report.train_rows, "held_out": report.held_out_rows},
        "scores": {"train": report.train_score, "held_out": report.held_out_score},
        "gap": report.gap,
        "curves": {"train": report.train_curve, "held_out": report.held_out_curve},
    }


def _report(fold: Mapping[str, Any], number: int) -> FoldReport:
    return FoldReport(
        fold=fold.get("fold", number),
        train_rows=fold["rows"]["train"],
        held_out_rows=fold["rows"]["held_out"],
        train_score=_number(fold["scores"]["train"]),
        held_out_score=_number(fold["scores"]["held_out"]),
        gap=_number(fold["gap"]),
        train_curve=tuple(map(_number, fold["curves"]["train"])),
        held_out_curve=tuple(map(_number, fold["curves"]["held_out"])),
    )


def _baseline(baseline: Baseline) -> dict[str, Any]:
    return {
        "metrics": {name: dataclasses.asdict(value) for name, value in baseline.metrics.items()},
        "difference": dataclasses.asdict(baseline.difference),
        "verdict": baseline.verdict,
    }


def _spending(value: Mapping[str, Any]) -> DecisionCosts:
    return DecisionCosts(
        deployed=read_interval(value["deployed"]),
        alternatives=tuple(
            Alternative(
                rule=one["rule"], label=one["label"], cost=read_interval(one["cost"]), saved=read_interval(one["saved"])
            )
            for one in value["alternatives"]
        ),
        curve=tuple((_number(threshold), _number(cost)) for threshold, cost in value["curve"]),
    )


def _trial(trial: Mapping[str, Any]) -> Trial:
    curves = {which: [[_number(loss) for loss in epoch] for epoch in curve] for which, curve in trial["curves"].items()}
    return Trial(**{**trial, "checkpoints": tuple(trial["checkpoints"]), "curves": curves})


def _curve(curve: Mapping[str, Any]) -> Curve:
    grid = tuple(point if isinstance(point, str) else _number(point) for point in curve["grid"])
    mean, cells = (tuple(map(_number, curve[name])) for name in ("mean", "cells"))
    members, lines = (tuple(tuple(map(_number, line)) for line in curve[name]) for name in ("members", "lines"))
    texts = all(isinstance(point, str) for point in grid)
    if any(len(line) != len(grid) for line in (mean, *members, *lines)) or len(cells) != (len(grid) if texts else 11):
        raise TypeError(f"curve of {curve['column']!r}")
    return Curve(**{**curve, "grid": grid, "mean": mean, "members": members, "lines": lines, "cells": cells})


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _plain(value: Any) -> Any:
    """Data with mappings, lists, strings, whole numbers, finite floats, booleans and None alone."""
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


def read_hint(test: Mapping[str, Any]) -> HintTest:
    """The record that plain data describe.

    >>> read_hint({"hint": "age: effect increasing", "because": "", "verdict": "not tested", "gain": None}).slices
    ()
    """
    slices = tuple(HintSlice(**{**one, "gain": read_interval(one["gain"])}) for one in test.get("slices", ()))
    gain = None if test["gain"] is None else read_interval(test["gain"])
    return HintTest(**{**test, "gain": gain, "slices": slices})


def read_interval(value: Mapping[str, Any]) -> Interval:
    """An interval; numbers that plain data do not have are NaN."""
    return Interval(**{key: np.nan if number is None else float(number) for key, number in value.items()})


def read_slices(found: Any) -> Slices | None:
    """The records that plain data describe.

    Raises:
        TypeError: If a part is missing or of another form.
    """
    if found is None:
        return None
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Slices).validate_python(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise TypeError(f"slices: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
