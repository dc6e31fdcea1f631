"""Codes, repetitions and ranks of values, by pandas: importing scipy.stats for them would take a second."""

from __future__ import annotations

import numpy as np

from autoft.records.arrays import Array


def codes(values: Array, *, ordered: bool = False, missing: bool = False) -> Array:
    """The distinct value of each row as a number, in the order of their first rows or that of the values (`ordered`).
    Missing cells are -1, or a value like any other (`missing`)."""
    import pandas as pd

    return np.asarray(pd.factorize(values, sort=ordered, use_na_sentinel=not missing)[0])


def repeated(values: Array, *, first: bool = True) -> Array:
    """Which rows have a value that another row has; `first` says whether the first row of each value counts."""
    import pandas as pd

    return np.asarray(pd.Series(values).duplicated(keep=False if first else "first").to_numpy())


def ranked(values: Array) -> Array:
    """Ranks along the rows: equal values in the middle of theirs, missing ones lowest."""
    import pandas as pd

    return np.asarray(pd.DataFrame(values).rank(na_option="top").to_numpy().reshape(values.shape))
