"""Layout of the networks' inputs, fixed by the table before its rows are divided; also in words, for the report.

Everything that is learned from values (medians, scales, known words) is fitted later, for each member on its training
rows only (`autoft.preprocessing.statistics`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, islice
from typing import Literal

import numpy as np

from autoft.errors import PreprocessError
from autoft.preprocessing.categories import CategoryInput, category_inputs
from autoft.preprocessing.combinations import FEWEST_ROWS, FEWEST_VALUES, MOST, MOST_COLUMNS, MOST_ROWS, Combinations
from autoft.preprocessing.custom import CustomInput, custom_inputs
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.encoders.numbers import CYCLES, Boolean, Logarithm, Robust, quotient
from autoft.preprocessing.target_encoding import TargetInput, category_targets, number_targets, sampled
from autoft.preprocessing.text import TextInput, text_inputs
from autoft.records.arrays import Array
from autoft.records.columns import Column, PlanLine
from autoft.records.hints import Hints, RatioInput

#: Numbers that a date gives.
DATE_PARTS = ("trend", *CYCLES)
#: Most pairs of dates whose distance is an input.
_PAIRS = 6


@dataclass(frozen=True, kw_only=True)
class InputLayout:
    """The layout of the network's inputs.

    Attributes:
        numeric, boolean, date: Column ids by kind, in table order (as all that follow).
        indicated: Ids of columns and ratios that have a missing indicator (the training table had missing cells there).
        outliers: ``clip`` squeezes values smoothly into three robust units around the median; ``keep`` does not.
        scale: ``robust`` divides numeric columns by their spread; ``quantile`` gives them a normal distribution.
        orders: By id of each ordered category its texts, from the lowest to the highest; they are among `numeric`.
        logs: Ids of numeric columns and ratios whose scale is logarithmic.
        crosses: Pairs of columns whose products are inputs, too.
        custom: Columns whose encoder the recipe names; they are none of the above.
        targets: Columns that are encoded by the target, too: categories first, then numbers.
        combined: Ids of numeric columns two of which may make a combination; none where there are no combinations.
    """

    numeric: tuple[str, ...]
    boolean: tuple[str, ...]
    date: tuple[str, ...]
    indicated: tuple[str, ...]
    categories: tuple[CategoryInput, ...]
    outliers: Literal["clip", "keep"]
    texts: tuple[TextInput, ...] = ()
    scale: Literal["robust", "quantile"] = "robust"
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    logs: tuple[str, ...] = ()
    ratios: tuple[RatioInput, ...] = ()
    crosses: tuple[tuple[str, str], ...] = ()
    custom: tuple[CustomInput, ...] = ()
    targets: tuple[TargetInput, ...] = ()
    combined: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Ids of the columns that arrive as numbers, in the order of their inputs."""
        return (*self.numeric, *self.boolean, *self.date)

    @property
    def elapsed(self) -> tuple[tuple[str, str], ...]:
        """Pairs of date columns, in table order: the time from the first to the second is an input too."""
        return tuple(islice(combinations(self.date, 2), _PAIRS))

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of all numbers that are scaled: those that arrive, the times between dates, and ratios."""
        between = (f"{second} after {first}" for first, second in self.elapsed)
        return (*self.numbers, *between, *(ratio.id for ratio in self.ratios))

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Positions in `measured` by name, those of `numbers` among them."""
        return {name: j for j, name in enumerate(self.measured)}

    @property
    def continuous(self) -> tuple[int, ...]:
        """Positions in `measured` of those that take many values: all but booleans."""
        return tuple(j for j in range(len(self.measured)) if j not in self._booleans)

    @property
    def _booleans(self) -> range:
        return range(len(self.numeric), len(self.numeric) + len(self.boolean))

    def scaler(self, measured: str) -> Robust:
        """Encoder that scales one of `measured` (those with quantiles are centred by it)."""
        kind = Boolean if self.positions[measured] in self._booleans else Logarithm if measured in self.logs else Robust
        return kind(clip=self.outliers == "clip")

    def width(self, column: str) -> int:
        """Dense inputs of a column or ratio, without missing indicator and date cycles; 0 for none."""
        if column in self.positions:
            return 1
        widths = {c.id: c.width for c in self.categories} | {c.id: len(c.directions) for c in self.custom}
        return widths.get(column, 0)

    @property
    def one_hot(self) -> tuple[CategoryInput, ...]:
        return tuple(c for c in self.categories if not c.embed)

    @property
    def embedded(self) -> tuple[CategoryInput, ...]:
        return tuple(c for c in self.categories if c.embed)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutOptions:
    """What a recipe says of the inputs (`InputLayout`).

    Attributes:
        max_categories: Most categories of a column that a member distinguishes, the most frequent.
        embed_above: Columns with more categories become learned vectors instead of one-hot columns.
        fewest_rows: Of the table that hold a category or word before it is distinguished; others count as unknown.
        members: Of the largest stack that is trained: it bounds the memory of text columns.
        encoders: By column id the name of its encoder, where the recipe names one.
        targets: Inputs that the target makes of each column that it encodes (`target_encoding`); 0: it encodes none.
    """

    outliers: Literal["clip", "keep"] = "clip"
    scale: Literal["robust", "quantile"] = "robust"
    max_categories: int = 200
    embed_above: int = 16
    fewest_rows: int = 1
    members: int = 10
    encoders: Mapping[str, str] = field(default_factory=dict)
    targets: int = 0


