"""Section `knowledge` of a recipe: hints of experts, one a line (docs/knowledge.md)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Strict, model_validator

from autoft.recipe.messages import broken_rule
from autoft.recipe.sections import Between, RecipeSection, Text
from autoft.records.decisions import Costs

Label = str | int | float | bool
Pair = Annotated[tuple[Text, Text], Strict(False)]
Order = Annotated[tuple[Text, ...], Strict(False), Field(min_length=2)]
_Share = Annotated[float, Field(gt=0, lt=1)]
_Cost = Annotated[float, Field(ge=0)]


class HintSpec(RecipeSection):
    """Hints about one column."""

    effect: Literal["increasing", "decreasing"] | None = None
    """With all else equal, the answer never falls (or never rises) with the column: the positive class's probability,
    the number, or the probability of `label`. The model obeys for every input."""
    label: Label | None = None
    """The class that an effect is about, where there are more than two."""
    between: Between[float] | None = None
    """[low, high] that values lie between."""
    unit: Text | None = None
    """Unit of the values, for the report."""
    scale: Literal["log"] | None = None
    """log: what counts is by how many times a value is larger."""
    order: Order | None = None
    """Categories from the lowest to the highest."""
    use: Literal["never", "audit"] | None = None
    """never leaves the column out; audit keeps it from the model, but compares its groups."""
    importance: Literal["high", "low"] | None = None
    """How much the answer depends on the column: high is penalised less, low more, and both are put to the test."""
    because: Text | None = None
    """Why, for the report."""

    @model_validator(mode="after")
    def _agree(self) -> HintSpec:
        stated = [name for name in ("effect", "between", "unit", "scale", "order", "importance") if self.has(name)]
        if self.use is not None and stated:
            found, fix = f"use is {self.use} and {stated[0]} is given", f"remove {' and '.join(stated)}, or use"
            raise broken_rule("use", "stand alone (a column that is no input has no effect)", found, fix)
        if self.label is not None and self.effect is None:
            raise broken_rule("label", "come with an effect", "there is none", "add effect: increasing, or remove it")
        if self.order is not None and len(set(self.order)) < len(self.order):
            raise broken_rule("order", "name every category once", "one is repeated", "remove the repetition")
        both = [name for name in ("between", "scale") if self.has(name)]
        if self.order is not None and both:
            found = f"{both[0]} is given too"
            raise broken_rule("order", "be of categories, which have no numbers", found, f"remove {both[0]}, or order")
        if not stated and self.use is None:
            fix = "add effect, between, scale, order, use or importance"
            raise broken_rule("", "say something of the column", "nothing is given that has consequences", fix)
        return self

    def has(self, name: str) -> bool:
        return getattr(self, name) is not None


class RatioSpec(RecipeSection):
    """One column divided by another, as an input of its own."""

    name: Text
    """Its name, by which hints and the report speak of it."""
    of: Pair
    """[numerator, denominator]: two numeric columns."""


class CostsSpec(RecipeSection):
    """Costs of wrong answers; only their ratios matter to decisions."""

    false_negative: Annotated[float, Field(gt=0)] | None = None
    """Two classes: a positive row that is missed; 1 where only the other cost is given."""
    false_positive: Annotated[float, Field(gt=0)] | None = None
    """Two classes: a false alarm; 1 where only the other cost is given."""
    matrix: dict[Text, dict[Text, _Cost]] | None = None
    """By true label, then by the label that is answered: what that costs; what is not given costs nothing where it is
    right and 1 where it is wrong."""
    gain: Text | None = None
    """Two classes: column of what a positive row is worth if it is found, instead of false_negative. It is no input."""

    @model_validator(mode="after")
    def _one_way(self) -> CostsSpec:
        if self.matrix is not None and (self.false_negative or self.false_positive or self.gain):
            found = "costs of errors are given as well"
            raise broken_rule("matrix", "be the only statement of costs", found, "put all of them into the matrix")
        if self.gain is not None and self.false_negative is not None:
            found = "false_negative is given too"
            raise broken_rule("gain", "stand in the place of false_negative", found, "remove one of them")
        if self.gain is not None and self.false_positive is None:
            fix = "add false_positive, in the unit of the column"
            raise broken_rule("gain", "come with false_positive", "it is missing", fix)
        return self

    @property
    def given(self) -> bool:
        """Whether the recipe says anything of costs."""
        return self.stated() is not None or self.matrix is not None or self.gain is not None

    def stated(self) -> Costs | None:
        """The costs of the errors of two classes, or None where the recipe has none, a matrix or gains of rows."""
        if self.gain is not None or (self.false_negative is None and self.false_positive is None):
            return None
        return Costs(false_negative=self.false_negative or 1.0, false_positive=self.false_positive or 1.0)


class MinimumSpec(RecipeSection):
    """Minimum recall or precision of two classes; exactly one of the two is given."""

    recall: _Share | None = None
    """Share of the positive rows that are found: the best precision at that recall."""
    precision: _Share | None = None
    """Share of alarms that are right: the best recall at that precision."""

    @model_validator(mode="after")
    def _one(self) -> MinimumSpec:
        if self.recall is not None and self.precision is not None:
            raise broken_rule("", "name recall or precision", "both are given", "remove one of them")
        return self

    def stated(self) -> tuple[Literal["recall", "precision"], float] | None:
        """What must be reached and how much of it, or None where the recipe says nothing."""
        if self.recall is not None:
            return "recall", self.recall
        return None if self.precision is None else ("precision", self.precision)


def _bounds(slices: tuple[Any, ...]) -> tuple[Any, ...]:
    for part in slices:
        for column, limits in part.items() if isinstance(part, dict) else ():
            if any(not low < high for low, high in pairwise(limits)):
                fix = "write the limits from the lowest to the highest"
                raise broken_rule("", f"rise ({column})", f"they are {list(limits)}", fix)
    return slices


Limits = Annotated[tuple[float, ...], Strict(False), Field(min_length=2)]
Slices = Annotated[tuple[Text | dict[Text, Limits], ...], Strict(False), AfterValidator(_bounds)]


class Knowledge(RecipeSection):
    """Hints of experts."""

    features: dict[Text, HintSpec] = Field(default_factory=dict)
    """By column (or ratio): what is known of it."""
    interactions: Annotated[tuple[Pair, ...], Strict(False)] = ()
    """Pairs of columns that act together: their product is an input."""
    no_interaction: Annotated[tuple[Pair, ...], Strict(False)] = ()
    """Pairs of columns that do not act on each other: no network lets them meet."""
    ratios: Annotated[tuple[RatioSpec, ...], Strict(False)] = ()
    """Quotients of columns that are inputs of their own."""
    costs: CostsSpec = Field(default_factory=CostsSpec)
    slices: Slices = ()
    """Columns by whose groups every metric is reported: a name, or {name: [limits]} for ranges of numbers."""
    minimum: MinimumSpec = Field(default_factory=MinimumSpec)

    @model_validator(mode="after")
    def _agree(self) -> Knowledge:
        for key, pairs in (("interactions", self.interactions), ("no_interaction", self.no_interaction)):
            for place, pair in enumerate(pairs):
                if pair[0] == pair[1]:
                    found, fix = f"it names '{pair[0]}' twice", "name two"
                    raise broken_rule(f"{key}.{place}", "be two columns", found, fix)
        wanted = {frozenset(pair) for pair in self.interactions}
        for place, pair in enumerate(self.no_interaction):
            if frozenset(pair) in wanted:
                fix = "remove it from one of them"
                raise broken_rule(f"no_interaction.{place}", "not be wanted too", "interactions names it", fix)
        names = [ratio.name for ratio in self.ratios]
        if len(set(names)) < len(names):
            raise broken_rule("ratios", "have different names", "two are the same", "rename one of them")
        if self.minimum.stated() is not None and self.costs.given:
            fix = "keep the costs, which say what an error is worth, or the minimum"
            raise broken_rule("minimum", "be left out where costs decide", "costs are given", fix)
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """Columns (and ratios) that features, interactions and ratios name."""
        pairs = (*self.interactions, *self.no_interaction, *(ratio.of for ratio in self.ratios))
        return (*self.features, *(name for pair in pairs for name in pair))

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns that are no inputs: `use` never or audit, and the gain of rows."""
        named = [name for name, hint in self.features.items() if hint.use is not None]
        return (*named, *((self.costs.gain,) if self.costs.gain else ()))
