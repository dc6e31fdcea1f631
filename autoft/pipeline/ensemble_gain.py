"""Gain of the ensemble over its members: measured by networks that leave out two folds, or else estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from autoft.evaluation import ensemble_gain, folds
from autoft.files import canonical_json, fingerprint
from autoft.pipeline.context import Provisional, Run
from autoft.pipeline.cost import measures_ensemble_gain, pair_reach
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.effects import calibration_allowed
from autoft.pipeline.reserve import gain_seconds
from autoft.pipeline.results import EnsembleGain, Selection
from autoft.pipeline.trainers import MakeTrainer
from autoft.records.decisions import CalibrationMethod, DecisionGoal
from autoft.records.trials import TrialResult, Trials
from autoft.training.program import out_of_memory

#: Results of the chosen trials, and their weights.
Parts = Sequence[tuple[TrialResult, float]]


def measure_ensemble_gain(
    dataset: Dataset, trials: Trials, selection: Selection, make_trainer: MakeTrainer, run: Run, *, end: float
) -> EnsembleGain:
    """What the ensemble gains over its members by metric, and the calibration of its answers.

    See `autoft.evaluation.ensemble_gain`. The gain is empty where it was not measured: under other strategies (nested
    scores ensembles anyway, a holdout scores the model itself), with expanding windows (the later of two blocks is far
    from the past of both), of a model that is trained again on all rows, with two folds, and where time or memory is
    lacking. The ensemble then has the calibration of its members, and `results.known_gain` an estimate. It must be over
    at `end` on the run's clock.
    """
    unmeasured = EnsembleGain(calibration=selection.rule.calibration)
    if not dataset.gains:
        return unmeasured
    lacking = "with two folds no model that leaves out both has rows to train on"
    if not measures_ensemble_gain(dataset.strategy, dataset.split.k):
        _say_estimated(run, lacking)
        return unmeasured
    parts, method = selection.parts(trials), _calibration_method(run, dataset, selection)

    def measure() -> EnsembleGain | Provisional[EnsembleGain]:
        nonlocal lacking
        answers = _pair_answers(dataset, parts, make_trainer, run, end)
        if isinstance(answers, str):
            lacking = answers
            return Provisional(result=unmeasured)
        left = ensemble_gain.ensemble_gain(
            answers,
            dataset.truth,
            dataset.problem,
            exchangeable=not dataset.description.rows,
            method=method,
            rule=selection.rule,
        )
        own = ensemble_gain.ensemble_calibration(answers, dataset.truth, method)
        return EnsembleGain(left=left, calibration=own)

    gain = run.remember(EnsembleGain, _key(dataset, parts, method, selection.rule.threshold), measure)
    if not gain.left:
        _say_estimated(run, lacking)
    return gain


def _say_estimated(run: Run, lacking: str) -> None:
    found = "counts the gain of the mean of the folds' models by an estimate, from how much they disagree, as "
    run.skip("ensemble_gain", found + lacking)


def _key(dataset: Dataset, parts: Parts, method: CalibrationMethod, threshold: float) -> str:
    """What a gain depends on within a run."""
    costs = None if dataset.costs is None else _plain_goal(dataset.costs)
    return canonical_json(
        {
            "parts": [{"params": o.params, "epochs": o.epochs, "share": share} for o, share in parts],
            "finish": [method, threshold, costs],
            "quantile": dataset.quantile,
        }
    )


def _plain_goal(goal: DecisionGoal) -> dict[str, Any]:
    """What decisions follow, as it stands in a key: only what is given."""
    values = asdict(goal)
    gains = values.pop("gains", None)
    values = {name: value for name, value in values.items() if value not in ((), 0.0)}
    return values | ({} if gains is None else {"gains": fingerprint(np.ascontiguousarray(gains).tobytes())})


def _calibration_method(run: Run, dataset: Dataset, selection: Selection) -> CalibrationMethod:
    """How the ensemble is calibrated: as its members are, but it may have a temperature where they have none."""
    if dataset.target.task == "regression" or calibration_allowed(run.recipe, dataset) == "none":
        return "none"
    return "isotonic" if selection.rule.calibration.method == "isotonic" else "temperature"


def _pair_answers(
    dataset: Dataset, parts: Parts, make_trainer: MakeTrainer, run: Run, end: float
) -> ensemble_gain.PairPredictions | str:
    """Predictions of the networks that leave two blocks out; the reason where time or memory is lacking.

    Where there is no time for networks of which four leave out each block, half of them are trained.
    """
    k, seconds = dataset.split.k, end - run.clock()
    reaches = range(pair_reach(len(dataset.y)), 0, -1)
    trained = [trial for trial, _ in parts]
    reach = next((own for own in reaches if gain_seconds(dataset, trained, own) <= seconds), None)
    if reach is None:
        run.tell("search", "no time to measure what the mean of the folds' models gains; it is estimated")
        return "there was no time to measure it"
    run.tell("search", "measuring what the mean of the folds' models gains")
    wanted = ensemble_gain.pairs_of(k, reach)
    pairs = [m for m in folds.members(dataset.split, "nested") if m.blocks in wanted]
    blended: list[Any] = [0.0] * len(pairs)
    try:
        trainer = make_trainer(dataset, pairs)
        for result, share in parts:
            answers = trainer.answers_after(
                result.params, result.epochs, result.limit, lambda: run.clock() > end or bool(run.interrupt)
            )
            if answers is None:
                return "there was no time to measure it"
            if not all(np.isfinite(answer).all() for answer in answers):
                return "a model to measure it by diverged"
            blended = [total + share * answer for total, answer in zip(blended, answers, strict=True)]
    except Exception as error:
        if not out_of_memory(error):
            raise
        return "there was no memory to measure it"
    found = {}
    for pair, answer in zip(pairs, blended, strict=True):
        whole = np.full((len(dataset.y), *answer.shape[1:]), np.nan)
        whole[pair.held_out] = answer
        found[pair.blocks[0], pair.blocks[1]] = whole
    return ensemble_gain.PairPredictions(pairs=found, blocks=dataset.split.blocks, reach=reach)
