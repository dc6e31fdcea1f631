"""The frozen records of slices: what a model is worth on groups of rows (standard library only)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autoft.records.scores import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One group of rows, scored with single networks of the folds: the gain of their mean is known for all rows only.

    Attributes:
        group: The value or range, in words.
        scores: By metric, with 95 % intervals; undefined ones are absent.
        undefined: Why a metric is absent.
    """

    group: str
    rows: int
    scores: Mapping[str, Interval] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicedColumn:
    """The slices of one declared column, each row in one of them; `note` says how they were made."""

    column: str
    slices: tuple[Slice, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakSlice:
    """Rows that the search found to be answered worse than the others.

    Attributes:
        conditions: One or two of column and group, all of which hold.
        loss, elsewhere: The search's metric on these rows and on all others.
        chance: Upper bound of the probability that luck alone makes any of the slices that were tried look so bad.
        score: The objective on these rows; None where it is undefined.
    """

    conditions: tuple[tuple[str, str], ...]
    rows: int
    loss: Interval
    elsewhere: float
    chance: float
    score: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakSearch:
    """The search for weak slices, the worst first, by a metric (``log_loss``, ``rmse``, their mean squared error, or
    ``pinball``); none where none is worse than luck explains. There was no room for the groups of `left_out`
    columns."""

    metric: str
    tried: int
    columns: int
    left_out: int = 0
    found: tuple[WeakSlice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One number by group, and the largest distance between two groups.

    Attributes:
        name: ``selection_rate``, ``true_positive_rate``, ``false_positive_rate``, ``mean_prediction`` or ``mean_error``
            (predicted minus true).
        label: The class whose rate it is; empty for a regression.
        groups: By group, with 95 % interval; groups where it is undefined are absent.
        highest, lowest: The groups whose numbers are furthest apart, of those large enough to be compared; empty where
            there are not two.
        difference: Highest minus lowest. Its interval is widened for the number of pairs that were compared.
        ratio: Lowest over highest, of rates alone.
    """

    name: str
    label: str
    groups: Mapping[str, Interval]
    highest: str = ""
    lowest: str = ""
    difference: Interval | None = None
    ratio: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The groups of one column with ``use: audit``: numbers of held-out rows, and rates."""

    column: str
    rows: Mapping[str, int]
    rates: tuple[Rate, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Everything that is said of groups of rows; `whole` are all rows, scored as the groups are."""

    whole: Slice
    declared: tuple[SlicedColumn, ...] = ()
    weak: WeakSearch | None = None
    gaps: tuple[Gap, ...] = ()
