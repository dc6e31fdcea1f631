"""Slices and groups in chapter 5 of the report: scores, weak slices, gaps."""

from __future__ import annotations

from autoft.formatting import counted
from autoft.records.evaluation import Evaluation
from autoft.records.scores import Interval
from autoft.records.slices import Gap, Rate, Slice, SlicedColumn, WeakSearch, WeakSlice
from autoft.report.blocks import Block, Intervals, Paragraph, Pictures, TableBlock
from autoft.report.wording import NONE, cells, clip, decimals, decimals_of, metric, number, signed, span, with_span

RATES = {
    "selection_rate": "Selection rate",
    "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate",
    "mean_prediction": "Mean prediction",
    "mean_error": "Mean error",
}
_READING = {
    "selection_rate": "the share of a group's rows that are predicted to be of the class",
    "true_positive_rate": "of those that are of it, the share that are predicted to be",
    "false_positive_rate": "of those that are not, the share that are predicted to be",
    "mean_prediction": "the mean of the predictions",
    "mean_error": "the mean of predicted minus true",
}


def slice_blocks(evaluation: Evaluation) -> tuple[Block, ...]:
    """What is said of groups of rows; nothing where nothing is known of them."""
    found = evaluation.slices
    if found is None:
        return ()
    blocks: list[Block] = []
    for column in found.declared:
        blocks += _declared(column, found.whole, evaluation)
    if found.declared:
        blocks.append(Paragraph(_single_networks(evaluation), tone="quiet"))
    if found.weak is not None:
        blocks += _weak(found.weak, found.whole, evaluation)
    for gap in found.gaps:
        blocks += _gap(gap, evaluation)
    if any(rate.difference for gap in found.gaps for rate in gap.rates):
        said = "Intervals of differences and ratios hold for all pairs of groups at once; a ratio is lowest over "
        blocks.append(Paragraph(said + "highest.", tone="quiet"))
    return tuple(blocks)


def _single_networks(evaluation: Evaluation) -> str:
    text = "Groups are scored by the held-out answers and the draws of the overall score, which are those of "
    if evaluation.strategy == "holdout":
        return text + "the deployed model."
    gain, label = evaluation.bag_gain.get(evaluation.objective), metric(evaluation.objective).label
    moved = "" if gain is None else f"; their mean, the deployed model, moves {label} of all rows by {signed(gain)}"
    return f"{text}the folds' single models{moved}."


def _declared(column: SlicedColumn, whole: Slice, evaluation: Evaluation) -> tuple[Block, ...]:
    objective, slices = evaluation.objective, (whole, *column.slices)
    label, name = metric(objective).label, clip(column.column)
    digits = decimals_of(one.scores.get(objective) for one in slices)
    drawn = [(clip(one.group, 32), one.scores[objective]) for one in slices if objective in one.scores]
    picture = Intervals(
        scored=drawn,
        title=f"{label} by {clip(column.column, 40)}",
        alt="; ".join(f"{group}: {number(score.value, digits)}, {span(score, digits)}" for group, score in drawn) + ".",
        x_label=f"{label} ({metric(objective).better} is better)",
    )
    from autoft.evaluation.metrics import distinct

    rows = [("Rows", *(f"{one.rows:,}" for one in slices))]
    for m in distinct(evaluation.held_out, evaluation.task, objective):
        rows.append((metric(m).label, *(_cell(one.scores.get(m), one.undefined.get(m, NONE)) for one in slices)))
    head, align = ("", *(clip(one.group, 60) for one in slices)), "l" + "r" * len(slices)
    caption = f"Every metric by group of “{name}”, with 95 % intervals"
    table = TableBlock(caption, head, tuple(rows), align, marked=frozenset({1}))
    note = f" {column.note}" if column.note else ""
    caption = f"{label} by group of “{name}” on held-out rows.{note}"
    return (Pictures(caption, (picture,)), table) if drawn else (table,)


