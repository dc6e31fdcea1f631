"""Binary files as raw tables: Parquet, Feather, ORC and Excel, with values as they are stored."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa

from autoft.data.sources import arrow, limits
from autoft.errors import SetupError, TableError, listed, reason_of

_NAMES = {"parquet": "Parquet", "feather": "Feather", "orc": "ORC", "excel": "Excel"}


def read_binary(where: str, stream: BinaryIO, format_name: str, stored: int) -> pd.DataFrame:
    """Reads a Parquet, Feather, ORC or Excel file of so many `stored` bytes, against which those that it unpacks to are
    held. Raises a SetupError if the package that reads Excel files is not installed."""
    if not stream.read(1):
        raise TableError(where, "have columns and rows", "the file is empty", "check how it was written")
    stream.seek(0)
    try:
        if format_name == "excel":
            return _read_excel(where, stream, stored)
        return arrow.to_frame(_whole(where, _opened(stream, format_name), stored))
    except (pa.ArrowException, OSError, zipfile.BadZipFile) as error:
        found = f"it is damaged, or of a newer version ({reason_of(error)})"
        fix = "write it again; if another program reads it, update pyarrow or save the table as CSV"
        raise TableError(where, f"be a complete {_NAMES[format_name]} file", found, fix) from error


def _opened(stream: BinaryIO, format_name: str) -> tuple[Any, Iterator[Any]]:
    """Schema and batches of an Arrow file."""
    if format_name == "parquet":
        import pyarrow.parquet as pq

        parquet = pq.ParquetFile(stream)
        # Small batches: the size that a file declares is not to be trusted, so it is counted on the way.
        return parquet.schema_arrow, parquet.iter_batches(batch_size=4096)
    if format_name == "feather":
        file = pa.ipc.open_file(stream)
        return file.schema, (file.get_batch(i) for i in range(file.num_record_batches))
    from pyarrow import orc

    stripes = orc.ORCFile(stream)
    return stripes.schema, (stripes.read_stripe(i) for i in range(stripes.nstripes))


def _whole(where: str, opened: tuple[Any, Iterator[Any]], stored: int) -> Any:
    schema, parts = opened
    limits.check_shape(where, 1, len(schema.names))
    batches, unpacked, rows = [], 0, 0
    for batch in parts:
        unpacked, rows = unpacked + batch.nbytes, rows + batch.num_rows
        limits.check_bytes(where, unpacked, stored)
        limits.check_shape(where, rows, len(schema.names))
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=schema)


def _read_excel(where: str, stream: BinaryIO, stored: int) -> pd.DataFrame:
    """The only sheet with cells; its first row holds the names."""
    unpacked = sum(member.file_size for member in zipfile.ZipFile(stream).infolist())
    limits.check_bytes(where, unpacked, stored)
    stream.seek(0)
    try:
        sheets = pd.read_excel(stream, sheet_name=None, header=None, dtype=object, na_filter=False)
    except ImportError as error:
        must, found = "be read by a package that is installed", "openpyxl, which reads Excel files, is not"
        raise SetupError(where, must, found, "pip install openpyxl, or save the sheet as CSV") from error
    except (ValueError, KeyError) as error:
        found = f"it is not ({reason_of(error)})"
        raise TableError(where, "be a readable workbook", found, "save the sheet as CSV") from error
    filled = {str(name): sheet for name, sheet in sheets.items() if sheet.size}
    if len(filled) != 1:
        found = f"{len(filled):,} sheets have cells ({listed(filled, 3)})" if filled else "it is empty"
        raise TableError(where, "have one sheet with cells", found, "save the sheet that is meant as CSV")
    sheet = next(iter(filled.values()))
    sheet = sheet.where(sheet != "", None)
    frame = sheet.iloc[1:].reset_index(drop=True)
    frame.columns = pd.Index(["" if name is None else name for name in sheet.iloc[0]], dtype=object)
    return frame.apply(lambda column: column.infer_objects()) if len(frame) else frame
