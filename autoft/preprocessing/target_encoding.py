"""Target encoding: of each category the mean target of a member's training rows, shrunk to that of all of them where
they are few, and how frequent it is there (numpy).

Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 3(1), 2001. A
row that is trained on must not find its own answer among its inputs: its encoding is made from the member's other
training rows (out of fold), while held-out and new rows get the table of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autoft.preprocessing.bins import bin_edges
from autoft.preprocessing.categories import MISSING, UNKNOWN, CategoryInput
from autoft.records.arrays import Array
from autoft.records.columns import Task

#: Parts of a member's training rows: each is encoded by the others.
INNER = 5
#: Most classes that get an input each.
MOST_CLASSES = 8
#: Bins that the values of a number are compared with; standard errors, and share of the variance of the answers, by
#: which they have to explain more.
BINS, SURE, GAIN = 32, 3.0, 0.001
#: Whole numbers that are encoded: more values than bins tell apart, rows for each on average, and most values; largest
#: share of the whole numbers between their quartiles that they are; most columns of them.
FEWEST_VALUES, ROWS_PER_VALUE, MOST_VALUES, DENSITY, MOST_COLUMNS = BINS + 2, 2, 100_000, 0.5, 50
#: Training rows from which on only some are looked at for that.
_MANY = 200_000
#: Rows that the mean of all rows counts for beside those of a category, at least and at most.
_WEAKEST, _STRONGEST = 1.0, 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInput:
    """A column that is encoded by the target.

    Attributes:
        codes: How many codes it has: unknown, missing, and its categories or values.
        targets: Inputs that the target makes of it; one more says how frequent a category is.
        fewest_rows: Training rows that a member needs of a category to tell it from unknown ones.
        values: Of a column of numbers its values, ascending; a categorical column has none.
    """

    id: str
    codes: int
    targets: int
    fewest_rows: int = 2
    values: tuple[float, ...] = ()

    @property
    def blocks(self) -> tuple[tuple[str, int], ...]:
        return ((f"target {self.id}", self.targets), (f"count {self.id}", 1))

    @property
    def width(self) -> int:
        return self.targets + 1

    def describe(self) -> str:
        inputs = "one input says" if self.targets == 1 else f"{self.targets} inputs say"
        what = "value" if self.values else "category"
        return (
            f" Besides, {inputs} what was answered in other training rows of the same {what} (the mean, shrunk to that "
            "of all rows where they are few), and one how many they are."
        )


def target_inputs(task: Task, classes: int) -> int:
    """Inputs that the target makes of a column: a number's mean, or the log odds of all classes but one.

    >>> target_inputs("regression", 0), target_inputs("binary", 2), target_inputs("multiclass", 100)
    (1, 1, 8)
    """
    return min(classes - 1, MOST_CLASSES) if task == "multiclass" else 1


def category_targets(categories: Sequence[CategoryInput], targets: int, fewest_rows: int) -> tuple[TargetInput, ...]:
    """Those categorical columns that have more categories than a member can tell apart."""
    return tuple(
        TargetInput(id=own.id, codes=len(own.vocabulary) + 2, targets=targets, fewest_rows=fewest_rows)
        for own in categories
        if len(own.vocabulary) > own.slots
    )


def number_targets(columns: Sequence[tuple[str, Array]], targets: int, fewest_rows: int) -> tuple[TargetInput, ...]:
    """Those columns of numbers, by id, that may be names: whole, repeated, and with gaps between them, which keys and
    codes have, and ages and counts have not. More than `MOST_COLUMNS` of them are measurements.

    Values that fewer than `fewest_rows` rows of the table hold are unknown: no member could learn anything of them.
    """
    found = []
    for name, cells in columns:
        values, counts = np.unique(cells[np.isfinite(cells)], return_counts=True)
        if may_be_names(values, counts):
            own = tuple(float(value) for value in values[counts >= fewest_rows])
            found.append(TargetInput(id=name, codes=len(own) + 2, targets=targets, fewest_rows=fewest_rows, values=own))
    return tuple(own for own in found if own.values) if len(found) <= MOST_COLUMNS else ()


def may_be_names(values: Array, counts: Array) -> bool:
    """Whether numbers may be names, by their ascending values and the rows of each.

    >>> keys, ages = np.arange(40) * 97, np.arange(18, 90)
    >>> may_be_names(keys, np.full(40, 5)), may_be_names(ages, np.full(72, 5))
    (True, False)
    """
    few = len(values) < FEWEST_VALUES or counts.sum() < ROWS_PER_VALUE * len(values)
    if few or len(values) > MOST_VALUES or (values != np.floor(values)).any():
        return False
    middle = values[len(values) // 4 : -(len(values) // 4)]
    return len(middle) < DENSITY * (float(middle[-1]) - float(middle[0]) + 1.0)


def number_codes(values: Sequence[float], numbers: Array) -> Array:
    """Codes ``[n]`` of numbers among ascending values.

    >>> number_codes((3.0, 7.0), np.array([7.0, 5.0, np.nan, 9.0])).tolist()
    [3, 0, 1, 0]
    """
    table = np.asarray(values)
    place = np.minimum(np.searchsorted(table, numbers), len(table) - 1)
    return np.where(np.isnan(numbers), MISSING, np.where(table[place] == numbers, place + 2, UNKNOWN))


def value_table(columns: Sequence[TargetInput]) -> Array:
    """The values of columns of numbers ``[most, c]``, the last again where a column has fewer."""
    most = max(len(own.values) for own in columns)
    return np.stack([np.pad(own.values, (0, most - len(own.values)), mode="edge") for own in columns], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownTarget:
    """The target in a member's m training rows.

    Attributes:
        values: ``[m, k]`` float64: 1 where a row is of a class, else 0; or standardized numbers.
        shares: Whether means of `values` are shares, which are encoded as log odds.
        weights: ``[m]``, 1 on average.
        parts: ``[m]`` number of the part that each row belongs to (`inner_parts`).
    """

    values: Array
    shares: bool
    weights: Array
    parts: Array

    def of(self, rows: Array) -> KnownTarget:
        """The target in some of the rows, whose weights are 1 on average again."""
        weights = self.weights[rows]
        return replace(self, values=self.values[rows], weights=weights / weights.mean(), parts=self.parts[rows])


def sampled(rows: Array, most: int) -> Array:
    """Positions in `rows` of at most so many of them, at random: every n-th of a table in time would be one hour of the
    day."""
    if len(rows) <= most:
        return np.arange(len(rows))
    return np.sort(np.random.default_rng(most).permutation(len(rows))[:most])


def class_values(y: Array, classes: int, targets: int) -> Array:
    """Of a member's training rows ``[m, targets]``: 1 where one is of a class. Of two classes the second has a column,
    of several the member's most frequent ones.

    >>> class_values(np.array([2, 0, 2, 1, 0, 2]), 3, 2).T.tolist()
    [[1.0, 0.0, 1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]]
    """
    order = np.argsort(-np.bincount(y, minlength=classes), kind="stable") if classes > 2 else np.array([1])
    return np.asarray(y[:, None] == order[:targets], np.float64)


def inner_parts(together: Sequence[Array], rng: np.random.Generator) -> Array:
    """Which of at most `INNER` parts each of m rows belongs to.

    Args:
        together: Numbers of the rows ``[m]``, of which equal ones share a part, by descending importance: the first
            that makes two parts is used.
    """
    names, own = next(
        (found for rows in together if len((found := np.unique(rows, return_inverse=True))[0]) > 1),
        (np.arange(len(together[0])), np.arange(len(together[0]))),
    )
    dealt = np.empty(len(names), np.int64)
    dealt[rng.permutation(len(names))] = np.arange(len(names)) % INNER
    return np.asarray(dealt[own])


def fit_column(
    column: TargetInput, codes: Array, known: KnownTarget, numbers: Array | None = None
) -> tuple[Array, Array]:
    """A member's table ``[codes, k + 1]`` of a column, and the encoding ``[m, k + 1]`` of its own training rows; both
    float32, and all 0 where its `numbers` say as much (`_says_more`).

    Args:
        codes: Of the training rows, ``[m]``.
        numbers: The cells of these rows, where it is a column of numbers.
    """
    # Categories of too few rows are unknown, so that the order and number of others change nothing, to the last bit.
    kept = np.bincount(codes, minlength=column.codes) >= column.fewest_rows
    kept[UNKNOWN] = True
    place = np.where(kept, np.cumsum(kept) - 1, UNKNOWN)
    if numbers is not None and not _says_more(place[codes], known, numbers):
        return np.zeros((column.codes, column.width), np.float32), np.zeros((len(codes), column.width), np.float32)
    means = CategoryMeans.of(place[codes], known)
    table, rows = means.inputs(means.total), means.inputs(means.others)[known.parts, means.codes]
    # Counts have mean 0 and variance 1 in the training rows. Means keep their size, which is small where the column
    # says little: a standardized input would be as loud as any other.
    middle, spread = float(rows[:, -1].mean()), float(rows[:, -1].std())
    for one in (table, rows):
        one[:, -1] = (one[:, -1] - middle) / spread if spread > 1e-9 else 0.0
    return table[place].astype(np.float32), rows.astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoryMeans:
    """Answers by category in a member's training rows.

    Attributes:
        codes: ``[m]`` of the rows, below c.
        sums: ``[parts, c, 1 + k]``: weight of the rows of each category in each part, and weighted sums of answers.
        prior: ``[k]`` mean of all rows.
        strength: ``[k]`` rows that the prior counts for beside those of a category: the variance of answers within
            categories over that of their true means, by the moments of a one-way analysis of variance (empirical
            Bayes).
    """

    codes: Array
    sums: Array
    shares: bool
    prior: Array
    strength: Array

    @classmethod
    def of(cls, codes: Array, known: KnownTarget) -> CategoryMeans:
        parts, size = int(known.parts.max()) + 1, int(codes.max()) + 1
        cells, weighted = known.parts * size + codes, known.weights[:, None] * known.values
        sums = np.stack([np.bincount(cells, x, parts * size) for x in (known.weights, *weighted.T)], axis=1)
        sums = sums.reshape(parts, size, -1)
        total, rows = sums.sum(axis=0), float(known.weights.sum())
        counts, mean = total[:, :1], total[:, 1:].sum(axis=0) / rows
        means = total[:, 1:] / np.where(counts > 0, counts, 1.0)
        between = (counts * np.square(means - mean)).sum(axis=0)
        within = known.weights @ np.square(known.values - means[codes])
        groups, apart = int((counts > 0).sum()), rows - float(np.square(counts).sum()) / rows
        strength = np.full(len(mean), _STRONGEST)
        if rows > groups and apart > 0:
            noise = within / (rows - groups)
            true = np.maximum(between - (groups - 1) * noise, 0.0) / apart
            strength = np.clip(noise / np.maximum(true, 1e-300), _WEAKEST, _STRONGEST)
        prior = (mean * rows + 0.5) / (rows + 1.0) if known.shares else mean
        return cls(codes=codes, sums=sums, shares=known.shares, prior=prior, strength=strength)

    @property
    def total(self) -> Array:
        """Sums of all parts, ``[c, 1 + k]``."""
        return np.asarray(self.sums.sum(axis=0))

    @property
    def others(self) -> Array:
        """Sums of all parts but one, for each, ``[parts, c, 1 + k]``."""
        return np.stack([np.delete(self.sums, part, axis=0).sum(axis=0) for part in range(len(self.sums))])

    def means(self, sums: Array) -> Array:
        """Means of categories ``[..., c, k]``, shrunk to the prior where they have few rows."""
        return np.asarray((sums[..., 1:] + self.strength * self.prior) / (sums[..., :1] + self.strength))

    def inputs(self, sums: Array) -> Array:
        """How far the means are from the prior (as log odds where they are shares), and the logarithm of the counts, as
        if all rows were counted: ``[..., c, k + 1]``."""
        means, counts = self.means(sums), sums[..., :1]
        moved = _log_odds(means) - _log_odds(self.prior) if self.shares else means - self.prior
        seen = np.maximum(counts.sum(axis=-2, keepdims=True), 1e-300)
        return np.concatenate([moved, np.log1p(counts * (self.total[:, 0].sum() / seen))], axis=-1)

    def errors(self, known: KnownTarget) -> Array:
        """Squared errors ``[m]`` of the means that the other parts give, over all targets."""
        return np.asarray(np.square(known.values - self.means(self.others)[known.parts, self.codes]).sum(axis=1))


def _says_more(codes: Array, known: KnownTarget, numbers: Array) -> bool:
    """Whether the values of a number tell more as categories than the bins do in which the networks see it anyway, in
    rows that neither has seen: true for keys and codes, false for sizes, ages and counts."""
    if len(numbers) > _MANY:
        few = sampled(numbers, _MANY)
        known, numbers, codes = known.of(few), numbers[few], codes[few]
    edges = bin_edges(numbers[np.isfinite(numbers)], BINS)
    bins = np.where(np.isnan(numbers), 0, 1 + np.searchsorted(edges, numbers, side="right"))
    by_bin, by_value = (CategoryMeans.of(own, known).errors(known) for own in (bins, codes))
    gains, variance = known.weights * (by_bin - by_value), float(known.values.var(axis=0).sum())
    return bool(gains.mean() > max(SURE * gains.std() / np.sqrt(len(gains)), GAIN * variance))


def _log_odds(share: Array) -> Array:
    return np.asarray(np.log(share) - np.log1p(-share))
