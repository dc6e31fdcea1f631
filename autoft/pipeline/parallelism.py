"""Parallelism: trials side by side, and how programs are shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from autoft.pipeline import cost
from autoft.pipeline import space as spaces
from autoft.pipeline.cost import TYPICAL_EPOCHS
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.search.algorithms import ALGORITHMS
from autoft.search.proposer import ProgramSharing
from autoft.search.space import SHAPE, Dimension

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe
    from autoft.training.trainer import Trainer


#: Tracing programs should take no more than a tenth of the search; but one has to serve no more than so many trials,
#: least where it is for one size only: fewer of them find worse networks (docs/decisions.md).
_TRACING, _MOST_PER_PROGRAM, _MOST_PER_SIZE = 0.1, 6, 3


#: Trials side by side share a shape and learn nothing from one another: before so many trials to each one beside it
#: they train alone. An accelerator has nothing better to do.
_ALONE, _ALONE_ACCELERATED = 25, 8


def sharing(dataset: Dataset, space: tuple[Dimension, ...], first: Mapping[str, Any], epochs: int) -> ProgramSharing:
    """How the search saves programs.

    From the cost model with the reference machine's constants, not from a clock: equal runs propose equal trials.
    """
    found, machine = spaces.programs(dataset, space, first), Machine()
    trial = cost.trial_seconds(found.default, machine, epochs=min(epochs, TYPICAL_EPOCHS))
    wanted = cost.trace_seconds(found.default, machine) * (1 - _TRACING) / _TRACING / trial
    most = _MOST_PER_SIZE if found.dimensions == SHAPE else _MOST_PER_PROGRAM
    return ProgramSharing(dimensions=found.dimensions, trials_per_program=max(1, min(most, round(wanted))))


def together(recipe: Recipe, trainer: Trainer) -> Callable[[Mapping[str, Any], int], int]:
    """How many trials of a shape train side by side after so many: what the device has room for, while a search
    stays a search. It does not depend on how many trials are planned: a longer search begins as the shorter did."""
    if not ALGORITHMS[recipe.search.algorithm].side_by_side:
        return lambda params, trials: 1
    alone = _ALONE_ACCELERATED if trainer.accelerated else _ALONE
    return lambda params, trials: min(max(1, trials // alone), trainer.together(params))
