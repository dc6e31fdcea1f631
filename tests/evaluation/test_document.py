"""The shape of evaluation.json, and reading it back."""

import json
from pathlib import Path

import numpy as np
import pytest

from autoft.errors import EvaluationError
from autoft.evaluation.document import KEYS, from_document, to_document
from autoft.records.columns import Target
from autoft.records.evaluation import Evaluation
from autoft.records.hint_tests import Curve
from autoft.records.scores import Baseline, FoldReport, Importance, Interval
from autoft.records.trials import Trial


def evaluation(**changes):
    best = Trial(
        number=1,
        params={"units": 64, "learning_rate": 0.001, "activation": "relu"},
        status="finished",
        score=0.84,
        epochs=7,
        checkpoints=(3, 7),
        curves={"train": [[0.6, 0.61], [0.5, 0.5]], "held_out": [[0.62, 0.6], [0.55, 0.56]]},
        seconds=1.5,
    )
    third = Interval(value=0.8, low=0.75, high=0.85)
    parts = {
        "task": "binary",
        "objective": "roc_auc",
        "strategy": "corrected",
        "target": Target(name="Churn", task="binary", classes=("No", "Yes"), positive="Yes", dtype="object"),
        "rows": 100,
        "held_out": {"roc_auc": third, "f1": Interval(value=0.5, low=0.4, high=0.6)},
        "undefined": {"mcc": "too few rows"},
        "validation": 0.84,
        "optimism": 0.04,
        "naive": {"roc_auc": 0.84, "f1": 0.55},
        "folds": (
            FoldReport(
                fold=0,
                train_rows=80,
                held_out_rows=20,
                train_score=0.9,
                held_out_score=0.8,
                gap=0.1,
                train_curve=(0.6, 0.5),
                held_out_curve=(0.62, 0.55),
            ),
        ),
        "overfitting": "no sign of overfitting",
        "baselines": (Baseline(name="linear", metrics={"roc_auc": third}, difference=third, verdict="beaten"),),
        "trials": (Trial(number=0, params={}, status="failed", reason="diverged at epoch 3"), best),
        "best": best,
        "per_class": {"Yes": {"precision": 0.5, "rows": 30.0}},
        "confusion": ((60, 10), (10, 20)),
        "curves": {"roc": {"Yes": {"x": [0.0, 1.0], "y": [0.0, 1.0]}}},
        "importance": (Importance(column="tenure", drop=third),),
        "seconds": {"search": 12.5},
        "environment": {"keras": "3.13.2"},
    }
    return Evaluation(**{**parts, **changes})


def test_round_trip_through_json():
    original = evaluation()
    text = json.dumps(to_document(original), allow_nan=False)
    assert from_document(json.loads(text)) == original


def curve(**changes):
    values = {
        "column": "tenure", "kind": "numeric", "label": "Yes", "grid": (1.0, 2.0), "mean": (0.5, 0.25),
        "members": ((0.5, 0.25), (0.5, 0.25)), "lines": ((0.75, 0.5),), "rows": 200, "rising": 0.0, "falling": 1.0,
        "spread": 0.1, "cells": tuple(float(x) for x in range(11)),
    }  # fmt: skip
    return Curve(**{**values, **changes})


def test_files_of_earlier_versions_have_measured_gains():
    document = json.loads(json.dumps(to_document(evaluation(bag_gain={"roc_auc": 0.01}, worse_than_default=0.2))))
    assert document.pop("worse_than_default") == 0.2
    del document["bag_gain_source"]
    earlier = from_document(document)
    assert (earlier.bag_gain_source, earlier.worse_than_default) == ("measured", None)


def test_curves_come_back():
    named = curve(column="Contract", kind="categorical", label=None, grid=("a", "b"), cells=(0.75, 0.25), ordered=False)
    original = evaluation(dependence=(curve(), named))
    document = json.loads(json.dumps(to_document(original), allow_nan=False))
    assert from_document(document) == original


@pytest.mark.parametrize(
    "changes", [{"mean": (0.5,)}, {"cells": (1.0,)}, {"lines": ((0.5,),)}, {"grid": ("a", "b")}, {"grid": (None, {})}]
)
def test_curves_of_another_shape_are_refused(changes):
    document = json.loads(json.dumps(to_document(evaluation(dependence=(curve(),)))))
    document["best"]["dependence"][0].update(changes)
    with pytest.raises(EvaluationError):
        from_document(document)


def test_top_level_keys_and_intervals():
    document = to_document(evaluation())
    assert tuple(document) == KEYS
    assert document["version"] == 1
    assert document["held_out"]["roc_auc"] == {"value": 0.8, "low": 0.75, "high": 0.85}
    assert document["best"]["trial"] == 1
    assert document["trials"][0]["reason"] == "diverged at epoch 3"
    assert document["folds"][0]["gap"] == 0.1
    assert document["baselines"]["linear"]["verdict"] == "beaten"


def test_undefined_numbers_are_null_and_numpy_is_plain():
    undefined = evaluation(
        held_out={"mcc": Interval(value=float("nan"), low=float("-inf"), high=float("inf"))},
        naive={"mcc": np.float32(0.5)},
        rows=np.int64(100),
        target=Target(name="y", task="binary", classes=(np.int64(1), np.int64(2)), positive=np.int64(2)),
    )
    document = json.loads(json.dumps(to_document(undefined), allow_nan=False))
    assert document["held_out"]["mcc"] == {"value": None, "low": None, "high": None}
    assert document["best"]["naive"] == {"mcc": 0.5}
    assert document["best"]["target"]["classes"] == [1, 2]
    assert np.isnan(from_document(document).held_out["mcc"].value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 1"),
        ({"best": {}}, r"have the parts .*\(KeyError: 'trial'\)"),
        ({"rows": 5, "trials": [{}]}, "have the parts"),
        ({"seconds": {"search": "long"}}, r"seconds\.search: Input should be a valid number"),
        ({"task": "ranking"}, r"task: Input should be 'binary', 'multiclass' or 'regression'"),
    ],
)
def test_other_documents_are_refused(change, message):
    with pytest.raises(EvaluationError, match=message):
        from_document({**to_document(evaluation()), **change})


def test_the_documentation_names_every_key():
    text = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
    document = to_document(evaluation())
    nested = [*document["best"], *document["trials"][0], *document["folds"][0], *document["baselines"]["linear"]]
    missing = [key for key in (*KEYS, *nested, *document["held_out"]) if f"`{key}`" not in text]
    assert missing == []
