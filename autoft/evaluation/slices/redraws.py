"""The answers behind a verdict again, draw by draw: for what is asked of parts of the rows after the choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autoft.evaluation import calibration
from autoft.evaluation.bootstrap import around, draw, mean_interval
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.selection import Candidate, mixed
from autoft.records import Interval
from autoft.records.arrays import Array

#: Draws that parts of the rows are scored on: the first ones of the overall score.
DRAWS = 200

#: Rows x draws x questions beyond which fewer draws are made, and the fewest.
AFFORDABLE, FEWEST = 2 * 10**8, 100

#: Share of the draws in which a number must be defined to have an interval.
DEFINED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawGroup:
    """Draws that were answered alike.

    Attributes:
        draws: Their numbers.
        predictions: Answers for the rows of the verdict, ``[m, classes]`` or ``[m]``.
        threshold: Of a decision, one for all rows or ``[m]``.
        weights: How often each draw scores each row, ``[draws, m]``.
    """

    draws: list[int]
    predictions: Array
    threshold: float | Array
    weights: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redraws:
    """A verdict, the candidates it was given of, and the clusters of all rows.

    Attributes:
        number: How many of its draws are looked at.
    """

    verdict: CorrectedScore
    candidates: Sequence[Candidate]
    clusters: Array
    number: int

    @classmethod
    def of(cls, verdict: CorrectedScore, candidates: Sequence[Candidate], clusters: Array, questions: int) -> Redraws:
        """As many draws as so many questions, each about all rows, can afford."""
        affordable = AFFORDABLE // (len(verdict.rows) * max(questions, 1))
        number = min(verdict.draws, DRAWS, max(affordable, FEWEST))
        return cls(verdict=verdict, candidates=candidates, clusters=clusters, number=number)

    @property
    def predictions(self) -> Array:
        """Of the choice on all rows, for the rows of the verdict."""
        return np.asarray(self.verdict.predictions[self.verdict.rows])

    @property
    def threshold(self) -> float | Array:
        """Of the choice on all rows."""
        return self.verdict.finish.threshold if self.verdict.thresholds is None else self.verdict.thresholds

    @property
    def whole(self) -> DrawGroup:
        """The choice on all rows, each counted once."""
        once = np.ones((1, len(self.verdict.rows)), dtype=np.uint8)
        return DrawGroup(draws=[0], predictions=self.predictions, threshold=self.threshold, weights=once)

    def parts(self) -> Iterator[DrawGroup]:
        """Every draw once, but for those without a choice: what was chosen on it, for the rows that it scores."""
        verdict, rows = self.verdict, self.verdict.rows
        counts = draw(self.clusters[rows], self.number, verdict.seed)
        if not verdict.out_of_bag:
            every = list(range(self.number))
            yield DrawGroup(draws=every, predictions=self.predictions, threshold=self.threshold, weights=counts)
            return
        for replayed in verdict.replayed:
            here = [number for number in replayed.draws if number < self.number]
            if here:
                blended = mixed(self.candidates, replayed.choice, rows)
                final = calibration.apply(replayed.finish.calibration, blended)
                left_out = (counts[here] == 0).astype(np.uint8)
                yield DrawGroup(draws=here, predictions=final, threshold=replayed.finish.threshold, weights=left_out)

    def interval(self, value: float, samples: Array) -> Interval | None:
        """The interval as the overall score has it; None where too few draws define it.

        Args:
            value: On all rows, by the choice on all rows.
            samples: ``[number]``, NaN where undefined.
        """
        if not np.isfinite(value) or np.isfinite(samples).mean() < DEFINED:
            return None
        return mean_interval(samples) if self.verdict.out_of_bag else around(value, samples)
