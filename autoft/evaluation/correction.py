"""The honest score: what the chosen model is worth after correcting for the choice.

The best of many trials is partly lucky, and its own held-out score includes the luck. The default remedy is
bootstrap bias corrected cross-validation: Tsamardinos, Greasidou, Borboudakis, "Bootstrapping the out-of-sample
predictions for efficient and accurate cross-validation", Machine Learning 107 (2018). It trains nothing: rows are
drawn, the whole choice is made again on the drawn rows, and the choice is scored on the others. Calibration and the
threshold of a decision (`autoft.evaluation.decision_rule`) are part of the choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autoft.evaluation import calibration as calibrate
from autoft.evaluation import costs as row_costs
from autoft.evaluation import decision_costs
from autoft.evaluation.bootstrap import around, draw, mean_interval
from autoft.evaluation.decision_rule import Calibrate, RuleFitter
from autoft.evaluation.metrics import objectives
from autoft.evaluation.selection import Blend, Candidate, Replay, choose, common_rows, mixed
from autoft.evaluation.weighted_metrics import of_rows, point_scores, weighted_scores
from autoft.records import Costs, DecisionGoal, DecisionRule, Interval, Task
from autoft.records.arrays import Array

__all__ = [
    "Blend",
    "Candidate",
    "CorrectedScore",
    "PairCandidate",
    "Replayed",
    "choose",
    "corrected",
    "holdout",
    "nested",
    "plain",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairCandidate:
    """One checkpoint of one trial under `nested`: ``pairs[i, j]`` (i < j) are the predictions of the model that
    saw neither block i nor block j, for the rows of both (``[n, classes]`` or ``[n]``, NaN elsewhere)."""

    trial: int
    epochs: int
    pairs: Mapping[tuple[int, int], Array]
    balance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What was chosen again on some draws, by number: the blend and its finish."""

    choice: Blend
    finish: DecisionRule
    draws: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrectedScore:
    """What the choice is and what it is worth.

    Attributes:
        chosen: Positions of the chosen candidates, and their weights.
        held_out: Honest scores by metric, with 95 % intervals.
        validation: Naive score of the choice on the objective.
        optimism: How much `validation` flatters, positive when it does, whatever the metric's direction.
        naive: All naive scores of the choice.
        draws: Number of bootstrap draws.
        samples: The objective's honest score in each draw, ``[draws]``, NaN where undefined.
        out_of_bag: Whether a draw scores the rows that were not drawn (`corrected`) or those that were.
        seed: Seed of the draws.
        rows: Positions of the rows that are drawn from, ``[m]``.
        predictions: Held-out predictions of the network on those rows, calibrated, NaN elsewhere: the chosen
            candidate's (`corrected`), the pooled ones (`nested`), the deployed model's (`holdout`).
        finish: Calibration and threshold, of the choice on all rows.
        bag_gain: What of `held_out` the bag gains over its members, by metric, where that was measured.
        replayed: The choices behind the draws (`corrected`); draws without a choice are in none.
        thresholds: Of decisions, for each of `rows` (`nested`, `holdout`).
        spent: What decisions and simpler rules cost in each draw, where costs are given.
    """

    chosen: Blend
    held_out: dict[str, Interval]
    validation: float
    optimism: float
    naive: dict[str, float]
    draws: int
    samples: Array
    out_of_bag: bool
    seed: int
    rows: Array
    predictions: Array
    finish: DecisionRule
    bag_gain: Mapping[str, float] = field(default_factory=dict)
    replayed: tuple[Replayed, ...] = ()
    thresholds: Array | None = None
    spent: decision_costs.Samples | None = None

    @property
    def values(self) -> dict[str, float]:
        """The honest scores without their intervals."""
        return {name: found.value for name, found in self.held_out.items()}


