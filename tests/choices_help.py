"""The choice among candidates on all rows, as tests ask for it."""

from collections.abc import Sequence

from autoft.evaluation.selection import Blend, Candidate, Replay
from autoft.records.problem import Problem, SelectionRule, Truth


def choose(truth: Truth, candidates: Sequence[Candidate], problem: Problem, *, members: int = 1) -> Blend:
    return Replay(truth, candidates, problem, SelectionRule(members=members)).on_all_rows()
