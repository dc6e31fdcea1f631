"""F2: precision and recall in one number, for problems where a missed case is worse than a false alarm."""

import numpy as np

from autoft.evaluation.metrics import METRICS, DecisionCounts, Metric


@METRICS.register
class F2(Metric):
    """F-measure with beta = 2 (van Rijsbergen, 1979); the decision threshold is tuned for it."""

    name = "f2"
    label = "F2"
    meaning = "mean of precision and recall in which recall weighs more"
    tasks = ("binary",)
    needs = "label"
    threshold = "tuned"

    def point(self, truth, prediction):
        problem = prediction.problem
        weights = np.ones(len(truth)) if truth.weights is None else truth.weights
        is_positive, decided = truth.y == problem.positive_index, prediction.labels == problem.positive_index
        counts = DecisionCounts(
            hits=weights @ (is_positive & decided),
            alarms=weights @ (~is_positive & decided),
            positives=weights @ is_positive,
            negatives=weights @ ~is_positive,
        )
        return float(self.at_threshold(counts, problem)) if counts.positives > 0 else np.nan

    def at_threshold(self, counts, problem):
        return 5 * counts.hits / (4 * counts.positives + counts.hits + counts.alarms) + counts.defined
