"""Limits of tables: bytes, columns, cells and lengths beyond which a table is refused before it fills the memory."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.errors import TableError, quoted
from autoft.formatting import counted

#: Most bytes that a file may unpack to.
MAX_BYTES = 2 * 1024**3
#: Most bytes that one stored byte may unpack to; honest tables stay far below.
MAX_RATIO = 200
#: Unpacked bytes up to which any ratio is accepted, since a small table of zeros packs as well as a bomb does.
RATIO_FREE = 100 * 1024**2
#: Most columns: more than the 60,000 or so transcripts of a genome, the widest tables that people bring.
MAX_COLUMNS = 100_000
#: Most cells, 4 GB as float64. Bytes alone are no limit: packed booleans have eight cells in one.
MAX_CELLS = 500_000_000
#: Most characters of one cell (the parser's own limit is 131,072, less than a long document).
MAX_CELL = 16 * 1024**2
#: Most characters of one line of a text file; a file without line ends must not become one text of 2 GB.
MAX_LINE = 256 * 1024**2
#: Most characters of a column's name: room for the longest question of a survey, not for a table without line ends.
MAX_NAME = 2_000


def check_bytes(where: str, unpacked: int, stored: int) -> None:
    """Raise a `TableError` if so many bytes are too many, also for the number of bytes that they were stored in."""
    if unpacked > MAX_BYTES:
        found = f"it unpacks to more than {MAX_BYTES:,} bytes"
    elif unpacked > RATIO_FREE and unpacked > MAX_RATIO * stored:
        found = f"its {counted(stored, 'byte')} unpack to more than {MAX_RATIO} times as many"
    else:
        return
    raise TableError(where, "have a size that fits into memory", found, "take a sample of its rows")


def check_shape(where: str, rows: int, columns: int) -> None:
    """Raise a `TableError` if there are too many columns or cells.

    >>> check_shape("The data", 1, 10**6)
    Traceback (most recent call last):
        ...
    autoft.errors.TableError: The data must have at most 100,000 columns, but it has 1,000,000. Fix: keep the columns...
    """
    if columns > MAX_COLUMNS:
        fix = "keep the columns that say something about the target; if rows and columns are swapped, swap them back"
        raise TableError(where, f"have at most {MAX_COLUMNS:,} columns", f"it has {columns:,}", fix)
    if rows * columns > MAX_CELLS:
        found = f"it has {rows * columns:,} or more ({counted(columns, 'column')})"
        raise TableError(where, f"have at most {MAX_CELLS:,} cells", found, "take a sample of its rows or columns")


def check_names(where: str, names: Sequence[str]) -> None:
    """Raise a `TableError` if a column's name is too long."""
    for number, name in enumerate(names, 1):
        if len(name) > MAX_NAME:
            must = f"have column names of at most {MAX_NAME:,} characters"
            found = f"that of column {number:,} has {len(name):,} ({quoted(name)})"
            raise TableError(where, must, found, "shorten the name; if this is no name, add a header or line ends")
