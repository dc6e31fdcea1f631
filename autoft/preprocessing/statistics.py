"""Statistics of the preprocessing layers, fitted for each member on its training rows alone (numpy, float64)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoft.preprocessing.encode import MISSING, Encoded
from autoft.preprocessing.layout import DATE_PARTS, InputLayout
from autoft.preprocessing.ratios import quotient
from autoft.preprocessing.text import Words, fit_words, known_counts
from autoft.records.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the layers know, with a leading axis of members.

    Attributes:
        center, factor: ``[S, d]`` float64: a number x becomes ``(x - center) * factor``; center also fills gaps.
            Dates contribute their trend. In the order of ``plan.measured``.
        gaps: ``[S, k]`` float64 in the order of ``plan.indicated``: 1 where the member saw a missing cell, 0 where
            it never did and so could not learn what one means.
        tables: By categorical column ``[S, 2 + vocabulary]`` int32: code in the whole table -> the member's slot
            (0 unknown, 1 missing, 2... its own categories by frequency).
        quantiles: ``[S, q, k]`` float64 of the numeric columns, ascending, where they are scaled by those; members
            with fewer rows have fewer, the rest is infinite. Else q is 0.
        words: By text column, what the members know of it.
        logs: ``[S, d]`` float64 of columns with a logarithmic scale what is 1 on it, else 0; None where there are none.
            A number is imputed, then ``sign(x) log1p(|x| / logs)`` is taken, and that is scaled, around `middle`.
        middle: ``[S, d]`` float64, what scaled numbers are centred at: `center` itself but for logarithms.
    """

    center: Array
    factor: Array
    gaps: Array
    tables: tuple[Array, ...]
    quantiles: Array
    words: tuple[Words, ...] = ()
    logs: Array | None = None
    middle: Array | None = None

    def first(self, members: int) -> Statistics:
        """Those of the first members."""
        return Statistics(
            center=self.center[:members],
            factor=self.factor[:members],
            gaps=self.gaps[:members],
            tables=tuple(table[:members] for table in self.tables),
            quantiles=self.quantiles[:members],
            words=tuple(words.first(members) for words in self.words),
            logs=None if self.logs is None else self.logs[:members],
            middle=None if self.middle is None else self.middle[:members],
        )

    def arrays(self, encoded: Encoded) -> dict[str, Array]:
        """Inputs of the preprocessing layers for some rows; those without a column are not among them."""
        inputs = {"numbers": encoded.numbers, "codes": encoded.codes}
        found = {name: array for name, array in inputs.items() if array.shape[1]}
        return found | ({"words": known_counts(self.words, encoded.texts)} if self.words else {})


def fit_statistics(plan: InputLayout, encoded: Encoded, members: Sequence[Array]) -> Statistics:
    """Fit one set of statistics per member.

    Args:
        plan: The layout.
        encoded: All rows.
        members: Positions of each member's training rows; no other row is read for it.
    """
    centers, factors, gaps, logs, middles = [], [], [], [], []
    numbers = with_derived(plan, encoded.numbers)
    indicated = [plan.measured.index(column) for column in plan.indicated]
    tables: list[list[Array]] = [[] for _ in plan.categories]
    for rows in members:
        own = encoded.rows(rows)
        log = _log_units(plan, numbers[rows])
        center, middle, factor = _numbers(plan, numbers[rows], log)
        centers.append(center)
        factors.append(factor)
        logs.append(log)
        middles.append(middle)
        gaps.append(np.isnan(numbers[rows][:, indicated]).any(axis=0).astype(np.float64))
        for j, category in enumerate(plan.categories):
            tables[j].append(_table(own.codes[:, j], len(category.vocabulary), category.slots))
    return Statistics(
        center=np.stack(centers),
        factor=np.stack(factors),
        gaps=np.stack(gaps),
        tables=tuple(np.stack(t) for t in tables),
        quantiles=_quantiles(plan, encoded.numbers[:, : len(plan.numeric)], members),
        words=tuple(
            fit_words(text.vocabulary, text.slots, own, members)
            for text, own in zip(plan.texts, encoded.texts, strict=True)
        ),
        logs=np.stack(logs) if plan.logs else None,
        middle=np.stack(middles) if plan.logs else None,
    )


def tfidf(plan: InputLayout, encoded: Encoded, rows: Array) -> Array:
    """The words of all rows ``[n, w]`` float32 as a member that trains on some of them would see them."""
    parts = []
    for text, own in zip(plan.texts, encoded.texts, strict=True):
        words = fit_words(text.vocabulary, text.slots, own, [rows])
        # Before all counts a column of zeros, so that a column without known words has something to take.
        counts = np.pad(known_counts([words], [own]), ((0, 0), (1, 0)))
        weighted = np.log1p(counts[:, words.take[0] + (words.idf[0] > 0)]) * words.idf[0]
        length = np.linalg.norm(weighted, axis=1, keepdims=True)
        parts.append(weighted / np.where(length > 0, length, 1.0))
    return np.hstack(parts)


