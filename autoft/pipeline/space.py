"""Search space of a table, with cost and compiled programs of each configuration.

No Keras is imported: `autoft plan` answers without.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from autoft.data.privacy import LEAST
from autoft.evaluation.decisions import row_costs
from autoft.evaluation.metrics import METRICS
from autoft.networks.architecture import Inputs
from autoft.networks.boosting import Boosting
from autoft.networks.family import architecture_of, family_of
from autoft.pipeline import cost
from autoft.pipeline.cost import CostShape
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.effects import restrict_space, without_architectures
from autoft.pipeline.machine import Machine
from autoft.recipe.recipe import Recipe
from autoft.records.arrays import Array
from autoft.records.decisions import Costs
from autoft.records.dimensions import Choice, Dimension, Range
from autoft.records.split import HOLDOUT
from autoft.search.algorithms import ALGORITHMS
from autoft.search.portfolio import TIERS
from autoft.search.setup import ProgramSharing
from autoft.search.space import (
    MAKE,
    SHAPE,
    default_configuration,
    first_configurations,
    make_space,
    relevant,
    rounded,
    shape_of,
)
from autoft.training import backend

#: Most of the minutes that one of the first trials may take.
LARGEST_SHARE = 0.25
#: Most of the minutes that the very first trial may take: it decides what is affordable at all.
_FIRST_SHARE = 0.2
#: Epochs that the networks of a portfolio need, and trees that tell classes apart: those of numbers go on to the last.
_PORTFOLIO_EPOCHS, _TREE_EPOCHS = 50, 40
#: Largest shrinkage of trees that are short of time: twice scikit-learn's costs .2 to 5 % of the score.
_LARGEST_STEPS = 0.2
#: Most seconds of the very first trial on the reference machine, without a limit of time.
_FIRST_SECONDS = 60.0
#: Most of the minutes that a portfolio may take: what is best on a table may stand last in it.
_PORTFOLIO_SHARE = 0.75
#: Most of the minutes that boosting may take on the folds, by the cost model.
_BASELINES_SHARE = 0.08
#: Share of the minutes after which it is given up: the machine is slower than it looked.
_BASELINES_END = 0.15
#: Share of the rows below which one of two classes is rare; of more classes, the same part of an even share.
_RARE = 0.2
#: A class is expensive if missing it costs at least this many times what missing the most frequent class does.
_EXPENSIVE = 2.0


def make_search_space(recipe: Recipe, dataset: Dataset) -> tuple[Dimension, ...]:
    """What a recipe searches on a table."""
    space = make_space(
        min(len(member.train) for member in dataset.members),
        embedded=bool(dataset.layout.embedded),
        numbers=bool(dataset.layout.continuous),
        rare=rare_classes_count(dataset),
        changes=recipe.search.space.model_dump() | {"architecture": recipe.search.architectures()},
    )
    space = tuple(_leaves_of_many(d) for d in space) if recipe.report.private else space
    return restrict_space(space, dataset.description.hints, dataset.target.task, dataset.trained_quantile)


def _leaves_of_many(dimension: Dimension) -> Dimension:
    """A leaf of trees holds the mean answer of its rows: in a private run of as many as may be shown."""
    if dimension.name != "leaf_rows" or not isinstance(dimension, Range) or dimension.low >= LEAST:
        return dimension
    low, high = float(LEAST), max(dimension.high, LEAST + 1.0)
    return replace(dimension, low=low, high=high, default=max(dimension.default, low))


def rare_classes_count(dataset: Dataset) -> bool:
    """Whether class weights may help: the objective looks at labels of classes, one of which is rare (`_RARE`), or at
    costs, and missing the rarest class is expensive (`_EXPENSIVE`)."""
    target = dataset.target
    counted = METRICS[dataset.objective].rare_classes
    if counted == "never":
        return False
    touched = dataset.split.blocks != HOLDOUT
    own = None if dataset.weights is None else dataset.weights[touched]
    counts = np.bincount(dataset.y[touched], own, minlength=len(target.classes))
    if counted == "costs":
        return _rare_is_dear(dataset, counts, np.flatnonzero(touched))
    return bool(counts.min() * len(counts) < 2 * _RARE * counts.sum())


def _rare_is_dear(dataset: Dataset, counts: Array, rows: Array) -> bool:
    """Whether a missed row of the rarest class costs much more than one of the most frequent class, on these rows."""
    truth, target = dataset.truth.take(rows), dataset.target
    costs, y = truth.goal(dataset.problem), truth.y
    if not isinstance(costs, Costs) or counts.min() == counts.max():
        return False
    answers = range(len(counts))
    table = np.stack([row_costs(costs, y, answer, target.positive_index) for answer in answers], axis=1)
    rare, frequent = (table[y == c].mean(axis=0) for c in (np.argmin(counts), np.argmax(counts)))
    return bool(rare.max() >= _EXPENSIVE * frequent.max())


def boosting_seconds(dataset: Dataset, machine: Machine) -> float:
    """Seconds of gradient boosting, the slowest baseline, to which each word of a text is a column."""
    rows = max(len(member.train) for member in dataset.members)
    columns = len(dataset.features) + sum(text.slots for text in dataset.layout.texts)
    return cost.boosting_seconds(rows, columns, dataset.split.k, dataset.outputs, machine)


def boosting_fits(recipe: Recipe, dataset: Dataset, machine: Machine) -> bool:
    """Whether boosting takes no more than its share of the recipe's minutes."""
    minutes = recipe.search.minutes
    return minutes is None or boosting_seconds(dataset, machine) <= _BASELINES_SHARE * minutes * 60


