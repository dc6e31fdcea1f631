"""What happens to each column, decided from the columns' facts before any row is divided.

The plan fixes the *layout* (which inputs there are and how wide); everything that is learned from values
(medians, scales, vocabularies) is fitted later, for each fold on its training rows only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice
from typing import Any, Literal

import numpy as np

from autoft.errors import PreprocessError
from autoft.preprocessing.ratios import quotient
from autoft.records import Column, PlanLine
from autoft.records.arrays import Array
from autoft.records.hints import Hints, RatioInput

#: Numbers that a date gives: trend, then sine and cosine of the year, the week and the day.
DATE_PARTS = ("trend", "year_sin", "year_cos", "week_sin", "week_cos", "day_sin", "day_cos")
#: Most pairs of dates whose distance is an input.
_PAIRS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryInput:
    """A categorical column.

    Attributes:
        id: Column id.
        vocabulary: All categories of the training table, sorted; a member of the stack knows only those
            in its own training rows.
        slots: Width of a member's own table: categories it can tell apart, besides unknown (0) and missing (1).
        embed: Whether categories become learned vectors instead of one-hot columns.
    """

    id: str
    vocabulary: tuple[str, ...]
    slots: int
    embed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput:
    """A column of running text.

    Attributes:
        id: Column id.
        vocabulary: Words that two rows of the training table have at least, sorted; a member of the stack knows only
            those of its own training rows.
        slots: Words that a member can know, the most frequent ones; each is a dense input.
    """

    id: str
    vocabulary: tuple[str, ...]
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLayout:
    """The layout of the network's inputs.

    Attributes:
        numeric, boolean, date: Column ids by kind, in table order.
        indicated: Ids of columns and ratios that have a missing indicator (the training table had missing cells there).
        categories: Categorical columns, in table order.
        outliers: ``clip`` squeezes values smoothly into three robust units around the median; ``keep`` does not.
        lines: The same in words, one line per column of the table.
        texts: Columns of running text, in table order.
        scale: ``robust`` divides numeric columns by their spread; ``quantile`` gives them a normal distribution.
        orders: By id of each ordered category its texts, from the lowest to the highest; they are among `numeric`.
        logs: Ids of numeric columns and ratios whose scale is logarithmic.
        ratios: Quotients of numbers that are inputs, too.
        crosses: Pairs of columns whose products are inputs, too.
    """

    numeric: tuple[str, ...]
    boolean: tuple[str, ...]
    date: tuple[str, ...]
    indicated: tuple[str, ...]
    categories: tuple[CategoryInput, ...]
    outliers: Literal["clip", "keep"]
    lines: tuple[PlanLine, ...]
    texts: tuple[TextInput, ...] = ()
    scale: Literal["robust", "quantile"] = "robust"
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    logs: tuple[str, ...] = ()
    ratios: tuple[RatioInput, ...] = ()
    crosses: tuple[tuple[str, str], ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """Ids of the columns that arrive as numbers, in the order of their inputs."""
        return (*self.numeric, *self.boolean, *self.date)

    @property
    def elapsed(self) -> tuple[tuple[str, str], ...]:
        """Pairs of date columns, in table order: the time from the first to the second is an input too."""
        return _pairs(self.date)

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of all numbers that are scaled: those that arrive, the times between dates, and ratios."""
        between = (f"{second} after {first}" for first, second in self.elapsed)
        return (*self.numbers, *between, *(ratio.id for ratio in self.ratios))

    @property
    def continuous(self) -> tuple[int, ...]:
        """Positions in `measured` of those that take many values: all but booleans."""
        booleans = range(len(self.numeric), len(self.numeric) + len(self.boolean))
        return tuple(j for j in range(len(self.measured)) if j not in booleans)

    def width(self, column: str) -> int:
        """Dense inputs of a column or ratio, besides where it is missing and how a date goes round; 0 for none."""
        if column in self.measured:
            return 1
        return next((c.slots + 1 for c in self.one_hot if c.id == column), 0)

    @property
    def one_hot(self) -> tuple[CategoryInput, ...]:
        """The one-hot encoded categorical columns."""
        return tuple(c for c in self.categories if not c.embed)

    @property
    def embedded(self) -> tuple[CategoryInput, ...]:
        """The embedded categorical columns."""
        return tuple(c for c in self.categories if c.embed)


