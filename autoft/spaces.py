"""What a search on a table may come upon: its space, the cost of each configuration, the programs it needs.

No Keras is imported: `autoft plan` answers without.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft import backend
from autoft.networks.families import FAMILIES
from autoft.search import cost
from autoft.search.cost import Shape
from autoft.search.machine import Machine
from autoft.search.space import Choice, Dimension

if TYPE_CHECKING:
    from autoft.prepare import Prepared
    from autoft.recipe import Recipe

#: Most of the minutes that the first trial of an architecture may take.
_LARGEST_SHARE = 0.25

#: Most of the minutes that boosting may take on the folds.
_BASELINES_SHARE = 0.15

#: Objectives that depend on how many rows of a rare class are decided right.
_LABELS_OF_CLASSES = frozenset({"f1", "recall", "balanced_accuracy", "mcc"})

#: Share of the rows below which one of two classes is rare; of more classes, the same part of an even share.
_RARE = 0.2

#: Time that an activation takes beside a perceptron's: Mish is a softplus and a tanh, and the activations of an
#: ensemble lie in memory, not in a cache.
_EFFORT = {"realmlp": 8.0, "tabm": 5.0, "tabm-mini": 4.0}


def space_for(recipe: Recipe, prepared: Prepared, rows: int) -> tuple[Dimension, ...]:
    """What a recipe searches on a table.

    Args:
        recipe, prepared: Of the run.
        rows: Training rows of the smallest fold.
    """
    from autoft.search.space import make_space

    plan, changes = prepared.plan, recipe.search.space.model_dump()
    return make_space(
        rows,
        embedded=bool(plan.embedded),
        numbers=bool(plan.continuous),
        rare=rare_classes_count(prepared),
        changes=changes,
    )


def rare_classes_count(prepared: Prepared) -> bool:
    """Whether the objective looks at labels of classes, one of which is rare (`_RARE`), so that weights may help."""
    target = prepared.target
    if target.task == "regression" or prepared.objective not in _LABELS_OF_CLASSES:
        return False
    touched = prepared.split.blocks >= 0
    own = None if prepared.weights is None else prepared.weights[touched]
    counts = np.bincount(prepared.y[touched], own, minlength=len(target.classes))
    return bool(counts.min() * len(counts) < 2 * _RARE * counts.sum())


def boosting_fits(recipe: Recipe, prepared: Prepared, machine: Machine) -> bool:
    """Whether gradient boosting, the dearest baseline, takes no more than its share of the recipe's minutes."""
    if recipe.search.minutes is None:
        return True
    target, rows = prepared.target, max(len(member.train) for member in prepared.members)
    outputs = len(target.classes) if target.task == "multiclass" else 1
    seconds = cost.boosting_seconds(rows, len(prepared.features), prepared.split.k, outputs, machine)
    return seconds <= _BASELINES_SHARE * recipe.search.minutes * 60


def without(space: Sequence[Dimension], architectures: Sequence[str]) -> tuple[Dimension, ...]:
    """A space without some architectures."""
    kept = []
    for d in space:
        if d.name == "architecture" and isinstance(d, Choice):
            d = replace(d, values=tuple(value for value in d.values if value not in architectures))
        kept.append(d)
    return tuple(kept)