def with_derived(plan: InputLayout, numbers: Array) -> Array:
    """Numbers ``[n, d]``, then the seconds between each pair of dates, then ratios; NaN where a part is missing."""
    pairs = [(plan.numbers.index(first), plan.numbers.index(second)) for first, second in plan.elapsed]
    derived = [numbers[:, [second]] - numbers[:, [first]] for first, second in pairs]
    derived += [ratios_of(plan, numbers)] if plan.ratios else []
    return np.hstack([numbers, *derived]) if derived else numbers


def ratios_of(plan: InputLayout, numbers: Array) -> Array:
    """Ratios of numbers ``[n, d]`` in the order of ``plan.ratios``: ``[n, r]``; NaN where they are missing."""
    above, below = ([plan.numbers.index(getattr(r, p)) for r in plan.ratios] for p in ("numerator", "denominator"))
    return quotient(numbers[:, above], numbers[:, below])


def signed_log(x: Array, unit: Array) -> Array:
    """``sign(x) log1p(|x| / unit)``: rises everywhere, a straight line around 0 and a logarithm far from it; finite.

    >>> signed_log(np.array([-1.0, 0.0, 1.0]), np.array(1.0)).round(3).tolist()
    [-0.693, 0.0, 0.693]
    """
    with np.errstate(over="ignore"):
        ratio = np.minimum(np.abs(x) / unit, LARGEST)
    return np.asarray(np.sign(x) * np.log1p(ratio))


def _log_units(plan: InputLayout, numbers: Array) -> Array:
    """For each measured number what is 1 on its logarithmic scale: the median size of what is not 0; 0 for no such."""
    units = np.zeros(len(plan.measured))
    for j, column in enumerate(plan.measured):
        if column in plan.logs:
            sizes = np.abs(numbers[:, j])
            sizes = np.minimum(sizes[np.isfinite(sizes) & (sizes > 0)], LARGEST)
            units[j] = max(float(np.median(sizes)), 1.0 / LARGEST) if len(sizes) else 1.0
    return units


def _quantiles(plan: InputLayout, numeric: Array, members: Sequence[Array]) -> Array:
    """Quantiles ``[S, q, k]`` of the numeric columns, where the plan wants them."""
    wanted = plan.scale == "quantile" and bool(plan.numeric)
    return quantile_table(numeric, members) if wanted else np.zeros((len(members), 0, len(plan.numeric)))


def _numbers(plan: InputLayout, numbers: Array, logs: Array) -> tuple[Array, Array, Array]:
    """What gaps are filled with, what is centred at, and factor ``[d]`` of one member, in the order of
    ``plan.measured``."""
    center, factor = np.zeros(len(plan.measured)), np.zeros(len(plan.measured))
    middle = center.copy()
    for j, column in enumerate(plan.measured):
        if column in plan.boolean:
            center[j], middle[j], factor[j] = 0.5, 0.5, 2.0
            continue
        center[j], factor[j] = robust_scale(numbers[:, j])
        middle[j] = center[j]
        if logs[j]:
            known = np.clip(numbers[:, j], -LARGEST, LARGEST)  # NaN stays
            middle[j], factor[j] = robust_scale(signed_log(known, logs[j]))
    return center, middle, factor


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


def _table(codes: Array, vocabulary: int, slots: int) -> Array:
    """Code -> slot of one member: its most frequent categories first, ties in the order of the vocabulary."""
    counts = np.bincount(codes, minlength=vocabulary + 2)[2:]
    order = np.lexsort((np.arange(vocabulary), -counts))
    known = order[counts[order] > 0][:slots]
    table = np.zeros(vocabulary + 2, dtype=np.int32)
    table[MISSING] = MISSING if (codes == MISSING).any() else 0
    table[known + 2] = np.arange(len(known)) + 2
    return table


def blocks(plan: InputLayout) -> tuple[tuple[str, int], ...]:
    """Name and width of each block of the dense encoding, in the order in which the layers put them out."""
    numbers = [(c, 1) for c in plan.measured]
    cycles = [(f"{part} {c}", 1) for part in DATE_PARTS[1:] for c in plan.date]
    missing = [(f"missing {c}", 1) for c in plan.indicated]
    one_hot = [(c.id, c.slots + 1) for c in plan.one_hot]
    words = [(text.id, text.slots) for text in plan.texts]
    crosses = [(f"cross {one} {other}", plan.width(one) * plan.width(other)) for one, other in plan.crosses]
    return (*numbers, *cycles, *missing, *one_hot, *words, *crosses)


#: Numbers beyond it count as it: differences of float64 numbers stay finite, and so does one over them.
LARGEST = 1e300


def quantiles_for(rows: int) -> int:
    """How many quantiles so many training rows give.

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
            if not len(own):
                table[s, :count, j] = 0.0
                continue
            # Per cent and the running maximum are scikit-learn's: rounded otherwise, ties would be others than its.
            found = np.percentile(own, np.linspace(0.0, 1.0, count) * 100)
            table[s, :count, j] = np.maximum.accumulate(found)
    return table