def corrected(
    y: Array,
    candidates: Sequence[Candidate],
    *,
    clusters: Array,
    task: Task,
    objective: str,
    positive_index: int,
    members: int = 1,
    costs: DecisionGoal | None = None,
    calibration: Calibrate = "none",
    draws: int = 500,
    seed: int,
    row_weights: Array | None = None,
    quantile: float | None = None,
) -> CorrectedScore:
    """Bootstrap bias corrected score of the choice, without further training.

    In each draw clusters are drawn with replacement, the choice is made again on the drawn rows, and its scores
    are computed on the rows not drawn. The mean over the draws is the value, their 2.5 and 97.5 percentiles the
    interval; a draw in which a metric is undefined is left out for that metric. Where rows x trials x draws
    exceed `AFFORDABLE`, trials behind the best by more than `HOPELESS` standard errors in the first `PILOT` draws
    sit out the later ones, and then fewer draws are made, at least `FEWEST_DRAWS` (constants of `choice`).

    Args:
        y: Class positions or values, ``[n]``.
        candidates: Checkpoints of all trials.
        clusters: Rows that are drawn together, ``[n]``.
        task, objective, positive_index: The problem.
        members: Most trials that are blended.
        costs: Of errors, where they are known.
        calibration: ``auto``, or ``none`` to leave probabilities alone.
        draws: Number of draws.
        seed: Equal seeds give equal verdicts.
        row_weights: ``[n]``; a row of weight 2 counts as two rows, whenever it is drawn or left out.
        quantile: Of the objective ``pinball``.
    """
    rows = common_rows(candidates)
    problem: dict[str, Any] = {"task": task, "positive_index": positive_index, "costs": costs}
    problem |= {"row_weights": row_weights, "quantile": quantile}
    replay = Replay(y, candidates, rows, objective=objective, members=members, **problem)
    finisher = replay.finisher(clusters[rows], calibration)
    counts, picks = replay.on_draws(clusters[rows], draws, seed)
    samples = {name: np.full(len(counts), np.nan) for name in objectives(task, quantile, costs)}
    replayed = []
    spent = None
    if isinstance(costs, Costs):
        spent = np.full((len(counts), decision_costs.rules(task, candidates[0].predictions.shape[1])), np.nan)
    for pick, chosen in _places(picks).items():
        predictions = mixed(candidates, pick, rows)
        for finish, places in _places(finisher.on_draws(predictions, counts[chosen])).items():
            here = np.array(chosen)[places]
            replayed.append(Replayed(choice=pick, finish=finish, draws=tuple(here.tolist())))
            final = calibrate.apply(finish.calibration, predictions)
            left_out = (counts[here] == 0).astype(np.uint8)
            found = weighted_scores(y[rows], final, left_out, threshold=finish.threshold, **replay.problem)
            for name, values in found.items():
                samples[name][here] = values
            if spent is not None:
                deciding = {**replay.problem, "threshold": finish.threshold}
                spent[here] = decision_costs.sampled(y[rows], final, left_out, **deciding)
    held_out = {name: mean_interval(values) for name, values in samples.items()}
    verdict = _verdict(replay, finisher, held_out, samples[objective], seed, rows)
    spent_samples = None if spent is None else decision_costs.Samples(draws=spent)
    return replace(verdict, replayed=tuple(replayed), spent=spent_samples)


def nested(
    y: Array,
    pairs: Sequence[PairCandidate],
    *,
    candidates: Sequence[Candidate],
    blocks: Array,
    clusters: Array,
    task: Task,
    objective: str,
    positive_index: int,
    members: int = 1,
    costs: DecisionGoal | None = None,
    calibration: Calibrate = "none",
    draws: int = 500,
    seed: int,
    row_weights: Array | None = None,
    quantile: float | None = None,
) -> CorrectedScore:
    """Score by holding out pairs of blocks: unbiased even when no trial is any good, but noisier.

    For block i the choice is made on the other blocks j, by models that saw neither i nor j, and the prediction
    is the mean of those models of the chosen candidate.

    Args:
        y: Class positions or values, ``[n]``.
        pairs: Checkpoints of all trials of the pair members.
        candidates: Checkpoints of the K members that leave one block out; the deployed choice and the naive
            scores come from these.
        blocks: Block of each row, ``[n]``, negative for the untouched holdout.
        clusters, task, objective, positive_index, members, costs, calibration: As for `corrected`.
        draws, seed, row_weights, quantile: As for `corrected`.
    """
    problem: dict[str, Any] = {"task": task, "positive_index": positive_index, "costs": costs}
    problem |= {"row_weights": row_weights, "quantile": quantile}
    choosing: dict[str, Any] = {**problem, "objective": objective, "members": members}
    pooled, thresholds = np.full(candidates[0].predictions.shape, np.nan), np.full(len(y), 0.5)
    numbers = np.unique(blocks[blocks >= 0]).tolist()
    for i in numbers:
        others = [j for j in numbers if j != i]
        views = [_other_blocks(pair, i, others, blocks) for pair in pairs]
        inner = Replay(y, views, common_rows(views), **choosing)
        pick, here = inner.on_all_rows(), blocks == i
        finisher = inner.finisher(clusters[inner.rows], calibration)
        finish = finisher.on_all_rows(mixed(views, pick, inner.rows))
        means = sum(weight * np.mean([_pair(pairs[c], i, j)[here] for j in others], axis=0) for c, weight in pick)
        pooled[here], thresholds[here] = calibrate.apply(finish.calibration, np.asarray(means)), finish.threshold
    rows = np.flatnonzero(blocks >= 0)
    held_out, samples, spent = _plain(y, pooled, rows, clusters, draws, seed, problem, thresholds)
    replay = Replay(y, candidates, common_rows(candidates), **choosing)
    finisher = replay.finisher(clusters[replay.rows], calibration)
    verdict = _verdict(replay, finisher, held_out, samples[objective], seed, rows, pooled, spent)
    return replace(verdict, thresholds=thresholds[rows])


