"""The deployed bag against its members: models that leave out two folds are trained for the chosen trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.files import canonical_json
from autoft.journal import Journal
from autoft.prepare import Prepared
from autoft.records import CalibrationMethod, Finish, Progress
from autoft.search.cost import MOST_ROWS_PAIRED
from autoft.search.outcome import Outcome

if TYPE_CHECKING:
    from autoft.evaluate.folds import Member
    from autoft.run import Context
    from autoft.training.trial import Trainer

Array = NDArray[Any]


def gains(
    context: Context,
    prepared: Prepared,
    journal: Journal,
    parts: Sequence[tuple[Outcome, float]],
    finish: Finish,
    trainer: Callable[[Sequence[Member]], Trainer],
) -> tuple[Mapping[str, float], Finish]:
    """What the bag of the chosen trials gains over its members, by metric, and what is done to its answers.

    See `autoft.evaluate.gain`.

    It is a line of the journal, so a run that is repeated trains nothing for it. Empty where it was not measured: under
    other strategies (nested scores bags anyway, a holdout scores the model itself), with two folds, on tables too large
    for it, and when the user or the minutes end the run before. The score is then that of single members, and the bag's
    calibration theirs.

    Args:
        context, prepared, journal: Of the run.
        parts: Outcomes of the chosen trials, and their weights.
        finish: Calibration of single members' answers, and the threshold.
        trainer: Makes a trainer of any members.
    """
    if not measured(prepared.strategy, prepared.split.k, len(prepared.y)):
        return {}, finish
    from autoft.evaluate import calibrate
    from autoft.evaluate.gain import bag_calibration, bag_gain

    recipe, method, costs = context.recipe, _method(context, prepared, finish), prepared.costs
    of = canonical_json(
        {
            "parts": [{"params": o.params, "epochs": o.epochs, "share": share} for o, share in parts],
            "finish": [method, finish.threshold, costs and asdict(costs)],
            "quantile": prepared.quantile,
        }
    )
    for fact in journal.contents.facts:
        if fact["type"] == "gain" and fact["of"] == of:
            return dict(fact["gains"]), replace(finish, calibration=calibrate.read(fact["calibration"]))
    context.tell(Progress(stage="search", message="measuring what the bag of the folds' networks gains"))
    answers = _answers(context, prepared, parts, trainer)
    if answers is None:
        return {}, finish
    found = bag_gain(
        prepared.y,
        answers,
        blocks=prepared.split.blocks,
        exchangeable=recipe.evaluate.group is None and recipe.evaluate.time is None,
        method=method,
        threshold=finish.threshold,
        **prepared.problem,
    )
    calibration = bag_calibration(
        prepared.y, answers, blocks=prepared.split.blocks, method=method, row_weights=prepared.weights
    )
    journal.append({"type": "gain", "of": of, "gains": found, "calibration": asdict(calibration)})
    return found, replace(finish, calibration=calibration)


def _method(context: Context, prepared: Prepared, finish: Finish) -> CalibrationMethod:
    """How the bag is calibrated: as its members are, but it may have a temperature where they have none."""
    if prepared.target.task == "regression" or context.recipe.evaluate.calibration == "none":
        return "none"
    return "isotonic" if finish.calibration.method == "isotonic" else "temperature"


def measured(strategy: str, folds: int, rows: int) -> bool:
    """Whether a run measures the gain."""
    return strategy == "corrected" and folds > 2 and rows <= MOST_ROWS_PAIRED


def _answers(
    context: Context,
    prepared: Prepared,
    parts: Sequence[tuple[Outcome, float]],
    trainer: Callable[[Sequence[Member]], Trainer],
) -> dict[tuple[int, int], Array] | None:
    """By pair of blocks, the answers of the network that saw neither; None where time or memory is lacking."""
    from autoft.evaluate import folds
    from autoft.evaluate.gain import pairs_of
    from autoft.training.program import out_of_memory

    minutes, watch = context.recipe.search.minutes, context.watch

    def out_of_time() -> bool:
        over = minutes is not None and watch.clock() - watch.started > minutes * 60
        return over or bool(context.interrupt)

    wanted = pairs_of(prepared.split.k)
    pairs = [m for m in folds.members(prepared.split, "nested") if m.blocks in wanted]
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
        whole = np.full((len(prepared.y), *answer.shape[1:]), np.nan)
        whole[pair.held_out] = answer
        found[pair.blocks[0], pair.blocks[1]] = whole
    return found
