"""How a run keeps to its minutes: the first epochs are measured, and what follows the search is set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from autoft import files
from autoft.pipeline import cost, forecast
from autoft.pipeline import space as spaces
from autoft.pipeline.cost import TYPICAL_EPOCHS
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.hint_tests import trainings as hint_trainings
from autoft.pipeline.hint_tests.stage import tested_trial
from autoft.pipeline.hint_tests.verdicts import is_whole
from autoft.pipeline.machine import Machine
from autoft.records import Progress, Trial
from autoft.records.trials import Trials
from autoft.search.budget import Budget, plan_epochs
from autoft.search.journal import Journal
from autoft.search.ledger import DEATHS
from autoft.search.space import Dimension

if TYPE_CHECKING:
    from autoft.pipeline.context import Context
    from autoft.recipe.recipe import Recipe
    from autoft.training.trainer import Trainer

#: The cost model's guess of what follows the search is taken so many times: machines are shared.
_MARGIN = 1.25
#: Most of the minutes that are kept for measuring what the bag gains.
_BAG_SHARE = 0.1
#: Most of them that are kept for training without each hint.
_HINTS_SHARE = 0.2
#: A second epoch is measured if it should take no more than this share of the search, were the model wrong by so many
#: times; or, were it as long as the first one with its tracing, no more than the larger share.
_SECOND, _WRONG, _FIRST = 0.05, 5.0, 0.25
#: Seconds after which a trial is followed by another look at how fast the machine is, which takes a tenth of one.
_MEASURED_EVERY = 10.0
#: Under this name the journal knows the epochs that a plan is measured with.
_REHEARSAL = "rehearsal"
#: A plan is made anew for other minutes only if it allows so many times the epochs: a trial with other epochs is
#: another trial, and those that were trained would be lost.
_WORTH_FORGETTING = 2


def budget(
    context: Context, dataset: Dataset, journal: Journal, trainer: Trainer, space: tuple[Dimension, ...]
) -> tuple[Budget, tuple[Dimension, ...], tuple[Mapping[str, Any], ...]]:
    """The budget of the search, planned from a measurement where there is a limit of time; the space that it allows,
    and the configurations to begin with.

    The plan is a line of the journal: a run that goes on after a crash keeps to it, and so finds its trials again.
    """
    search, clock = context.recipe.search, context.watch.clock
    machine = Machine.measure()
    first: tuple[Mapping[str, Any], ...] = spaces.first(context.recipe, dataset, space, machine)
    if search.minutes is None:
        return Budget(trials=search.trials, deadline=None, clock=clock), space, first
    deadline = context.watch.deadline(search.minutes)
    plan, of = _plan(journal), files.fingerprint(repr(space).encode())[:16]
    # Another space in the same folder uses the trials that fit it, but begins with configurations of its own.
    known = plan is not None and plan["space"] == of
    first = tuple(plan["offered"]) if plan is not None and known else first
    shape = spaces.cost_shape(dataset, first[0])
    reserve = _Reserve(recipe=context.recipe, dataset=dataset, shape=shape, machine=machine, clock=clock)
    if plan is None or not known or plan["minutes"] != search.minutes:
        end, epoch = deadline - reserve(min(search.trials, 10)), cost.epoch_seconds(shape, machine)
        expected = _Expected(epoch=epoch, tracing=cost.trace_seconds(shape, machine))
        taken = _rehearsed(context, journal, trainer, first[0], end - clock(), expected)
        # The search, which notices what kills the process, shall have its turn.
        taken = taken or [epoch]
        kept = spaces.affordable(context.recipe, dataset, first, machine, epoch_seconds=taken[-1])
        new = {**_planned(context, taken, end), "space": of, "offered": list(first), "first": list(kept)}
        if plan is None or new["epochs"] >= _WORTH_FORGETTING * plan["epochs"]:
            plan = new
        plan = {**new, "epochs": plan["epochs"], "first": plan["first"] if known else new["first"]}
        if not context.interrupt:  # what was measured in a hurry is no plan for the run that goes on
            journal.append(plan)
    kept = tuple(plan["first"])
    if named := ", ".join(spaces.left_out(first, kept)):
        context.tell(
            Progress(stage="search", message=f"left out, as a trial would take too many of the minutes: {named}")
        )
    epochs = None if plan["epochs"] >= search.epochs else int(plan["epochs"])
    found = Budget(
        trials=search.trials, deadline=deadline, clock=clock, reserve=reserve, note=reserve.note, epochs=epochs
    )
    return found, spaces.without(space, first, kept), kept


def expectation(dataset: Dataset, journal: Journal) -> Callable[[Mapping[str, Any]], float] | None:
    """Seconds that a trial is expected to take: the cost model's, corrected by the measurement (None without one)."""
    plan = _plan(journal)
    if plan is None:
        return None
    machine, epochs = Machine(), min(int(plan["epochs"]), TYPICAL_EPOCHS)
    default = cost.epoch_seconds(spaces.cost_shape(dataset, plan["first"][0]), machine)

    def seconds(params: Mapping[str, Any]) -> float:
        shape = spaces.cost_shape(dataset, params)
        shape = replace(shape, least=min(shape.least, int(plan["epochs"])))
        modelled = cost.trial_seconds(shape, machine, epochs=epochs)
        return modelled * float(plan["epoch_seconds"]) / default

    return seconds


