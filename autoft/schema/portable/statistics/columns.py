"""Columns of a table as flat values, with missing cells, values per cell and types.

Types are those that TFDV reads from pandas: whole numbers and truth values are INT, fractions FLOAT, texts and bytes
STRING; a column of objects is what its values are. A column without any value is FLOAT if pandas calls it that, else
STRING. Columns of times and of complex numbers have no type and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from autoft.errors import SchemaError

if TYPE_CHECKING:
    import pandas as pd

Type = Literal["INT", "FLOAT", "STRING"]
#: What `pandas.api.types.infer_dtype` calls objects, and their type; None is left out.
_OBJECTS: dict[str, Type | None] = {
    "string": "STRING",
    "bytes": "STRING",
    "empty": "STRING",
    "integer": "INT",
    "boolean": "INT",
    "floating": "FLOAT",
    "mixed-integer-float": "FLOAT",
    "datetime": None,
    "datetime64": None,
    "timedelta": None,
    "timedelta64": None,
    "period": None,
    "complex": None,
}
_LEFT_OUT = "mMc"  # numpy's kinds of times, durations and complex numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """The values of one column, row after row.

    Attributes:
        name: The column's.
        type: As TFDV calls it.
        missing: Shape (rows,), the rows without a cell; None if there is none.
        lengths: Values per row that is not missing; None if each has one.
        numbers: INT and FLOAT: all values; inside lists NaN is a value too.
        codes: STRING: the position of each value in `texts`, -1 for a missing one inside a list.
        texts: STRING: the distinct values, as UTF-8 or whatever bytes the table has.
    """

    name: str
    type: Type
    missing: NDArray[np.bool_] | None = None
    lengths: NDArray[np.int64] | None = None
    numbers: NDArray[Any] | None = None
    codes: NDArray[np.intp] | None = None
    texts: tuple[bytes, ...] = ()

    @property
    def count(self) -> int:
        """The number of values, which is that of rows with a cell unless cells are lists."""
        values = self.codes if self.numbers is None else self.numbers
        return 0 if values is None else len(values)


def columns_of(table: Any) -> Iterator[Values]:
    """Every column of a DataFrame, or of a ``pyarrow.RecordBatch`` of lists, that has a type; others are left out.

    Raises:
        SchemaError: If a column mixes types, holds lists of lists or has objects that are no values, or if two
            columns have the same name.
    """
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        for name, column in zip(table.schema.names, table.columns, strict=True):
            yield _arrow(name, column)
        return
    names = [str(name) for name in table.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SchemaError(f"Column {twice[0]!r}", "have a name of its own", "two columns have it", "rename one")
    for position, name in enumerate(names):
        if (values := _read(name, table.iloc[:, position])) is not None:
            yield values


def _read(name: str, series: pd.Series[Any]) -> Values | None:
    import pandas as pd

    dtype: Any = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(name, series)
    if isinstance(dtype, pd.SparseDtype):
        return _read(name, pd.Series(np.asarray(series)))
    if isinstance(dtype, pd.PeriodDtype | pd.DatetimeTZDtype) or dtype.kind in _LEFT_OUT:
        return None
    if dtype.kind in "biuf":
        return _numeric(name, series)
    return _objects(name, series)


def _numeric(name: str, series: pd.Series[Any]) -> Values:
    kind: Type = "FLOAT" if series.dtype.kind == "f" else "INT"
    plain = isinstance(series.dtype, np.dtype)
    if plain and kind == "INT":
        return Values(name=name, type=kind, numbers=series.to_numpy())
    missing = np.asarray(series.isna())
    if not missing.any():
        numbers = series.to_numpy() if plain else series.to_numpy(dtype="float64" if kind == "FLOAT" else "int64")
        return Values(name=name, type=kind, numbers=numbers)
    filled = series[~missing].to_numpy(dtype=None if plain else "float64" if kind == "FLOAT" else "int64")
    return Values(name=name, type=kind, missing=missing, numbers=filled)


def _categories(name: str, series: pd.Series[Any]) -> Values | None:
    """A categorical column is what its categories are; only those that occur count."""
    import pandas as pd

    codes = np.asarray(series.cat.codes).astype(np.intp)
    distinct = _read(name, pd.Series(series.cat.categories))
    if distinct is None:
        return None
    return _spread(distinct, codes)


def _spread(distinct: Values, codes: NDArray[np.intp]) -> Values:
    """A column from its distinct values and each row's position among them, -1 where the row has none."""
    missing = codes < 0
    some = bool(missing.any())
    filled = codes[~missing] if some else codes
    mask = missing if some else None
    if distinct.numbers is not None:
        return replace(distinct, missing=mask, numbers=distinct.numbers[filled])
    return replace(distinct, missing=mask, codes=filled)


def _objects(name: str, series: pd.Series[Any]) -> Values | None:
    import pandas as pd

    try:
        codes, uniques = pd.factorize(series)
    except TypeError:  # lists and arrays have no hash
        return _lists(name, series)
    distinct = np.asarray(uniques, dtype=object)
    if len(distinct) and isinstance(distinct[0], tuple):
        return _lists(name, series)
    kind = _kind(name, distinct)
    if kind is None:
        return None
    if kind == "STRING":
        return _spread(Values(name=name, type=kind, texts=tuple(map(_utf8, distinct))), codes)
    return _spread(Values(name=name, type=kind, numbers=_as_numbers(name, kind, distinct)), codes)