def make_layout(
    columns: Sequence[Column],
    values: Mapping[str, Array],
    options: LayoutOptions | None = None,
    hints: Hints | None = None,
) -> InputLayout:
    """The layout of the feature columns of a table. Of the converted cells only the distinct texts of categorical
    columns, the words of texts, and where ratios are missing are read. Raises a PreprocessError if no column can be
    used."""
    hints, options = hints or Hints(), options or LayoutOptions()
    own = [column for column in columns if column.id not in options.encoders]
    by_kind: dict[str, list[Column]] = defaultdict(list)
    for column in own:  # ordered categories are numbers
        by_kind["numeric" if column.order else column.kind].append(column)
    ids = {kind: tuple(c.id for c in by_kind[kind]) for kind in ("numeric", "boolean", "date")}
    numbers = {number for found in ids.values() for number in found}
    missing = (c.id for c in own if c.missing and c.id in numbers)
    lost = (r.id for r in hints.ratios if np.isnan(quotient(values[r.numerator], values[r.denominator])).any())
    categories = category_inputs(
        by_kind["categorical"], values, options.max_categories, options.embed_above, options.fewest_rows
    )
    layout = InputLayout(
        numeric=ids["numeric"],
        boolean=ids["boolean"],
        date=ids["date"],
        indicated=(*missing, *lost),
        categories=categories,
        outliers=options.outliers,
        texts=text_inputs(by_kind["text"], values, options.members, options.fewest_rows),
        scale=options.scale,
        orders={c.id: c.order for c in own if c.order},
        logs=hints.logs,
        ratios=hints.ratios,
        crosses=hints.crosses,
        custom=custom_inputs(columns, values, options.encoders),
        targets=_targets(by_kind["numeric"], categories, values, options, hints),
        combined=_combined(own, by_kind["numeric"], values, hints) if options.targets else (),
    )
    if not (layout.numbers or layout.categories or layout.texts or layout.custom):
        kinds = ", ".join(sorted({f"'{c.name}' is {c.kind}" for c in columns})) or "there is no other column"
        fix = "add columns, or set the kind of a column under data: columns: in the recipe"
        raise PreprocessError("The table", "have at least one column to learn from", kinds, fix)
    return layout


def _targets(
    numeric: Sequence[Column],
    categories: Sequence[CategoryInput],
    values: Mapping[str, Array],
    options: LayoutOptions,
    hints: Hints,
) -> tuple[TargetInput, ...]:
    """Columns that are encoded by the target; none of them has a declared effect, whose direction this would not keep,
    nor an order."""
    if not options.targets:
        return ()
    rows, effects = max(2, options.fewest_rows), {effect.column for effect in hints.effects}
    numbers = [(c.id, values[c.id]) for c in numeric if not c.order and c.id not in effects]
    return (
        *category_targets(categories, options.targets, rows),
        *number_targets(numbers, options.targets, rows),
    )


def _combined(
    columns: Sequence[Column], numeric: Sequence[Column], values: Mapping[str, Array], hints: Hints
) -> tuple[str, ...]:
    """Columns of many values of which nothing is declared: a combination would keep neither an effect nor columns
    apart, nor weigh as little as its columns. None of a wide table, whose trees take long, nor of few rows."""
    if hints.apart or sum(column.used for column in columns) > MOST_COLUMNS:
        return ()
    declared = {*(effect.column for effect in hints.effects), *hints.importance}
    declared |= {part for ratio in hints.ratios for part in (ratio.numerator, ratio.denominator)}
    many = [c.id for c in numeric if not c.order and c.id not in declared and _many_values(values[c.id])]
    return tuple(many) if len(many) > 1 else ()


def _many_values(cells: Array) -> bool:
    few = np.unique(cells[sampled(cells, MOST_ROWS)])
    return len(cells) >= FEWEST_ROWS and len(few[np.isfinite(few)]) >= FEWEST_VALUES


def blocks(plan: InputLayout) -> tuple[tuple[str, int], ...]:
    """Name and width of each block of the dense encoding, in the order in which the layers put them out."""
    numbers = [(c, 1) for c in plan.measured]
    cycles = [(f"{part} {c}", 1) for part in CYCLES for c in plan.date]
    missing = [(f"missing {c}", 1) for c in plan.indicated]
    one_hot = [(c.id, c.width) for c in plan.one_hot]
    words = [(text.id, text.slots) for text in plan.texts]
    custom = Counter(name for own in plan.custom for name, _ in own.blocks)
    crosses = [(f"cross {one} {other}", plan.width(one) * plan.width(other)) for one, other in plan.crosses]
    targets = [block for own in plan.targets for block in own.blocks]
    return (
        *numbers,
        *cycles,
        *missing,
        *one_hot,
        *words,
        *custom.items(),
        *targets,
        *combination_blocks(plan),
        *crosses,
    )


