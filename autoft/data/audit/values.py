"""Values of columns: samples drawn with a fixed seed; codes, repetitions and ranks.

The latter are pandas': importing scipy.stats for them would take a second.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from autoft.records.arrays import Array

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
