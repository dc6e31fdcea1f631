"""Redraws: the predictions behind a corrected score, draw by draw, for scores of parts of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autoft.evaluation import calibration
from autoft.evaluation.bootstrap import around, draw, mean_interval
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.selection import Candidate, mixed
from autoft.records.arrays import Array
from autoft.records.decisions import AnyRule
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Interval

#: Most draws of a part of the rows: the first ones of the overall score.
DRAWS = 200
#: Rows x draws x parts beyond which fewer draws are made.
AFFORDABLE = 2 * 10**8
#: Fewest draws.
FEWEST = 100
#: Share of the draws in which a number must be defined to have an interval.
DEFINED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawGroup:
    """Draws with the same predictions.

    Attributes:
        predictions: For the rows of the score, ``[m, classes]`` or ``[m]``.
        weights: How often each draw scores each row, ``[draws, m]``.
    """

    draws: list[int]
    predictions: Array
    rule: AnyRule
    weights: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redraws:
    """A corrected score, and what it was made of.

    Attributes:
        number: How many of its draws are used.
    """

    score: CorrectedScore
    candidates: Sequence[Candidate]
    truth: Truth
    problem: Problem
    number: int

    @classmethod
    def affordable(
        cls, score: CorrectedScore, candidates: Sequence[Candidate], truth: Truth, problem: Problem, *, parts: int
    ) -> Redraws:
        """With as many draws as are affordable for `parts` parts, each taken to be as large as all rows."""
        affordable = AFFORDABLE // (len(score.rows) * max(parts, 1))
        number = min(score.draws.number, DRAWS, max(affordable, FEWEST))
        return cls(score=score, candidates=candidates, truth=truth, problem=problem, number=number)

    @property
    def own(self) -> Truth:
        """True answers of the rows of the score."""
        return self.truth.take(self.score.rows)

    @property
    def whole(self) -> DrawGroup:
        """The choice on all rows, each counted once."""
        return self._of_choice([0], np.ones((1, len(self.score.rows)), dtype=np.uint8))

    def groups(self) -> Iterator[DrawGroup]:
        """The draws by the choice that was made on them; draws without a choice are in none."""
        score, rows = self.score, self.score.rows
        counts = draw(self.own.groups, replace(score.draws, number=self.number))
        if not score.out_of_bag:
            yield self._of_choice(list(range(self.number)), counts)
            return
        for replayed in score.replayed:
            here = [number for number in replayed.draws if number < self.number]
            if here:
                blended = mixed(self.candidates, replayed.blend, rows)
                final = calibration.apply(replayed.rule.calibration, blended)
                left_out = (counts[here] == 0).astype(np.uint8)
                yield DrawGroup(draws=here, predictions=final, rule=replayed.rule, weights=left_out)

    def _of_choice(self, draws: list[int], weights: Array) -> DrawGroup:
        score = self.score
        rule = score.rule if score.row_rule is None else score.row_rule
        return DrawGroup(draws=draws, predictions=score.predictions[score.rows], rule=rule, weights=weights)

    def interval(self, value: float, samples: Array) -> Interval | None:
        """The interval of draws ``[number]`` as the overall score has it; None where too few of them are defined."""
        if not np.isfinite(value) or np.isfinite(samples).mean() < DEFINED:
            return None
        return mean_interval(samples) if self.score.out_of_bag else around(value, samples)