def too_dear(
    recipe: Recipe,
    prepared: Prepared,
    space: Sequence[Dimension],
    machine: Machine,
    *,
    epoch_seconds: float | None = None,
) -> tuple[str, ...]:
    """Architectures whose first configuration would take more than a quarter of the recipe's minutes.

    What a recipe names itself stays, and so do perceptrons and linear models.

    Args:
        recipe, prepared, space: Of the run.
        machine: At hand.
        epoch_seconds: Measured for the default configuration, which corrects the cost model; None trusts it.
    """
    from autoft.search.space import first_configurations

    if recipe.search.space.architecture or recipe.search.minutes is None:
        return ()
    rows = min(len(member.train) for member in prepared.members)
    first = first_configurations(space, rows, prepared.target.task)
    shapes = [cost_shape(prepared, params) for params in first]
    slowness = 1.0 if epoch_seconds is None else epoch_seconds / cost.epoch_seconds(shapes[0], machine)
    most = _LARGEST_SHARE * recipe.search.minutes * 60
    epochs = min(recipe.search.epochs, cost.TYPICAL_EPOCHS)
    shapes = [replace(shape, least=min(shape.least, recipe.search.epochs)) for shape in shapes]
    return tuple(
        str(params["architecture"])
        for params, shape in zip(first, shapes, strict=True)
        if params.get("architecture") not in (None, "mlp", "linear")
        and slowness * cost.trial_seconds(shape, machine, epochs=epochs) > most
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Shapes of the space, and the programs that they need.

    Attributes:
        default: The shape of the default configuration.
        shapes: All shapes, whatever the activation.
        different: How many different ones there are, activations included.
        number: Programs that they need.
        dimensions: Those that fix what the default's program is compiled for.
    """

    default: Shape
    shapes: tuple[Shape, ...]
    different: int
    number: int
    dimensions: frozenset[str]


def cost_shape(prepared: Prepared, params: Mapping[str, Any]) -> Shape:
    """What fixes the cost of an epoch of a configuration."""
    from autoft.networks import realmlp, tabm
    from autoft.networks.architecture import Architecture, Inputs

    plan, members = prepared.plan, prepared.members
    smallest, inputs = min(len(member.train) for member in members), Inputs.of(plan)
    own = Architecture.of({"activation": "relu", **params}, inputs, smallest)
    each = {"linear": own.bins, "mlp": own.bins, "realmlp": realmlp.DIM + 1}.get(own.kind, tabm.DIM)
    family = FAMILIES[own.kind]
    return Shape(
        rows=max(len(member.train) for member in members),
        held_out=max(len(member.held_out) for member in members),
        members=len(members),
        inputs=inputs.dense,
        width=own.width,
        depth=own.depth,
        batch=min(int(params["batch_size"]), smallest),
        outputs=len(prepared.target.classes) if prepared.target.task == "multiclass" else 1,
        embedded=len(inputs.embedded),
        embedding=own.embedding,
        categories=sum(slots + 2 for slots in inputs.embedded),
        vectors=len(inputs.numbers) * each,
        ensemble=own.ensemble,
        effort=_EFFORT.get(own.kind, 1.0),
        plain=own.kind in ("linear", "mlp"),
        least=family.epochs if family.course == "cycles" else 0,
    )


def programs(prepared: Prepared, space: Sequence[Dimension]) -> Programs:
    """The shapes that a search over a space may come upon."""
    from autoft.search.space import MAKE, SHAPE, relevant, shape_of

    def shape(params: Mapping[str, Any]) -> Shape:
        return cost_shape(prepared, params)

    shaping = [dimension for dimension in space if dimension.name in SHAPE and isinstance(dimension, Choice)]
    names = [dimension.name for dimension in shaping]
    every = [relevant(dict(zip(names, values, strict=True))) for values in product(*(d.values for d in shaping))]
    default = shape(relevant({dimension.name: dimension.default for dimension in shaping}))
    any_size = backend.wanted() == "tensorflow"

    def program(params: Mapping[str, Any]) -> Hashable:
        # Batches larger than the smallest member are cut to it, so that different values may be one shape.
        own = shape(params)
        make = shape_of(params, MAKE)
        return make if any_size and not cost.worth_compiling(own) else (own, make)

    return Programs(
        default=default,
        shapes=tuple({shape(params): None for params in every}),
        different=len({(shape(params), shape_of(params, MAKE)) for params in every}),
        number=len({program(params) for params in every}),
        dimensions=MAKE if any_size and not cost.worth_compiling(default) else SHAPE,
    )
