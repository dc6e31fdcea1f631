"""Hints in the report: verdicts, gains, and the groups in which an effect does not hold."""

from __future__ import annotations

from autoft.records.evaluation import Evaluation
from autoft.records.hint_tests import HintTest
from autoft.records.scores import Interval
from autoft.report.blocks import Block, Paragraph, TableBlock
from autoft.report.wording import NONE, clip, decimals_of, listing, metric, signed, span

#: Verdicts that must not be overlooked come first.
_ORDER = (
    *("contradicted", "contradicted in part", "hurts", "helps"),
    *("no measurable effect", "satisfied anyway", "not tested"),
)

#: Share of the largest importance from which on a model leans on a column.
_LEANS = 0.1


def blocks(evaluation: Evaluation) -> tuple[Block, ...]:
    """A table of verdicts, after the sentences that must not be overlooked; nothing without hints."""
    if not evaluation.hints:
        return ()
    found: list[Block] = [*_warnings(evaluation)]
    if evaluation.all_hints is not None:
        label, moved = metric(evaluation.objective).label, _gain(evaluation.all_hints, _digits(evaluation))
        text = f"All hints together change the {label} of single models by {moved}, where positive is better."
        found.append(Paragraph(text))
    return (*found, _table(evaluation), *_parts(evaluation))


def _warnings(evaluation: Evaluation) -> tuple[Paragraph, ...]:
    """Hints that the data contradict, and importance that was declared otherwise than it is."""
    found = []
    for test in (test for test in evaluation.hints if test.verdict.startswith("contradicted")):
        groups = [f"where “{clip(one.column, 32)}” is {clip(one.group, 40)} ({one.rows:,} rows)" for one in test.slices]
        text = f"The data contradict “{clip(test.hint)}”{f' {listing(groups)}' if groups else ''}: without that hint "
        found.append(text + "the same models are better on held-out rows. The model keeps to it all the same.")
    by_column = {line.column: line.drop for line in evaluation.importance}
    largest = max((drop.value for drop in by_column.values()), default=0.0)
    for test in evaluation.hints:
        column, _, what = test.hint.rpartition(": ")
        drop = by_column.get(column)
        if drop is None:
            continue
        if what == "importance high" and drop.low <= 0:
            found.append(f"“{clip(column)}” was called important, but the model loses nothing measurable without it.")
        if what == "importance low" and drop.low > 0 and drop.value >= _LEANS * largest:
            found.append(f"“{clip(column)}” was called unimportant, but the model leans on it.")
    return tuple(Paragraph(text, tone="strong") for text in found)


def _table(evaluation: Evaluation) -> TableBlock:
    tests = sorted(evaluation.hints, key=lambda test: _ORDER.index(test.verdict))
    digits = _digits(evaluation)
    caption = "What the data say of each hint: the deployed configuration was trained with all hints, and without "
    caption += f"this one. Gain is in {metric(evaluation.objective).label} on held-out blocks; the last column says "
    caption += "how far the model without the hint goes its way by itself."
    rows = tuple(_row(test, digits) for test in tests)
    marked = frozenset(i for i, test in enumerate(tests) if test.verdict.startswith("contradicted"))
    return TableBlock(caption, ("Hint", "Verdict", "Gain", "Satisfied anyway"), rows, "wlrr", marked=marked)


def _parts(evaluation: Evaluation) -> tuple[TableBlock, ...]:
    found = [(test, one) for test in evaluation.hints for one in test.slices]
    if not found:
        return ()
    digits = min(decimals_of(one.gain for _, one in found), 4)
    from autoft.evaluation.metrics import METRICS, loss_metric

    by_quantile = METRICS[evaluation.objective].needs_quantile
    loss = loss_metric(evaluation.task, by_quantile=by_quantile).row_loss
    caption = f"Where effects are contradicted. Gain is the mean {loss} of a row without the hint less with it; its "
    caption += "interval holds for all groups at once that were looked at. The last column says how far the model "
    caption += "without the hint goes its way there."
    rows = []
    for test, one in found:
        group, gain = f"{clip(one.column)}: {clip(one.group)}", _gain(one.gain, digits)
        rows.append((clip(test.hint), group, f"{one.rows:,}", gain, f"{100 * one.obeyed:.0f} %"))
    head = ("Hint", "Group", "Rows", "Gain", "Satisfied anyway")
    return (TableBlock(caption, head, tuple(rows), "wwrrr"),)


def _digits(evaluation: Evaluation) -> int:
    return min(decimals_of(test.gain for test in evaluation.hints), 4)


def _row(test: HintTest, digits: int) -> tuple[str, ...]:
    satisfied = NONE if test.obeyed is None else f"{100 * test.obeyed:.0f} %"
    word = f"{test.verdict} ({clip(test.where)})" if test.where else test.verdict
    hint = f"{clip(test.hint)} ({clip(test.because)})" if test.because else clip(test.hint)
    return hint, word, NONE if test.gain is None else _gain(test.gain, digits), satisfied


def _gain(gain: Interval, digits: int) -> str:
    return f"{signed(gain.value, digits)} ({span(gain, digits)})"
