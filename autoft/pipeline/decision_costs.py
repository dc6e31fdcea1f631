"""Decision costs of the deployed model, and whether the minimum is reached."""

from __future__ import annotations

from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.decision_costs import summarize_costs
from autoft.pipeline.dataset import Dataset
from autoft.records.decisions import DecisionCosts, Minimum
from autoft.records.findings import Finding, finding

#: Share of rows by which the rate that is reached may differ from the rate that the choice of a threshold counts.
_BINNED = 0.01


def decision_costs(dataset: Dataset, score: CorrectedScore, left: float) -> DecisionCosts | None:
    """What decisions cost, where costs are given.

    Args:
        dataset: The classes.
        score: With the costs in each draw.
        left: The ensemble's cost as a multiple of its members'.
    """
    return None if score.costs is None else summarize_costs(score.costs, dataset.target.classes, left=left)


def missed_minimum(minimum: Minimum, score: CorrectedScore) -> list[Finding]:
    """A warning where decisions miss their minimum on the rows that they were chosen on, or on new ones."""
    seen, new = score.naive[minimum.of], score.held_out[minimum.of]
    # Thresholds are chosen on rows in bins of their logit: half a bin of rows may fall on the other side.
    unreachable = seen < minimum.share - _BINNED
    if not unreachable and not new.high < minimum.share:
        return []
    missed = finding(
        code="minimum-not-reached",
        severity="warning",
        column=None,
        must=f"allow decisions with a {minimum.of} of {minimum.share:g}",
        found=f"does not reach a {minimum.of} of {minimum.share:g}: the best threshold has {seen:.3g} on held-out rows"
        if unreachable
        else f"does not reach a {minimum.of} of {minimum.share:g} on new rows: it has {new.value:.3g} there "
        f"(95 % interval {new.low:.3g} to {new.high:.3g})",
        fix="the nearest threshold decides; lower the minimum, or find better columns or more rows",
        subject="The model",
    )
    return [missed]
