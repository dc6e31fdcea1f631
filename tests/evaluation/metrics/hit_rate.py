"""A metric as a user would add it: a class in a file of its own, which is registered when it is imported."""

import numpy as np

from autoft.evaluation.metrics import Metric, Prediction
from autoft.records.problem import Truth


class HitRateAtTop(Metric):
    """Share of positive rows among the tenth with the highest probability; ties at the border count whole."""

    name = "hit_rate_at_top"
    label = "Hit rate at the top"
    meaning = "of the tenth of the rows that look most positive, the share that is positive"
    tasks = ("binary",)
    needs = "proba"
    synonyms = ("precision_at_10",)

    def point(self, truth: Truth, prediction: Prediction) -> float:
        weights = np.ones(len(truth)) if truth.weights is None else truth.weights
        order = np.argsort(-prediction.positive)
        seen = np.cumsum(weights[order])
        border = order[np.searchsorted(seen, 0.1 * seen[-1] * (1 - 1e-9))]
        top = prediction.positive >= prediction.positive[border]
        hits = truth.y[top] == prediction.problem.positive_index
        return float(np.average(hits, weights=weights[top]))
