"""Forecast of a run: counts from the data, seconds and bytes from the cost model.

Neither Keras nor scikit-learn is imported, so the answer is there before a training would have started.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autoft.pipeline import cost, space
from autoft.pipeline.cost import CostShape
from autoft.pipeline.dataset import Dataset, TableDescription
from autoft.pipeline.describe import errors_of, inspect_table
from autoft.pipeline.machine import RATES, Machine
from autoft.pipeline.reserve import BLENDED, seconds_after_search
from autoft.pipeline.split import split
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Task
from autoft.records.findings import Finding
from autoft.records.scores import Strategy
from autoft.schema.engines import choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Seconds of a trial.

    Attributes:
        low, high: Of the cheapest and the most expensive configuration of the space.
        mean: Over all shapes of the space that the minutes allow.
    """

    default: float
    low: float
    high: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """Trials and time of a run, if all its trials train so many epochs.

    Attributes:
        trial: Seconds of one trial whose shape has been traced.
        trials: That are run: those that are wanted, or those that fit into the minutes (one at least).
        before, search, after: Seconds of the stages, by name; `before` and `after` surround the search.
    """

    epochs: int
    trial: Span
    trials: int
    before: Mapping[str, float]
    search: float
    after: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """Of the whole run."""
        return sum(self.before.values()) + self.search + sum(self.after.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run would do.

    Attributes:
        rows, rows_left_out: Rows that are used, and those without a target.
        used, left_out: Names of the columns that become inputs, and of those that do not; the target is neither.
        by_target: Names of the columns whose categories or values are encoded by the target, too.
        folds, pairs: Members of the stack: one for each fold and, for `nested`, one for each pair of folds.
        train_rows, held_out_rows: Rows that the largest member learns from, and has not seen.
        space: The search space in words, by dimension.
        too_expensive: What of the portfolio is left out, because a trial of it would take too many of the minutes.
        typical, most: With a typical number of epochs (`cost.TYPICAL_EPOCHS`), and with all that are allowed.
        trials: Most trials; None where minutes alone end the search.
        too_short: Whether `minutes` do not suffice for one typical trial.
        memory: Peak bytes above those of the imports.
    """

    name: str
    target: str
    task: Task
    objective: str
    strategy: Strategy
    rows: int
    rows_left_out: int
    used: tuple[str, ...]
    left_out: tuple[str, ...]
    inputs: int
    embedded: int
    by_target: tuple[str, ...]
    folds: int
    pairs: int
    train_rows: int
    held_out_rows: int
    space: Mapping[str, str]
    first: tuple[Mapping[str, Any], ...]
    too_expensive: tuple[str, ...]
    shapes: int
    programs: int
    trials: int | None
    minutes: float | None
    typical: StageTimes
    most: StageTimes
    too_short: bool
    memory: int
    machine: Machine
    findings: tuple[Finding, ...]

    @property
    def members(self) -> int:
        return self.folds + self.pairs

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON can hold it; derived numbers (members, seconds of the whole run) included."""
        found = asdict(self) | {"members": self.members}
        found["typical"]["seconds"], found["most"]["seconds"] = self.typical.seconds, self.most.seconds
        return found


#: Most trials that are counted where minutes alone end a search.
_MOST_TRIALS = 10_000


def plan(recipe: Recipe, data: Any = None, *, machine: Machine | None = None) -> Forecast:
    """What a run would do and cost.

    Args:
        data: Path, DataFrame or ``(X, y)``; None reads the recipe's own data.
        machine: How fast it is; measured (a tenth of a second) if None.

    Raises:
        SchemaError: With every reason for which the table cannot be trained on.
        AutoFTError: If data or recipe cannot be understood.

    >>> import pandas as pd
    >>> from autoft.recipe.recipe import Recipe
    >>> table = pd.DataFrame({"hours": [n % 24 for n in range(60)], "passed": ["no", "yes", "no"] * 20})
    >>> found = plan(Recipe().with_changes(target="passed", trials=10), table)
    >>> found.rows, found.used, found.members, found.typical.trials
    (60, ('hours',), 5, 10)
    """
    return forecast(recipe, inspect_table(recipe, data, enforce=False), machine=machine)


def forecast(recipe: Recipe, description: TableDescription, *, machine: Machine | None = None) -> Forecast:
    """What a run on a table that has been inspected would do and cost; arguments and errors as for `plan`."""
    with errors_of(recipe, description.table):
        dataset = split(recipe, description, balance_groups=False)
    machine = machine or Machine.measure()
    dimensions = space.make_search_space(recipe, dataset)
    offered = space.choose_first(recipe, dataset, dimensions, machine)
    first = space.keep_affordable(recipe, dataset, offered, machine)
    dimensions = space.drop_architectures(dimensions, offered, first)
    programs = space.list_programs(dataset, dimensions, first[0])
    most, minutes = recipe.search.epochs, recipe.search.minutes
    typical, all_epochs = (
        _stage_times(recipe, dataset, programs, epochs, machine) for epochs in (min(most, cost.TYPICAL_EPOCHS), most)
    )
    used, target = [column.name for column in dataset.features if column.used], dataset.target
    return Forecast(
        name=recipe.name,
        target=target.name,
        task=target.task,
        objective=dataset.objective,
        strategy=dataset.strategy,
        rows=len(dataset.y),
        rows_left_out=len(description.table.frame) - len(dataset.y),
        used=tuple(used),
        left_out=tuple(c.name for c in description.columns if c.name not in {*used, target.name}),
        inputs=programs.default.inputs,
        embedded=programs.default.embedded,
        by_target=tuple(c.name for c in dataset.features if c.id in {own.id for own in dataset.layout.targets}),
        folds=dataset.split.k,
        pairs=len(dataset.members) - dataset.split.k,
        train_rows=programs.default.rows,
        held_out_rows=programs.default.held_out,
        space={dimension.name: dimension.words() for dimension in dimensions},
        first=tuple(dict(params) for params in first),
        too_expensive=space.name_left_out(offered, first),
        shapes=programs.different,
        programs=programs.number,
        trials=recipe.search.most_trials,
        minutes=minutes,
        typical=typical,
        most=all_epochs,
        too_short=minutes is not None and typical.trials == 1 and typical.seconds > minutes * 60,
        memory=max(
            cost.memory_bytes(shape, total_rows=len(dataset.y), trials=typical.trials, epochs=most)
            for shape in programs.shapes
        ),
        machine=machine,
        findings=dataset.findings,
    )


def _stage_times(
    recipe: Recipe, dataset: Dataset, programs: space.Programs, epochs: int, machine: Machine
) -> StageTimes:
    """Seconds of the stages, and the trials that fit, if every trial trains some epochs."""
    before = _before(recipe, dataset, programs.default, machine)
    default = cost.trial_seconds(programs.default, machine, epochs=epochs)
    seconds = [cost.trial_seconds(shape, machine, epochs=epochs) for shape in programs.shapes]
    minutes = recipe.search.minutes
    # A search passes over what it has no time for.
    fit = [own for own in seconds if minutes is None or own <= space.LARGEST_SHARE * minutes * 60] or [min(seconds)]
    trial = Span(default=default, low=min(seconds), high=max(seconds), mean=sum(fit) / len(fit))
    compiled = [cost.trace_seconds(shape, machine) for shape in programs.shapes if not shape.iterations]
    trace = sum(compiled) / max(len(compiled), 1)

    def search(trials: int) -> float:
        number = programs.number
        return cost.search_seconds(trials, default, trial.mean, programs=number, trace=trace, machine=machine)

    def following(trials: int) -> dict[str, float]:
        blend = [programs.default] * min(BLENDED, recipe.search.blend, trials)
        return seconds_after_search(recipe, dataset, blend, trials, epochs, machine)

    def whole(trials: int) -> float:
        return sum(before.values()) + search(trials) + sum(following(trials).values())

    trials = recipe.search.most_trials or _MOST_TRIALS
    if minutes is not None:
        trials = max(1, bisect_right(range(1, trials + 1), minutes * 60, key=whole))
    return StageTimes(
        epochs=epochs, trial=trial, trials=trials, before=before, search=search(trials), after=following(trials)
    )


def _before(recipe: Recipe, dataset: Dataset, shape: CostShape, machine: Machine) -> dict[str, float]:
    rows, columns = dataset.description.table.frame.shape
    chosen = choose(recipe.schema_.engine, columns)
    tfdv = chosen is not None and chosen.name == "tfdv"
    combined = bool(dataset.layout.combined)
    boosting = space.boosting_seconds(dataset, machine) if space.boosting_fits(recipe, dataset, machine) else 0.0
    return {
        "start": machine.alone(RATES.import_ + (RATES.import_tfdv if tfdv else 0.0)),
        "reading": cost.reading_seconds(rows, columns, machine, tfdv=tfdv),
        "baselines": machine.alone(RATES.baselines) + boosting,
        "encoding": cost.encoding_seconds(len(dataset.y), shape.inputs, shape.members, machine, combined=combined),
    }
