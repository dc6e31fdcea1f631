"""A small table with every kind of column, hints about it, and networks that are trained to obey them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.knowledge import variants
from autoft.pipeline.context import Run
from autoft.preprocessing.encode import Encoded, encode
from autoft.preprocessing.layout import LayoutOptions, make_layout
from autoft.records.columns import Column
from autoft.records.hints import Effect, Hints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoft.networks.architecture import Architecture
    from autoft.records.trials import TrialResult
    from autoft.training.ensemble import Ensemble
    from autoft.training.stack import Stack
    from autoft.training.trainer import Trainer

ROWS, FOLDS = 120, 3
#: Hyperparameters by the name of a network; together all ways in which a network can obey.
NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"architecture": "mlp", "numbers": "piecewise"},
    "plain mlp": {"architecture": "mlp", "numbers": "plain", "depth": 3},
    "linear": {"architecture": "linear", "numbers": "piecewise"},
    "realmlp": {"architecture": "realmlp", "learning_rate": 0.004},
    "tabm": {"architecture": "tabm", "width": 8},
    "tabm-mini": {"architecture": "tabm-mini", "width": 8},
    "merged tabm-mini": {"architecture": "tabm-mini", "width": 8, "batch_size": 32},
}
PARAMS = {
    "width": 16,
    "depth": 2,
    "activation": "relu",
    "embedding": 4,
    "batch_size": 8,
    "learning_rate": 0.02,
    "dropout": 0.1,
    "l2": 1e-4,
}
#: Against the data, so that networks have something to resist: the signal rises with n0 and falls with n1.
SIGNS = {"n0": -1, "n1": 1, "b0": 1, "d0": 1}


@cache
def make_values() -> dict[str, np.ndarray]:
    """Cells by column: n(umber), b(oolean), d(ate), c(ategory), x (categories of many values)."""
    rng = np.random.default_rng(0)
    values = {
        "n0": rng.normal(size=ROWS),
        "n1": np.where(rng.random(ROWS) < 0.2, np.nan, rng.exponential(1e6, ROWS)),
        "n2": rng.normal(size=ROWS),
        "b0": rng.integers(0, 2, ROWS).astype(float),
        "d0": rng.uniform(1.5e9, 1.7e9, ROWS),
        "c0": rng.choice(np.array(["a", "b", None], dtype=object), ROWS),
        "x0": rng.choice(np.array([f"v{k}" for k in range(7)], dtype=object), ROWS),
    }
    return values | {"d1": values["d0"] + rng.uniform(60, 1e7, ROWS)}


@cache
def make_data(task: str) -> Stack:
    """Rows of a stack of three folds."""
    from autoft.training.stack import StackTarget, stack_data

    kinds = {"n": "numeric", "b": "boolean", "d": "date", "c": "categorical", "x": "categorical"}
    rng, values = np.random.default_rng(1), make_values()
    columns = [
        Column(id=name, name=name, kind=kinds[name[0]], why="", missing=sum(x is None or x != x for x in cells))  # type: ignore[arg-type]
        for name, cells in values.items()
    ]
    plan = make_layout(columns, values, LayoutOptions(outliers="clip", max_categories=50, embed_above=4))
    signal = 2 * values["n0"] - np.nan_to_num(values["n1"]) / 1e6 + values["n2"] * (2 * values["b0"] - 1)
    signal = signal + rng.normal(0, 0.3, ROWS)
    y = {
        "binary": (signal > 0).astype(np.int64),
        "multiclass": np.digitize(signal, [-1.0, 1.0]).astype(np.int64),
        "regression": 1000 + 10 * signal,
    }[task]
    block = rng.integers(0, FOLDS, ROWS)
    return stack_data(
        plan,
        encode(plan, values, ROWS),
        StackTarget(y=y, task=task, classes=3 if task == "multiclass" else 2),
        train=[np.flatnonzero(block != k) for k in range(FOLDS)],
        held_out=[np.flatnonzero(block == k) for k in range(FOLDS)],
    )


def effects(task: str) -> Hints:
    """Hints that every column of `SIGNS` has an effect; of three classes on the second."""
    output = 1 if task == "multiclass" else None
    return Hints(effects=tuple(Effect(column=c, sign=s, output=output) for c, s in SIGNS.items()))  # type: ignore[arg-type]


def trainer(task: str, hints: Hints, *, epochs: int = 6) -> Trainer:
    """Trains on `make_data`; a TabM has four networks, not the many that so few rows would get."""
    from autoft.training.trainer import Trainer
    from autoft.training.trial_trainer import Limits

    class Small(Trainer):
        def architecture(self, params: Mapping[str, Any]) -> Architecture:
            own = super().architecture(params)
            return replace(own, ensemble=min(own.ensemble, 4))

    limits = Limits(epochs=epochs, patience=epochs)
    return Small(make_data(task), folds=FOLDS, limits=limits, seed=1, clock=lambda: 0.0, hints=hints)


def outcome_of(stack: Trainer, network: str, **changes: Any) -> TrialResult:
    """A trial of one of `NETWORKS`."""
    return stack.train({**PARAMS, **NETWORKS[network], **changes}, lambda: False)


def networks(task: str) -> tuple[str, ...]:
    """Names of those that are trained for a task: of other targets than two classes a few."""
    return tuple(NETWORKS) if task == "binary" else ("mlp", "linear", "tabm-mini")


@cache
def bags(task: str) -> tuple[Ensemble, Ensemble]:
    """All `networks` as one blend: trained to obey `effects`, and side by side without them."""
    hints = effects(task)
    stack, off = trainer(task, hints), {variants.WITHOUT: variants.names(hints)}
    own = [{**PARAMS, **NETWORKS[name]} for name in networks(task)]
    both = [stack.train_all([params, {**params, **off}], lambda: False) for params in own]
    obeying, free = zip(*both, strict=True)
    return bag_of(stack, list(obeying)), bag_of(stack, list(free))


def bag_of(stack: Trainer, outcomes: list[TrialResult]) -> Ensemble:
    """The blend of some trials, in equal shares."""
    from autoft.training.ensemble import EnsemblePart, build_ensemble

    share = 1.0 / len(outcomes)
    parts = [EnsemblePart(architecture=stack.architecture(o.params), weights=o.weights, share=share) for o in outcomes]
    return build_ensemble(stack.data, parts, FOLDS)


def pairs(task: str, count: int, seed: int, spread: float = 1.0) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Cells of random rows, and of the same rows after columns with an effect moved so that the answer may not fall.

    Args:
        task: Kind of problem.
        count: How many pairs.
        seed: Of the rows.
        spread: Rows are so many times as far from the table's as its own spread.
    """
    rng, values = np.random.default_rng(seed), make_values()
    before: dict[str, np.ndarray] = {}
    for name, cells in values.items():
        drawn = rng.choice(cells, count)
        if name[0] in "nd":
            drawn = drawn + spread * np.nanstd(cells) * rng.standard_t(1.5, count)
            drawn = np.where(rng.random(count) < 0.02, rng.choice([-1e300, 1e300, 0.0], count), drawn)
        before[name] = drawn
    after, moved = dict(before), rng.integers(0, len(SIGNS), count)
    for place, (name, sign) in enumerate(SIGNS.items()):
        now = (moved == place) | (rng.random(count) < 0.3)
        if name == "b0":
            low, high = np.zeros(count), np.ones(count)
            after[name], before[name] = np.where(now, high, before[name]), np.where(now, low, before[name])
            continue
        step = sign * np.nanstd(values[name]) * np.exp(rng.normal(-1, 2, count))
        after[name] = np.where(now, before[name] + step, before[name])
    return before, after


def encoded(task: str, values: dict[str, np.ndarray]) -> Encoded:
    return encode(make_data(task).plan, values, len(next(iter(values.values()))))


def watched(task: str, answers: np.ndarray) -> np.ndarray:
    """What effects are about, in units of the answer's range: ``[..., n]``.

    Args:
        task: Kind of problem.
        answers: Probabilities ``[..., n, classes]``, or values ``[..., n]`` or ``[..., n, 1]``.
    """
    if task == "regression":
        y = make_data(task).y
        return answers.reshape(*answers.shape[: answers.ndim - (answers.shape[-1] == 1)]) / np.ptp(y)
    return answers[..., 1]


def with_hints(dataset: Any, hints: Hints) -> Any:
    """A prepared run that obeys hints (until recipes are compiled to such)."""
    return replace(dataset, description=replace(dataset.description, hints=hints))


def run_in(recipe: Any, folder: Any, interrupt: Any = None, existing: Any = "refuse") -> Run:
    """A run with an open journal."""
    from autoft.search.interrupt import Interrupt

    run = Run(recipe=recipe, folder=folder, interrupt=interrupt or Interrupt(), existing=existing)
    run.open_journal({"autoft": "0"})
    return run
