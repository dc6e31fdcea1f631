"""Reserve: seconds of what follows a search, by the cost model and by the trials at hand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from autoft.evaluation.ensemble_gain import pairs_of
from autoft.evaluation.fold_model import MOST
from autoft.evaluation.metrics import METRICS
from autoft.pipeline import cost, space
from autoft.pipeline.cost import MARGIN, TYPICAL_EPOCHS, CostShape, EvaluationSize
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.effects import calibration_allowed
from autoft.pipeline.hint_tests.jobs import choose_trial, is_whole, jobs_seconds
from autoft.pipeline.machine import Machine
from autoft.recipe.recipe import Recipe
from autoft.records.split import HOLDOUT
from autoft.records.trials import Trial, TrialFacts, checkpoint_epochs

#: Trials of a typical blend.
BLENDED = 3
#: Most of the minutes that draws may take: fewer are made of large tables, as far as there is no time for more.
_EVALUATION_SHARE = 0.1
#: Most of the minutes that are reserved for shuffling each column several times; else each is shuffled once.
_SHUFFLES_SHARE = 0.05
#: Most of the minutes that are reserved for measuring the gain of the ensemble.
_GAIN_SHARE = 0.1
#: Largest share of the minutes that is kept for training the chosen configurations again: it stops where they are over.
_REFIT_SHARE = 0.25
#: Most of the minutes that are reserved for training without each hint.
_HINTS_SHARE = 0.2
#: Seconds after which a trial is followed by another measurement of the machine, which takes a tenth of a second.
_MEASURED_EVERY = 10.0


def evaluation_size(recipe: Recipe, dataset: Dataset, trials: int, epochs: int) -> EvaluationSize:
    """What fixes the cost of the evaluation of some trials, with the draws that the recipe asks for."""
    columns = len(dataset.features)
    # Curves are drawn of a few columns, each for less than half of the rows that its importance is asked with.
    asked = columns + min(columns, 6) // 2 if columns <= MOST else 0
    asked += sum(h.effect is not None for h in recipe.knowledge.features.values()) // 2
    return EvaluationSize(
        rows=len(dataset.y),
        trials=trials,
        candidates=trials * len(checkpoint_epochs(epochs)),
        draws=recipe.evaluate.draws,
        columns=asked,
        folds=dataset.split.k,
        outputs=dataset.outputs,
        area=METRICS[dataset.objective].ranks_only,
        calibrated=dataset.target.task != "regression" and calibration_allowed(recipe, dataset) == "auto",
    )


def affordable_draws(recipe: Recipe, size: EvaluationSize, machine: Machine) -> int:
    """Draws of an evaluation that takes no more than its share of the recipe's minutes; a few are always made."""
    if recipe.search.minutes is None:
        return size.draws
    most = _EVALUATION_SHARE * recipe.search.minutes * 60

    def seconds(draws: int) -> float:
        return cost.evaluation_seconds(replace(size, draws=draws), machine)

    return max(bisect_right(range(1, size.draws + 1), most, key=seconds), min(size.draws, cost.LEAST_DRAWS))


def seconds_after_search(
    recipe: Recipe,
    dataset: Dataset,
    blend: Sequence[CostShape],
    trials: int,
    epochs: int,
    machine: Machine,
    slowness: float = 1.0,
) -> dict[str, float]:
    """Seconds of what follows a search, by name.

    Args:
        blend: Shapes of the trials that are likely to be in the deployed model, the best first.
        slowness: Seconds that their networks took, as a multiple of the model's.
    """
    size = evaluation_size(recipe, dataset, trials, epochs)
    size = replace(size, draws=affordable_draws(recipe, size, machine))
    answers = _answer_seconds(blend, size, machine, slowness)
    if recipe.search.minutes is not None and answers > _SHUFFLES_SHARE * recipe.search.minutes * 60:
        size = replace(size, shuffles=1)
        answers = _answer_seconds(blend, size, machine, slowness)
    finish = cost.finish_seconds(len(dataset.y), len(dataset.features), machine)
    hints = slowness * jobs_seconds(dataset, cost.trial_seconds(blend[0], machine, epochs=epochs))
    gain = {name: slowness * own for name, own in _gain(dataset, blend[0], epochs, machine).items()}
    found = {"evaluation": cost.evaluation_seconds(size, machine) + answers, "model and report": finish, **gain}
    return {**found, "hints": hints} if hints else found


def _answer_seconds(blend: Sequence[CostShape], size: EvaluationSize, machine: Machine, slowness: float) -> float:
    """Seconds of the answers of all networks; how fast trees grow does not say how fast they answer."""
    return sum((1.0 if shape.iterations else slowness) * cost.answer_seconds(shape, size, machine) for shape in blend)


