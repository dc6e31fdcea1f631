"""Sentences of the report on what happens to each column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autoft.preprocessing.categories import CategoryInput
from autoft.preprocessing.custom import CustomInput
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.layout import DATE_PARTS, InputLayout
from autoft.preprocessing.text import TextInput
from autoft.records.columns import Column, PlanLine

_UNUSED = {
    "identifier": "Not used: it names rows and says nothing about new ones.",
    "constant": "Not used: it has the same value in every row.",
    "empty": "Not used: it has no values.",
}


def describe_layout(layout: InputLayout, columns: Sequence[Column]) -> tuple[PlanLine, ...]:
    """A line for each of the columns, then one for each ratio and each product."""
    names = {column.id: column.name for column in columns}
    layouts: list[CustomInput | CategoryInput | TextInput] = [*layout.custom, *layout.categories, *layout.texts]
    own = {one.id: one for one in layouts}
    return (*(_line(layout, column, own.get(column.id), names) for column in columns), *_made(layout, names))


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
