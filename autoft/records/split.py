"""Split: which rows each member of a stack may see, and the columns that say how rows depend on one another."""

from __future__ import annotations

from dataclasses import dataclass

from autoft.records.arrays import Array


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
    """Where each row belongs: one of `k` blocks, ``[n]`` from 0, or -1 for rows of the untouched holdout. Rows that
    must move together (identical rows, groups) share a number in `clusters`, ``[n]``."""

    blocks: Array
    clusters: Array
    k: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """One model of a trial's stack: positions of the rows that it learns from, and of those in the blocks that it has
    not seen."""

    train: Array
    held_out: Array
    blocks: tuple[int, ...]
