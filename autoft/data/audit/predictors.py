"""Predictors: a sample of rows with the columns that may give the target away, and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from autoft.records.arrays import Array
from autoft.records.columns import Column, Task

#: ROC-AUC from which one or two columns give the answer away,
LEAK_AUC = 0.999
#: or R2.
LEAK_R2 = 0.9999
#: It does so in other rows too if, at this level, it errs in less than this share of all rows.
LEVEL, ERRORS = 0.05, 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictors:
    """Columns that do not give the target away by themselves, on a sample of rows.

    Attributes:
        ordinals: ``[n, columns]`` their cells as positions among their sorted values, -1 where missing.
        truth: ``[n]`` class positions or values.
        alone: ``[columns]`` score of each by itself.
        allow: Names of columns whose strength is known and right.
        tried: Number of all columns, these are the strongest of.
    """

    features: tuple[Column, ...]
    ordinals: Array
    truth: Array
    alone: Array
    task: Task
    allow: tuple[str, ...]
    tried: int

    @property
    def metric(self) -> str:
        """What the scores are."""
        return metric_of(self.task)


def metric_of(task: Task) -> str:
    return "R2" if task == "regression" else "ROC-AUC"


def beyond_luck(rows: int, tried: float) -> bool:
    """Whether one of so many tried columns that makes no error in so many rows makes hardly any in others (Bonferroni).
    Of thousands of genes some separate two kinds of patients in fifty rows, and err in each tenth of the next.

    >>> beyond_luck(60, 10), beyond_luck(54, 7_000), beyond_luck(1_000, 7_000)
    (True, False, True)
    """
    return log(tried / LEVEL) <= ERRORS * rows


def strongest(alone: Array, most: int) -> Array:
    """Positions of the columns that predict best by themselves, in the order of the table."""
    return np.sort(np.argsort(-alone, kind="stable")[:most])
