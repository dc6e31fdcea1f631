"""Decisions: calibration, rules, goals (costs or a minimum), and what decisions cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from autoft.records.scores import Interval

if TYPE_CHECKING:  # the report needs no numpy
    from autoft.records.arrays import Array

CalibrationMethod = Literal["none", "temperature", "isotonic"]
CostMatrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is done to the class probabilities of a model (`autoft.evaluation.calibration`).

    Attributes:
        temperature: Probabilities are raised to the power of one over it.
        knots: Of isotonic regression: logit of the second class before, and its probability after; straight lines
            between them, both rising.
    """

    method: CalibrationMethod = "none"
    temperature: float = 1.0
    knots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """Calibration of probabilities, and the rule by which a class is decided.

    Attributes:
        threshold: Of two classes: the probability from which on a row is decided to be positive.
        matrix: Of more classes: costs ``[true][answered]``, of which the expected one is made smallest; empty for the
            most probable class.
    """

    calibration: Calibration = field(default_factory=Calibration)
    threshold: float = 0.5
    matrix: CostMatrix = ()

    def take(self, rows: Array) -> DecisionRule:
        return self


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowRule:
    """A decision rule with a threshold for each row, where folds have rules of their own (``nested``)."""

    threshold: Array
    matrix: CostMatrix = ()

    def take(self, rows: Array) -> RowRule:
        return RowRule(threshold=self.threshold[rows], matrix=self.matrix)


#: A rule for all rows, or one with a threshold for each.
AnyRule = DecisionRule | RowRule
#: The most probable class.
ONE_HALF = DecisionRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What answers cost.

    Attributes:
        false_negative, false_positive: Of two classes: a missed positive row, and a false alarm.
        true_negative, true_positive: Of two classes: right answers, which as a rule cost nothing.
        matrix: Of more classes: ``[true][answered]`` costs by position; empty for two classes.
        gains: Of two classes, a numpy array ``[n]``: what missing each row would cost, instead of `false_negative` (1),
            which multiplies it. Only positive rows are looked at.
    """

    false_negative: float = 1.0
    false_positive: float = 1.0
    true_negative: float = 0.0
    true_positive: float = 0.0
    matrix: CostMatrix = ()
    gains: Any = field(default=None, compare=False)

    @property
    def threshold(self) -> float:
        """The positive probability from which on a false alarm is the cheaper risk (if probabilities are right).

        >>> Costs(false_negative=3.0, false_positive=1.0).threshold
        0.25
        """
        alarm, miss = self.false_positive - self.true_negative, self.false_negative - self.true_positive
        return alarm / (alarm + miss)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """What a decision between two classes must reach: the other of recall and precision is then as good as can be."""

    of: Literal["recall", "precision"]
    share: float


#: What decisions follow, where a recipe says so.
DecisionGoal = Costs | Minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A rule that needs no threshold of its own, on the same draws as the deployed decisions.

    Attributes:
        rule: ``always`` gives one answer to all rows, ``most_probable`` takes the most probable class (of two classes
            a threshold of one half).
        label: The answer of ``always`` as text, else empty.
        cost: Per 1,000 rows.
        saved: Its cost less that of the deployed decisions; positive means that these are cheaper.
    """

    rule: Literal["always", "most_probable"]
    label: str
    cost: Interval
    saved: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCosts:
    """What decisions cost per 1,000 rows that no network was trained on; `curve`, of two classes: thresholds, and the
    mean cost of a network's decisions at each."""

    deployed: Interval
    alternatives: tuple[Alternative, ...]
    curve: tuple[tuple[float, float], ...] = ()

    @property
    def best(self) -> Alternative:
        return min(self.alternatives, key=lambda one: one.cost.value)
