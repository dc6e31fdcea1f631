"""What a search is asked to minimise: analytic functions of 8 hyperparameters, and a model of recorded trials."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from autoft.records.dimensions import Choice, Dimension, Range
from autoft.search.lattice import Lattice
from autoft.search.space import make_space

RECORDED = Path(__file__).parent / "recorded" / "telco_churn.json"

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A function to minimise over a space."""

    name: str
    space: tuple[Dimension, ...]
    loss: Callable[[Params], float]


def started(objective: Objective, seed: int) -> tuple[Dimension, ...]:
    """The space with defaults drawn at random: whoever begins with the defaults has no advantage."""
    lattice = Lattice(objective.space)
    start = lattice.decode(lattice.draw(np.random.default_rng([seed, 99]), 1, None)[0])
    return tuple(replace(d, default=start[d.name]) for d in objective.space)


def hartmann() -> Objective:
    """Hartmann's function of six dimensions (lowest -3.32237), and two that do nothing."""
    a = np.array(
        [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
    )
    p = np.array(
        [
            [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
            [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
            [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
            [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
        ]
    )
    heights = np.array([1.0, 1.2, 3.0, 3.2])

    def loss(params: Params) -> float:
        x = np.array([params[f"x{k}"] for k in range(6)])
        return -float(heights @ np.exp(-(a * (x - p) ** 2).sum(axis=1)))

    return Objective(name="hartmann", space=_cube(8, 0.0, 1.0), loss=loss)


def levy() -> Objective:
    """Levy's function (lowest 0): a bowl covered with waves."""

    def loss(params: Params) -> float:
        w = 1 + (np.array([params[f"x{k}"] for k in range(8)]) - 1) / 4
        inner = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)
        last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
        return float(math.sin(math.pi * w[0]) ** 2 + inner.sum() + last)

    return Objective(name="levy", space=_cube(8, -10.0, 10.0), loss=loss)


def rosenbrock() -> Objective:
    """Rosenbrock's curved valley (lowest 0) with four dimensions on a lattice: values of very different size."""
    lattice = tuple(
        Choice(name=f"x{k}", values=(-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0), default=0.0) for k in range(4, 8)
    )

    def loss(params: Params) -> float:
        x = np.array([params[f"x{k}"] for k in range(8)])
        return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())

    return Objective(name="rosenbrock", space=_cube(4, -2.0, 2.0) + lattice, loss=loss)


def recorded() -> Objective:
    """Trees fitted to recorded trials (`benchmarks.record`): 1 minus the held-out ROC-AUC of a configuration."""
    from sklearn.ensemble import ExtraTreesRegressor

    facts = json.loads(RECORDED.read_text(encoding="utf-8"))
    values = {name: [t["params"][name] for t in facts["trials"]] for name in facts["trials"][0]["params"]}
    space = tuple(
        replace(d, values=tuple(sorted(set(values[d.name])))) if isinstance(d, Choice) else d
        for d in make_space(facts["rows"] * (facts["folds"] - 1) // facts["folds"], embedded=True, changes={})
        if d.name in values  # recorded before there was more than one architecture
    )
    space = tuple(replace(d, default=d.values[0]) if isinstance(d, Choice) else d for d in space)
    lattice = Lattice(space)
    trees = ExtraTreesRegressor(n_estimators=100, random_state=0)
    trees.fit(lattice.encode([t["params"] for t in facts["trials"]]), [1 - t["score"] for t in facts["trials"]])

    def loss(params: Params) -> float:
        return float(trees.predict(lattice.encode([params]))[0])

    return Objective(name="recorded", space=space, loss=loss)


def _cube(dimensions: int, low: float, high: float) -> tuple[Dimension, ...]:
    return tuple(Range(name=f"x{k}", low=low, high=high, default=low, log=False) for k in range(dimensions))


OBJECTIVES = {"hartmann": hartmann, "levy": levy, "rosenbrock": rosenbrock, "recorded": recorded}