def _kind(name: str, distinct: NDArray[Any]) -> Type | None:
    from pandas.api.types import infer_dtype

    word = infer_dtype(distinct, skipna=True)
    if word in _OBJECTS:
        return _OBJECTS[word]
    if all(isinstance(value, str | bytes) for value in distinct):
        return "STRING"
    found = ", ".join(sorted({type(value).__name__ for value in distinct}))
    raise SchemaError(
        f"Column {name!r}",
        "hold numbers only or texts only",
        f"its values are of the types {found}",
        "convert the column, for instance with astype(str) or pandas.to_numeric",
    )


def _utf8(text: Any) -> bytes:
    """Half a surrogate pair becomes '?', as in the record batches for TFDV, which takes no such text."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


def _as_numbers(name: str, kind: Type, values: NDArray[Any]) -> NDArray[Any]:
    try:
        return values.astype(np.int64 if kind == "INT" else np.float64)
    except OverflowError as error:
        found = "some do not fit 64 bits"
        raise SchemaError(f"Column {name!r}", "hold numbers of 64 bits", found, "convert it to float") from error


def _lists(name: str, series: pd.Series[Any]) -> Values | None:
    """Cells that are lists, tuples or arrays; an empty list is a cell without values, not a missing cell."""
    import pandas as pd

    cells, missing = [], np.zeros(len(series), dtype=bool)
    for position, cell in enumerate(series):
        if isinstance(cell, list | tuple | np.ndarray):
            cells.append(cell.tolist() if isinstance(cell, np.ndarray) else cell)
        elif pd.isna(cell):
            missing[position] = True
        else:
            raise _no_list(name, f"row {position + 1:,} is of the type {type(cell).__name__}")
    flat = [value for cell in cells for value in cell]
    if any(isinstance(value, list | tuple | np.ndarray | dict) for value in flat):
        raise _no_list(name, "it holds lists of lists")
    inner = _objects(name, pd.Series(flat, dtype=object))
    if inner is None:
        return None
    if inner.type == "STRING" and not inner.texts and any(isinstance(value, float) for value in flat):
        inner = Values(name=name, type="FLOAT", missing=inner.missing, numbers=np.empty(0))  # NaN only
    lengths = np.fromiter(map(len, cells), dtype=np.int64, count=len(cells))
    return _inside(inner, lengths, missing if missing.any() else None)


def _inside(inner: Values, lengths: NDArray[np.int64], missing: NDArray[np.bool_] | None) -> Values:
    """The column whose lists have these values; what is missing inside a list is a value, too."""
    same = None if len(lengths) and (lengths == 1).all() else lengths
    if inner.missing is None:
        return replace(inner, lengths=same, missing=missing)
    if inner.numbers is not None:
        numbers = np.full(len(inner.missing), np.nan)
        numbers[~inner.missing] = inner.numbers
        return replace(inner, lengths=same, missing=missing, numbers=numbers)
    codes = np.full(len(inner.missing), -1, dtype=np.intp)
    codes[~inner.missing] = inner.codes
    return replace(inner, lengths=same, missing=missing, codes=codes)


def _no_list(name: str, found: str) -> SchemaError:
    fix = "give each cell one flat list, or convert the column to texts"
    return SchemaError(f"Column {name!r}", "hold one value or one flat list in each cell", found, fix)


def _arrow(name: str, column: Any) -> Values:
    """A column of an Arrow batch: lists of values, null where the row has none."""
    kind = str(column.type)
    if kind == "null":
        return Values(name=name, type="STRING", missing=np.ones(len(column), dtype=bool))
    if not kind.startswith(("list<", "large_list<")) or "list<" in kind.split("<", 1)[1]:
        raise _no_list(name, f"it is of the type {kind}")
    missing = np.asarray(column.is_null().to_numpy(zero_copy_only=False))
    some = bool(missing.any())
    lengths = column.value_lengths()
    sizes = np.asarray((lengths.drop_null() if some else lengths).to_numpy(zero_copy_only=False), dtype=np.int64)
    return _inside(_arrow_values(name, column.flatten()), sizes, missing if some else None)


def _arrow_values(name: str, flat: Any) -> Values:
    kind = str(flat.type)
    if kind.endswith(("string", "binary")):
        coded = flat.dictionary_encode()
        codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)).astype(np.intp)
        texts = tuple(map(_utf8, coded.dictionary.to_pylist()))
        return _spread(Values(name=name, type="STRING", texts=texts), codes)
    if kind.startswith(("int", "uint", "bool", "float", "double", "halffloat")):
        typed: Type = "FLOAT" if kind.startswith(("float", "double", "halffloat")) else "INT"
        missing = np.asarray(flat.is_null().to_numpy(zero_copy_only=False))
        some = bool(missing.any())
        numbers = (flat.drop_null() if some else flat).to_numpy(zero_copy_only=False)
        return Values(name=name, type=typed, missing=missing if some else None, numbers=np.asarray(numbers))
    raise _no_list(name, f"its values are of the type {kind}")
