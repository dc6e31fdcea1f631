"""Encoders of numbers (robust scale, logarithmic scale, normal quantiles, booleans), dates and missing cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder, Direction
from autoft.records.arrays import LARGEST, Array
from autoft.records.columns import Column

#: Sine and cosine of each cycle, in the order of the outputs.
CYCLES = ("year_sin", "year_cos", "week_sin", "week_cos", "day_sin", "day_cos")


@ENCODERS.register
class Cycles(ColumnEncoder):
    """Sines and cosines of the year, the week and the day; zeros for a missing date."""

    name = "cycles"
    kinds = frozenset({"date"})

    def width(self, column: Column) -> int:
        return len(CYCLES)

    def describe(self, column: Column) -> str:
        return "Becomes the place in the year, the week and the day, as sines and cosines."

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        return {}

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        from autoft.preprocessing.layers.derived import DateCycles

        return DateCycles(name="date_cycles")


@ENCODERS.register
class Missing(ColumnEncoder):
    """1 where a cell is missing; always 0 for a member without missing cells in its training rows: it could not learn
    what 1 means."""

    name = "missing"
    kinds = frozenset({"numeric", "boolean", "date"})

    def directions(self, column: Column) -> tuple[Direction, ...]:
        return ("missing",)

    def describe(self, column: Column) -> str:
        return "A 0/1 input says where it is missing; its values are not used."

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        return {"gaps": np.stack([np.isnan(values[rows]).any(axis=0).astype(np.float64) for rows in members])}

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        from autoft.preprocessing.layers.numbers import MissingIndicator

        gaps = statistics["gaps"]
        indicator = MissingIndicator(len(gaps), name="missing")
        indicator.build((None, gaps.shape[1]))
        indicator.set_weights([gaps[:, None]])
        return indicator


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberScale:
    """How a member scales a number: ``(x - middle) * factor``, of ``sign(x) log1p(|x| / unit)`` in place of x where
    `unit` is not 0; `center` fills a gap."""

    center: float
    middle: float
    factor: float
    unit: float = 0.0


@ENCODERS.register
@dataclass(frozen=True)
class Robust(ColumnEncoder):
    """Median and interquartile range of the training rows; gaps are filled with the median.

    If `clip`, values are squeezed smoothly into three units around the median.
    """

    name = "robust"
    kinds = frozenset({"numeric", "date"})
    clip: bool = True

    def directions(self, column: Column) -> tuple[Direction, ...]:
        return (1,)

    def describe(self, column: Column) -> str:
        squeeze = ", then squeezed smoothly into ±3 units so that no outlier dominates" if self.clip else ""
        return f"The median is subtracted and the interquartile range divided out{squeeze}."

    def scale(self, x: Array) -> NumberScale:
        """Of a member's training cells ``[m]``, NaN where they are missing."""
        median, factor = robust_scale(x)
        return NumberScale(center=median, middle=median, factor=factor)

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        return scales([[self.scale(x) for x in values[rows].T] for rows in members])

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        from autoft.preprocessing.layers.numbers import scaling_layer

        return scaling_layer(statistics, clip=self.clip)


@ENCODERS.register
class Logarithm(Robust):
    """The robust scale of ``sign(x) log1p(|x| / unit)``; the unit is the median size of what is not 0."""

    name = "logarithm"
    kinds = frozenset({"numeric"})

    def describe(self, column: Column) -> str:
        return f"Its logarithm is taken (of its size in units of the median). {super().describe(column)}"

    def scale(self, x: Array) -> NumberScale:
        sizes = np.abs(x)
        sizes = np.minimum(sizes[np.isfinite(sizes) & (sizes > 0)], LARGEST)
        unit = max(float(np.median(sizes)), 1.0 / LARGEST) if len(sizes) else 1.0
        middle, factor = robust_scale(signed_log(np.clip(x, -LARGEST, LARGEST), unit))
        return NumberScale(center=robust_scale(x)[0], middle=middle, factor=factor, unit=unit)


@ENCODERS.register
class Boolean(Robust):
    """No and yes as -1 and +1, whatever their shares (a little less where values are clipped)."""

    name = "boolean"
    kinds = frozenset({"boolean"})

    def describe(self, column: Column) -> str:
        return f"{_alternatives(column.false)} becomes -1, {_alternatives(column.true)} becomes +1."

    def scale(self, x: Array) -> NumberScale:
        return NumberScale(center=0.5, middle=0.5, factor=2.0)


