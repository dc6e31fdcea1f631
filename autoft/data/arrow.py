"""Typed columns as input of both engines: an Arrow record batch of lists, a missing cell being a null list."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoft.data.typed import Cells, Typed


def record_batch(table: Typed) -> Any:
    """A ``pyarrow.RecordBatch`` with one list column per column of the table, under the user's names.

    Numbers keep their type, texts become UTF-8 bytes, a column without a value is an array of no type.
    """
    import pyarrow as pa

    arrays = [_lists(_flat(cells)) for cells in table.cells.values()]
    return pa.RecordBatch.from_arrays(arrays, names=list(table.cells))


def _flat(cells: Cells) -> Any:
    import pyarrow as pa

    if cells.values.dtype == object:
        return pa.array([None if text is None else text.encode() for text in cells.values], type=pa.binary())
    return pa.array(cells.values, mask=cells.missing)


def _lists(flat: Any) -> Any:
    """Lists of one value each, null where `flat` is null; without any value an array of no type."""
    import pyarrow as pa

    if flat.null_count == len(flat):
        return pa.nulls(len(flat))
    missing = np.asarray(flat.is_null().to_numpy(zero_copy_only=False))
    offsets = np.concatenate([[0], np.cumsum(~missing)]).astype(np.int32)
    starts = pa.array(offsets, mask=np.append(missing, False))
    return pa.ListArray.from_arrays(starts, flat.drop_null())