def boosting_end(recipe: Recipe, began: float) -> float:
    """When boosting is given up, on the clock on which it began."""
    minutes = recipe.search.minutes
    return math.inf if minutes is None else began + _BASELINES_END * minutes * 60


def choose_first(
    recipe: Recipe, dataset: Dataset, space: Sequence[Dimension], machine: Machine
) -> tuple[dict[str, Any], ...]:
    """The configurations that a search begins with: the richest portfolio that is affordable.

    Its first trial takes no more than a fifth of the recipe's minutes, and all of them no more than three quarters;
    without minutes, of five on the reference machine, since equal runs must begin alike. The cheapest portfolio is
    taken if its first trial is affordable; where that is not either, a small perceptron goes before it.
    """
    small = default_configuration(space)
    if not ALGORITHMS[recipe.search.algorithm].begins_with_portfolio:
        return (small,)
    minutes, rows = recipe.search.minutes, min(len(member.train) for member in dataset.members)
    machine, most = (Machine(), _FIRST_SECONDS) if minutes is None else (machine, _FIRST_SHARE * minutes * 60)
    for tier in TIERS:
        found = first_configurations(space, rows, tier)
        if minutes is not None:
            found = tuple(_in_time(recipe, dataset, space, params, machine) for params in found)
        shapes = [replace(cost_shape(dataset, params), least=0) for params in found]
        seconds = [cost.trial_seconds(s, machine, epochs=min(recipe.search.epochs, _PORTFOLIO_EPOCHS)) for s in shapes]
        through = tier == TIERS[-1] or sum(seconds) <= most * _PORTFOLIO_SHARE / _FIRST_SHARE
        # A busy machine traces for as long as it trains a small network: minutes must have room for both.
        trace = 0.0 if minutes is None else cost.trace_seconds(shapes[0], machine)
        if seconds[0] + trace <= most and through:
            return found
    perceptron = "width" in small and family_of(small).traits.plain
    if not perceptron or small in found:
        return found
    # Trees before networks that would take most of the minutes.
    return (small, *sorted(found, key=lambda params: not family_of(params).trees))


