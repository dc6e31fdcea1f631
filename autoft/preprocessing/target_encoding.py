"""Target encoding: of each category the mean target of a member's training rows, shrunk to that of all of them where
they are few, and how frequent it is there (numpy).

Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations 3(1), 2001. A
row that is trained on must not find its own answer among its inputs: its encoding is made from the member's other
training rows (out of fold), while held-out and new rows get the table of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoft.preprocessing.categories import MISSING, UNKNOWN, CategoryInput
from autoft.records.arrays import Array
from autoft.records.columns import Task

#: Parts of a member's training rows: each is encoded by the others.
INNER = 5
#: Most classes that get an input each.
MOST_CLASSES = 8
#: Fewest values of whole numbers that are encoded, rows for each of them on average, and most values.
FEWEST_VALUES, ROWS_PER_VALUE, MOST_VALUES = 20, 2, 100_000
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
    """Those columns of numbers, by id, that are whole and repeat: keys, codes, hours, years, counts.

    Values that fewer than `fewest_rows` rows of the table hold are unknown: no member could learn anything of them.
    """
    found = []
    for name, cells in columns:
        known = cells[np.isfinite(cells)]
        values, counts = np.unique(known, return_counts=True)
        few = len(values) < FEWEST_VALUES or len(known) < ROWS_PER_VALUE * len(values)
        values = values[counts >= fewest_rows]
        if few or not 0 < len(values) <= MOST_VALUES or not (known == np.floor(known)).all():
            continue
        own = tuple(float(value) for value in values)
        found.append(TargetInput(id=name, codes=len(own) + 2, targets=targets, fewest_rows=fewest_rows, values=own))
    return tuple(found)


def number_codes(values: Sequence[float], numbers: Array) -> Array:
    """Codes ``[n]`` of numbers among ascending values.

    >>> number_codes((3.0, 7.0), np.array([7.0, 5.0, np.nan, 9.0])).tolist()
    [3, 0, 1, 0]
    """
    table = np.asarray(values)
    place = np.minimum(np.searchsorted(table, numbers), len(table) - 1)
    return np.where(np.isnan(numbers), MISSING, np.where(table[place] == numbers, place + 2, UNKNOWN))


def value_table(columns: Sequence[TargetInput]) -> Array:
    """The values of columns of numbers ``[most, c]``; columns with fewer have infinities behind."""
    table = np.full((max(len(own.values) for own in columns), len(columns)), np.inf)
    for j, own in enumerate(columns):
        table[: len(own.values), j] = own.values
    return table


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


def fit_column(column: TargetInput, codes: Array, known: KnownTarget) -> tuple[Array, Array]:
    """A member's table ``[codes, k + 1]`` of a column, and the encoding ``[m, k + 1]`` of its own training rows, whose
    codes are given; both float32."""
    parts = int(known.parts.max()) + 1
    cells, size = known.parts * column.codes + codes, parts * column.codes
    weighted = [known.weights, *(known.weights[:, None] * known.values).T]
    sums = np.stack([np.bincount(cells, x, size) for x in weighted], axis=1).reshape(parts, column.codes, -1)
    sums[:, np.bincount(codes, minlength=column.codes) < column.fewest_rows] = 0.0
    total, rows = sums.sum(axis=0), float(known.weights.sum())
    prior = known.weights @ known.values
    prior = (prior + 0.5) / (rows + 1.0) if known.shares else prior / rows
    strength = _strength(codes, known)

    def encoded(own: Array, scale: float) -> Array:
        mean = (own[:, 1:] + strength * prior) / (own[:, :1] + strength)
        moved = _log_odds(mean) - _log_odds(prior) if known.shares else mean - prior
        return np.hstack([moved, np.log1p(own[:, :1] * scale)])

    table, found = encoded(total, 1.0), np.empty((len(codes), column.width))
    for part in range(parts):
        own, seen = known.parts == part, float(known.weights[known.parts != part].sum())
        others = np.delete(sums, part, axis=0).sum(axis=0)
        found[own] = encoded(others, rows / seen if seen > 0 else 1.0)[codes[own]]
    # Counts have mean 0 and variance 1 in the training rows. Means keep their size, which is small where the column
    # says little: a standardized input would be as loud as any other.
    middle, spread = float(found[:, -1].mean()), float(found[:, -1].std())
    for one in (table, found):
        one[:, -1] = (one[:, -1] - middle) / spread if spread > 1e-9 else 0.0
    return table.astype(np.float32), found.astype(np.float32)


def _strength(codes: Array, known: KnownTarget) -> Array:
    """Rows that the mean of all counts for, ``[k]``: the variance of answers within categories over that of their true
    means, by the moments of a one-way analysis of variance (empirical Bayes)."""
    counts = np.bincount(codes, known.weights)
    sums = np.stack([np.bincount(codes, x) for x in (known.weights[:, None] * known.values).T], axis=1)
    present, rows = counts > 0, float(counts.sum())
    means = sums / np.where(present, counts, 1.0)[:, None]
    between = (counts[:, None] * np.square(means - sums.sum(axis=0) / rows)).sum(axis=0)
    within = known.weights @ np.square(known.values - means[codes])
    groups, apart = int(present.sum()), rows - float(np.square(counts).sum()) / rows
    if rows <= groups or apart <= 0:
        return np.full(sums.shape[1], _STRONGEST)
    noise = within / (rows - groups)
    true = np.maximum(between - (groups - 1) * noise, 0.0) / apart
    return np.clip(noise / np.maximum(true, 1e-300), _WEAKEST, _STRONGEST)


def _log_odds(share: Array) -> Array:
    return np.asarray(np.log(share) - np.log1p(-share))