def _gain(dataset: Dataset, shape: CostShape, epochs: int, machine: Machine) -> dict[str, float]:
    """Seconds of training on all rows again, or of measuring the gain of the ensemble: pairs of folds are left out."""
    k = dataset.split.k
    if dataset.refit:
        whole = replace(shape, rows=int((dataset.split.blocks != HOLDOUT).sum()))
        trained = cost.trial_seconds(whole, machine, epochs=epochs) + cost.trace_seconds(whole, machine)
        return {"refit": trained + encoding_seconds(dataset, k, machine)}
    if dataset.split.windows or not cost.measures_ensemble_gain(dataset.strategy, k):
        return {}
    number = len(pairs_of(k, cost.pair_reach(len(dataset.y))))
    pairs = replace(shape, members=number, rows=shape.rows * (k - 2) // (k - 1), held_out=2 * shape.held_out)
    trace = cost.trace_seconds(pairs, machine) if cost.worth_compiling(pairs) else 0.0
    encoding = encoding_seconds(dataset, number, machine)
    return {"ensemble gain": cost.trial_seconds(pairs, machine, epochs=epochs) + trace + encoding}


def gain_seconds(dataset: Dataset, trials: Iterable[TrialFacts], reach: int) -> float:
    """Seconds of measuring the gain: encoding the rows of the pairs, and training each trial up to its checkpoint."""
    k = dataset.split.k
    pairs = len(pairs_of(k, reach))
    trained = (o.seconds * o.epochs / max(len(o.curves.get("held_out", ())), 1) for o in trials)
    times = pairs / k * (k - 2) / (k - 1)  # so many networks, each on fewer rows
    return encoding_seconds(dataset, pairs, Machine()) + times * sum(trained)


def encoding_seconds(dataset: Dataset, members: int, machine: Machine) -> float:
    """Seconds of fitting the preprocessing of some members, and of encoding the rows with it."""
    inputs = len(dataset.features) + sum(text.slots for text in dataset.layout.texts)
    return cost.encoding_seconds(len(dataset.y), inputs, members, machine, combined=bool(dataset.layout.combined))


@dataclass(slots=True, kw_only=True)
class Reserve:
    """Seconds of evaluation, model and report after a number of trials, of tests of hints, and of the ensemble's gain.

    What the best trials took says how long their networks take in the evaluation, and how long their gain takes to
    measure; the cost model alone is asked only before there is a trial. The gain counts only where it is worth the
    time, measured by all networks or by half of them: where it is expensive, trials are, and what little time is left
    decides later (else it is estimated). Tests of hints take what the
    trial took that they would be made on (`choose_trial`), were the search over now.

    Attributes:
        first: Shape of the first trial.
        machine: As it was measured last (`measure`): others may begin to use it, too.
        best: The best trials so far, which the model may blend, the best first.
        whole: The trials that were trained to their end, the best first.
    """

    recipe: Recipe
    dataset: Dataset
    first: CostShape
    machine: Machine
    clock: Callable[[], float]
    measure: Callable[[], Machine] = lambda: Machine.measure()
    best: list[Trial] = field(default_factory=list)
    whole: list[Trial] = field(default_factory=list)
    _measured: float | None = None

    def note(self, trial: Trial) -> None:
        if trial.score is None:
            return
        self.best = sorted([*self.best, trial], key=self._rank)[: min(BLENDED, self.recipe.search.blend)]
        if is_whole(trial):
            self.whole = sorted([*self.whole, trial], key=self._rank)
        now = self.clock()
        if self._measured is None:
            self._measured = now
        elif now - self._measured > _MEASURED_EVERY:
            self.machine, self._measured = self.measure(), now

    def _rank(self, trial: Trial) -> float:
        sign = -1 if METRICS[self.dataset.objective].direction == "max" else 1
        return sign * (trial.score or 0.0)

    def __call__(self, trials: int) -> float:
        """Seconds after a number of trials."""
        after, most = self.seconds_after(trials), 60 * (self.recipe.search.minutes or 0.0)
        gain, share = after.get("ensemble gain", 0.0), _GAIN_SHARE * most
        gain = gain if gain <= share else gain / 2  # by half of the networks
        hints = self.hint_seconds(after.get("hints", 0.0), _HINTS_SHARE * most)
        refit = min(after.get("refit", 0.0), _REFIT_SHARE * most)
        return self.after_training(trials) + (gain if gain <= share else 0.0) + refit + hints

    def hint_seconds(self, modelled: float, most: float) -> float:
        """Seconds of the tests of hints, at most `most`; `modelled` by the cost model, 0 where there are none."""
        if not (self.whole and modelled):
            return min(modelled, most)
        trial = choose_trial(self.dataset, self.whole, most)
        return min(jobs_seconds(self.dataset, trial.seconds), most)

    def after_training(self, trials: int) -> float:
        """Seconds of what comes after all training."""
        training = ("ensemble gain", "refit", "hints")
        return MARGIN * sum(seconds for name, seconds in self.seconds_after(trials).items() if name not in training)

    def seconds_after(self, trials: int) -> dict[str, float]:
        """Seconds of what follows a search of some trials, by name."""
        epochs, trials = min(self.recipe.search.epochs, TYPICAL_EPOCHS), max(trials, 1)
        shapes = [space.cost_shape(self.dataset, trial.params) for trial in self.best]
        blend = shapes or [self.first] * min(BLENDED, self.recipe.search.blend, trials)
        slowness = self._slowness(shapes)
        found = seconds_after_search(self.recipe, self.dataset, blend, trials, epochs, self.machine, slowness)
        if self.best and "ensemble gain" in found:
            trace = slowness * cost.trace_seconds(shapes[0], self.machine)
            found["ensemble gain"] = gain_seconds(self.dataset, self.best, cost.pair_reach(len(self.dataset.y))) + trace
        return found

    def _slowness(self, shapes: Sequence[CostShape]) -> float:
        """Seconds that the best trials took, as a multiple of the cost model's; 1 before there are any."""
        modelled = 0.0
        for trial, shape in zip(self.best, shapes, strict=True):
            epochs, alone = len(trial.curves["held_out"]), replace(shape, least=0)
            modelled += cost.trial_seconds(alone, self.machine, epochs=epochs, new_program=trial.traces > 0)
        return sum(trial.seconds for trial in self.best) / modelled if modelled else 1.0
