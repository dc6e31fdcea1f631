"""Findings on what was skipped for lack of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autoft.pipeline import ensemble_gain
from autoft.pipeline.cost import TYPICAL_EPOCHS
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.time_budget import _plan
from autoft.records import Finding
from autoft.records.trials import OUT_OF_TIME, Trials
from autoft.search.journal import Journal

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe


def shortage(recipe: Recipe, journal: Journal, found: Trials) -> tuple[Finding, ...]:
    """A warning where the minutes were too few for the epochs that trials need."""
    plan, first = _plan(journal), found.trials[0]
    usual = min(recipe.search.epochs, TYPICAL_EPOCHS)
    if len(found.trials) == 1 and first.reason.startswith(OUT_OF_TIME):
        over = f"over after epoch {len(first.curves['train'])} of the first trial, the default configuration"
    elif recipe.search.minutes is not None and plan is not None and plan["epochs"] < usual:
        over = f"enough for trials of {plan['epochs']} epochs only"
    else:
        return ()
    return (
        Finding(
            code="minutes-too-short",
            severity="warning",
            column=None,
            must="be trained on for as long as a search needs",
            found=f"minutes: {recipe.search.minutes:g} were {over}",
            fix="the best that was found is the model; allow more minutes for a better one (autoft plan says how many)",
        ),
    )


def uncompared(baselines: Mapping[str, Any]) -> tuple[Finding, ...]:
    """A word on the baseline that was left out for lack of time."""
    if "hist_gradient_boosting" in baselines:
        return ()
    return (
        Finding(
            code="boosting-left-out",
            severity="info",
            column=None,
            must="be compared with gradient boosting on the same folds",
            found="that alone would have taken too many of the minutes",
            fix="allow more minutes to see whether the model is worth its trouble",
        ),
    )


def undrawn(columns: Sequence[str]) -> tuple[Finding, ...]:
    """A word on the columns whose curves were left out for lack of time."""
    if not columns:
        return ()
    return (
        Finding(
            code="curves-left-out",
            severity="info",
            column=None,
            must="be shown by curves of its most important columns",
            found=f"there was no time for {', '.join(columns)}",
            fix="allow more minutes to see how the answers move with them",
        ),
    )


def unmeasured(recipe: Recipe, dataset: Dataset, gains: Mapping[str, float]) -> tuple[Finding, ...]:
    """A word on the bag's gain where there was no time to measure it."""
    if gains or not ensemble_gain.measured(dataset.strategy, dataset.split.k, len(dataset.y)):
        return ()
    if recipe.search.minutes is None:
        return ()
    return (
        Finding(
            code="bag-gain-left-out",
            severity="info",
            column=None,
            must="be scored as the mean of the folds' networks that the model is",
            found="what that mean gains could not be measured in time: the score is that of its single networks",
            fix="expect the model to be a little better than its score, or allow more minutes",
        ),
    )
