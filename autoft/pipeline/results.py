"""Records between the stages: search plan, selection, tests of hints, gain of the ensemble, fitted model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from autoft.evaluation import calibration
from autoft.evaluation.estimated_gain import estimated_gain
from autoft.pipeline.dataset import Dataset
from autoft.records.arrays import Array
from autoft.records.decisions import Calibration, DecisionRule
from autoft.records.dimensions import Dimension
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding
from autoft.records.hint_tests import HintTest
from autoft.records.scores import Gain, Interval
from autoft.records.trials import TrialResult, Trials
from autoft.search.budget import Budget
from autoft.search.setup import ProgramSharing
from autoft.serving.artifact import Meta
from autoft.training.ensemble import Ensemble


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """What is searched, and how long.

    Attributes:
        budget: Trials, epochs and time.
        expected_seconds: Of a trial with some parameters; None where nothing was measured.
        seconds_after: Seconds of evaluation, model and report after a number of trials; 0 without a limit of time.
    """

    space: tuple[Dimension, ...]
    first: tuple[Mapping[str, Any], ...]
    budget: Budget
    parallelism: ProgramSharing
    expected_seconds: Callable[[Mapping[str, Any]], float] | None = None
    seconds_after: Callable[[int], float] = lambda trials: 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The choice on all rows.

    Attributes:
        blend: Numbers of the chosen trials and their weights, which sum to 1.
        rule: Calibration and threshold of single networks' answers.
    """

    blend: tuple[tuple[int, float], ...]
    rule: DecisionRule

    def parts(self, trials: Trials) -> list[tuple[TrialResult, float]]:
        """Results of the chosen trials, and their weights."""
        return [(trials.outcomes[number], share) for number, share in self.blend]


@dataclass(frozen=True, slots=True, kw_only=True)
class HintTests:
    """What the data say of the hints.

    Attributes:
        hints: One record a hint, in the order of the recipe.
        together: Gain of all hints over none; None where it was not tested.
    """

    fact: ClassVar[str] = "hints"

    hints: tuple[HintTest, ...] = ()
    together: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleGain:
    """What the mean of the folds' networks gains over single ones.

    Attributes:
        left: By metric, the ensemble's distance to the best score as a multiple of its members'; below 1 is a gain.
            Empty where it was not measured (it is then estimated, `known_gain`).
        calibration: Of the ensemble's answers.
    """

    fact: ClassVar[str] = "gain"

    left: dict[str, float] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)


def known_gain(dataset: Dataset, measured: EnsembleGain, rule: Calibration, answers: Array, *, refitted: bool) -> Gain:
    """The gain of the ensemble as it was measured, or else estimated from its members' answers ``[K, n, ...]``.

    Args:
        rule: Calibration of single members.
        refitted: Whether the deployed model is another one, trained on all rows.
    """
    if refitted or dataset.strategy != "corrected" or dataset.split.windows:
        return Gain()
    if measured.left:
        return Gain(left=measured.left, source="measured")
    trained = np.zeros((len(dataset.folds), len(dataset.y)), dtype=bool)
    for own, member in zip(trained, dataset.folds, strict=True):
        own[member.train] = True
    members = np.stack([calibration.apply(rule, own) for own in answers])
    return estimated_gain(members, trained, dataset.truth, dataset.problem, exchangeable=not dataset.description.rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchResult:
    """The chosen model, and what it was chosen from.

    Attributes:
        ensemble: The mean of the folds' networks of the chosen trials.
        refitted: The deployed model, where it was trained again on all rows.
        gain: Of the ensemble over single networks.
        baselines: Held-out predictions of simple models by name.
    """

    space: tuple[Dimension, ...]
    trials: Trials
    selection: Selection
    ensemble: Ensemble
    hints: HintTests
    gain: EnsembleGain
    baselines: Mapping[str, Array] = field(default_factory=dict)
    refitted: Ensemble | None = None

    @property
    def deployed(self) -> Ensemble:
        """The model that is saved."""
        return self.refitted or self.ensemble


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """What a run leaves behind."""

    model: Any
    meta: Meta
    evaluation: Evaluation
    findings: tuple[Finding, ...]
