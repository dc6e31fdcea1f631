"""Arrow tables as DataFrames, whether they come from a Parquet file or from another library's memory."""

from __future__ import annotations

import re
from typing import Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from autoft.records.arrays import EXACT

_INDEX = re.compile(r"__index_level_[0-9]+__")


def to_frame(table: Any) -> pd.DataFrame:
    """A ``pyarrow.Table`` as a DataFrame: values as they are, no index, names doubled or not."""
    # What pandas stored as a named index is a column like others; an index without a name is not the user's.
    names = table.column_names
    kept = [i for i, name in enumerate(names) if not _INDEX.fullmatch(name)]
    # One at a time: as a whole, doubled names are refused by some versions of pyarrow.
    frame = pd.DataFrame({place: to_series(table.column(i)) for place, i in enumerate(kept)})
    frame.columns = pd.Index([names[i] for i in kept], dtype=object)
    return frame


def to_series(column: Any) -> pd.Series[Any]:
    """A ``pyarrow.Array`` or ``ChunkedArray`` as a Series."""
    own = column.type
    if isinstance(own, pa.BaseExtensionType):  # pandas' own, such as periods, which only a table reads back
        return cast("pd.Series[Any]", pa.table({"x": column}).to_pandas()["x"])
    if pa.types.is_dictionary(own) and pa.types.is_unsigned_integer(own.index_type):  # of Polars; pandas wants signed
        column = column.cast(pa.dictionary(pa.int64(), own.value_type))
    elif pa.types.is_integer(own) and column.null_count and _long(column):
        return cast("pd.Series[Any]", column.to_pandas(integer_object_nulls=True))
    try:
        return cast("pd.Series[Any]", column.to_pandas())
    except pa.ArrowInvalid:  # times outside pandas' nanoseconds (before 1677, after 2262)
        return cast("pd.Series[Any]", column.to_pandas(timestamp_as_object=True))


def _long(column: Any) -> bool:
    """Whether float64, as which integers with missing cells become, would merge some of them."""
    ends = pc.min_max(column).as_py()
    return ends["min"] is not None and (ends["max"] > EXACT or ends["min"] < -EXACT)
