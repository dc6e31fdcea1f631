"""Scores and gaps of groups against scikit-learn and by hand, on made-up answers."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, log_loss, mean_squared_error, recall_score, roc_auc_score

from autoft.evaluation import calibration
from autoft.evaluation.bootstrap import draw
from autoft.evaluation.correction import PairCandidate, corrected, holdout, nested
from autoft.evaluation.scores import scores
from autoft.evaluation.selection import Candidate, mixed
from autoft.evaluation.slices.gaps import gaps
from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.redraws import Redraws
from autoft.evaluation.slices.scores import scores_by_group, weak_slices
from autoft.records.columns import Target
from autoft.records.problem import BEST_TRIAL, Draws, Problem, SelectionRule, Truth

ROWS = 600
F1 = Problem(task="binary", objective="f1")
RANKED = Problem(task="binary", objective="roc_auc")
TARGET = Target(name="y", task="binary", classes=("no", "yes"), positive="yes")


def both(p):
    return np.stack([1 - p, p], axis=1)


def binary(seed=0, trials=3):
    """Classes, answers of some trials, a group of three (the last with one class only)."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 1, ROWS)
    group = rng.integers(0, 3, ROWS)
    y = np.where(group == 2, 0, rng.random(ROWS) < p).astype(int)
    noise = [np.clip(p + rng.normal(0, 0.1 + 0.1 * k, ROWS), 0.01, 0.99) for k in range(trials)]
    candidates = [Candidate(trial=k, epochs=1, predictions=both(q)) for k, q in enumerate(noise)]
    return y, candidates, Groups(column="g", labels=("a", "b", "c"), codes=group)


def redraws(score, candidates, truth, problem=F1, parts=1):
    return Redraws.affordable(score, candidates, truth, problem, parts=parts)


def held(y, candidates, problem=F1, draws=60, **more):
    """A score of the first candidate's predictions, all rows being untouched."""
    truth = Truth(y=y, blocks=np.full(len(y), -1), **more)
    settings = {"predictions": candidates[0].predictions, "rule": BEST_TRIAL, "draws": Draws(number=draws, seed=3)}
    return redraws(holdout(truth, candidates, problem, **settings), candidates, truth, problem)


SETTING = {"rule": BEST_TRIAL, "draws": Draws(number=60, seed=3)}


def test_groups_are_scored_on_the_draws_of_the_overall_score():
    y, candidates, groups = binary()
    rule = SelectionRule(members=2, calibration="auto")
    score = corrected(Truth(y=y), candidates, F1, rule=rule, draws=Draws(number=60, seed=3))
    whole, (column,) = scores_by_group(redraws(score, candidates, Truth(y=y)), [groups])
    assert whole.rows == ROWS
    assert whole.scores.keys() == score.held_out.keys()
    for name, found in score.held_out.items():
        assert (whole.scores[name].value, whole.scores[name].low) == pytest.approx((found.value, found.low)), name
    # By hand: in each draw what was chosen on it, on the rows of the group that were left out.
    counts, by_hand = draw(np.arange(ROWS), Draws(number=60, seed=3)), {}
    here = groups.codes == 1
    for one in score.replayed:
        final = calibration.apply(one.rule.calibration, mixed(candidates, one.blend))
        for number in one.draws:
            out = here & (counts[number] == 0)
            decided = final[out, 1] >= one.rule.threshold
            by_hand[number] = roc_auc_score(y[out], final[out, 1]), recall_score(y[out], decided)
    assert len(by_hand) == 60
    values = np.array([by_hand[number] for number in range(60)])
    found = [column.slices[1].scores[name] for name in ("roc_auc", "recall")]
    assert [one.value for one in found] == pytest.approx(values.mean(axis=0))
    assert [one.high for one in found] == pytest.approx(np.percentile(values, 97.5, axis=0))
    assert [one.rows for one in column.slices] == np.bincount(groups.codes).tolist()


