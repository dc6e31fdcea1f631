"""Parallelism: how trials share programs, and when they train side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autoft.pipeline import cost
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.pipeline.results import Parallelism
from autoft.pipeline.space import list_programs
from autoft.recipe.recipe import Recipe
from autoft.search.algorithms import ALGORITHMS
from autoft.search.setup import ProgramSharing
from autoft.search.space import SHAPE, Dimension

#: Tracing programs should take no more than this share of the search.
_TRACING_SHARE = 0.1
#: Most trials that a program serves, of all sizes and of one: fewer programs find worse networks (docs/decisions.md).
_MOST_TRIALS_PER_PROGRAM = 6
_MOST_TRIALS_PER_SIZE = 3
#: Trials side by side share a shape and learn nothing from one another: one more trains beside others for each so
#: many trials that came before. An accelerator has nothing better to do.
_TRIALS_ALONE = 25
_TRIALS_ALONE_ACCELERATED = 8


def plan_parallelism(
    recipe: Recipe, dataset: Dataset, space: tuple[Dimension, ...], first: Mapping[str, Any], accelerated: bool
) -> Parallelism:
    """How many trials a program has to serve, and how many train at once.

    From the cost model with the reference machine's constants, not from a clock: equal runs propose equal trials.
    """
    if all(dimension.name != "architecture" for dimension in space):
        return Parallelism(programs=ProgramSharing(), trials_alone=None)  # own models share no programs
    alone = _TRIALS_ALONE_ACCELERATED if accelerated else _TRIALS_ALONE
    programs, machine = list_programs(dataset, space, first), Machine()
    trial = cost.trial_seconds(programs.default, machine, epochs=min(recipe.search.epochs, cost.TYPICAL_EPOCHS))
    wanted = cost.trace_seconds(programs.default, machine) * (1 - _TRACING_SHARE) / _TRACING_SHARE / trial
    most = _MOST_TRIALS_PER_SIZE if programs.dimensions == SHAPE else _MOST_TRIALS_PER_PROGRAM
    return Parallelism(
        programs=ProgramSharing(dimensions=programs.dimensions, trials_per_program=max(1, min(most, round(wanted)))),
        trials_alone=alone if ALGORITHMS[recipe.search.algorithm].side_by_side else None,
    )
