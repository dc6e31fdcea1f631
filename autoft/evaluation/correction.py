"""Corrected scores: what the chosen model is worth after the choice among trials is corrected for.

The best of many trials is partly lucky, and its held-out score includes the luck. Three strategies correct for it:

- `corrected`, the default: bootstrap bias corrected cross-validation (Tsamardinos, Greasidou, Borboudakis,
  "Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation", Machine Learning 107,
  2018). Rows are drawn, the whole choice is made again on them and scored on the others. Nothing is trained.
- `nested`: further models hold out two blocks, so that the choice for a block is made by models that never saw it.
- `holdout`: the choice is scored on rows that nothing has touched.

Blend, calibration and decision threshold are all part of the choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from autoft.evaluation import calibration as calibrate
from autoft.evaluation.bootstrap import around, draw, mean_interval
from autoft.evaluation.decision_costs import CostSamples, sample_costs
from autoft.evaluation.left_out import Replayed, on_left_out, worse_than_default
from autoft.evaluation.scores import over_classes, scores, weighted_scores
from autoft.evaluation.selection import Blend, Candidate, Replay, mixed
from autoft.records.arrays import Array
from autoft.records.decisions import ONE_HALF, AnyRule, Costs, DecisionRule, RowRule
from autoft.records.problem import Draws, Problem, SelectionRule, Truth
from autoft.records.scores import Gain, Interval
from autoft.records.split import HOLDOUT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairCandidate:
    """One checkpoint of one trial, of the models that hold out two blocks.

    Attributes:
        pairs: By blocks ``(i, j)``, i < j: predictions for the rows of both by the model that saw neither,
            ``[n, classes]`` or ``[n]``, NaN elsewhere.
    """

    trial: int
    epochs: int
    pairs: Mapping[tuple[int, int], Array]
    balance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FixedScore:
    """Scores of given predictions.

    Attributes:
        held_out: By metric, with 95 % intervals.
        samples: By metric the value of each draw ``[draws]``, NaN where undefined.
    """

    held_out: dict[str, Interval]
    samples: dict[str, Array]
    costs: CostSamples | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrectedScore:
    """The chosen model and its score.

    Attributes:
        held_out: Corrected scores by metric, with 95 % intervals.
        validation: Naive score of the choice on the objective.
        optimism: `validation` less the corrected score, turned so that it is positive where `validation` flatters.
        naive: Scores of the choice by metric on the rows that it was made on.
        samples: Corrected objective in each draw, ``[draws]``, NaN where undefined.
        out_of_bag: True: draws are scored on the rows not drawn (`corrected`).
        rows: Positions of the rows that are drawn from, ``[m]``.
        predictions: Calibrated held-out predictions for `rows`, NaN elsewhere: of the chosen blend (`corrected`),
            pooled over the blocks (`nested`), or of the deployed model (`holdout`).
        ensemble_gain: Part of `held_out` that the ensemble gains over its members, by metric (`corrected`).
        worse_than_default: Share of the draws in which the choice is worse than the search's first trial, which is the
            default configuration, on the rows not drawn (`corrected`); None where nothing else was tried.
        replayed: The choices behind the draws (`corrected`), without draws that allow no choice.
        row_rule: A threshold for each of `rows`, where they differ (`nested`, `holdout`).
    """

    chosen: Blend
    rule: DecisionRule
    held_out: dict[str, Interval]
    validation: float
    optimism: float
    naive: dict[str, float]
    draws: Draws
    samples: Array
    out_of_bag: bool
    rows: Array
    predictions: Array
    ensemble_gain: Mapping[str, float] = field(default_factory=dict)
    gain: Gain = field(default_factory=Gain)
    worse_than_default: float | None = None
    replayed: tuple[Replayed, ...] = ()
    row_rule: RowRule | None = None
    costs: CostSamples | None = None

    def on_first(self, number: int) -> CorrectedScore:
        """The same with the first draws alone, for what is compared with them draw by draw."""
        samples = self.samples[:number]
        return replace(self, samples=samples, draws=replace(self.draws, number=len(samples)))

    @property
    def values(self) -> dict[str, float]:
        """The corrected scores without their intervals."""
        return {name: found.value for name, found in self.held_out.items()}


def corrected(
    truth: Truth, candidates: Sequence[Candidate], problem: Problem, *, rule: SelectionRule, draws: Draws
) -> CorrectedScore:
    """Bootstrap bias corrected score of the choice.

    In each draw clusters are drawn with replacement, the choice is made again on the drawn rows, and it is scored on
    the other rows. The value is the mean over the draws, the interval their 2.5 and 97.5 percentiles; draws in which a
    metric is undefined are skipped. Large problems get fewer draws (`selection.AFFORDABLE`).
    """
    replay = Replay(truth, candidates, problem, rule)
    counts, picks = replay.on_draws(draws)
    drawn = on_left_out(replay, counts, picks)
    scored = FixedScore(
        held_out={name: mean_interval(values) for name, values in drawn.samples.items()},
        samples=drawn.samples,
        costs=drawn.costs,
    )
    score = _record(replay, scored, draws.seed)
    worse = worse_than_default(replay, counts, score.chosen, score.samples)
    return replace(score, replayed=drawn.replayed, worse_than_default=worse)


def nested(
    truth: Truth,
    candidates: Sequence[Candidate],
    problem: Problem,
    *,
    pairs: Sequence[PairCandidate],
    rule: SelectionRule,
    draws: Draws,
) -> CorrectedScore:
    """Score by holding out pairs of blocks: unbiased even if no trial is any good, but noisier.

    For block i the choice is made on the other blocks j, by models that saw neither i nor j. The prediction for block i
    is the mean of the chosen candidates' models.

    Args:
        candidates: Checkpoints of the members that hold out one block, for the deployed choice and the naive scores.
        pairs: The same checkpoints of the members that hold out two blocks.
    """
    assert truth.blocks is not None
    blocks = truth.blocks
    pooled, thresholds = np.full(candidates[0].predictions.shape, np.nan), np.full(len(truth), 0.5)
    numbers = np.unique(blocks[blocks >= 0]).tolist()
    for i in numbers:
        others = [j for j in numbers if j != i]
        views = [_other_blocks(pair, i, others, blocks) for pair in pairs]
        inner = Replay(truth, views, problem, rule)
        blend, here = inner.on_all_rows(), blocks == i
        decision = inner.rule_fitter.on_all_rows(mixed(views, blend, inner.rows))
        means = sum(weight * np.mean([_pair(pairs[c], i, j)[here] for j in others], axis=0) for c, weight in blend)
        pooled[here], thresholds[here] = calibrate.apply(decision.calibration, np.asarray(means)), decision.threshold
    replay = Replay(truth, candidates, problem, rule)
    return _score_rows(replay, truth, pooled, np.flatnonzero(blocks >= 0), RowRule(threshold=thresholds), draws)


def holdout(
    truth: Truth,
    candidates: Sequence[Candidate],
    problem: Problem,
    *,
    predictions: Array,
    rule: SelectionRule,
    draws: Draws,
) -> CorrectedScore:
    """Score of the chosen model on rows that were not used in training or selection.

    Args:
        truth: True answers of all rows; those that nothing has used are in the block `HOLDOUT`.
        predictions: Of the chosen ensemble before calibration, ``[n, classes]`` or ``[n]``.
    """
    assert truth.blocks is not None
    replay = Replay(truth, candidates, problem, rule)
    decision = replay.rule_fitter.on_all_rows(mixed(candidates, replay.on_all_rows(), replay.rows))
    final = calibrate.apply(decision.calibration, predictions)
    thresholds = RowRule(threshold=np.full(len(truth), decision.threshold))
    return _score_rows(replay, truth, final, np.flatnonzero(truth.blocks == HOLDOUT), thresholds, draws)


def fixed(truth: Truth, predictions: Array, problem: Problem, draws: Draws, *, rule: AnyRule = ONE_HALF) -> FixedScore:
    """Scores of given predictions for some rows, with cluster bootstrap intervals and no correction."""
    point = scores(truth, predictions, problem, rule=rule)
    counts = draw(truth.groups, draws)
    by_class = weighted_scores(truth, predictions, counts, problem, rule=rule, by_class=True)
    samples = {name: over_classes(values) for name, values in by_class.items()}
    costs = None
    if isinstance(problem.goal, Costs):
        whole = sample_costs(truth, predictions, np.ones((1, len(truth))), problem, rule)[0]
        costs = CostSamples(draws=sample_costs(truth, predictions, counts, problem, rule), point=whole)
    held_out = {name: around(value, samples[name]) for name, value in point.items()}
    return FixedScore(held_out=held_out, samples=samples, costs=costs)


def _score_rows(
    replay: Replay, truth: Truth, predictions: Array, rows: Array, rule: RowRule, draws: Draws
) -> CorrectedScore:
    """The choice on all rows, scored by predictions ``[n, ...]`` for some rows with a threshold for each."""
    own = rule.take(rows)
    record = _record(replay, fixed(truth.take(rows), predictions[rows], replay.problem, draws, rule=own), draws.seed)
    return replace(record, out_of_bag=False, rows=rows, predictions=_only(predictions, rows), row_rule=own)


def _record(replay: Replay, scored: FixedScore, seed: int) -> CorrectedScore:
    """The choice on all rows and a score of it, marked as scored on the rows not drawn."""
    chosen, metric = replay.on_all_rows(), replay.metric
    blended = mixed(replay.candidates, chosen)
    rule = replay.rule_fitter.on_all_rows(blended[replay.rows])
    pooled = calibrate.apply(rule.calibration, blended)
    naive = scores(replay.truth, pooled[replay.rows], replay.problem, rule=rule)
    flattery = naive[metric.name] - scored.held_out[metric.name].value
    samples = scored.samples[metric.name]
    return CorrectedScore(
        chosen=chosen,
        rule=rule,
        held_out=scored.held_out,
        validation=naive[metric.name],
        optimism=flattery if metric.direction == "max" else -flattery,
        naive=naive,
        draws=Draws(number=len(samples), seed=seed),
        samples=samples,
        out_of_bag=True,
        rows=replay.rows,
        predictions=_only(pooled, replay.rows),
        costs=scored.costs,
    )


def _only(predictions: Array, rows: Array) -> Array:
    """The predictions for some rows, NaN elsewhere."""
    found = np.full(predictions.shape, np.nan)
    found[rows] = predictions[rows]
    return found


def _pair(pair: PairCandidate, i: int, j: int) -> Array:
    return pair.pairs[min(i, j), max(i, j)]


def _other_blocks(pair: PairCandidate, i: int, others: Sequence[int], blocks: Array) -> Candidate:
    """A candidate for all blocks but i: each block is predicted by the model that saw neither it nor i."""
    predictions = np.full(_pair(pair, i, others[0]).shape, np.nan)
    for j in others:
        predictions[blocks == j] = _pair(pair, i, j)[blocks == j]
    return Candidate(trial=pair.trial, epochs=pair.epochs, predictions=predictions, balance=pair.balance)
