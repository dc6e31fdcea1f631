"""Split: which rows each member of a stack may see, and the columns that say how rows depend on one another."""

from __future__ import annotations

from dataclasses import dataclass

from autoft.records.arrays import Array

#: Places of rows that are in no block: the untouched holdout, and rows that are learned from and never scored.
HOLDOUT, LEARNED = -1, -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of time: a number of rows, or of seconds."""

    amount: float = 0.0
    seconds: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDependence:
    """Columns by which rows depend on one another.

    Attributes:
        group: Its equal values belong together; None where there is no such column.
        time: They order the rows in time: one column, or several from the coarse to the fine (year, month, day).
    """

    group: str | None = None
    time: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.group is not None or bool(self.time)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Where each row belongs.

    Attributes:
        blocks: One of `k` blocks, ``[n]`` from 0; `HOLDOUT` for rows of the untouched holdout, `LEARNED` for rows that
            are learned from and never scored.
        clusters: Rows that are drawn together (identical rows, groups, stretches of time) share a number, ``[n]``.
        windows: Positions of the rows that the model of each block learns from; empty where these are all rows of the
            other blocks.
    """

    blocks: Array
    clusters: Array
    k: int
    windows: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """One model of a trial's stack: positions of the rows that it learns from, and of those in the blocks that it has
    not seen."""

    train: Array
    held_out: Array
    blocks: tuple[int, ...]