def _pairs(dates: Sequence[Any]) -> tuple[tuple[Any, Any], ...]:
    """The pairs of dates whose distance is an input."""
    return tuple(islice(combinations(dates, 2), _PAIRS))


def make_plan(
    columns: Sequence[Column],
    values: Mapping[str, Array],
    *,
    outliers: Literal["clip", "keep"] = "clip",
    max_categories: int = 200,
    embed_above: int = 16,
    scale: Literal["robust", "quantile"] = "robust",
    members: int = 10,
    hints: Hints | None = None,
) -> InputLayout:
    """The plan for the feature columns of a table.

    Args:
        columns: The feature columns (without the target).
        values: Converted cells by column id; only the distinct texts of categorical columns and the words of texts
            are read.
        outliers: Treatment of outliers in numeric columns.
        max_categories: A member tells apart at most so many categories of a column, the most frequent.
        embed_above: Columns with more categories become learned vectors instead of one-hot columns.
        scale: Of numeric columns.
        members: Of the largest stack that is trained: it bounds the memory of text columns.
        hints: What is known of the inputs.

    Raises:
        PreprocessError: If no column can be used.
    """
    categories, hints = [], hints or Hints()
    for column in columns:
        if column.kind == "categorical" and not column.order:
            vocabulary = tuple(sorted({text for text in values[column.id] if text is not None}))
            # A few spare slots in steps of four: the width stays when a category more or less is seen.
            slots = min(max_categories, 4 * ((len(vocabulary) + 3) // 4))
            embed = len(vocabulary) > embed_above
            categories.append(CategoryInput(id=column.id, vocabulary=vocabulary, slots=slots, embed=embed))

    def of(kind: str) -> tuple[str, ...]:
        return tuple(c.id for c in columns if (c.kind == kind if not c.order else kind == "numeric"))

    texts, dates = _texts(columns, values, members), tuple(c for c in columns if c.kind == "date")
    by_id: dict[str, CategoryInput | TextInput] = {c.id: c for c in categories}
    by_id |= {text.id: text for text in texts}
    plan = InputLayout(
        numeric=of("numeric"),
        boolean=of("boolean"),
        date=tuple(c.id for c in dates),
        indicated=(
            *(c.id for c in columns if c.missing and (c.order or c.kind in ("numeric", "boolean", "date"))),
            *(r.id for r in hints.ratios if _lost(r, values)),
        ),
        categories=tuple(categories),
        outliers=outliers,
        lines=tuple(_line(c, by_id.get(c.id), outliers, scale, dates, log=c.id in hints.logs) for c in columns),
        texts=texts,
        scale=scale,
        orders={c.id: c.order for c in columns if c.order},
        logs=hints.logs,
        ratios=hints.ratios,
        crosses=hints.crosses,
    )
    plan = replace(plan, lines=(*plan.lines, *_made(plan, columns)))
    if not plan.numbers and not plan.categories and not plan.texts:
        kinds = ", ".join(sorted({f"'{c.name}' is {c.kind}" for c in columns})) or "there is no other column"
        raise PreprocessError(
            "The table",
            "have at least one column to learn from",
            kinds,
            "add columns, or set the kind of a column under data: columns: in the recipe",
        )
    return plan


def _texts(columns: Sequence[Column], values: Mapping[str, Array], members: int) -> tuple[TextInput, ...]:
    from autoft.preprocessing.text import cleaned, slots_for, vocabulary_of

    found = [c.id for c in columns if c.kind == "text"]
    inputs = []
    for column in found:
        words = vocabulary_of(cleaned(values[column]))
        slots = slots_for(len(values[column]), len(found), members, len(words))
        inputs.append(TextInput(id=column, vocabulary=words, slots=slots))
    return tuple(inputs)


def _line(
    column: Column,
    own: CategoryInput | TextInput | None,
    outliers: str,
    scale: str,
    dates: Sequence[Column],
    *,
    log: bool,
) -> PlanLine:
    """One column's treatment in words."""
    indicator = (
        f" {column.missing:,} missing cells take the value in the middle, and a 0/1 input says where."
        if column.missing
        else ""
    )
    inputs = 1 + bool(column.missing)
    if column.order:
        ranks = f"Its {len(column.order):,} categories become ranks, {_quoted(column.order[:1])} the lowest."
        text = f"{ranks} {_scaling(outliers, scale)} Unknown ones count as missing.{indicator}"
    elif column.kind == "numeric":
        logarithm = "Its logarithm is taken (of its size in units of the median). " if log else ""
        text = f"{logarithm}{_scaling(outliers, scale)}{indicator}"
    elif column.kind == "boolean":
        text = f"{_quoted(column.false)} becomes -1, {_quoted(column.true)} becomes +1.{indicator}"
    elif column.kind == "date":
        since = [_quoted((a.name,)) for a, b in _pairs(dates) if b is column]
        inputs = len(DATE_PARTS) + len(since) + bool(column.missing)
        between = f" The time since {' and '.join(since)} is an input too." if since else ""
        text = (
            "Becomes a trend and the place in the year, the week and the day, as sines and cosines."
            f"{between}{indicator}"
        )
    elif isinstance(own, CategoryInput):
        text, inputs = _category(column, own)
    elif own is not None:
        text, inputs = _words(column, own), min(own.slots, len(own.vocabulary))
    else:
        inputs = 0
        text = {
            "identifier": "Not used: it names rows and says nothing about new ones.",
            "constant": "Not used: it has the same value in every row.",
            "empty": "Not used: it has no values.",
        }[column.kind]
    return PlanLine(column=column.name, kind=column.kind, text=text, inputs=inputs)


def _lost(ratio: RatioInput, values: Mapping[str, Array]) -> bool:
    """Whether a quotient is missing in some row of the table."""
    return bool(np.isnan(quotient(values[ratio.numerator], values[ratio.denominator])).any())


def _made(plan: InputLayout, columns: Sequence[Column]) -> tuple[PlanLine, ...]:
    """What is made of several columns, in words."""
    names = {c.id: c.name for c in columns} | {ratio.id: ratio.name for ratio in plan.ratios}
    ratios = []
    for ratio in plan.ratios:
        lost = ratio.id in plan.indicated
        logarithm = " (of its logarithm)" if ratio.id in plan.logs else ""
        text = (
            f"{_quoted((names[ratio.numerator],))} divided by {_quoted((names[ratio.denominator],))}, scaled like a "
            f"number{logarithm}; the middle where one is missing or the latter is 0"
            f"{', and a 0/1 input says where' if lost else ''}."
        )
        ratios.append(PlanLine(column=ratio.name, kind="numeric", text=text, inputs=1 + lost))
    crosses = [
        PlanLine(
            column=f"{names[one]} x {names[other]}",
            kind="numeric",
            text="The products of the two columns' inputs.",
            inputs=plan.width(one) * plan.width(other),
        )
        for one, other in plan.crosses
    ]
    return (*ratios, *crosses)


def _scaling(outliers: str, scale: str) -> str:
    """What happens to numeric columns."""
    if scale == "quantile":
        return "Its quantiles become those of a normal distribution, so that no outlier dominates."
    squeeze = ", then squeezed smoothly into ±3 units so that no outlier dominates" if outliers == "clip" else ""
    return f"The median is subtracted and the interquartile range divided out{squeeze}."


def _category(column: Column, own: CategoryInput) -> tuple[str, int]:
    """A categorical column's treatment, and its dense inputs."""
    count = f"{len(own.vocabulary):,} categories"
    if len(own.vocabulary) > own.slots:
        count += f", of which the {own.slots:,} most frequent are told apart"
    missing = " Missing is a category of its own." if column.missing else ""
    if own.embed:
        return f"{count}, each a learned vector; unseen ones share a vector trained for that purpose.{missing}", 0
    inputs = min(len(own.vocabulary), own.slots) + bool(column.missing)
    return f"{count}, one 0/1 input each (one-hot); unseen ones are all zeros.{missing}", inputs


def _words(column: Column, own: TextInput) -> str:
    """A text column's treatment."""
    if len(own.vocabulary) > own.slots:
        known = f"Its {own.slots:,} most frequent words (of {len(own.vocabulary):,} that two rows have)"
    else:
        known = f"Its {len(own.vocabulary):,} words that two rows have"
    missing = " Missing counts as a word of its own." if column.missing else ""
    return f"{known}, weighted by how rare they are (TF-IDF); upper case and punctuation make no difference.{missing}"


def _quoted(texts: tuple[str, ...]) -> str:
    return "/".join(f"'{t}'" for t in texts) or "0"
