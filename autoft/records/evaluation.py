"""The evaluation of a finished run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autoft.records.columns import Target, Task
from autoft.records.decisions import DecisionCosts, DecisionRule, Minimum
from autoft.records.hint_tests import Curve, HintTest
from autoft.records.scores import Baseline, FoldReport, GainSource, Importance, Interval, SplitGap, Strategy
from autoft.records.slices import Slices
from autoft.records.trials import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything the report and `evaluation.json` say about a model.

    Attributes:
        held_out: Corrected scores by metric (see docs/evaluation.md).
        undefined: Why a metric of `held_out` has no number, by its name.
        validation: Naive score of the choice (a trial, or a blend of some) on the objective.
        optimism: How much the naive score flatters, positive when it does, whatever the metric's direction.
        worse_than_default: Probability that tuning made the model worse than the default configuration (the first
            trial): the share of the draws in which the choice is worse on the rows not drawn. None where nothing else
            was tried, and under other strategies.
        naive: All metrics of the choice's pooled held-out predictions.
        bag_gain: What the deployed mean of the networks gains over single ones, which held-out predictions come from,
            in the metric's direction; included in `held_out`. Empty under other strategies than `corrected`, which
            score means anyway.
        bag_gain_source: Whether it was measured, or estimated from the networks' disagreement.
        blend: Numbers of the trials in the deployed model and their weights, which sum to 1.
        per_class: For classification, by label (as text): precision, recall, f1, roc_auc, rows.
        confusion: ``[true][predicted]`` row counts in the order of the classes.
        curves: ``roc`` and ``pr`` by label (lists of x and y), or ``residuals`` for regression.
        all_hints: Gain of all hints together over none, as `HintTest.gain`; None where not tested.
        dependence: How answers move with the most important columns, and with those that have a declared effect.
        slices: What the model is worth on groups of rows; None where they were not measured.
        split_gap: What a random split would have said where folds respect a time or a group; else None.
    """

    task: Task
    objective: str
    strategy: Strategy
    target: Target
    rows: int
    held_out: Mapping[str, Interval]
    validation: float
    optimism: float
    naive: Mapping[str, float]
    folds: tuple[FoldReport, ...]
    overfitting: str
    baselines: tuple[Baseline, ...]
    trials: tuple[Trial, ...]
    best: Trial
    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    curves: Mapping[str, Mapping[str, Mapping[str, list[float]]]] = field(default_factory=dict)
    importance: tuple[Importance, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    bag_gain: Mapping[str, float] = field(default_factory=dict)
    worse_than_default: float | None = None
    bag_gain_source: GainSource = "none"
    blend: tuple[tuple[int, float], ...] = ()
    finish: DecisionRule = field(default_factory=DecisionRule)
    hints: tuple[HintTest, ...] = ()
    all_hints: Interval | None = None
    dependence: tuple[Curve, ...] = ()
    slices: Slices | None = None
    undefined: Mapping[str, str] = field(default_factory=dict)
    spending: DecisionCosts | None = None
    minimum: Minimum | None = None
    split_gap: SplitGap | None = None

    @property
    def metrics(self) -> Mapping[str, Interval]:
        """The held-out metrics (`evaluation_.metrics["f1"]`)."""
        return self.held_out

    @property
    def architectures(self) -> str:
        """Architecture of the model; of a blend those of its trials, the largest weight first."""
        params = {trial.number: trial.params for trial in self.trials}
        ranked = sorted(self.blend, key=lambda part: -part[1])
        chosen = [params[number] for number, _ in ranked if number in params] or [self.best.params]
        return ", ".join(dict.fromkeys(str(one.get("architecture", "own")) for one in chosen))