def saving_begins(context: Context, dataset: Dataset) -> float:
    """When model and report have to be begun, on the run's clock; infinite without a limit of time."""
    if context.recipe.search.minutes is None:
        return float("inf")
    last = cost.finish_seconds(len(dataset.y), len(dataset.features), Machine())
    return context.watch.deadline(context.recipe.search.minutes) - _MARGIN * last


def _plan(journal: Journal) -> Mapping[str, Any] | None:
    """The plan that the journal's trials were trained by (lines of before there was a portfolio are none)."""
    plans = (fact for fact in reversed(journal.contents.facts) if fact["type"] == "plan" and "space" in fact)
    return next(plans, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """Seconds by the cost model: of an epoch, and by which the first one is longer."""

    epoch: float
    tracing: float

    def enough(self, first: float, left: float) -> bool:
        """Whether the first epoch's seconds do without those of a second, which say what one costs without tracing.

        It is not worth more than a twentieth of the time. But on a busy machine tracing takes many times as long as
        it should, and to take that for an epoch would leave no time for trials: where the model says that epochs are
        far shorter, a second one is measured all the same.
        """
        slow = first - self.tracing > left * _SECOND
        return slow and (_WRONG * self.epoch > left * _SECOND or first > left * _FIRST)


def _rehearsed(
    context: Context, journal: Journal, trainer: Trainer, first: Mapping[str, Any], left: float, expected: _Expected
) -> list[float] | None:
    """Seconds of the first epoch or two of the first configuration; None where that killed the process before.

    Args:
        context, journal, trainer: Of the run.
        first: The configuration.
        left: Seconds until the search has to be over.
        expected: What they should be.
    """
    if journal.contents.deaths(_REHEARSAL) >= DEATHS:
        return None
    journal.append({"type": "started", "memory": _REHEARSAL})
    try:
        return trainer.rehearse(first, lambda seconds: bool(context.interrupt) or expected.enough(seconds, left))
    finally:
        journal.append({"type": "abandoned", "memory": _REHEARSAL})


def _planned(context: Context, taken: list[float], end: float) -> dict[str, Any]:
    """The plan, from the seconds of an epoch or two, for a search that has to be over at the end."""
    search, clock = context.recipe.search, context.watch.clock
    epoch, seconds = taken[-1], max(end - clock(), 0.0)
    epochs = plan_epochs(seconds=seconds, epoch_seconds=epoch, epochs=search.epochs, trials=search.trials)
    trial = epoch * min(epochs, TYPICAL_EPOCHS)
    fit = max(1, min(search.trials, int(seconds / max(trial + (taken[0] - epoch) / 2, 1e-9))))
    message = f"an epoch of all folds takes {epoch:.2g} s: about {fit} trials of {epochs} epochs at most fit the time"
    context.tell(Progress(stage="search", message=message, trials=search.trials))
    return {
        "type": "plan",
        "minutes": search.minutes,
        "trials": search.trials,
        "epochs": epochs,
        "epoch_seconds": round(epoch, 4),
        "trials_that_fit": fit,
    }


@dataclass(slots=True, kw_only=True)
class _Reserve:
    """Seconds of evaluation, model and report after so many trials, of tests of hints, and of measuring the bag's gain.

    The latter where it is worth the time: where it is dear, trials are, and what little time is left decides later
    (`bagging.gains`). Tests of hints take what the trial took that they would be made on (`hint_trials.tested_trial`),
    were the search over now; the cost model is asked only before there is a trial.

    Attributes:
        recipe, dataset: Of the run.
        shape: Of the best trial so far, of the first one before that.
        machine: As it was measured last: others may begin to use it, too.
        clock: Monotonic seconds.
        whole: Scores and seconds of the trials that went to their end, the best first.
    """

    recipe: Recipe
    dataset: Dataset
    shape: cost.CostShape
    machine: Machine
    clock: Callable[[], float]
    whole: list[Trial] = field(default_factory=list)
    _best: float | None = None
    _measured: float | None = None

    def note(self, trial: Trial) -> None:
        """Learn from a trial."""
        if trial.score is None:
            return
        if self._best is None or self._sign * trial.score < self._best:
            self._best, self.shape = self._sign * trial.score, spaces.cost_shape(self.dataset, trial.params)
        if is_whole(trial):
            self.whole.append(trial)
            self.whole.sort(key=lambda one: self._sign * (one.score or 0.0))
        self.measure()

    def measure(self) -> None:
        """Measure the machine again, but seldom."""
        now = self.clock()
        if self._measured is None:
            self._measured = now
        elif now - self._measured > _MEASURED_EVERY:
            self.machine, self._measured = Machine.measure(), now

    @property
    def _sign(self) -> int:
        from autoft.evaluation.metrics import METRICS

        return -1 if METRICS[self.dataset.objective].direction == "max" else 1

    def __call__(self, trials: int) -> float:
        after, most = self._after(trials), 60 * (self.recipe.search.minutes or 0.0)
        bag = after.get("bag", 0.0)
        hints = self._hints(after.get("hints", 0.0), _HINTS_SHARE * most)
        return self.last(trials) + (bag if bag <= _BAG_SHARE * most else 0.0) + hints

    def _hints(self, modelled: float, most: float) -> float:
        """Seconds of the tests of hints."""
        if not (self.whole and modelled):
            return min(modelled, most)
        trial = tested_trial(self.dataset, self.whole, most)
        return min(hint_trainings.seconds(self.dataset, trial.seconds), most)

    def last(self, trials: int) -> float:
        """Seconds of what comes after all training."""
        training = ("bag", "hints")
        return _MARGIN * sum(seconds for name, seconds in self._after(trials).items() if name not in training)

    def _after(self, trials: int) -> dict[str, float]:
        epochs = min(self.recipe.search.epochs, TYPICAL_EPOCHS)
        return forecast.after(self.recipe, self.dataset, self.shape, max(trials, 1), epochs, self.machine)


def last_seconds(budget: Budget, found: Trials) -> float:
    """Seconds that evaluation, model and report will take after a search, as they were kept during it; 0 where there is
    no limit."""
    return budget.reserve.last(len(found.trials)) if isinstance(budget.reserve, _Reserve) else 0.0
