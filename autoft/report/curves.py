"""Curves in chapter 5 of the report: predictions by single columns, each with a question to an expert."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Literal

from autoft.records.columns import Target
from autoft.records.hint_tests import Curve
from autoft.report.blocks import Block, CurveBlock, Paragraph, Pictures
from autoft.report.inputs import ReportHint, ReportInputs
from autoft.report.wording import clip, number, signed

if TYPE_CHECKING:
    from autoft.knowledge.trend import Trend

#: Pictures weigh some 20 kB each.
MOST_CURVES = 24

_CAPTION = (
    "How the answer for held-out rows moves when one column is set to other values and everything else stays. Bold: "
    "mean of the rows (partial dependence); dashed: that of each fold's model; thin: single rows. Ticks on the axis "
    "are the tenths of the data, bars the share of rows of each value. Where columns are correlated, some of these "
    "combinations do not exist in the data: trust the curve least there."
)


def blocks(inputs: ReportInputs) -> list[Block]:
    """The pictures of all curves, or nothing where there are none."""
    target = inputs.evaluation.target
    drawn = [curve for curve in inputs.evaluation.dependence if len(curve.grid) > 1 and _finite(curve)]
    if not drawn:
        return []
    shown, hints = drawn[:MOST_CURVES], inputs.hints
    pictures = tuple(_picture(curve, hints.get(curve.column, ReportHint()), target) for curve in shown)
    more = f" The first {MOST_CURVES} of {len(drawn):,}." if len(drawn) > MOST_CURVES else ""
    introduction = (
        "What the model has learned of single columns; say where it is wrong, and write what you know into the recipe "
        "(knowledge: features:). “autoft review” proposes hints that these curves show clearly."
    )
    return [Paragraph(introduction), Pictures(_CAPTION + more, pictures)]


def _finite(curve: Curve) -> bool:
    positions = [point for point in curve.grid if not isinstance(point, str)]
    numbers = chain(curve.mean, curve.cells, positions, *curve.members, *curve.lines)
    return all(map(math.isfinite, numbers)) and len(curve.members) > 0


def _picture(curve: Curve, hint: ReportHint, target: Target) -> CurveBlock:
    names = tuple(clip(point, 40) for point in curve.grid if isinstance(point, str))
    named = len(names) == len(curve.grid)
    x = tuple(float(i) for i in range(len(names))) if named else tuple(float(point) for point in curve.grid)
    column, label = clip(curve.column, 32), curve.label
    answer = f"“{clip(target.name, 40)}”" if label is None else f"the probability of “{clip(label, 24)}”"
    moves = f"{number(curve.mean[0])} at {_point(curve, 0)}, {number(curve.mean[-1])} at {_point(curve, -1)}"
    of = "" if curve.label is None or target.task == "binary" else f": {clip(curve.label, 16)}"
    unit = f" ({clip(hint.unit, 20)})" if hint.unit else ""
    from autoft.knowledge.trend import strength  # needs numpy, which a report without curves does without

    question = _question(curve, strength(curve), column, answer)
    if hint.parts is not None:  # in a table a ratio would not move without them
        question += f" (“{clip(hint.parts[0], 32)}” and “{clip(hint.parts[1], 32)}” stay as they are.)"
    return CurveBlock(
        title=f"{clip(curve.column, 24)}{of}",
        alt=clip(f"{answer} with {column}: {moves}.", 300),
        curve=curve,
        x=x,
        names=names if named else (),
        effect=_declared(curve, hint, target),
        x_label=f"{column}{unit}",
        y_label=clip(target.name if curve.label is None else f"P({clip(curve.label, 16)})", 24),
        question=question,
    )


def _declared(curve: Curve, hint: ReportHint, target: Target) -> Literal["rising", "falling", ""]:
    """The declared effect on this curve's answer: the other class of two has the opposite one."""
    if hint.effect is None or not curve.ordered:
        return ""
    up = hint.effect == "increasing"
    if hint.label is not None and hint.label != curve.label:
        if target.task != "binary":
            return ""
        up = not up
    return "rising" if up else "falling"


def _point(curve: Curve, i: int) -> str:
    point = curve.grid[i]
    if isinstance(point, str):
        return f"“{clip(point, 24)}”"
    if curve.kind == "date":
        from datetime import UTC, datetime, timedelta

        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=point)
        clock = all(0 <= float(other) < 86_400 for other in curve.grid)  # times of the day
        return f"{moment:%H:%M}" if clock else f"{moment:%Y-%m-%d}"
    return f"{point:,.6g}".replace("-", "−")


def _question(curve: Curve, found: Trend, column: str, answer: str) -> str:
    low, high = min(curve.mean), max(curve.mean)
    if high - low < 0.05 * curve.spread or high == low:
        return f"Does {answer} really hardly depend on “{column}”?"
    if not curve.ordered:
        most, least = curve.mean.index(high), curve.mean.index(low)
        return (
            f"Is {answer} really highest for {_point(curve, most)} and lowest for {_point(curve, least)} "
            f"({number(high)} and {number(low)} on the mean)?"
        )
    way = abs(found.change) / (high - low)
    if way >= 0.8:
        verb = "rise" if found.change > 0 else "fall"
        if isinstance(curve.grid[0], str):
            ends = f"from {_point(curve, 0)} to {_point(curve, len(curve.grid) - 1)} of “{column}”"
            return f"Does {answer} really {verb} {ends} ({signed(curve.mean[-1] - curve.mean[0])} on the mean)?"
        return f"Does {answer} really {verb} with “{column}” ({signed(curve.mean[-1] - curve.mean[0])} on the mean)?"
    top, bottom = curve.mean.index(high), curve.mean.index(low)
    if 0 < top < len(curve.mean) - 1:
        return f"Is {answer} really highest at {_point(curve, top)} of “{column}”, and lower around it?"
    return f"Is {answer} really lowest at {_point(curve, bottom)} of “{column}”, and higher around it?"
