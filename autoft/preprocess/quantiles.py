"""Quantiles of numeric columns, after which they are spread like a normal distribution (numpy).

As scikit-learn's `QuantileTransformer(output_distribution="normal")` does, with the number of quantiles that RealMLP's
and TabM's authors use: one for 30 rows, but 10 to 1,000 (Gorishniy et al. 2024, arXiv 2410.24210).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.preprocess.encode import Array

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
