"""Compilation of a recipe's `knowledge` into `Hints`, checked against the table, all problems together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from autoft.data.cells import plain_texts
from autoft.data.convert import Converted
from autoft.data.target import is_label
from autoft.errors import bare_cell
from autoft.formatting import counted
from autoft.knowledge import slices
from autoft.knowledge.decisions import decision_problems
from autoft.knowledge.interactions import pair_problems
from autoft.preprocessing.encoders.numbers import quotient
from autoft.recipe.knowledge import HintSpec, Knowledge
from autoft.recipe.messages import Mistake, absent_column
from autoft.recipe.recipe import Recipe
from autoft.records.arrays import Array
from autoft.records.columns import Column, Repair, Target
from autoft.records.hints import Effect, Hints, RatioInput

Path = tuple[str | int, ...]
#: Kinds of columns that are numbers to a network.
_NUMBERS = ("numeric", "boolean", "date")


def bind_knowledge(
    recipe: Recipe,
    columns: tuple[Column, ...],
    converted: Converted,
    target: Target | None,
    repairs: Sequence[Repair],
    mistakes: Sequence[Mistake] = (),
) -> tuple[Hints, tuple[Column, ...]]:
    """Hints about the inputs, and the columns with the orders that are known.

    Args:
        columns, converted: The table without what the recipe drops.
        target: The column to predict, None where the table lacks it.
        mistakes: Other mistakes of the recipe against this table.

    Raises:
        RecipeError: With `mistakes` and all mistakes of the knowledge, and their lines.
    """
    if target is None or recipe.knowledge == Knowledge():
        recipe.refuse(mistakes)
        return Hints(), columns
    table = _HintTable(recipe, columns, converted.values, target, repairs)
    recipe.refuse([*mistakes, *table.problems(), *slices.problems(recipe, columns, target.name)])
    orders = table.orders
    return table.hints(), tuple(replace(c, order=orders[c.name]) if c.name in orders else c for c in columns)


@dataclass(frozen=True, eq=False)
class _HintTable:
    """The columns that a recipe's knowledge speaks of; `values` are converted cells by column id."""

    recipe: Recipe
    columns: tuple[Column, ...]
    values: Mapping[str, Array]
    target: Target
    repairs: Sequence[Repair]

    def problems(self) -> list[Mistake]:
        """All that is wrong with the knowledge; without any, there are hints."""
        return [
            *self.names(),
            *self.features(),
            *self.ratios(),
            *pair_problems(self.knowledge, self.width, self.embed_above),
            *decision_problems(self.knowledge, self.by_name, self.target),
        ]

    @property
    def knowledge(self) -> Knowledge:
        """What the recipe says of the table."""
        return self.recipe.knowledge

    @property
    def embed_above(self) -> int:
        """Columns of more categories are embedded."""
        return self.recipe.preprocess.categorical.embed_above

    @cached_property
    def taken(self) -> dict[str, str]:
        """Names of columns that are no inputs, and what they are."""
        group = self.recipe.evaluate.group
        return {self.target.name: "the target"} | ({} if group is None else {group: "the group"})

    @cached_property
    def absent(self) -> dict[str, tuple[str, str]]:
        """Names of columns that were dropped from the table, by what, and what to do about it."""
        data, fix = self.recipe.data, "set its kind under data: columns:"
        dropped = ((one.column, one.code) for one in self.repairs if one.action == "drop-column" and one.column)
        absent = {name: (f"preprocess: accept: {code} drops '{name}'", fix) for name, code in dropped}
        absent |= {name: (f"data: drop: names '{name}'", "remove one of them") for name in data.drop}
        if data.weight:
            absent[data.weight] = (f"'{data.weight}' is the weight of the rows", "name another column")
        return absent

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by the user's names."""
        return {column.name: column for column in self.columns}

    @cached_property
    def orders(self) -> dict[str, tuple[str, ...]]:
        """Orders of categories by the column's name, written as cells are compared: the table's 1.0 is 1."""
        features = self.knowledge.features.items()
        return {name: tuple(plain_texts(hint.order)) for name, hint in features if hint.order is not None}

    @cached_property
    def made(self) -> set[str]:
        """Names of ratios."""
        return {ratio.name for ratio in self.knowledge.ratios}

    def names(self) -> Iterator[Mistake]:
        """Names that the table does not have, or that are no inputs."""
        for name, hint in self.knowledge.features.items():
            if hint.use != "never" or name not in self.absent:  # dropped twice is dropped
                yield from self._named(("knowledge", "features", name), name, inputs=hint.use is None, made=True)
        if self.knowledge.costs.gain is not None:
            yield from self._named(("knowledge", "costs", "gain"), self.knowledge.costs.gain, inputs=False)
        unused = set(self.knowledge.unused)
        for path, pair in self._all_pairs():
            for name in pair:
                yield from self._named(path, name, made="ratios" not in path)
                if name in unused:
                    yield Mistake(path, "name inputs", f"'{name}' is not to be used", "remove it here, or remove 'use'")

    def _all_pairs(self) -> Iterator[tuple[Path, tuple[str, str]]]:
        for key in ("interactions", "no_interaction"):
            for place, pair in enumerate(getattr(self.knowledge, key)):
                yield ("knowledge", key, place), pair
        for place, ratio in enumerate(self.knowledge.ratios):
            yield ("knowledge", "ratios", place), ratio.of

    def _named(self, path: Path, name: str, *, inputs: bool = True, made: bool = False) -> Iterator[Mistake]:
        if name in self.by_name:
            column = self.by_name[name]
            if name in self.taken and (inputs or name == self.target.name):
                yield Mistake(path, "name inputs", f"'{name}' is {self.taken[name]}", "name another column")
            elif inputs and not column.used:
                fix = "remove the hint, or set its kind under data: columns:"
                yield Mistake(path, "name inputs", f"'{name}' is {column.kind}: {column.why}", fix)
            return
        if made and name in self.made:
            return
        if name in self.absent:
            found, fix = self.absent[name]
            yield Mistake(path, "name a column that stays in the table", found, fix)
            return
        yield absent_column(path, name, [*self.by_name, *self.made])

    def features(self) -> Iterator[Mistake]:
        """Hints of single columns."""
        effects = [hint for hint in self.knowledge.features.values() if hint.effect is not None]
        labels = {place for hint in effects if (place := self._class(hint.label)) is not None}
        for name, hint in self.knowledge.features.items():
            path: Path = ("knowledge", "features", name)
            column = self.by_name.get(name)
            if hint.effect is not None:
                yield from self._effect((*path, "effect"), name, hint, column, labels)
            if column is None or hint.use is not None or name in self.taken or not column.used:
                continue
            if hint.order is not None:
                yield from self._order((*path, "order"), self.orders[name], column)
            for key in ("between", "scale"):
                if getattr(hint, key) is not None and column.kind != "numeric":
                    yield Mistake((*path, key), "be of numbers", f"the column is {column.kind}", "remove it")
            if column.kind == "numeric" and hint.between is not None:
                yield from self._between((*path, "between"), hint.between, self.values[column.id])
            if column.kind == "numeric" and hint.scale is not None:
                yield from self._amounts((*path, "scale"), self.values[column.id])

    def _effect(
        self, path: Path, name: str, hint: HintSpec, column: Column | None, labels: set[int]
    ) -> Iterator[Mistake]:
        if column is not None and column.used and column.kind not in _NUMBERS and hint.order is None:
            fix = "add 'order: [...]' from the lowest to the highest, or remove the effect"
            found = f"'{name}' is {column.kind}, which has no order"
            yield Mistake(path, "be of numbers, dates or ordered categories", found, fix)
        made_of = [what for what, pair in self._made() if name in pair]
        if made_of:
            fix = f"give the effect to {made_of[0]}, or remove one of them"
            found = f"'{name}' is also part of {made_of[0]}, which moves with it"
            yield Mistake(path, "hold with all else equal", found, fix)
        yield from self._label((*path[:-1], "label"), hint.label, labels)

    def _made(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for ratio in self.knowledge.ratios:
            yield f"the ratio '{ratio.name}'", ratio.of
        for pair in self.knowledge.interactions:
            yield f"the interaction of '{pair[0]}' and '{pair[1]}'", pair

    def _label(self, path: Path, label: Any, labels: set[int]) -> Iterator[Mistake]:
        task, classes = self.target.task, [str(c) for c in self.target.classes]
        named = " or ".join(map(_category, classes[:5]))
        if task == "regression":
            if label is not None:
                yield Mistake(path, "only be given where there are classes", "the task is regression", "remove it")
        elif label is None:
            if task == "multiclass":
                fix = f"add 'label:' with the class whose probability is meant ({named})"
                found = "it is missing, and there are more than two classes"
                yield Mistake(path, "say which class an effect is about", found, fix)
        elif self._class(label) is None:
            yield Mistake(path, "be a class of the target", f"there is no '{label}'", f"name one of {named}")
        elif task == "multiclass" and len(labels) > 1:
            fix = "keep the effects on one of them"
            yield Mistake(path, "be the same for all effects", f"effects on {len(labels)} classes are given", fix)

    def _class(self, label: Any) -> int | None:
        """Position of a class by its label, as a recipe may write it; None for no such class."""
        wanted = (i for i, one in enumerate(self.target.classes) if is_label(one, label))
        return None if label is None else next(wanted, None)

    def _order(self, path: Path, order: Sequence[str], column: Column) -> Iterator[Mistake]:
        if column.kind != "categorical":
            already = column.kind in _NUMBERS
            fix = "remove it: it has an order" if already else "set its kind under data: columns: to categorical"
            yield Mistake(path, "be of categories", f"the column is {column.kind}", fix)
            return
        if len(set(order)) < len(order):
            fix = "remove one of them"
            yield Mistake(path, "name every category once", "two of them are the same (1.0 counts as 1)", fix)
        there = {text for text in self.values[column.id] if text is not None}
        lost = sorted(there - set(order))
        if not lost:
            return
        spelled = {name.strip().casefold(): name for name in order if name not in there}
        other = next((text for text in lost if text.strip().casefold() in spelled), None)
        shown = ", ".join(map(_category, lost[:5]))
        found = f"the table also has {shown}" + (f" and {len(lost) - 5:,} more" if len(lost) > 5 else "")
        fix = "add it at its place" if len(lost) == 1 else "add them at their places"
        if other is not None:
            fix = f"write {_category(other)} for '{spelled[other.strip().casefold()]}', as the table does"
        yield Mistake(path, "name every category", found, fix)

    def _between(self, path: Path, limits: tuple[float, float], cells: Array) -> Iterator[Mistake]:
        with np.errstate(invalid="ignore"):
            outside = np.flatnonzero((cells < limits[0]) | (cells > limits[1]))
        if len(outside):
            first = int(outside[0])
            example = f"first: row {first + 1:,}, {bare_cell(cells[first])}"
            found = f"{len(outside):,} of {len(cells):,} values do not ({example})"
            must = f"hold of the table, whose values must lie between {limits[0]:g} and {limits[1]:g}"
            yield Mistake(path, must, found, "correct those cells, or widen the range")

    def _amounts(self, path: Path, cells: Array) -> Iterator[Mistake]:
        with np.errstate(invalid="ignore"):
            negative = np.flatnonzero(cells < 0)
        if len(negative):
            first = int(negative[0])
            number = counted(len(negative), "negative value")
            found = f"the table has {number} (first: row {first + 1:,}, {bare_cell(cells[first])})"
            fix = "remove it: only amounts that are not negative have a logarithmic scale"
            yield Mistake(path, "be of amounts", found, fix)

    def ratios(self) -> Iterator[Mistake]:
        """Quotients."""
        for place, ratio in enumerate(self.knowledge.ratios):
            path: Path = ("knowledge", "ratios", place)
            if ratio.name in self.by_name:
                fix = "give the ratio another name"
                yield Mistake(path, "have a new name", f"a column is called '{ratio.name}'", fix)
            for name in ratio.of:
                column = self.by_name.get(name)
                if column is not None and column.used and column.kind != "numeric":
                    yield Mistake(path, "be of two numeric columns", f"'{name}' is {column.kind}", "name numeric ones")
            own = self.knowledge.features.get(ratio.name)
            wrong = [n for n in ("between", "order", "use") if own is not None and own.has(n)]
            if wrong:
                place_of: Path = ("knowledge", "features", ratio.name, wrong[0])
                yield Mistake(place_of, "be of a column of the table", f"'{ratio.name}' is a ratio", "remove it")
            above, below = (self.by_name.get(name) for name in ratio.of)
            if own is not None and own.scale and above and below and above.kind == below.kind == "numeric":
                cells = quotient(self.values[above.id], self.values[below.id])
                yield from self._amounts(("knowledge", "features", ratio.name, "scale"), cells)

    def width(self, name: str) -> int | None:
        """Inputs of a column or ratio (`pair_problems`)."""
        if name in self.made:
            return 1
        column = self.by_name.get(name)
        if column is None or not column.used or name in self.taken:
            return None
        if column.kind in _NUMBERS or name in self.orders:
            return 1
        if column.kind != "categorical" or column.distinct > self.embed_above:
            return 0
        return 4 * ((column.distinct + 3) // 4) + 1

    def hints(self) -> Hints:
        """By column id."""
        ids = {name: column.id for name, column in self.by_name.items()}
        ids |= {ratio.name: f"r{place:03}" for place, ratio in enumerate(self.knowledge.ratios)}
        features = self.knowledge.features
        # Two effects on one thing would be one too many; the sections allow one.
        return Hints(
            effects=tuple(self._compiled(ids[name], hint) for name, hint in features.items() if hint.effect),
            logs=tuple(ids[name] for name, hint in features.items() if hint.scale == "log"),
            ratios=tuple(
                RatioInput(id=ids[r.name], name=r.name, numerator=ids[r.of[0]], denominator=ids[r.of[1]])
                for r in self.knowledge.ratios
            ),
            crosses=tuple((ids[one], ids[other]) for one, other in self.knowledge.interactions),
            apart=tuple((ids[one], ids[other]) for one, other in self.knowledge.no_interaction),
            importance={ids[name]: hint.importance for name, hint in features.items() if hint.importance},
        )

    def _compiled(self, column: str, hint: HintSpec) -> Effect:
        sign: Literal[1, -1] = 1 if hint.effect == "increasing" else -1
        if self.target.task == "regression":
            return Effect(column=column, sign=sign)
        place = self._class(hint.label)
        place = self.target.positive_index if place is None else place
        if self.target.task == "multiclass":
            return Effect(column=column, sign=sign, output=place)
        return Effect(column=column, sign=sign if place == 1 else (-1 if sign == 1 else 1), output=1)


def _category(text: str) -> str:
    return f"'{bare_cell(text)}'"