def test_what_is_undefined_is_said_instead_of_a_number():
    y, candidates, groups = binary()
    score = corrected(Truth(y=y), candidates, F1, **SETTING)
    drawn = redraws(score, candidates, Truth(y=y))
    more = Groups(column="h", labels=("all", "none"), codes=np.zeros(ROWS, dtype=int))
    _, (column, other) = scores_by_group(drawn, [groups, more])
    last = column.slices[2]
    assert last.undefined["roc_auc"] == last.undefined["recall"] == "one class only"
    assert "roc_auc" not in last.scores
    assert 0 < last.scores["log_loss"].value < 2
    assert other.slices[1].rows == 0
    assert set(other.slices[1].undefined.values()) == {"no rows"}
    # One positive row: most draws have it out of the bag too seldom for an interval.
    positive = np.flatnonzero(y)[0]
    few = Groups(column="k", labels=("few", "rest"), codes=np.ones(ROWS, dtype=int))
    few.codes[[positive, np.flatnonzero(y == 0)[0]]] = 0
    _, (third,) = scores_by_group(drawn, [few])
    assert third.slices[0].undefined["roc_auc"] == "too few rows"


def test_under_holdout_only_untouched_rows_count():
    y, candidates, groups = binary()
    rows = np.arange(400, ROWS)
    touched = [Candidate(trial=c.trial, epochs=1, predictions=c.predictions.copy()) for c in candidates]
    for one in touched:
        one.predictions[rows] = np.nan
    deployed = candidates[0].predictions
    truth = Truth(y=y, blocks=np.where(np.arange(ROWS) < 400, 0, -1))
    score = holdout(truth, touched, F1, predictions=deployed, **SETTING)
    whole, (column,) = scores_by_group(redraws(score, touched, truth), [groups])
    here = rows[groups.codes[rows] == 0]
    first = column.slices[0]
    assert (whole.rows, first.rows) == (200, len(here))
    expected = scores(truth.take(here), deployed[here], F1, rule=score.rule)
    for name, interval in first.scores.items():
        assert interval.value == pytest.approx(expected[name]), name
        assert interval.low <= interval.value <= interval.high, name


def test_under_nested_each_block_has_its_own_threshold():
    y, candidates, groups = binary()
    blocks = np.arange(ROWS) % 3
    pairs = [
        PairCandidate(trial=c.trial, epochs=1, pairs={(i, j): c.predictions for i in range(3) for j in range(i + 1, 3)})
        for c in candidates
    ]
    truth = Truth(y=y, blocks=blocks)
    score = nested(truth, candidates, F1, pairs=pairs, **SETTING)
    assert len(np.unique(score.row_rule.threshold)) > 1
    whole, (column,) = scores_by_group(redraws(score, candidates, truth), [groups])
    assert whole.scores["f1"].value == pytest.approx(score.held_out["f1"].value)
    here = groups.codes == 1
    decided = score.predictions[here, 1] >= score.row_rule.threshold[here]
    assert column.slices[1].scores["recall"].value == pytest.approx(recall_score(y[here], decided))


def test_weights_count_as_repeated_rows_and_zero_not_at_all():
    y, candidates, groups = binary()
    weights = np.random.default_rng(1).integers(0, 3, ROWS).astype(float)
    copies = np.repeat(np.arange(ROWS), weights.astype(int))
    found = []
    for rows, given in ((np.arange(ROWS), weights), (copies, None)):
        own = [Candidate(trial=c.trial, epochs=1, predictions=c.predictions[rows]) for c in candidates]
        drawn = held(y[rows], own, RANKED, clusters=rows, weights=given)
        _, (column,) = scores_by_group(drawn, [groups.rows(rows)])
        (gap,) = gaps(drawn, [groups.rows(rows)], TARGET)
        found.append(
            ([one.value for one in column.slices[0].scores.values()], [r.groups["a"].value for r in gap.rates])
        )
        counted = np.count_nonzero((groups.codes == 0) & (weights > 0)) if given is not None else column.slices[0].rows
        assert column.slices[0].rows == gap.rows["a"] == counted
    for weighted, repeated in zip(*found, strict=True):
        assert weighted == pytest.approx(repeated)


