"""The suite for metrics refuses metrics that are wrong, each for its own reason."""

import numpy as np
import pytest

from autoft.evaluation.metrics import METRICS
from autoft.evaluation.metrics.areas import RocAuc
from autoft.evaluation.metrics.labels import F1, Accuracy
from autoft.evaluation.metrics.metric import Metric
from autoft.evaluation.metrics.values import MeanAbsoluteError
from autoft.testing import check_metric


class _Plain(Metric):
    """Share of right labels, by `point` alone."""

    name, label, meaning = "plain", "Plain", "share of right labels"
    tasks, needs = ("binary", "multiclass"), "label"

    def point(self, truth, prediction):
        return float(np.average(truth.y == prediction.labels, weights=truth.weights))


class _Unlabelled(_Plain):
    label = " "


class _Unweighted(_Plain):
    def point(self, truth, prediction):
        return float(np.mean(truth.y == prediction.labels))


class _Ordered(_Plain):
    def point(self, truth, prediction):
        right = truth.y == prediction.labels
        weights = np.ones(len(right)) if truth.weights is None else truth.weights
        return float(np.average(right, weights=weights * np.arange(1, len(right) + 1)))


class _Upside(_Plain):
    direction = "min"


class _Infinite(_Plain):
    def point(self, truth, prediction):
        return super().point(truth, prediction) if np.ptp(truth.y) else np.inf


class _Beyond(_Plain):
    def point(self, truth, prediction):
        return 2 * super().point(truth, prediction)


class _Narrow(_Plain):
    range = (0.0, 0.5)


class _OtherThreshold(F1):
    def at_threshold(self, counts, problem):
        return Accuracy().at_threshold(counts, problem)


class _Ranks(_Plain):
    ranks_only = True


class _Guessed(MeanAbsoluteError):
    greater_is_better = False


class _OtherDraws(RocAuc):
    def value(self, sums):
        return super().value(sums) + 0.01


class _Writer(MeanAbsoluteError):
    def point(self, truth, prediction):
        prediction.values[0] = 0
        return super().point(truth, prediction)


def test_a_point_alone_is_enough():
    check_metric(_Plain())
    assert "plain" not in METRICS


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (_Unlabelled, "label is a text"),
        (_Guessed, "'greater_is_better' is an attribute that something reads"),
        (_Unweighted, "with a weight of 2 counts as two"),
        (_Ordered, "weight of 2 counts as two|the order of the rows"),
        (_Upside, "perfect predictions .* are better than random ones"),
        (_Infinite, "undefined it is NaN"),
        (_Beyond, "is better than `perfect`"),
        (_Narrow, "lies in `range`, 0 to 0.5"),
        (_OtherThreshold, r"at_threshold\(0.3\)"),
        (_Ranks, "only the order"),
        (_OtherDraws, "a draw of binary .* is the value on repeated rows"),
    ],
)
def test_a_wrong_metric_is_refused(wrong, said):
    with pytest.raises(AssertionError, match=said):
        check_metric(wrong())


def test_a_metric_that_writes_into_predictions_is_refused():
    with pytest.raises(ValueError, match="read-only"):
        check_metric(_Writer())