def combination_blocks(plan: InputLayout) -> tuple[tuple[str, int], ...]:
    """Blocks of the combinations: each may be of any two of the columns."""
    if not plan.combined:
        return ()
    return tuple((f"combination {j} {' '.join(plan.combined)}", 1) for j in range(MOST))


_UNUSED = {
    "identifier": "Not used: it names rows and says nothing about new ones.",
    "constant": "Not used: it has the same value in every row.",
    "empty": "Not used: it has no values.",
}


def describe_layout(
    layout: InputLayout, columns: Sequence[Column], chosen: Combinations | None = None
) -> tuple[PlanLine, ...]:
    """A line for each of the columns, then one for each ratio and each product, and one for the combinations, with
    those that members have `chosen`."""
    names = {column.id: column.name for column in columns}
    layouts: list[CustomInput | CategoryInput | TextInput] = [*layout.custom, *layout.categories, *layout.texts]
    own = {one.id: one for one in layouts}
    lines = [_line(layout, column, own.get(column.id), names) for column in columns]
    return (*lines, *_made(layout, names), *_combination_line(layout, names, chosen))


def _line(
    layout: InputLayout, column: Column, own: CustomInput | CategoryInput | TextInput | None, names: Mapping[str, str]
) -> PlanLine:
    inputs, filled = 1 + bool(column.missing), ""
    if column.missing:
        filled = f" {column.missing:,} missing cells take the value in the middle, and a 0/1 input says where."
    if own is not None:
        text, inputs = own.describe(column), own.shown_inputs(column)
    elif column.kind == "date":
        since = [f"'{names[first]}'" for first, second in layout.elapsed if second == column.id]
        inputs += len(DATE_PARTS) - 1 + len(since)
        between = f" The time since {' and '.join(since)} is an input too." if since else ""
        parts = "a trend and the place in the year, the week and the day, as sines and cosines"
        text = f"Becomes {parts}.{between}{filled}"
    elif column.id in layout.positions:
        by_rank = layout.scale == "quantile" and layout.positions[column.id] < len(layout.numeric)
        scaling = (ENCODERS["quantile"] if by_rank else layout.scaler(column.id)).describe(column)
        if column.order:
            ranks = f"Its {len(column.order):,} categories become ranks, '{column.order[0]}' the lowest."
            scaling = f"{ranks} {scaling} Unknown ones count as missing."
        text = f"{scaling}{filled}"
    else:
        text, inputs = _UNUSED[column.kind], 0
    for target in (target for target in layout.targets if target.id == column.id):
        text, inputs = text + target.describe(), inputs + target.width
    return PlanLine(column=column.name, kind=column.kind, text=text, inputs=inputs)


def _made(layout: InputLayout, names: Mapping[str, str]) -> tuple[PlanLine, ...]:
    names = {**names, **{ratio.id: ratio.name for ratio in layout.ratios}}
    lines = []
    for ratio in layout.ratios:
        lost = ratio.id in layout.indicated
        logarithm = " (of its logarithm)" if ratio.id in layout.logs else ""
        text = (
            f"'{names[ratio.numerator]}' divided by '{names[ratio.denominator]}', scaled like a "
            f"number{logarithm}; the middle where one is missing or the latter is 0"
            f"{', and a 0/1 input says where' if lost else ''}."
        )
        lines.append(PlanLine(column=ratio.name, kind="numeric", text=text, inputs=1 + lost))
    for one, other in layout.crosses:
        text, inputs = "The products of the two columns' inputs.", layout.width(one) * layout.width(other)
        lines.append(PlanLine(column=f"{names[one]} x {names[other]}", kind="numeric", text=text, inputs=inputs))
    return tuple(lines)


def _combination_line(layout: InputLayout, names: Mapping[str, str], chosen: Combinations | None) -> Iterator[PlanLine]:
    if layout.combined:
        text = (
            f"Up to {MOST} differences, products and ratios of two of {len(layout.combined):,} numbers: each fold "
            "takes those that say most of what boosted trees get wrong, if such trees get clearly better by them."
        )
        if chosen is not None and chosen.chosen.any():
            known = [
                (f"'{names[first]}'", sign, f"'{names[second]}'")
                for first, second, sign in chosen.named(layout.numbers)
            ]
            times = Counter(" ".join(words) for words in known)
            found = ", ".join(f"{words} ({count} of {len(chosen.first)})" for words, count in times.most_common(MOST))
            text += f" Chosen most often, by how many members: {found}."
        yield PlanLine(column="combinations of numbers", kind="numeric", text=text, inputs=MOST)