def test_rates_of_groups_are_those_of_their_confusion_matrices():
    y, candidates, groups = binary()
    drawn = held(y, candidates)
    (gap,) = gaps(drawn, [groups], TARGET)
    assert gap.rows == dict(zip("abc", np.bincount(groups.codes).tolist(), strict=True))
    _, hits, alarms = gap.rates
    assert [rate.name for rate in gap.rates] == ["selection_rate", "true_positive_rate", "false_positive_rate"]
    assert {rate.label for rate in gap.rates} == {"yes"}
    for code, label in enumerate("ab"):
        here = groups.codes == code
        decided = candidates[0].predictions[here, 1] >= drawn.score.rule.threshold
        (tn, fp), (fn, tp) = confusion_matrix(y[here], decided)
        found = [rate.groups[label].value for rate in gap.rates]
        assert found == pytest.approx([(tp + fp) / here.sum(), tp / (tp + fn), fp / (fp + tn)])
    assert "c" not in hits.groups  # it has no positive row
    assert {hits.highest, hits.lowest} == {"a", "b"}
    values = {label: alarms.groups[label].value for label in "abc"}
    assert (alarms.highest, alarms.lowest) == (max(values, key=values.get), min(values, key=values.get))
    assert alarms.difference.value == pytest.approx(max(values.values()) - min(values.values()))
    assert alarms.ratio.value == pytest.approx(min(values.values()) / max(values.values()))
    assert alarms.difference.low < alarms.difference.value < alarms.difference.high


def test_a_planted_gap_is_outside_the_interval_and_no_gap_inside():
    rng = np.random.default_rng(5)
    rows, outside = 3000, []
    group = rng.integers(0, 2, rows)
    y = rng.integers(0, 2, rows)
    for shift in (0.0, 0.2):
        p = np.clip(0.2 + 0.6 * y + shift * (group == 1) + rng.normal(0, 0.25, rows), 0.01, 0.99)
        one = [Candidate(trial=0, epochs=1, predictions=both(p))]
        drawn = redraws(corrected(Truth(y=y), one, RANKED, **SETTING), one, Truth(y=y), RANKED)
        found = gaps(drawn, [Groups(column="g", labels=("a", "b"), codes=group)], TARGET)
        outside.append([rate.difference.low > 0 for rate in found[0].rates])
    assert outside == [[False] * 3, [True] * 3]


def test_the_largest_of_many_equal_gaps_is_not_significant():
    """The pair is picked because it is furthest apart; its interval pays for that."""
    alarms = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        y, group, p = rng.integers(0, 2, 1200), rng.integers(0, 8, 1200), rng.uniform(0.01, 0.99, 1200)
        one = [Candidate(trial=0, epochs=1, predictions=both(p))]
        labels = tuple("abcdefgh")
        groups = [Groups(column="g", labels=labels, codes=group)]
        (gap,) = gaps(held(y, one, RANKED, draws=150), groups, TARGET)
        alarms += gap.rates[0].difference.low > 0
    assert alarms <= 4


def test_groups_that_are_too_small_are_shown_but_not_compared():
    y, candidates, _ = binary()
    codes = np.zeros(ROWS, dtype=int)
    codes[:20] = 1
    score = corrected(Truth(y=y), candidates, F1, **SETTING)
    groups = [Groups(column="g", labels=("most", "few"), codes=codes)]
    (gap,) = gaps(redraws(score, candidates, Truth(y=y)), groups, TARGET)
    assert "few" in gap.rates[0].groups
    assert (gap.rates[0].difference, gap.rates[0].highest) == (None, "")


def test_three_classes_have_rates_of_each():
    rng = np.random.default_rng(2)
    y, group = rng.integers(0, 3, ROWS), rng.integers(0, 2, ROWS)
    p = rng.dirichlet(np.ones(3), ROWS) + 0.5 * np.eye(3)[y]
    one = [Candidate(trial=0, epochs=1, predictions=p / p.sum(axis=1, keepdims=True))]
    target = Target(name="y", task="multiclass", classes=("u", "v", "w"))
    groups = [Groups(column="g", labels=("a", "b"), codes=group)]
    drawn = held(y, one, Problem(task="multiclass", objective="log_loss"))
    (gap,) = gaps(drawn, groups, target)
    assert [rate.label for rate in gap.rates] == ["u"] * 3 + ["v"] * 3 + ["w"] * 3
    here = group == 1
    recalls = recall_score(y[here], p[here].argmax(axis=1), average=None)
    found = [rate.groups["b"].value for rate in gap.rates if rate.name == "true_positive_rate"]
    assert found == pytest.approx(recalls)
    _, (column,) = scores_by_group(drawn, groups)
    assert column.slices[1].scores["log_loss"].value == pytest.approx(log_loss(y[here], one[0].predictions[here]))


