"""Predictors: a sample of rows with the columns that may give the target away, and their scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoft.records.arrays import Array
from autoft.records.columns import Column, Task

#: ROC-AUC from which one or two columns give the answer away,
LEAK_AUC = 0.999
#: or R2.
LEAK_R2 = 0.9999


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictors:
    """Columns that do not give the target away by themselves, on a sample of rows.

    Attributes:
        ordinals: ``[n, columns]`` their cells as positions among their sorted values, -1 where missing.
        truth: ``[n]`` class positions or values.
        alone: ``[columns]`` score of each by itself.
        allow: Names of columns whose strength is known and right.
    """

    features: tuple[Column, ...]
    ordinals: Array
    truth: Array
    alone: Array
    task: Task
    allow: tuple[str, ...]

    @property
    def metric(self) -> str:
        """What the scores are."""
        return metric_of(self.task)


def metric_of(task: Task) -> str:
    return "R2" if task == "regression" else "ROC-AUC"


def strongest(alone: Array, most: int) -> Array:
    """Positions of the columns that predict best by themselves, in the order of the table."""
    return np.sort(np.argsort(-alone, kind="stable")[:most])