def _in_time(
    recipe: Recipe, dataset: Dataset, space: Sequence[Dimension], params: dict[str, Any], machine: Machine
) -> dict[str, Any]:
    """Trees that would take more than a quarter of the minutes are fewer, and learn in larger steps."""
    assert recipe.search.minutes is not None
    steps = next((d for d in space if d.name == "shrinkage"), None)
    if not family_of(params).trees or not isinstance(steps, Range):
        return params
    needed = recipe.search.epochs if dataset.target.task == "regression" else _TREE_EPOCHS
    seconds = cost.trial_seconds(cost_shape(dataset, params), machine, epochs=min(recipe.search.epochs, needed))
    times = seconds / (LARGEST_SHARE * recipe.search.minutes * 60)
    larger = min(times * params["shrinkage"], _LARGEST_STEPS)
    return {**params, "shrinkage": rounded(steps, max(larger, params["shrinkage"]))}


def drop_architectures(
    space: Sequence[Dimension], first: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]]
) -> tuple[Dimension, ...]:
    """A space without the architectures of which no first configuration is kept."""
    return without_architectures(space, {c.get("architecture") for c in first} - {c.get("architecture") for c in kept})


def keep_affordable(
    recipe: Recipe,
    dataset: Dataset,
    first: Sequence[dict[str, Any]],
    machine: Machine,
    *,
    epoch_seconds: float | None = None,
) -> tuple[dict[str, Any], ...]:
    """The first configurations without those that would take more than a quarter of the recipe's minutes.

    Linear models, perceptrons and architectures that a recipe names itself stay. Where the first one is too
    expensive, the cheapest goes first, and what is too expensive last; where none is left, the cheapest of all is.

    Args:
        epoch_seconds: Measured for the first, which corrects the cost model; None trusts it.
    """
    if recipe.search.names_families or recipe.search.minutes is None:
        return tuple(first)
    shapes = [replace(s, least=min(s.least, recipe.search.epochs)) for s in (cost_shape(dataset, c) for c in first)]
    slowness = 1.0 if epoch_seconds is None else epoch_seconds / cost.epoch_seconds(shapes[0], machine)
    most = LARGEST_SHARE * recipe.search.minutes * 60
    epochs = min(recipe.search.epochs, cost.TYPICAL_EPOCHS)
    seconds = [slowness * cost.trial_seconds(shape, machine, epochs=epochs) for shape in shapes]
    by_cost = np.argsort(seconds, kind="stable")
    # Trees are asked of the model alone: an epoch of a network says little of theirs.
    fits = [own / (slowness if s.iterations else 1.0) <= most for s, own in zip(shapes, seconds, strict=True)]
    kept = [i for i, own in enumerate(fits) if own or family_of(first[i]).traits.plain] or [int(by_cost[0])]
    if kept[0] or not fits[0]:
        cheapest = next(int(i) for i in by_cost if i in kept)
        kept = [cheapest, *sorted((i for i in kept if i != cheapest), key=lambda i: not fits[i])]
    return tuple(first[i] for i in kept)


