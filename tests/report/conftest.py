"""Made-up runs that look like real ones: two classes, three classes, a number."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import pytest

from autoft.records.columns import Column, PlanLine, Target
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding, Severity
from autoft.records.scores import Baseline, FoldReport, Importance, Interval
from autoft.records.trials import Trial
from autoft.report import html
from autoft.report.build import build
from autoft.report.inputs import ReportInputs

SPACE = (
    ("learning_rate", "0.0001 to 0.01, logarithmic"),
    ("width", "32 to 512, in steps of 32"),
    ("depth", "1 to 4"),
    ("dropout", "0 to 0.5"),
    ("l2", "1e-6 to 0.01, logarithmic"),
    ("activation", "relu, gelu or silu"),
)

IMPORTANCE = dict(
    zip(
        ("tenure", "Contract", "MonthlyCharges", "InternetService", "TotalCharges", "PaymentMethod", "gender"),
        (0.0712, 0.0481, 0.0203, 0.0189, 0.0122, 0.0051, -0.0001),
        strict=True,
    )
)
FINDINGS: tuple[tuple[str, Severity, str | None, str, str], ...] = (
    ("duplicates", "info", None, "22 rows occur more than once", "identical rows were kept in the same fold"),
    (
        "missing-values",
        "warning",
        "TotalCharges",
        "11 of 7,043 values are missing",
        "filled with the median and marked",
    ),
    (
        "identifier",
        "warning",
        "customerID",
        "all 7,043 values are different",
        "not used; declare its kind if it is one",
    ),
)


def around(value: float, width: float) -> Interval:
    return Interval(value=value, low=value - width, high=value + width)


def fold(number: int, epochs: int, score: float, scale: float, rng: random.Random) -> FoldReport:
    train = tuple(0.38 + 0.35 * math.exp(-e / 5) - 0.002 * e + rng.gauss(0, 0.003) for e in range(epochs + 12))
    held = tuple(
        0.41 + 0.32 * math.exp(-e / 5) + 0.0012 * max(0, e - epochs) + rng.gauss(0, 0.004) for e in range(epochs + 12)
    )
    train_score, held_score = score + 0.02 * scale, score + rng.gauss(0, 0.006) * scale
    return FoldReport(
        fold=number,
        train_rows=5634,
        held_out_rows=1409,
        train_score=train_score,
        held_out_score=held_score,
        gap=abs(train_score - held_score),
        train_curve=train,
        held_out_curve=held,
    )


def trials(base: float, scale: float, rng: random.Random, failed: tuple[int, ...] = (7, 19)) -> tuple[Trial, ...]:
    made = []
    for number in range(30):
        params: dict[str, Any] = {
            "learning_rate": 10 ** rng.uniform(-4, -2),
            "width": 32 * rng.randint(1, 16),
            "depth": rng.randint(1, 4),
            "dropout": rng.uniform(0, 0.5),
            "l2": 10 ** rng.uniform(-6, -2),
            "activation": rng.choice(["relu", "gelu", "silu"]),
            "batch_size": 256,
        }
        if number in failed:
            made.append(Trial(number=number, params=params, status="failed", reason="the loss became NaN at epoch 3"))
            continue
        score = base - scale * abs(rng.gauss(0, 0.02)) * (3 if number == 4 else 1)
        made.append(
            Trial(
                number=number,
                params=params,
                status="finished",
                score=score,
                epochs=rng.randint(12, 40),
                seconds=rng.uniform(2, 6),
            )
        )
    return tuple(made)


def evaluation(**changes: Any) -> Evaluation:
    rng = random.Random(3)
    done = trials(0.851, 1, rng)
    best = max((trial for trial in done if trial.score is not None), key=lambda trial: trial.score or 0)
    held_out = {
        "roc_auc": Interval(value=0.8467, low=0.8361, high=0.8579),
        "pr_auc": around(0.6612, 0.024),
        "precision": around(0.5423, 0.021),
        "recall": around(0.7812, 0.019),
        "f1": around(0.6402, 0.017),
        "macro_f1": around(0.7305, 0.013),
        "log_loss": around(0.4163, 0.0123),
        "brier": around(0.1361, 0.0046),
        "balanced_accuracy": around(0.7662, 0.012),
        "accuracy": around(0.7671, 0.01),
        "mcc": around(0.4917, 0.023),
    }
    grid = [i / 400 for i in range(401)]
    values: dict[str, Any] = {
        "task": "binary",
        "objective": "roc_auc",
        "strategy": "corrected",
        "target": Target(name="Churn", task="binary", classes=("No", "Yes"), positive="Yes", dtype="object"),
        "rows": 7043,
        "held_out": held_out,
        "validation": 0.8511,
        "optimism": 0.0044,
        "naive": {name: score.value + 0.004 for name, score in held_out.items()},
        "folds": tuple(fold(i, best.epochs, 0.848, 1, rng) for i in range(3)),
        "overfitting": "Mild: networks score 0.020 better on the rows they were trained on than on held-out rows.",
        "baselines": (
            Baseline(
                name="constant", metrics={"roc_auc": around(0.5, 0)}, difference=around(0.347, 0.011), verdict="beaten"
            ),
            Baseline(
                name="linear",
                metrics={"roc_auc": around(0.8452, 0.0109)},
                difference=Interval(value=0.0015, low=-0.0012, high=0.0041),
                verdict="level",
            ),
            Baseline(
                name="hist_gradient_boosting",
                metrics={"roc_auc": around(0.8321, 0.0114)},
                difference=Interval(value=0.0146, low=0.0098, high=0.0193),
                verdict="beaten",
            ),
        ),
        "trials": done,
        "best": best,
        "per_class": {
            "No": {"precision": 0.911, "recall": 0.762, "f1": 0.83, "roc_auc": 0.847, "rows": 5174},
            "Yes": {"precision": 0.542, "recall": 0.781, "f1": 0.64, "roc_auc": 0.847, "rows": 1869},
        },
        "confusion": ((3943, 1231), (409, 1460)),
        "curves": {
            "roc": {"Yes": {"x": grid, "y": [x**0.19 for x in grid]}},
            "pr": {"Yes": {"x": grid, "y": [1 - 0.73 * x**2.2 for x in grid]}},
        },
        "importance": tuple(
            Importance(column=name, drop=Interval(value=drop, low=drop * 0.86 - 0.0006, high=drop * 1.13 + 0.0006))
            for name, drop in IMPORTANCE.items()
        ),
        "seconds": {"reading": 0.31, "baselines": 9.7, "search": 128.4, "evaluation": 11.2, "total": 154.0},
        "environment": {"autoft": "0.1.0", "python": "3.11.4", "keras": "3.13.2", "tensorflow": "2.16.2"},
    }
    return Evaluation(**{**values, **changes})


def three_classes(**changes: Any) -> Evaluation:
    classes = ("Adelie", "Chinstrap", "Gentoo")
    curves: Mapping[str, Any] = {
        "roc": {
            name: {"x": [0.0, 0.01 * (i + 1), 1.0], "y": [0.0, 0.99 - 0.05 * i, 1.0]} for i, name in enumerate(classes)
        },
        "pr": {
            name: {"x": [0.0, 0.95 - 0.04 * i, 1.0], "y": [1.0, 0.99 - 0.03 * i, 0.3]} for i, name in enumerate(classes)
        },
    }
    metrics = {"macro_f1": around(0.981, 0.013), "accuracy": around(0.984, 0.011), "log_loss": around(0.0613, 0.031)}
    values: dict[str, Any] = {
        "task": "multiclass",
        "objective": "macro_f1",
        "target": Target(name="species", task="multiclass", classes=classes, dtype="object"),
        "rows": 344,
        "held_out": metrics,
        "naive": {name: score.value for name, score in metrics.items()},
        "validation": 0.9871,
        "optimism": 0.0061,
        "per_class": {
            name: {"precision": 0.98, "recall": 0.97, "f1": 0.975, "roc_auc": 0.998, "rows": rows}
            for name, rows in zip(classes, (152, 68, 124), strict=True)
        },
        "confusion": ((150, 2, 0), (3, 65, 0), (0, 0, 124)),
        "curves": curves,
        "baselines": (
            Baseline(
                name="linear",
                metrics={"macro_f1": around(0.99, 0.009)},
                difference=Interval(value=-0.009, low=-0.017, high=-0.001),
                verdict="not beaten",
            ),
        ),
    }
    return evaluation(**{**values, **changes})


def a_number(**changes: Any) -> Evaluation:
    rng = random.Random(5)
    true = [min(500_001.0, math.exp(rng.gauss(12.1, 0.5))) for _ in range(1500)]
    metrics = {
        "rmse": Interval(value=48_213.4, low=46_702.0, high=49_871.0),
        "mae": around(32_101.0, 610),
        "median_absolute_error": around(21_034.0, 540),
        "r2": around(0.8241, 0.011),
    }
    done = trials(-47_900.0, 48_000, rng, failed=())
    done = tuple(
        Trial(
            number=t.number,
            params=t.params,
            status="finished",
            score=-(t.score or 0),
            epochs=t.epochs,
            seconds=t.seconds,
        )
        for t in done
    )
    values: dict[str, Any] = {
        "task": "regression",
        "objective": "rmse",
        "target": Target(name="median_house_value", task="regression"),
        "rows": 20_640,
        "held_out": metrics,
        "naive": {name: score.value * 0.99 for name, score in metrics.items()},
        "validation": 47_802.0,
        "optimism": 411.0,
        "folds": tuple(fold(i, 20, 48_100.0, -48_000, rng) for i in range(3)),
        "per_class": {},
        "confusion": (),
        "curves": {"residuals": {"all": {"x": [y * 0.93 + rng.gauss(15_000, 40_000) for y in true], "y": true}}},
        "trials": done,
        "best": min(done, key=lambda trial: trial.score or 0),
        "baselines": (
            Baseline(
                name="hist_gradient_boosting",
                metrics={"rmse": around(46_000.0, 1400)},
                difference=Interval(value=-2_200.0, low=-2_900.0, high=-1_400.0),
                verdict="not beaten",
            ),
        ),
        "importance": (
            Importance(column="median_income", drop=around(38_000.0, 2000)),
            Importance(column="latitude", drop=around(21_000.0, 1500)),
        ),
    }
    return evaluation(**{**values, **changes})


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves pictures empty, for tests that look at the rest and need not wait for them."""
    monkeypatch.setattr(html, "_uri", lambda picture: "data:image/svg+xml;base64,")


