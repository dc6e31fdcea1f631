"""What hints about the inputs change in a run beside the networks themselves: the space, the calibration, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from autoft.errors import RecipeError
from autoft.knowledge.hints import Hints
from autoft.search.space import Choice, Dimension

if TYPE_CHECKING:
    from autoft.prepare import Prepared
    from autoft.recipe import Recipe
    from autoft.training.bag import Bag

#: Architectures that cannot obey an effect: RealMLP's waves and activations rise and fall.
UNABLE = frozenset({"realmlp"})


def space(dimensions: Sequence[Dimension], hints: Hints) -> tuple[Dimension, ...]:
    """A space without what cannot obey effects.

    RealMLP is not in it, nor is the activation, which is the mixed one (`networks.activations`). One hidden layer is
    too few to come close to every monotone function (docs/knowledge.md): deeper ones are kept where there are any.

    Raises:
        RecipeError: If no architecture is left.
    """
    if not hints.effects:
        return tuple(dimensions)
    return tuple(_obeying(d) for d in dimensions if d.name != "activation")


def _obeying(dimension: Dimension) -> Dimension:
    if not isinstance(dimension, Choice) or dimension.name not in ("architecture", "depth"):
        return dimension
    if dimension.name == "architecture":
        kept = tuple(value for value in dimension.values if value not in UNABLE)
        if not kept:
            names = ", ".join(map(str, dimension.values))
            must, fix = "leave a network that can obey the effects under knowledge:", "add mlp, linear or tabm-mini"
            raise RecipeError("search: space: architecture:", must, f"it is {names} alone", fix)
    else:
        kept = tuple(value for value in dimension.values if not isinstance(value, int) or value > 1)
        kept = kept or dimension.values
    default = dimension.default if dimension.default in kept else kept[0]
    return replace(dimension, values=kept, default=default)


def calibration(recipe: Recipe, prepared: Prepared) -> Literal["auto", "none"]:
    """Whether answers are calibrated: as the recipe says, but for effects on one of more than two classes.

    A temperature moves the probability of one class by how the others share the rest among them, so that it could fall
    where it should rise. Between two classes any calibration keeps the order of answers.
    """
    if prepared.inspected.hints.effects and prepared.target.task == "multiclass":
        return "none"
    return recipe.evaluate.calibration


def notes(recipe: Recipe, prepared: Prepared) -> tuple[str, ...]:
    """What effects change elsewhere, in words."""
    if not prepared.inspected.hints.effects:
        return ()
    left_out = (
        "RealMLP is left out, which cannot obey an effect, and hidden units bend both ways (see docs/knowledge.md)."
    )
    if calibration(recipe, prepared) == recipe.evaluate.calibration:
        return (left_out,)
    return left_out, "Probabilities are not calibrated: with more than two classes that could break an effect."


def prove(bag: Bag, prepared: Prepared) -> None:
    """Check that the deployed model keeps what the hints promise.

    Raises:
        TrainingError: If it does not.
    """
    from autoft.training.proved import prove_bag

    prove_bag(bag, prepared.inspected.hints)
