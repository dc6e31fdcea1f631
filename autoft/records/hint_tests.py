"""Results of hint tests, and curves of columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autoft.records.columns import Kind
from autoft.records.scores import Interval

HintVerdict = Literal[
    "helps", "no measurable effect", "hurts", "contradicted", "contradicted in part", "satisfied anyway", "not tested"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HintSlice:
    """Rows in which the data contradict an effect that they do not contradict on the whole.

    Attributes:
        column, group: What the rows have in common.
        gain: Mean loss of a row (log-loss, squared error or pinball loss) without the hint less with it: below zero.
            The 95 % interval holds for all slices at once that were looked at.
        obeyed: Share of their movement by which the models without the effect go its way there.
    """

    column: str
    group: str
    rows: int
    gain: Interval
    obeyed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HintTest:
    """What the data say of a hint: the deployed configuration was trained with all hints, and without this one.

    Attributes:
        hint: In words, column first (``tenure: effect decreasing``).
        verdict: ``helps`` or ``contradicted`` where held-out blocks tell the two models apart, ``satisfied anyway``
            where the model without the hint satisfies it by itself, else ``no measurable effect``;
            ``contradicted in part`` where it is contradicted in some slices and not in the other rows; ``not tested``
            where there is nothing to compare or no time.
        gain: Objective with the hint less the objective without, over the blocks, with a 95 % interval; positive is
            better whatever the direction of the metric. None where not tested. The order of a column with an effect is
            measured with models without that effect.
        obeyed: Share of its movement by which the model without an effect goes the way that the hint says; None for
            other hints.
        where: Why it was not tested, or with how many epochs where time was short; else empty.
        slices: Where it is contradicted in part, the worst first.
    """

    hint: str
    because: str
    verdict: HintVerdict
    gain: Interval | None = None
    obeyed: float | None = None
    where: str = ""
    slices: tuple[HintSlice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How the answer moves with one column while all others stay (`autoft.evaluation.partial_dependence`).

    Attributes:
        kind: ``numeric``, ``boolean``, ``categorical`` or ``date``.
        label: Class whose probability is the answer, as text; None for the number of a regression.
        grid: What the column is set to: rising numbers (dates as seconds since 1970), or texts.
        mean: Partial dependence: mean answer of the sampled rows at each.
        members: The same of each fold's network, over rows that it did not train on.
        lines: Answers of some single rows.
        rising, falling: Share of the sampled rows whose answer goes (all but) one way along the grid.
        spread: Standard deviation of the sampled rows' answers as they are.
        cells: Of the column: eleven quantiles from the least to the largest; of texts the share of rows of each.
        ordered: Whether the order of the grid means something.
    """

    column: str
    kind: Kind
    label: str | None
    grid: tuple[float | str, ...]
    mean: tuple[float, ...]
    members: tuple[tuple[float, ...], ...]
    lines: tuple[tuple[float, ...], ...]
    rows: int
    rising: float
    falling: float
    spread: float
    cells: tuple[float, ...]
    ordered: bool = True
