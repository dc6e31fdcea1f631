"""Decision costs of the deployed model, and whether the minimum is reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from autoft.pipeline.dataset import Dataset
from autoft.records import DecisionCosts, Evaluation, Finding

if TYPE_CHECKING:
    from autoft.evaluation.correction import CorrectedScore

#: Share of rows by which what is reached may differ from what the choice of a threshold counts.
_BINNED = 0.01


def spending(dataset: Dataset, score: CorrectedScore, left: Mapping[str, float]) -> DecisionCosts | None:
    """What decisions cost, where costs are given."""
    from autoft.evaluation.decision_costs import summarize_costs

    if score.costs is None:
        return None
    return summarize_costs(score.costs, dataset.target.classes, left=left.get("cost", 1.0))


def short_of_minimum(evaluation: Evaluation) -> tuple[Finding, ...]:
    """A note where decisions do not reach, on the rows they were chosen on or on new ones, what they have to."""
    minimum = evaluation.minimum
    if minimum is None:
        return ()
    seen, new = evaluation.naive[minimum.of], evaluation.held_out[minimum.of]
    # Thresholds are chosen on rows in bins of their logit: half a bin of rows may fall on the other side.
    unreachable = seen < minimum.share - _BINNED
    if not unreachable and not new.high < minimum.share:
        return ()
    return (
        Finding(
            code="minimum-not-reached",
            severity="warning",
            column=None,
            must=f"allow decisions with a {minimum.of} of {minimum.share:g}",
            found=f"no threshold reaches more than {seen:.3g} on held-out rows"
            if unreachable
            else f"new rows have {new.value:.3g} (95 % interval {new.low:.3g} to {new.high:.3g})",
            fix="the nearest threshold decides; lower the minimum, or find better columns or more rows",
        ),
    )
