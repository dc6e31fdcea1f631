"""Time budget: the first epochs are measured, and the seconds of what follows the search are reserved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from autoft import files
from autoft.errors import printable
from autoft.formatting import counted
from autoft.pipeline import cost, space
from autoft.pipeline.context import Run
from autoft.pipeline.cost import TYPICAL_EPOCHS
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.pipeline.own_model import own_space
from autoft.pipeline.reserve import Reserve
from autoft.pipeline.results import SearchPlan
from autoft.pipeline.trial_times import TrialTimes
from autoft.records.trials import Trial, Trials
from autoft.search.budget import Budget, plan_epochs
from autoft.search.ledger import DEATHS
from autoft.training.trial_trainer import TrialTrainer

#: The gain of the ensemble may stretch the minutes a little, and the first trial by at least `_LEAST` seconds.
_STRETCH = 1.04
_LEAST = 3.0
#: A second epoch is measured if its predicted seconds, times `_MODEL_ERROR`, are at most this share of the search.
_SECOND_EPOCH_SHARE = 0.05
#: Factor by which the cost model may be wrong.
_MODEL_ERROR = 5.0
#: It is not measured if the first one, tracing included, took more than this share.
_FIRST_EPOCH_SHARE = 0.25
#: It is measured in any case if its predicted seconds, times `_MODEL_ERROR`, are at most these.
_SHORT = 0.2
#: Under this name the journal knows the epochs that a plan is measured with.
_REHEARSAL = "rehearsal"
#: A new time limit changes the epochs of a plan only if it allows this many times as many: trials with other epochs
#: are other trials, and those that were trained could not be used.
_WORTH_RETRAINING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePlan:
    """What a measurement allows a search with a limit of time, as it stands in the journal.

    A run that goes on after a crash keeps to it, and so finds its trials again.

    Attributes:
        epoch_seconds: Of the first configuration in `first`.
        trials_that_fit: Number of trials like the first.
        space: Fingerprint of the search space.
        offered: Configurations that the search would begin with.
        first: Those of them that are affordable.
    """

    fact: ClassVar[str] = "plan"

    minutes: float
    trials: int | None
    epochs: int
    epoch_seconds: float
    trials_that_fit: int
    space: str
    offered: tuple[dict[str, Any], ...]
    first: tuple[dict[str, Any], ...]


def plan_search(dataset: Dataset, trainer: TrialTrainer, run: Run) -> SearchPlan:
    """Space, first configurations and budget; measured where there is a limit of time."""
    recipe = run.recipe

    def measure() -> Machine:
        return Machine.measure().shared(run.contention())

    machine = measure()
    dimensions = (
        space.make_search_space(recipe, dataset) if run.model is None else own_space(run.model, recipe, dataset)
    )
    first: tuple[dict[str, Any], ...] = space.choose_first(recipe, dataset, dimensions, machine)
    trials = recipe.search.most_trials
    if recipe.search.minutes is None:
        return SearchPlan(
            space=dimensions,
            first=first,
            budget=Budget(trials=trials, deadline=None, clock=run.clock),
            parallelism=space.plan_parallelism(recipe, dataset, dimensions, first[0], trainer.accelerated),
        )
    earlier, space_key = run.recall(TimePlan), files.fingerprint(repr(dimensions).encode())[:16]
    if earlier is not None and earlier.space == space_key:
        first = earlier.offered
    shape = space.cost_shape(dataset, first[0])
    reserve = Reserve(recipe=recipe, dataset=dataset, first=shape, machine=machine, clock=run.clock, measure=measure)
    plan = earlier
    if plan is None or plan.space != space_key or plan.minutes != recipe.search.minutes:
        plan = _measure_plan(first, space_key, earlier, reserve, trainer, run)
    if named := ", ".join(space.name_left_out(first, plan.first)):
        run.tell("search", f"left out, as a trial would take too many of the minutes: {named}")
    dimensions = space.drop_architectures(dimensions, first, plan.first)
    times = TrialTimes(
        dataset=dataset,
        measured=plan.first[0],
        epoch_seconds=plan.epoch_seconds,
        epochs=plan.epochs,
        most=recipe.search.epochs,
    )

    def note(trial: Trial) -> None:
        reserve.note(trial)
        times.note(trial)

    return SearchPlan(
        space=dimensions,
        first=plan.first,
        budget=Budget(
            trials=trials,
            deadline=run.deadline(),
            clock=run.clock,
            reserve=reserve,
            note=note,
            epochs=None if plan.epochs >= recipe.search.epochs else plan.epochs,
            least=_least(run),
        ),
        parallelism=space.plan_parallelism(recipe, dataset, dimensions, plan.first[0], trainer.accelerated),
        expected_seconds=times,
        seconds_after=reserve.after_training,
    )


def end_of_training(plan: SearchPlan, trials: Trials, run: Run) -> float:
    """When the tests of hints and the measurement of the ensemble's gain must be over, on the run's clock."""
    return run.deadline(_STRETCH) - plan.seconds_after(len(trials.trials))


def _measure_plan(
    first: tuple[dict[str, Any], ...],
    space_key: str,
    earlier: TimePlan | None,
    reserve: Reserve,
    trainer: TrialTrainer,
    run: Run,
) -> TimePlan:
    """A plan from the measured seconds of an epoch, noted in the journal.

    Another space in the same folder uses the trials that fit it, but begins with configurations of its own. The
    journal's trials were trained by `earlier`.
    """
    search, dataset, machine = run.recipe.search, reserve.dataset, reserve.machine
    assert search.minutes is not None
    end, epoch = run.deadline() - reserve(min(search.trials or 10, 10)), cost.epoch_seconds(reserve.first, machine)
    left, offered, shape = end - run.clock(), first, reserve.first
    if epoch > max(left * _FIRST_EPOCH_SHARE, _SHORT):  # measuring it would take the time, and gigabytes where wide
        first = space.keep_affordable(run.recipe, dataset, first, machine)
        shape = space.cost_shape(dataset, first[0])
        epoch = cost.epoch_seconds(shape, machine)
    expected = ExpectedEpochs(epoch=epoch, tracing=cost.trace_seconds(shape, machine))
    # Where an earlier measurement killed the process none is made: the search detects trials that do so.
    taken = _rehearse(run, trainer, first[0], left, expected) or [epoch]
    kept = space.keep_affordable(run.recipe, dataset, first, machine, epoch_seconds=taken[-1])
    if kept[0] != first[0]:  # the measured one is too expensive: what it says of the machine holds for the new first
        share = cost.epoch_seconds(space.cost_shape(dataset, kept[0]), machine) / epoch
        taken = [taken[0], taken[-1] * share]
    epochs, fit = _fit_trials(run, taken, end)
    if earlier is not None and epochs < _WORTH_RETRAINING * earlier.epochs:
        epochs = earlier.epochs
        kept = earlier.first if earlier.space == space_key else kept
    plan = TimePlan(
        minutes=search.minutes,
        trials=search.trials,
        epochs=epochs,
        epoch_seconds=round(taken[-1], 4),
        trials_that_fit=fit,
        space=space_key,
        offered=offered,
        first=kept,
    )
    if not run.interrupt:  # what was measured in a hurry is no plan for the run that goes on
        run.note(plan)
    return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedEpochs:
    """Seconds by the cost model: of an epoch, and by which the first one is longer."""

    epoch: float
    tracing: float

    def enough(self, first: float, left: float) -> bool:
        """Whether a second epoch, which says what one takes without tracing, is not worth its seconds.

        On a busy machine tracing takes many times as long as it should, and to take that for an epoch would leave no
        time for trials: where the model says that epochs are far shorter, a second one is measured all the same.

        Args:
            left: Seconds until the search has to be over.
        """
        if _MODEL_ERROR * self.epoch <= _SHORT:
            return False
        slow = first - self.tracing > left * _SECOND_EPOCH_SHARE
        slow_by_model = _MODEL_ERROR * self.epoch > left * _SECOND_EPOCH_SHARE
        return slow and (slow_by_model or first > left * _FIRST_EPOCH_SHARE)


def _rehearse(
    run: Run, trainer: TrialTrainer, first: Mapping[str, Any], left: float, expected: ExpectedEpochs
) -> list[float] | None:
    """Seconds of the first epoch or two of the first configuration; None where it cannot be trained, or killed the
    process before: then the search, which goes on after failed trials, finds out why."""
    if run.journal.contents.deaths(_REHEARSAL) >= DEATHS:
        return None
    run.journal.append({"type": "started", "memory": _REHEARSAL})
    try:
        return trainer.rehearse(first, lambda seconds: bool(run.interrupt) or expected.enough(seconds, left))
    except Exception as error:  # noqa: BLE001  (out of memory, or anything that a backend or a network raises)
        run.tell("search", f"the first configuration could not be measured ({printable(type(error).__name__)})")
        return None
    finally:
        run.journal.append({"type": "abandoned", "memory": _REHEARSAL})


def _least(run: Run) -> float:
    """Seconds of the first trial, whatever time is left: without them short epochs would end after the first one."""
    assert run.recipe.search.minutes is not None
    return max(_LEAST, (_STRETCH - 1) * run.recipe.search.minutes * 60)


def _fit_trials(run: Run, taken: Sequence[float], end: float) -> tuple[int, int]:
    """Epochs of a trial, and how many such trials fit, for a search that has to be over at the end."""
    search, epoch, seconds = run.recipe.search, taken[-1], max(end - run.clock(), 0.0)
    few = seconds < _least(run)  # time for the first trial alone
    trials, allowed = (1, _least(run)) if few else (search.trials, seconds)
    epochs = plan_epochs(seconds=allowed, epoch_seconds=epoch, epochs=search.epochs, trials=trials)
    trial = epoch * min(epochs, TYPICAL_EPOCHS)
    fit = max(1, int(seconds / max(trial + (taken[0] - epoch) / 2, 1e-9)))
    fit = fit if search.trials is None else min(fit, search.trials)
    fitting = f"time for about {counted(fit, 'trial')} of {counted(epochs, 'epoch')}"
    run.tell("search", f"an epoch of all folds takes {epoch:.2g} s: {fitting}", trials=search.trials)
    return epochs, fit