def regression(seed=0):
    rng = np.random.default_rng(seed)
    x, group = rng.normal(size=ROWS), rng.integers(0, 2, ROWS)
    y = 10 + x
    predicted = y + rng.normal(0, 0.2, ROWS) + 0.5 * (group == 1)
    return y, [Candidate(trial=0, epochs=1, predictions=predicted)], group


def test_a_regression_has_means_of_predictions_and_errors():
    y, candidates, group = regression()
    groups = [Groups(column="g", labels=("a", "b"), codes=group)]
    drawn = held(y, candidates, Problem(task="regression", objective="rmse"))
    (gap,) = gaps(drawn, groups, Target(name="y", task="regression"))
    mean, error = gap.rates
    predicted, here = candidates[0].predictions, group == 1
    assert mean.groups["b"].value == pytest.approx(predicted[here].mean())
    assert error.groups["b"].value == pytest.approx((predicted - y)[here].mean())
    assert (error.highest, error.lowest, error.ratio) == ("b", "a", None)
    assert 0.4 < error.difference.low < error.difference.high < 0.6
    _, (column,) = scores_by_group(drawn, groups)
    assert column.slices[1].scores["rmse"].value == pytest.approx(mean_squared_error(y[here], predicted[here]) ** 0.5)


def test_a_planted_slice_of_two_conditions_is_found():
    rng = np.random.default_rng(7)
    n = 4000
    codes = [rng.integers(0, k, n) for k in (2, 3, 4, 5)]
    groups = [
        Groups(column=f"c{j}", labels=tuple(f"v{k}" for k in range(c.max() + 1)), codes=c) for j, c in enumerate(codes)
    ]
    planted = (codes[1] == 2) & (codes[3] == 4)
    p = rng.beta(0.5, 0.5, n).clip(0.02, 0.98)
    y = (rng.random(n) < np.where(planted, 1 - p, p)).astype(int)
    candidates = [Candidate(trial=0, epochs=1, predictions=both(p))]
    score = corrected(Truth(y=y), candidates, RANKED, **SETTING)
    weak = weak_slices(redraws(score, candidates, Truth(y=y), RANKED), groups)
    (found,) = weak.found
    assert found.conditions == (("c1", "v2"), ("c3", "v4"))
    assert found.rows == planted.sum()
    assert (weak.metric, weak.columns, weak.left_out) == ("log_loss", 4, 0)
    assert weak.tried == 14 + 6 + 8 + 10 + 12 + 15 + 20  # single values, and pairs of different columns
    final = score.predictions
    assert found.elsewhere == pytest.approx(log_loss(y[~planted], final[~planted]), rel=0.03)
    assert found.loss.low <= log_loss(y[planted], final[planted]) <= found.loss.high
    assert found.score.value < 0.3
    assert found.chance < 1e-6


def test_large_tables_make_fewer_draws():
    y, candidates, _ = binary()
    score = corrected(Truth(y=y), candidates, RANKED, rule=BEST_TRIAL, draws=Draws(number=300, seed=3))
    assert redraws(score, candidates, Truth(y=y), parts=3).number == 200
    assert redraws(score, candidates, Truth(y=y), parts=10**4).number == 100


def test_a_difference_of_rates_lies_between_minus_one_and_one():
    group, place = np.repeat([0, 1], 60), np.arange(120)
    said = np.where(place % 60 == 0, group == 1, group == 0)
    candidates = [Candidate(trial=0, epochs=1, predictions=both(np.where(said, 0.9, 0.1)))]
    found = gaps(held(said.astype(int), candidates), [Groups(column="g", labels=("a", "b"), codes=group)], TARGET)
    rate = next(rate.difference for rate in found[0].rates if rate.name == "selection_rate")
    assert rate.value == pytest.approx(58 / 60)
    assert (rate.low > 0.8, rate.high) == (True, 1.0)