def inputs(scores: Evaluation, **changes: Any) -> ReportInputs:
    values: dict[str, Any] = {
        "evaluation": scores,
        "findings": tuple(
            Finding(code=code, severity=severity, column=column, must="be well", found=found, fix=fix)
            for code, severity, column, found, fix in FINDINGS
        ),
        "plan": (
            PlanLine(column="tenure", kind="numeric", text="Clipped to the central 99 % and scaled.", inputs=1),
            PlanLine(column="TotalCharges", kind="numeric", text="Missing values are filled and marked.", inputs=2),
            PlanLine(
                column="Contract",
                kind="categorical",
                text="One input per category (3) and one for unseen ones.",
                inputs=4,
            ),
            PlanLine(column="Partner", kind="boolean", text="Yes is 1, No is 0.", inputs=1),
        ),
        "columns": (
            Column(id="c000", name="customerID", kind="identifier", why="every value occurs once", distinct=7043),
            Column(id="c001", name="tenure", kind="numeric", why="all values are numbers", distinct=73, integral=True),
            Column(
                id="c002",
                name="TotalCharges",
                kind="numeric",
                why="99.8 % of the values are numbers",
                missing=11,
                distinct=6530,
            ),
            Column(id="c003", name="Contract", kind="categorical", why="3 different texts", distinct=3),
            Column(id="c004", name="Partner", kind="boolean", why="the values are Yes and No", distinct=2),
        ),
        "engine": "TensorFlow Data Validation 1.16.1",
        "schema_text": 'feature {\n  name: "tenure"\n  type: INT\n  presence { min_fraction: 1.0 min_count: 1 }\n}\n'
        * 8,
        "recipe_text": 'name: churn\ndata: {path: churn.csv, target: Churn, positive: "Yes"}\n',
        "space": SPACE,
        "title": "Which customers leave?",
        "notes": (
            "The positive class is “Yes”.",
            "customerID is an identifier.",
            "A missed churner costs 5, a false alarm 1.",
        ),
    }
    return ReportInputs(**{**values, **changes})


@pytest.fixture(scope="session")
def binary() -> ReportInputs:
    return inputs(evaluation())


@pytest.fixture(scope="session")
def multiclass() -> ReportInputs:
    return inputs(three_classes(), title="Penguins")


@pytest.fixture(scope="session")
def regression() -> ReportInputs:
    return inputs(a_number(), title="House prices", notes=())


@pytest.fixture(scope="session")
def binary_page(binary: ReportInputs) -> str:
    return html.render(build(binary))


@pytest.fixture(scope="session")
def regression_page(regression: ReportInputs) -> str:
    return html.render(build(regression))
