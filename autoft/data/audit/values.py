"""Values of columns: samples drawn with a fixed seed; codes, repetitions and ranks; hashes of rows.

Ranks are pandas': importing scipy.stats for them would take a second. By the hashes equal and nearly equal rows are
found in one pass over the values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from autoft.data.convert import Converted
from autoft.records.arrays import Array
from autoft.records.columns import Column

#: Rows from which quantiles and shares are computed.
MAX_ROWS = 20_000
#: Values of one column that are looked at where their rows do not matter.
MAX_VALUES = 50_000


@lru_cache(maxsize=8)  # every column asks for the same ones
def sample(rows: int, most: int = MAX_ROWS) -> Array:
    """Positions of at most `most` of the rows, in order; read-only."""
    drawn = np.arange(rows) if rows <= most else np.random.default_rng(0).choice(rows, most, replace=False)
    drawn.sort()
    drawn.flags.writeable = False
    return drawn


def some_rows(values: Array, most: int) -> Array:
    """The values of at most `most` rows, the same rows for every column of a table."""
    return values if len(values) <= most else values[sample(len(values), most)]


def drawn_values(values: Array, most: int = MAX_VALUES) -> Array:
    """The values, or `most` of them drawn with replacement if they are more."""
    return values if len(values) <= most else values[np.random.default_rng(0).integers(0, len(values), most)]


def codes(values: Array, *, ordered: bool = False, missing: bool = False) -> Array:
    """The distinct value of each row as a number, in the order of their first rows or that of the values (`ordered`).
    Missing cells are -1, or a value like any other (`missing`)."""
    return np.asarray(pd.factorize(values, sort=ordered, use_na_sentinel=not missing)[0])


def missing_cells(values: Array) -> Array:
    """Which cells are empty, ``[n]`` booleans."""
    return np.asarray(pd.isna(values))


def repeated(values: Array, *, first: bool = True) -> Array:
    """Which rows have a value that another row has; `first` says whether the first row of each value counts."""
    return np.asarray(pd.Series(values).duplicated(keep=False if first else "first").to_numpy())


def ranked(values: Array) -> Array:
    """Ranks along the rows: equal values in the middle of theirs, missing ones lowest."""
    return np.asarray(pd.DataFrame(values).rank(na_option="top").to_numpy().reshape(values.shape))


#: Numbers closer than this share of a column's usual spread are nearly equal.
FINE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keys:
    """One 64-bit hash per row, of several views of it; missing cells are equal to one another.

    Attributes:
        exact: ``[n]`` of all features.
        halves: ``[n]`` each, of the features with even and with odd positions, numbers rounded to `steps`.
        steps: By column id to what numbers are rounded; 0 where they are taken as they are.
        texts: By the id of each column of texts the positions of its cells among its distinct texts, -1 where missing,
            and these; finding them is half of the work, and other checks need them too.
    """

    exact: Array
    halves: tuple[Array, Array]
    steps: Mapping[str, float]
    texts: Mapping[str, tuple[Array, Array]]


def keys(features: Sequence[Column], converted: Converted) -> Keys:
    """The hashes of all rows.

    >>> x = Column(id="c0", name="x", kind="numeric", why="")
    >>> exact = keys([x], Converted(values={"c0": np.array([1.0, 2.0, 1.0, -0.0, 0.0])})).exact
    >>> [bool(exact[0] == exact[2]), bool(exact[0] == exact[1]), bool(exact[3] == exact[4])]
    [True, False, True]
    """
    rows = len(converted.values[features[0].id]) if features else 0
    halves = np.zeros((2, rows), dtype=np.uint64)
    steps = {column.id: _step(converted.values[column.id]) for column in features}
    texts: dict[str, tuple[Array, Array]] = {}
    for position, column in enumerate(features):
        values = converted.values[column.id]
        if values.dtype == object:
            texts[column.id] = pd.factorize(values)
            halves[position % 2] += _of_texts(*texts[column.id]) * _factor(position)
        else:
            halves[position % 2] += hashed(values, position, steps[column.id])
    exact = halves[0] + halves[1]
    # Rows that differ when rounded differ: only the others need a second look.
    alike = np.flatnonzero(repeated(exact))
    if len(alike):
        exact[alike] = 0
        for position, column in enumerate(features):
            exact[alike] += hashed(converted.values[column.id][alike], position)
    return Keys(exact=exact, halves=(halves[0], halves[1]), steps=steps, texts=texts)


def hashed(values: Array, position: int, step: float = 0.0) -> Array:
    """Hashes of one column whose sum over the columns is a hash of the row; numbers rounded to `step`, if it is set."""
    if values.dtype == object:
        return _of_texts(*pd.factorize(values)) * _factor(position)
    values = (np.rint(values / step) if step else values) + 0.0  # minus zero becomes zero
    return np.asarray(pd.util.hash_array(values)) * _factor(position)


def _of_texts(codes: Array, distinct: Array) -> Array:
    """Hashes of cells by those of the distinct texts; that of a missing cell is the largest."""
    hashes = pd.util.hash_array(distinct, categorize=False)
    return np.append(hashes, np.iinfo(np.uint64).max)[codes]


def _factor(position: int) -> np.uint64:
    """Odd, and another one for each column, so that equal values in two columns do not change places unseen."""
    return np.uint64(int(np.random.default_rng(position).integers(2**63, dtype=np.uint64)) | 1)


def meeting(values: Array, step: float = 0.0) -> float:
    """The chance that two rows drawn at random are equal in a column, estimated from a sample of its rows."""
    drawn = values[sample(len(values))]
    if step:
        drawn = np.rint(drawn / step)
    counts = np.bincount(codes(drawn, missing=True)).astype(np.float64)
    pairs = max(len(drawn) * (len(drawn) - 1), 1)
    # No equal pair among the drawn rows does not mean that there is none elsewhere.
    return float(max((counts * (counts - 1)).sum(), 1.0) / pairs)


def _step(values: Array) -> float:
    """A thousandth of the usual spread of a column of numbers; 0 for other columns and where that is no number."""
    if values.dtype == object:
        return 0.0
    drawn = values[sample(len(values))]
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return 0.0
    low, high = np.quantile(drawn, [0.25, 0.75])
    # 1.349 standard deviations of a normal distribution lie between its quartiles.
    step = float(FINE * (high - low) / 1.349)
    return step if step > np.finfo(np.float64).tiny and np.isfinite(drawn / step).all() else 0.0
