"""The deployed bag against its members: models that leave out two folds are trained for the chosen trial."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.files import canonical_json, fingerprint
from autoft.pipeline import effects
from autoft.pipeline.cost import MOST_ROWS_PAIRED, encoding_seconds
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.records import Calibration, CalibrationMethod, DecisionGoal, DecisionRule, Progress
from autoft.records.arrays import Array
from autoft.records.reading import read_record
from autoft.records.trials import TrialResult
from autoft.search.journal import Journal

if TYPE_CHECKING:
    from autoft.pipeline.context import Context
    from autoft.records.split import Member
    from autoft.training.trainer import Trainer

#: Training models that leave out pairs of folds takes so many times the trial itself: twice the members, three quarters
#: of the rows. For their sake the minutes may be stretched a little.
_PAIRS, _PATIENCE = 1.5, 1.04


def gains(
    context: Context,
    dataset: Dataset,
    journal: Journal,
    parts: Sequence[tuple[TrialResult, float]],
    finish: DecisionRule,
    trainer: Callable[[Sequence[Member]], Trainer],
    *,
    last: float = 0.0,
) -> tuple[Mapping[str, float], DecisionRule]:
    """What the bag leaves of the distance of its members to the best score, by metric, and what is done to its answers.

    See `autoft.evaluation.ensemble_gain`.

    It is a line of the journal, so a run that is repeated trains nothing for it. Empty where it was not measured: under
    other strategies (nested scores bags anyway, a holdout scores the model itself), with two folds, on tables too large
    for it, and when the user or the minutes end the run before. The score is then that of single members, and the bag's
    calibration theirs.

    Args:
        context, dataset, journal: Of the run.
        parts: Outcomes of the chosen trials, and their weights.
        finish: Calibration of single members' answers, and the threshold.
        trainer: Makes a trainer of any members.
        last: Seconds that must be left afterwards, where there is a limit of time.
    """
    if not measured(dataset.strategy, dataset.split.k, len(dataset.y)):
        return {}, finish
    from autoft.evaluation.ensemble_gain import PairPredictions, ensemble_calibration, ensemble_gain

    recipe, method = context.recipe, _method(context, dataset, finish)
    of = _key(dataset, parts, method, finish.threshold)
    for fact in journal.contents.facts:
        if fact["type"] == "gain" and fact["of"] == of:
            return dict(fact["left"]), replace(finish, calibration=read_record(Calibration, fact["calibration"]))
    over = end(context, last)
    if context.watch.clock() + expected(dataset, [outcome for outcome, _ in parts]) > over:
        context.tell(Progress(stage="search", message="no time to measure what the bag of the folds' networks gains"))
        return {}, finish
    context.tell(Progress(stage="search", message="measuring what the bag of the folds' networks gains"))
    answers = _answers(context, dataset, parts, trainer, over)
    if answers is None:
        return {}, finish
    predictions, truth = PairPredictions(pairs=answers, blocks=dataset.split.blocks), dataset.truth
    exchangeable = recipe.evaluate.group is None and recipe.evaluate.time is None
    found = ensemble_gain(predictions, truth, dataset.problem, exchangeable=exchangeable, method=method, rule=finish)
    calibration = ensemble_calibration(predictions, truth, method)
    journal.append({"type": "gain", "of": of, "left": found, "calibration": asdict(calibration)})
    return found, replace(finish, calibration=calibration)


def _key(
    dataset: Dataset, parts: Sequence[tuple[TrialResult, float]], method: CalibrationMethod, threshold: float
) -> str:
    """What a gain depends on within a run."""
    costs = None if dataset.costs is None else _plain(dataset.costs)
    return canonical_json(
        {
            "parts": [{"params": o.params, "epochs": o.epochs, "share": share} for o, share in parts],
            "finish": [method, threshold, costs],
            "quantile": dataset.quantile,
        }
    )


def _plain(stakes: DecisionGoal) -> dict[str, Any]:
    """What decisions follow, as it stands in a key; only what is given, so that older runs go on."""
    values = asdict(stakes)
    gains = values.pop("gains", None)
    values = {name: value for name, value in values.items() if value not in ((), 0.0)}
    return values | ({} if gains is None else {"gains": fingerprint(np.ascontiguousarray(gains).tobytes())})


def _method(context: Context, dataset: Dataset, finish: DecisionRule) -> CalibrationMethod:
    """How the bag is calibrated: as its members are, but it may have a temperature where they have none."""
    if dataset.target.task == "regression" or effects.calibration(context.recipe, dataset) == "none":
        return "none"
    return "isotonic" if finish.calibration.method == "isotonic" else "temperature"


def end(context: Context, last: float) -> float:
    """When it must be over, on the run's clock."""
    minutes = context.recipe.search.minutes
    return math.inf if minutes is None else context.watch.deadline(minutes * _PATIENCE) - last


def expected(dataset: Dataset, outcomes: Sequence[TrialResult]) -> float:
    """Seconds of measuring what the bag of some trials gains; 0 where that is not done."""
    if not measured(dataset.strategy, dataset.split.k, len(dataset.y)):
        return 0.0
    return _encoding(dataset) + _PAIRS * sum(map(_seconds, outcomes))


def _encoding(dataset: Dataset) -> float:
    """Seconds until the rows of the pairs are encoded."""
    pairs, inputs = len(dataset.members) * 2, len(dataset.features) + sum(t.slots for t in dataset.plan.texts)
    return encoding_seconds(len(dataset.y), inputs, pairs, Machine())


def _seconds(outcome: TrialResult) -> float:
    """What a trial took up to its checkpoint."""
    return outcome.seconds * outcome.epochs / max(len(outcome.curves.get("held_out", ())), 1)


def measured(strategy: str, folds: int, rows: int) -> bool:
    """Whether a run measures the gain."""
    return strategy == "corrected" and folds > 2 and rows <= MOST_ROWS_PAIRED


def _answers(
    context: Context,
    dataset: Dataset,
    parts: Sequence[tuple[TrialResult, float]],
    trainer: Callable[[Sequence[Member]], Trainer],
    end: float,
) -> dict[tuple[int, int], Array] | None:
    """By pair of blocks, the answers of the network that saw neither; None where time or memory is lacking."""
    from autoft.evaluation import folds
    from autoft.evaluation.ensemble_gain import pairs_of
    from autoft.training.program import out_of_memory

    def out_of_time() -> bool:
        return context.watch.clock() > end or bool(context.interrupt)

    wanted = pairs_of(dataset.split.k)
    pairs = [m for m in folds.members(dataset.split, "nested") if m.blocks in wanted]
    blended: list[Any] = [0.0] * len(pairs)
    try:
        stack = trainer(pairs)
        for outcome, share in parts:
            answers = stack.answers_after(outcome.params, outcome.epochs, outcome.limit, out_of_time)
            if answers is None or not all(np.isfinite(answer).all() for answer in answers):
                return None
            blended = [total + share * answer for total, answer in zip(blended, answers, strict=True)]
    except Exception as error:
        if not out_of_memory(error):
            raise
        return None
    found = {}
    for pair, answer in zip(pairs, blended, strict=True):
        whole = np.full((len(dataset.y), *answer.shape[1:]), np.nan)
        whole[pair.held_out] = answer
        found[pair.blocks[0], pair.blocks[1]] = whole
    return found