@ENCODERS.register
class Quantile(ColumnEncoder):
    """The normal quantile of each number's rank in the training rows."""

    name = "quantile"
    kinds = frozenset({"numeric", "date"})

    def directions(self, column: Column) -> tuple[Direction, ...]:
        return (1,)

    def describe(self, column: Column) -> str:
        return "Its quantiles become those of a normal distribution, so that no outlier dominates."

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        center = [[robust_scale(x)[0] for x in values[rows].T] for rows in members]
        return {"center": np.array(center), "quantiles": quantile_table(values, members)}

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        from autoft.preprocessing.layers.numbers import quantile_layer

        return quantile_layer(statistics)


def scales(members: Sequence[Sequence[NumberScale]]) -> dict[str, Array]:
    """The scales of each member's numbers as arrays ``[S, k]`` by the names of `NumberScale`."""
    names = ("center", "middle", "factor", "unit")
    return {name: np.array([[getattr(one, name) for one in own] for own in members]) for name in names}


def robust_scale(x: Array) -> tuple[float, float]:
    """Median and scale of a column (RealMLP, arXiv 2407.04491): one over the interquartile range.

    Where the quartiles coincide (zero-inflated columns) two over the range; where all values coincide 0, so that
    a column that is constant in the training rows can never blow up on a new value.

    >>> robust_scale(np.array([1.0, 2.0, 3.0, np.nan]))
    (2.0, 1.0)
    """
    x = np.clip(x[np.isfinite(x)], -LARGEST, LARGEST)
    if not len(x):
        return 0.0, 0.0
    low, median, high = (float(q) for q in np.quantile(x, [0.25, 0.5, 0.75]))
    spread = high - low if high > low else float(x.max() - x.min()) / 2.0
    return median, 1.0 / max(spread, 1.0 / LARGEST) if spread > 0 else 0.0


def signed_log(x: Array, unit: Array | float) -> Array:
    """``sign(x) log1p(|x| / unit)``: rises everywhere, a straight line around 0 and a logarithm far from it; finite.

    >>> signed_log(np.array([-1.0, 0.0, 1.0]), 1.0).round(3).tolist()
    [-0.693, 0.0, 0.693]
    """
    with np.errstate(over="ignore"):
        ratio = np.minimum(np.abs(x) / unit, LARGEST)
    return np.asarray(np.sign(x) * np.log1p(ratio))


def quotient(above: Array, below: Array) -> Array:
    """Quotients of equal shape; NaN where they are not finite.

    >>> quotient(np.array([1.0, 1.0, np.nan]), np.array([4.0, 0.0, 1.0])).tolist()
    [0.25, nan, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = above / below
    return np.where(np.isfinite(found), found, np.nan)


def quantiles_for(rows: int) -> int:
    """Number of quantiles by the number of training rows.

    >>> quantiles_for(50), quantiles_for(3_000), quantiles_for(10**6)
    (10, 100, 1000)
    """
    return int(np.clip(rows // 30, 10, 1000))


def quantile_table(numbers: Array, members: Sequence[Array]) -> Array:
    """Quantiles ``[S, q, k]`` of columns ``[n, k]``, from each member's training rows alone; NaN does not count.

    Members with fewer rows have fewer quantiles; behind them the table is infinite. A column without values is all 0.
    """
    counts = [quantiles_for(len(rows)) for rows in members]
    table = np.full((len(members), max(counts), numbers.shape[1]), np.inf)
    for s, (rows, count) in enumerate(zip(members, counts, strict=True)):
        for j in range(numbers.shape[1]):
            own = np.clip(numbers[rows, j], -LARGEST, LARGEST)
            own = own[~np.isnan(own)]
            # Per cent and the running maximum are scikit-learn's: rounded otherwise, ties would be others than its.
            found = np.percentile(own, np.linspace(0.0, 1.0, count) * 100) if len(own) else np.zeros(count)
            table[s, :count, j] = np.maximum.accumulate(found)
    return table


def _alternatives(texts: tuple[str, ...]) -> str:
    """Texts of a column as a sentence shows them."""
    return "/".join(f"'{t}'" for t in texts) or "0"
