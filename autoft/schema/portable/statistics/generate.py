"""Statistics of a table, equal to TFDV's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.errors import SchemaError
from autoft.schema.portable import messages
from autoft.schema.portable.statistics.columns import Values, columns_of
from autoft.schema.portable.statistics.features import feature_statistics


def generate_statistics(table: Any, *, weight_feature: str | None = None) -> Any:
    """Statistics of a table, as TFDV's ``generate_statistics_from_dataframe`` computes them.

    Quantiles and frequencies are exact, where TFDV's are approximate for large tables.

    Args:
        table: A DataFrame, whose missing cells are None, NaN or NA and whose cells may be lists; or a
            ``pyarrow.RecordBatch`` of lists, null where a cell is missing.
        weight_feature: The column with the weight of each row.

    Returns:
        A ``DatasetFeatureStatisticsList`` with one dataset. Columns of times are left out, as in TFDV.

    Raises:
        SchemaError: If a column has no single type, or the weights are missing, negative or all zero.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [31, 47, None], "city": ["Rome", "Oslo", "Oslo"]})
    >>> dataset = generate_statistics(table).datasets[0]
    >>> dataset.num_examples, dataset.features[0].num_stats.mean, dataset.features[1].string_stats.top_values[0].value
    (3, 39.0, 'Oslo')
    """
    rows = len(table) if hasattr(table, "index") else table.num_rows
    columns = list(columns_of(table))
    weights = None if weight_feature is None else _weights(columns, weight_feature, rows)
    dataset = messages.DatasetFeatureStatistics(num_examples=rows)
    if weights is not None:
        dataset.weighted_num_examples = weights.sum()
    dataset.features.extend(feature_statistics(column, rows, weights) for column in columns)
    return messages.DatasetFeatureStatisticsList(datasets=[dataset])


def _weights(columns: list[Values], name: str, rows: int) -> NDArray[np.float64]:
    found = next((column for column in columns if column.name == name), None)
    must, fix = "weigh the rows: one number of at least 0 in each", "correct the weights, or leave out such rows"
    if found is None:
        raise SchemaError(f"Column {name!r}", must, "it is not in the table", "name another column of weights")
    if found.numbers is None or found.lengths is not None:
        raise SchemaError(f"Column {name!r}", must, f"its cells are {found.type} values", fix)
    weights = found.numbers.astype(np.float64)
    wrong = rows - len(weights) + int(np.count_nonzero(~(np.isfinite(weights) & (weights >= 0))))
    if wrong:
        raise SchemaError(f"Column {name!r}", must, f"{wrong:,} of {rows:,} rows have none", fix)
    if rows and not weights.any():
        raise SchemaError(f"Column {name!r}", must, "all are 0", fix)
    return weights