def name_left_out(first: Sequence[Mapping[str, Any]], kept: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Architecture and size of the first configurations that are not kept, and of which no other one is."""
    trained = {_name(c) for c in kept}
    return tuple(dict.fromkeys(name for name in map(_name, first) if name not in trained))


def _name(params: Mapping[str, Any]) -> str:
    size = f" {params['width']}x{params['depth']}" if "depth" in params else ""
    return f"{params.get('architecture', '')}{size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Shapes of the space, and the programs that they need.

    Attributes:
        shapes: All shapes, whatever the activation; trees among them.
        different, number: How many shapes of networks there are, activations included, and of their programs.
        dimensions: Those that fix what its program is compiled for.
    """

    default: CostShape
    shapes: tuple[CostShape, ...]
    different: int
    number: int
    dimensions: frozenset[str]


def cost_shape(dataset: Dataset, params: Mapping[str, Any]) -> CostShape:
    """What fixes the cost of an epoch of a configuration.

    Of an own model, which has no architecture, that of a perceptron: the time budget corrects it by what it measures.
    """
    if "architecture" not in params and not {"width", "depth"} <= params.keys():
        params = {"width": 128, "depth": 2, "batch_size": params["batch_size"]}
    members, family = dataset.members, family_of(params)
    usual = replace(dataset.layout, combined=())  # most tables have no combinations
    smallest, inputs = min(len(member.train) for member in members), Inputs.of(usual)
    own = architecture_of({"activation": "relu", **params}, inputs, smallest)
    return CostShape(
        rows=max(len(member.train) for member in members),
        held_out=max(len(member.held_out) for member in members),
        members=len(members),
        inputs=inputs.dense,
        width=own.width,
        depth=own.depth,
        batch=min(int(params.get("batch_size", smallest)), smallest),
        outputs=dataset.outputs,
        embedded=len(inputs.embedded),
        embedding=own.embedding,
        categories=sum(slots + 2 for slots in inputs.embedded),
        vectors=len(inputs.numbers) * family.vectors(own),
        ensemble=own.ensemble,
        effort=family.traits.effort,
        plain=family.traits.plain,
        least=family.traits.epochs if family.traits.schedule == "cycles" else 0,
        iterations=family.iterations(params) if isinstance(family, Boosting) else 0,
        leaves=int(params.get("leaves", cost.LEAVES)),
    )


def list_programs(dataset: Dataset, space: Sequence[Dimension], first: Mapping[str, Any]) -> Programs:
    """Shapes and programs of a space."""
    shape = partial(cost_shape, dataset)
    shaping = [dimension for dimension in space if dimension.name in SHAPE and isinstance(dimension, Choice)]
    names = [dimension.name for dimension in shaping]
    every = [relevant(dict(zip(names, values, strict=True))) for values in product(*(d.values for d in shaping))]
    networks = [params for params in every if not family_of(params).trees]
    default = shape(first)
    any_size = backend.wanted() == "tensorflow"

    def program(params: Mapping[str, Any]) -> Hashable:
        # Batches larger than the smallest member are cut to it, so that different values may be one shape.
        own = shape(params)
        make = shape_of(params, MAKE)
        resizable = any_size and family_of(params).traits.resizable
        return make if resizable and not cost.worth_compiling(own) else (own, make)

    resizable = any_size and family_of(first).traits.resizable
    return Programs(
        default=default,
        shapes=tuple({shape(params): None for params in every}),
        different=len({(shape(params), shape_of(params, MAKE)) for params in networks}),
        number=len({program(params) for params in networks}),
        dimensions=MAKE if resizable and not cost.worth_compiling(default) else SHAPE,
    )


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
) -> ProgramSharing:
    """How many trials a program has to serve, and how many train at once.

    From the cost model with the reference machine's constants, not from a clock: equal runs propose equal trials.
    """
    if all(dimension.name != "architecture" for dimension in space):
        return ProgramSharing()  # own models share no programs
    alone = _TRIALS_ALONE_ACCELERATED if accelerated else _TRIALS_ALONE
    programs, machine = list_programs(dataset, space, first), Machine()
    trial = cost.trial_seconds(programs.default, machine, epochs=min(recipe.search.epochs, cost.TYPICAL_EPOCHS))
    wanted = cost.trace_seconds(programs.default, machine) * (1 - _TRACING_SHARE) / _TRACING_SHARE / trial
    most = _MOST_TRIALS_PER_SIZE if programs.dimensions == SHAPE else _MOST_TRIALS_PER_PROGRAM
    return ProgramSharing(
        dimensions=programs.dimensions,
        trials_per_program=max(1, min(most, round(wanted))),
        trials_alone=alone if ALGORITHMS[recipe.search.algorithm].side_by_side else None,
    )
