"""The frozen records that the packages hand to one another (standard library only)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from autoft.evidence import Evidence

if TYPE_CHECKING:
    from autoft.slicing import Slices

Kind = Literal["numeric", "boolean", "categorical", "date", "text", "identifier", "constant", "empty"]
Severity = Literal["error", "warning", "info"]
Task = Literal["binary", "multiclass", "regression"]
Strategy = Literal["corrected", "nested", "holdout"]
TrialStatus = Literal["finished", "pruned", "failed"]
HintVerdict = Literal[
    "helps", "no measurable effect", "hurts", "contradicted", "contradicted in part", "satisfied anyway", "not tested"
]
CalibrationMethod = Literal["none", "temperature", "isotonic"]
CostMatrix = tuple[tuple[float, ...], ...]
RepairCode = Literal[
    "outer-blanks",
    "placeholder-values",
    "spelling-variants",
    "outlying-constant",
    "date-range",
    "far-dates",
    "mixed-units",
    "empty-dropped",
    "constant-dropped",
    "identifier-dropped",
    "personal-data",
    "quasi-constant",
    "identical-columns",
    "one-to-one-columns",
    "correlated-copies",
    "duplicate-rows",
]

#: Kinds that become inputs of the network.
USED_KINDS: tuple[Kind, ...] = ("numeric", "boolean", "categorical", "date", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is known about one column of the table before anything is trained.

    Attributes:
        id: Internal name (``c000`` ...), safe in layer and file names.
        name: The user's name.
        kind: How the column is understood.
        why: One clause that says why it is understood so.
        missing: Number of missing cells in the training table.
        distinct: Number of distinct non-missing values in the training table.
        integral: Whether all values are whole numbers (numeric columns).
        false, true: For a boolean column the texts that mean 0 and 1, as they stand in the table.
        date_format: For a date column that was text, the ``strptime`` format or ``"iso"``.
        order: For a categorical column whose categories are known to be ordered, these, from the lowest to the highest:
            the network gets their ranks, as numbers.
    """

    id: str
    name: str
    kind: Kind
    why: str
    missing: int = 0
    distinct: int = 0
    integral: bool = False
    false: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    date_format: str | None = None
    order: tuple[str, ...] = ()

    @property
    def used(self) -> bool:
        """Whether the network gets this column as an input."""
        return self.kind in USED_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The column to predict.

    Attributes:
        name: The user's name.
        task: Kind of problem.
        classes: For classification the labels in sorted order, with their original Python type
            (``str``, ``int``, ``float`` or ``bool``); empty for regression.
        positive: For binary tasks the label whose probability, precision and recall are reported.
        dtype: Name of the numpy dtype that `predict` returns.
    """

    name: str
    task: Task
    classes: tuple[Any, ...] = ()
    positive: Any = None
    dtype: str = "float64"

    @property
    def positive_index(self) -> int:
        """Position of the positive class in `classes` (1 where the task is not binary)."""
        return self.classes.index(self.positive) if self.task == "binary" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about the data that a person should know.

    Attributes:
        code: Stable name of the check (``missing-values``, ``tfdv:ENUM_TYPE_UNEXPECTED_STRING_VALUES``).
        severity: ``error`` stops training, ``warning`` is reported, ``info`` records what was done.
        column: The user's name of the column, or None for the whole table.
        must: What should hold (infinitive, as in an error message).
        found: What was found.
        fix: What to do, or what autoft did.
        evidence: The numbers behind it and what to draw, where there is more to show than the words say.
    """

    code: str
    severity: Severity
    column: str | None
    must: str
    found: str
    fix: str
    evidence: Evidence | None = field(default=None, hash=False)

    @property
    def where(self) -> str:
        """The subject of the sentence: the column or the table."""
        return "The table" if self.column is None else f"Column '{self.column}'"

    def __str__(self) -> str:
        return f"{self.where} must {self.must}, but {self.found}. Fix: {self.fix}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is done to the class probabilities of a model (`autoft.evaluate.calibrate`).

    Attributes:
        method: ``none``, ``temperature`` (all classes) or ``isotonic`` (two classes).
        temperature: Probabilities are raised to the power of one over it.
        knots: Of isotonic regression: logit of the second class before, and its probability after; straight lines
            between them, both rising.
    """

    method: CalibrationMethod = "none"
    temperature: float = 1.0
    knots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What is done to blended answers: calibration, and the rule of decisions.

    Attributes:
        calibration: Of the probabilities.
        threshold: Of two classes: the probability from which on a row counts as positive.
        matrix: Of more classes: costs ``[true][answered]``, of which the expected one is made smallest; empty for the
            most probable class.
    """

    calibration: Calibration = field(default_factory=Calibration)
    threshold: float = 0.5
    matrix: CostMatrix = ()


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
Stakes = Costs | Minimum


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
class Spending:
    """What decisions cost per 1,000 rows that no network was trained on.

    Attributes:
        deployed: The rule of the deployed model.
        alternatives: Rules that are simpler.
        curve: Of two classes: thresholds, and the mean cost of a network's decisions at each.
    """

    deployed: Interval
    alternatives: tuple[Alternative, ...]
    curve: tuple[tuple[float, float], ...] = ()

    @property
    def best(self) -> Alternative:
        """The cheapest alternative."""
        return min(self.alternatives, key=lambda one: one.cost.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One configuration that was trained on all folds.

    Attributes:
        number: Position in the search, from 0.
        params: Hyperparameters by name.
        status: ``finished``, ``pruned`` (stopped because others were clearly better) or ``failed``.
        score: Naive score: the objective on the pooled held-out predictions at `epochs`, at its best threshold where
            one is tuned.
        epochs: The one number of epochs for all folds, read off the mean held-out curve.
        checkpoints: Epochs whose held-out predictions were kept.
        curves: ``train`` and ``held_out``, each ``[epochs][members]`` losses.
        reason: Why the trial failed, or why it was stopped early.
        seconds: Time that the trial took.
        traces: How many programs had to be traced for it.
    """

    number: int
    params: Mapping[str, Any]
    status: TrialStatus
    score: float | None = None
    epochs: int = 0
    checkpoints: tuple[int, ...] = ()
    curves: Mapping[str, list[list[float]]] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0
    traces: int = 0

    @property
    def cut_short(self) -> bool:
        """Whether it ended before its time: what it says of its memory is no such reason."""
        return bool(self.reason) and not self.reason.startswith("out of memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldReport:
    """Train against held-out performance of one fold of the chosen trial, at its number of epochs."""

    fold: int
    train_rows: int
    held_out_rows: int
    train_score: float
    held_out_score: float
    gap: float
    train_curve: tuple[float, ...]
    held_out_curve: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A simple model on the same folds.

    Attributes:
        name: ``constant``, ``linear`` or ``hist_gradient_boosting``.
        metrics: Scores of its pooled held-out predictions, with intervals.
        difference: Network minus baseline on the objective, from the same draws; positive means that
            the network is better, whatever the direction of the metric.
        verdict: ``beaten`` (interval above 0), ``level`` or ``not beaten`` (interval below 0).
    """

    name: str
    metrics: Mapping[str, Interval]
    difference: Interval
    verdict: Literal["beaten", "level", "not beaten"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Loss of the objective on held-out rows when one column is shuffled (mean and range of the repeats)."""

    column: str
    drop: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class HintSlice:
    """Rows in which the data contradict an effect that they do not contradict on the whole.

    Attributes:
        column, group: What the rows have in common.
        rows: Number of held-out rows.
        gain: Mean loss of a row (log-loss, squared error or pinball loss) without the hint less with it: below zero.
            The 95 % interval holds for all slices at once that were looked at.
        obeyed: Share of their movement by which the models without the effect go its way there.
    """

    column: str
    group: str
    rows: int
    gain: Interval
    obeyed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HintTest:
    """What the data say of a hint: the deployed configuration was trained with all hints, and without this one.

    Attributes:
        hint: In words, column first (``tenure: effect decreasing``).
        because: The expert's reason, may be empty.
        verdict: ``helps`` or ``contradicted`` where held-out blocks tell the two models apart, ``satisfied anyway``
            where the model without the hint obeys it by itself, else ``no measurable effect``; ``contradicted in part``
            where it is contradicted in some slices and not in the other rows; ``not tested`` where there is nothing to
            compare or no time.
        gain: Objective with the hint less the objective without, over the blocks, with a 95 % interval; positive is
            better whatever the direction of the metric. None where not tested. The order of a column with an effect is
            judged by models without that effect.
        obeyed: Share of its movement by which the model without an effect goes the way that the hint says; None for
            other hints.
        where: Why it was not tested; empty where it was.
        slices: Where it is contradicted in part, the worst first.
    """

    hint: str
    because: str
    verdict: HintVerdict
    gain: Interval | None = None
    obeyed: float | None = None
    where: str = ""
    slices: tuple[HintSlice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How the answer moves with one column while all others stay (`autoft.evaluate.dependence`).

    Attributes:
        column: The user's name.
        kind: ``numeric``, ``boolean``, ``categorical`` or ``date``.
        label: Class whose probability is the answer, as text; None for the number of a regression.
        grid: What the column is set to: rising numbers (dates as seconds since 1970), or texts.
        mean: Partial dependence: mean answer of the sampled rows at each.
        members: The same of each fold's network, over rows that it did not train on.
        lines: Answers of some single rows.
        rows: Number of sampled rows.
        rising, falling: Share of the sampled rows whose answer goes (all but) one way along the grid.
        spread: Standard deviation of the sampled rows' answers as they are.
        cells: Of the column: eleven quantiles from the least to the largest; of texts the share of rows of each.
        ordered: Whether the order of the grid means something.
    """

    column: str
    kind: Kind
    label: str | None
    grid: tuple[float | str, ...]
    mean: tuple[float, ...]
    members: tuple[tuple[float, ...], ...]
    lines: tuple[tuple[float, ...], ...]
    rows: int
    rising: float
    falling: float
    spread: float
    cells: tuple[float, ...]
    ordered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything the report and `evaluation.json` say about a model.

    Attributes:
        held_out: Corrected scores by metric (see docs/evaluation.md).
        validation: Naive score of the choice (a trial, or a blend of some) on the objective.
        optimism: How much the naive score flatters, positive when it does, whatever the metric's direction.
        naive: All metrics of the choice's pooled held-out predictions.
        bag_gain: What the deployed bag gains over the single networks that held-out predictions come from, by metric,
            in the metric's direction; included in `held_out`. Empty where it was not measured.
        blend: Numbers of the trials in the deployed model and their weights, which sum to 1.
        finish: Calibration and threshold of the deployed model.
        per_class: For classification, by label (as text): precision, recall, f1, roc_auc, rows.
        confusion: ``[true][predicted]`` row counts in the order of the classes.
        curves: ``roc`` and ``pr`` by label (lists of x and y), or ``residuals`` for regression.
        overfitting: Verdict in words.
        interrupted: Whether the search was cut short by a signal.
        hints: What the data say of each hint.
        all_hints: Gain of all hints together over none, as `HintTest.gain`; None where not tested.
        dependence: How answers move with the most important columns, and with those that have a declared effect.
        slices: What the model is worth on groups of rows; None in files from before there was this.
        spending: What decisions cost, where costs are given.
        minimum: What they have to reach, where that is given.
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
    blend: tuple[tuple[int, float], ...] = ()
    finish: Finish = field(default_factory=Finish)
    hints: tuple[HintTest, ...] = ()
    all_hints: Interval | None = None
    dependence: tuple[Curve, ...] = ()
    slices: Slices | None = None
    spending: Spending | None = None
    minimum: Minimum | None = None

    @property
    def metrics(self) -> Mapping[str, Interval]:
        """The held-out metrics (`evaluation_.metrics["f1"]`)."""
        return self.held_out


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """What preprocessing does to one column, in words.

    Attributes:
        column: The user's name.
        kind: How the column is understood.
        text: What happens to it, as a sentence.
        inputs: How many numbers the network gets from it.
    """

    column: str
    kind: Kind
    text: str
    inputs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step of a run, for whoever shows it.

    Attributes:
        stage: ``reading``, ``schema``, ``baselines``, ``search``, ``evaluation``, ``saving`` or ``report``.
        message: A short sentence.
        trial: Number of the trial that just ended or began (from 0), within the search.
        trials: Number of trials planned.
        score: The objective of that trial, None if it failed or has only begun.
        best: The best score so far.
        seconds_left: Estimate until the end of the search.
    """

    stage: str
    message: str = ""
    trial: int | None = None
    trials: int | None = None
    score: float | None = None
    best: float | None = None
    seconds_left: float | None = None
