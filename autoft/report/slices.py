"""Slices and groups in chapter 5: scores by group, the weakest slices, gaps between audited groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autoft.records import Evaluation, Interval
from autoft.report.blocks import Block, Intervals, Paragraph, Pictures, Table
from autoft.report.words import NONE, clip, count, decimals, metric, number, signed, span
from autoft.slicing import Gap, Rate, SlicedColumn, WeakSearch, WeakSlice

ALL = "all rows"

RATES = {
    "selection_rate": "Selection rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "mean_prediction": "Mean prediction",
    "mean_error": "Mean error",
}
_READING = {
    "selection_rate": "the share of a group's rows that is decided to be of the class",
    "true_positive_rate": "of those that are of it, the share that is decided to be",
    "false_positive_rate": "of those that are not, the share that is decided to be",
    "mean_prediction": "the mean of what is predicted",
    "mean_error": "the mean of predicted minus true",
}


def slice_blocks(evaluation: Evaluation) -> tuple[Block, ...]:
    """What is said of groups of rows; nothing where nothing is known of them."""
    found = evaluation.slices
    if found is None:
        return ()
    blocks: list[Block] = []
    for column in found.declared:
        blocks += _declared(column, evaluation)
    if found.weak is not None:
        blocks += _weak(found.weak, evaluation)
    for gap in found.gaps:
        blocks += _gap(gap, evaluation)
    return tuple(blocks)


def _declared(column: SlicedColumn, evaluation: Evaluation) -> tuple[Block, ...]:
    objective = evaluation.objective
    label, whole = metric(objective).label, evaluation.held_out[objective]
    name, note = clip(column.column), f" {column.note}" if column.note else ""
    lines = [
        (ALL, evaluation.rows, whole),
        *((one.group, one.rows, one.scores.get(objective)) for one in column.slices),
    ]
    digits = _digits([interval for *_, interval in lines])
    drawn = [(clip(group, 32), interval) for group, _, interval in lines if interval is not None]
    picture = Intervals(
        title=f"{label} by {clip(column.column, 40)}",
        alt="; ".join(f"{group}: {number(score.value, digits)}, {span(score, digits)}" for group, score in drawn) + ".",
        names=tuple(group for group, _ in drawn),
        values=tuple(score.value for _, score in drawn),
        lows=tuple(score.low for _, score in drawn),
        highs=tuple(score.high for _, score in drawn),
        x_label=f"{label} ({'more' if metric(objective).more_is_better else 'less'} is better)",
        marked=frozenset({0}),
    )
    names = [m for m in evaluation.held_out if not (m.startswith("macro_") and evaluation.task == "multiclass")]
    names.sort(key=lambda m: m != objective)
    cells = [tuple(_cell(evaluation.held_out[m], "") for m in names)]
    cells += [tuple(_cell(one.scores.get(m), one.undefined.get(m, NONE)) for m in names) for one in column.slices]
    rows = [(clip(group), f"{n:,}", *own) for (group, n, _), own in zip(lines, cells, strict=True)]
    table = Table(
        caption=f"Every metric by group of “{name}”, with 95 % intervals",
        head=("Group", "Rows", *(metric(m).label for m in names)),
        rows=tuple(rows),
        align="lr" + "r" * len(names),
        marked=frozenset({0}),
    )
    caption = f"{label} by group of “{name}” on held-out rows, by the answers and draws of the overall score.{note}"
    return (Pictures(caption=caption, pictures=(picture,)), table)


def _weak(weak: WeakSearch, evaluation: Evaluation) -> tuple[Block, ...]:
    words = metric(weak.metric)
    what = {"rmse": "squared error", "log_loss": "log loss", "pinball": "pinball loss"}[weak.metric]
    left = f" ({weak.left_out:,} more columns had no room)" if weak.left_out else ""
    tried = (
        f"{count(weak.tried, 'slice')} of one or two conditions and at least 50 rows, made of the groups of "
        f"{count(weak.columns, 'column')}{left}, were compared with the rows outside them by their mean {what}"
    )
    if not weak.found:
        return (
            Paragraph(text=f"No slice is known to be answered worse than the rest: {tried}, and luck explains all."),
        )
    text = f"Where the model is weakest: {tried}. Those below are worse by more than luck explains, all tries counted."
    losses = [value for one in weak.found for value in (one.loss.value, one.loss.low, one.loss.high, one.elsewhere)]
    digits, label = decimals(*losses), metric(evaluation.objective).label
    beside = weak.metric != evaluation.objective
    head = ("Slice", "Rows", f"{words.label} there", "95 % interval", "Elsewhere", "Luck at most")
    table = Table(
        caption="The weakest slices, the worst first",
        head=(*head, *((f"{label} there", "95 % interval") if beside else ())),
        rows=tuple(_weak_row(one, digits, beside) for one in weak.found),
        align="wrrrrr" + ("rr" if beside else ""),
    )
    reading = (
        f"{label} of all rows is {_cell(evaluation.held_out[evaluation.objective], '')}. Slices found by a search look "
        "somewhat worse than they are, and a slice may be harder to answer by nature rather than badly learned: new "
        "columns help in both cases, more rows of it in the second."
    )
    return (Paragraph(text=text), table, Paragraph(text=reading, tone="quiet"))


def _weak_row(one: WeakSlice, digits: int, beside: bool) -> tuple[str, ...]:
    luck = "0.1 %" if one.chance < 0.001 else f"{one.chance:.1%}".replace("%", " %")
    cells = (
        clip(conditions(one.conditions), 160),
        f"{one.rows:,}",
        number(one.loss.value, digits),
        span(one.loss, digits),
        number(one.elsewhere, digits),
        luck,
    )
    if not beside:
        return cells
    fine = _digits([one.score])
    return (*cells, *((NONE, NONE) if one.score is None else (number(one.score.value, fine), span(one.score, fine))))


def conditions(pairs: Sequence[tuple[str, str]]) -> str:
    """Conditions in words.

    >>> conditions((("Contract", "One year"), ("age", "[0, 30)")))
    'Contract: One year and age: [0, 30)'
    """
    return " and ".join(f"{clip(column, 60)}: {clip(group, 60)}" for column, group in pairs)


def _gap(gap: Gap, evaluation: Evaluation) -> tuple[Block, ...]:
    name, note = clip(gap.column), f" {gap.note}" if gap.note else ""
    kinds = list(dict.fromkeys(rate.name for rate in gap.rates))
    reading = "; ".join(f"{RATES[kind]}: {_READING[kind]}" for kind in kinds)
    several = len({rate.label for rate in gap.rates}) > 1
    heads = [f"{RATES[rate.name]}, “{clip(rate.label, 30)}”" if several else RATES[rate.name] for rate in gap.rates]
    positive = f" The class is “{clip(evaluation.target.positive)}”." if evaluation.task == "binary" else ""
    rows = tuple(
        (clip(group), f"{n:,}", *(_cell(rate.groups.get(group), NONE) for rate in gap.rates))
        for group, n in gap.rows.items()
    )
    table = Table(
        caption=f"Answers by group of “{name}” on held-out rows, with 95 % intervals",
        head=("Group", "Rows", *heads),
        rows=rows,
        align="lr" + "r" * len(heads),
    )
    blocks: list[Block] = [Paragraph(text=f"Groups of “{name}”.{note} {reading}.{positive}"), table]
    apart = [(head, rate) for head, rate in zip(heads, gap.rates, strict=True) if rate.difference is not None]
    if not apart:
        return (*blocks, Paragraph(text="There are no two groups of at least 50 rows to compare.", tone="quiet"))
    ratios = any(rate.ratio for _, rate in apart)
    head = (
        "Number",
        "Highest",
        "Lowest",
        "Difference",
        "95 % interval",
        *(("Ratio", "95 % interval") if ratios else ()),
    )
    distances = Table(
        caption=f"The two groups of “{name}” that are furthest apart (of those with at least 50 rows)",
        head=head,
        rows=tuple(_apart_row(label, rate, ratios) for label, rate in apart),
        align="lllrr" + ("rr" if ratios else ""),
    )
    said = "Intervals of differences and ratios hold for all pairs of groups at once. A ratio is lowest over highest."
    return (*blocks, distances, Paragraph(text=said if ratios else said.partition(" A ratio")[0], tone="quiet"))


def _apart_row(label: str, rate: Rate, ratios: bool) -> tuple[str, ...]:
    assert rate.difference is not None
    digits = _digits([rate.difference])
    cells = (label, clip(rate.highest), clip(rate.lowest), signed(rate.difference.value, digits))
    cells += (span(rate.difference, digits),)
    if not ratios:
        return cells
    return (*cells, *((NONE, NONE) if rate.ratio is None else (number(rate.ratio.value, 3), span(rate.ratio, 3))))


def _cell(score: Interval | None, otherwise: str) -> str:
    if score is None:
        return otherwise
    digits = _digits([score])
    return f"{number(score.value, digits)} ({span(score, digits)})"


def _digits(intervals: Iterable[Interval | None]) -> int:
    known = [interval for interval in intervals if interval is not None]
    return decimals(*(end for one in known for end in (one.value, one.low, one.high)))