def _weak(weak: WeakSearch, whole: Slice, evaluation: Evaluation) -> tuple[Block, ...]:
    if not weak.tried:
        return (Paragraph("No slice has 50 rows inside and outside of it: none was searched for weak ones."),)
    left = f" ({weak.left_out:,} more columns had no room)" if weak.left_out else ""
    tried = f"{counted(weak.tried, 'slice')} of one or two conditions and at least 50 rows, made of the groups of "
    tried += f"{counted(weak.columns, 'column')}{left}, were compared with the rows outside them by their mean "
    tried += metric(weak.metric).row_loss
    if not weak.found:
        return (Paragraph(f"No group of rows is predicted significantly worse than the rest: {tried}."),)
    text = f"Where the model is weakest: {tried}. Those below are significantly worse, corrected for all tries."
    objective, label = evaluation.objective, metric(weak.metric).label
    digits = decimals(*(end for one in weak.found for end in (one.loss.value, one.elsewhere)))
    beside = (f"{metric(objective).label} there",) if weak.metric != objective else ()
    caption = "The weakest slices, the worst first, with 95 % intervals"
    head = ("Slice", "Rows", f"{label} there", "Elsewhere", "p at most", *beside)
    rows = tuple(_weak_row(one, digits, bool(beside)) for one in weak.found)
    table = TableBlock(caption, head, rows, "wrrrr" + "r" * len(beside))
    reading = "Slices found by a search look somewhat worse than they are. A slice may also be hard to predict for any "
    reading += "model."
    if beside and objective in whole.scores:
        reading = f"{metric(objective).label} of all rows is {with_span(whole.scores[objective])}. {reading}"
    return (Paragraph(text, tone="strong"), table, Paragraph(reading, tone="quiet"))


def _weak_row(one: WeakSlice, digits: int, beside: bool) -> tuple[str, ...]:
    luck = "0.1 %" if one.chance < 0.001 else f"{100 * one.chance:.1f} %"
    conditions = " and ".join(f"{clip(column, 60)}: {clip(group, 60)}" for column, group in one.conditions)
    row = (clip(conditions, 160), f"{one.rows:,}", with_span(one.loss, digits), number(one.elsewhere, digits), luck)
    return (*row, _cell(one.score)) if beside else row


def _gap(gap: Gap, evaluation: Evaluation) -> tuple[Block, ...]:
    name, note = clip(gap.column), f" {gap.note}" if gap.note else ""
    kinds = list(dict.fromkeys(rate.name for rate in gap.rates))
    reading = "; ".join(f"{RATES[kind].lower()}: {_READING[kind]}" for kind in kinds)
    several = len({rate.label for rate in gap.rates}) > 1
    heads = [f"{RATES[rate.name]}, “{clip(rate.label, 30)}”" if several else RATES[rate.name] for rate in gap.rates]
    positive = f" The class is “{clip(evaluation.target.positive)}”." if evaluation.task == "binary" else ""
    rows = tuple(
        (clip(group), f"{n:,}", *(_cell(rate.groups.get(group)) for rate in gap.rates)) for group, n in gap.rows.items()
    )
    caption = f"Answers by group of “{name}” on held-out rows, with 95 % intervals"
    table = TableBlock(caption, ("Group", "Rows", *heads), rows, "lr" + "r" * len(heads))
    words = Paragraph(f"Groups of “{name}”.{note} {reading[0].upper()}{reading[1:]}.{positive}")
    apart = [(head, rate) for head, rate in zip(heads, gap.rates, strict=True) if rate.difference is not None]
    if not apart:
        return (words, table, Paragraph("There are no two groups of at least 50 rows to compare.", tone="quiet"))
    ratios = any(rate.ratio for _, rate in apart)
    more, align = (("Ratio", "95 % interval"), "lllrrrr") if ratios else ((), "lllrr")
    head = ("Number", "Highest", "Lowest", "Difference", "95 % interval", *more)
    caption = f"The two groups of “{name}” that are furthest apart (of those with at least 50 rows)"
    far = tuple(_apart_row(label, rate, ratios) for label, rate in apart)
    distances = TableBlock(caption, head, far, align)
    return (words, table, distances)


def _apart_row(label: str, rate: Rate, ratios: bool) -> tuple[str, ...]:
    assert rate.difference is not None
    far = (signed(rate.difference.value, decimals_of([rate.difference])), span(rate.difference))
    return (label, clip(rate.highest), clip(rate.lowest), *far, *(cells(rate.ratio, 3) if ratios else ()))


def _cell(score: Interval | None, otherwise: str = NONE) -> str:
    return otherwise if score is None else with_span(score)