def holdout(
    y: Array,
    candidates: Sequence[Candidate],
    predictions: Array,
    *,
    rows: Array,
    clusters: Array,
    task: Task,
    objective: str,
    positive_index: int,
    members: int = 1,
    costs: DecisionGoal | None = None,
    calibration: Calibrate = "none",
    draws: int = 500,
    seed: int,
    row_weights: Array | None = None,
    quantile: float | None = None,
) -> CorrectedScore:
    """Score of the chosen candidate's model on rows that nothing has touched.

    Args:
        y: Class positions or values, ``[n]``.
        candidates: Checkpoints of all trials on the touched rows.
        predictions: Of the chosen bag before its calibration, ``[n, classes]`` or ``[n]``; only `rows` are looked at.
        rows: Positions of the untouched rows.
        clusters, task, objective, positive_index, members, costs, calibration: As for `corrected`.
        draws, seed, row_weights, quantile: As for `corrected`.
    """
    touched = common_rows(candidates)
    problem: dict[str, Any] = {"task": task, "positive_index": positive_index, "costs": costs}
    problem |= {"row_weights": row_weights, "quantile": quantile}
    replay = Replay(y, candidates, touched, objective=objective, members=members, **problem)
    finisher = replay.finisher(clusters[touched], calibration)
    finish = finisher.on_all_rows(mixed(candidates, replay.on_all_rows(), touched))
    final, thresholds = calibrate.apply(finish.calibration, predictions), np.full(len(y), finish.threshold)
    held_out, samples, spent = _plain(y, final, rows, clusters, draws, seed, problem, thresholds)
    verdict = _verdict(replay, finisher, held_out, samples[objective], seed, rows, final, spent)
    return replace(verdict, thresholds=thresholds[rows])


def plain(
    y: Array,
    predictions: Array,
    *,
    rows: Array,
    clusters: Array,
    task: Task,
    positive_index: int,
    draws: int = 500,
    seed: int,
) -> dict[str, Interval]:
    """Scores of given predictions on given rows, with cluster bootstrap intervals and no correction."""
    problem = {"task": task, "positive_index": positive_index}
    return _plain(y, predictions, rows, clusters, draws, seed, problem, np.full(len(y), 0.5))[0]


def _plain(
    y: Array,
    predictions: Array,
    rows: Array,
    clusters: Array,
    draws: int,
    seed: int,
    problem: Mapping[str, Any],
    thresholds: Array,
) -> tuple[dict[str, Interval], dict[str, Array], decision_costs.Samples | None]:
    """Scores with intervals, and the bootstrap samples behind them; weights and thresholds are those of all rows."""
    weights, costs = of_rows(problem.get("row_weights"), rows), row_costs.of_rows(problem.get("costs"), rows)
    own = {**problem, "row_weights": weights, "costs": costs, "threshold": thresholds[rows]}
    point = point_scores(y[rows], predictions[rows], **own)
    counts = draw(clusters[rows], draws, seed)
    samples = weighted_scores(y[rows], predictions[rows], counts, **own)
    held_out = {name: around(value, samples[name]) for name, value in point.items()}
    if not isinstance(costs, Costs):
        return held_out, samples, None
    whole = decision_costs.sampled(y[rows], predictions[rows], np.ones((1, len(rows))), **own)[0]
    return (
        held_out,
        samples,
        decision_costs.Samples(draws=decision_costs.sampled(y[rows], predictions[rows], counts, **own), point=whole),
    )


def _verdict(
    replay: Replay,
    finisher: RuleFitter,
    held_out: dict[str, Interval],
    samples: Array,
    seed: int,
    rows: Array,
    predictions: Array | None = None,
    spent: decision_costs.Samples | None = None,
) -> CorrectedScore:
    """The record of an outcome; without predictions of their own, those of the choice were scored out of the bag."""
    chosen, metric = replay.on_all_rows(), replay.metric
    blended = mixed(replay.candidates, chosen)
    finish = finisher.on_all_rows(blended[replay.rows])
    pooled = calibrate.apply(finish.calibration, blended)
    naive = point_scores(replay.y, pooled[replay.rows], threshold=finish.threshold, **replay.problem)
    shown = pooled if predictions is None else predictions
    only = np.full(shown.shape, np.nan)
    only[rows] = shown[rows]
    flattery = naive[metric.name] - held_out[metric.name].value
    return CorrectedScore(
        chosen=chosen,
        held_out=held_out,
        validation=naive[metric.name],
        optimism=flattery if metric.direction == "max" else -flattery,
        naive=naive,
        draws=len(samples),
        samples=samples,
        out_of_bag=predictions is None,
        seed=seed,
        rows=rows,
        predictions=only,
        finish=finish,
        spent=spent,
    )


def _places(choices: Sequence[Any]) -> dict[Any, list[int]]:
    """Draws by what was chosen on them, those without a choice left out."""
    found: dict[Any, list[int]] = {}
    for place, choice in enumerate(choices):
        if choice:
            found.setdefault(choice, []).append(place)
    return found


def _pair(pair: PairCandidate, i: int, j: int) -> Array:
    return pair.pairs[min(i, j), max(i, j)]


def _other_blocks(pair: PairCandidate, i: int, others: Sequence[int], blocks: Array) -> Candidate:
    """Predictions for all blocks but i, by models that saw neither that block nor i."""
    predictions = np.full(_pair(pair, i, others[0]).shape, np.nan)
    for j in others:
        predictions[blocks == j] = _pair(pair, i, j)[blocks == j]
    return Candidate(trial=pair.trial, epochs=pair.epochs, predictions=predictions, balance=pair.balance)
