"""Decisions in chapter 5 of the report: their costs beside simpler rules, or their minimum."""

from __future__ import annotations

from autoft.records.decisions import Alternative, DecisionCosts, Minimum
from autoft.records.evaluation import Evaluation
from autoft.report.blocks import Block, CostCurve, Paragraph, Pictures, TableBlock
from autoft.report.wording import cells, clip, decimals_of, number, signed, span, with_span

#: Longer tables say no more: of many classes the cheapest answers are shown.
MOST_ALTERNATIVES = 12


def decisions(evaluation: Evaluation) -> tuple[Block, ...]:
    """Blocks about decisions; none where the recipe says neither costs nor a minimum."""
    if evaluation.minimum is not None:
        return (_minimum(evaluation, evaluation.minimum),)
    spending = evaluation.spending
    if spending is None:
        return ()
    curve = _curve(evaluation, spending) if spending.curve else ()
    return (Paragraph(_verdict(evaluation, spending)), _table(evaluation, spending), *curve)


def _verdict(evaluation: Evaluation, spending: DecisionCosts) -> str:
    deployed, best = spending.deployed, spending.best
    digits = decimals_of([deployed])
    saved = best.saved
    measured = f"is not measurably cheaper (it saves {number(saved.value, digits)}, interval {span(saved, digits)})"
    if saved.low > 0:
        measured = f"saves {number(saved.value, digits)} (interval {span(saved, digits)})"
    elif saved.high < 0:
        measured = f"costs {number(-saved.value, digits)} more (interval of what it saves {span(saved, digits)})"
    rule = f" {_rule(evaluation)}" if evaluation.finish.matrix else ""
    text = f"The model's decisions cost {number(deployed.value, digits)} per 1,000 rows that it was not trained on "
    text += f"(95 % interval {span(deployed, digits)}).{rule} Against the cheapest simple rule, "
    return f"{text}{_name(evaluation, best)}, it {measured}."


def _rule(evaluation: Evaluation) -> str:
    if evaluation.finish.matrix:
        return "Each row gets the answer with the lowest expected cost, which need not be the most probable class."
    positive = clip(evaluation.target.positive)
    return f"A row counts as “{positive}” from a probability of {number(evaluation.finish.threshold, 3)} on."


def _name(evaluation: Evaluation, one: Alternative) -> str:
    if one.rule == "always":
        return f"always “{clip(one.label)}”"
    return "threshold 0.5" if evaluation.task == "binary" else "the most probable class"


def _table(evaluation: Evaluation, spending: DecisionCosts) -> TableBlock:
    ranked = sorted(spending.alternatives, key=lambda one: one.cost.value)
    shown = ranked[:MOST_ALTERNATIVES]
    more = f" (the cheapest {len(shown)} of {len(ranked)} simple rules)" if len(ranked) > len(shown) else ""
    own = spending.deployed
    digits = decimals_of([own])
    rows = [("the model", *cells(own, digits), "", "")]
    for one in shown:
        saved = signed(one.saved.value, digits), span(one.saved, digits)
        rows.append((_name(evaluation, one), *cells(one.cost, digits), *saved))
    caption = f"Cost per 1,000 rows, on the same redrawn rows{more}"
    head = ("Rule", "Cost", "95 % interval", "The model saves", "95 % interval")
    return TableBlock(caption, head, tuple(rows), "lrrrr", marked=frozenset({0}))


def _curve(evaluation: Evaluation, spending: DecisionCosts) -> tuple[Block, ...]:
    thresholds, costs = zip(*spending.curve, strict=True)
    chosen = evaluation.finish.threshold
    lowest = min(range(len(costs)), key=costs.__getitem__)
    picture = CostCurve(
        title="Cost over thresholds",
        alt=f"Cost per 1,000 rows from {number(costs[0])} at threshold 0 over {number(costs[lowest])} at "
        f"{number(thresholds[lowest], 2)} to {number(costs[-1])} at 1; chosen: {number(chosen, 3)}.",
        thresholds=thresholds,
        costs=costs,
        chosen=chosen,
        x_label="Threshold",
        y_label="Cost per 1,000 rows",
    )
    caption = "Held-out cost of a single fold's model at each threshold: at 0 every row counts as "
    caption += f"“{clip(evaluation.target.positive)}”, at 1 hardly any. The line is the threshold of the model, "
    caption += f"{number(chosen, 3)}."
    return (Pictures(caption, (picture,)),)


def _minimum(evaluation: Evaluation, minimum: Minimum) -> Paragraph:
    other = "precision" if minimum.of == "recall" else "recall"
    reached, best = evaluation.held_out[minimum.of], evaluation.held_out[other]
    verdict = "which is reached" if reached.low >= minimum.share else "which is not reached"
    if reached.low < minimum.share <= reached.high:
        verdict = "which the interval leaves open"
    text = f"Decisions must have a {minimum.of} of {minimum.share:g}. {_rule(evaluation)} On rows that the model was "
    text += f"not trained on its {minimum.of} is {number(reached.value, 3)} (95 % interval {span(reached, 3)}), "
    text += f"{verdict}; its {other} is {with_span(best, 3)}."
    return Paragraph(text, tone="strong" if reached.high < minimum.share else "plain")
