"""Decimals of Python and Arrow: whole ones become integers, which a float may not hold."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def whole_decimals(series: pd.Series[Any]) -> pd.Series[Any]:
    """The column with integers for its whole decimals; other columns as they are.

    >>> import pandas as pd
    >>> whole_decimals(pd.Series([Decimal("12345678901234567890"), Decimal("1.5")])).tolist()
    [12345678901234567890, Decimal('1.5')]
    """
    import pandas as pd

    if series.dtype != object and not str(series.dtype).startswith("decimal"):
        return series
    cells = series.astype(object)
    if not any(isinstance(cell, Decimal) for cell in cells):
        return series
    return pd.Series([int(cell) if _is_whole(cell) else cell for cell in cells], dtype=object)


def _is_whole(cell: object) -> bool:
    """Whether a cell is a whole decimal of a length that a float can have."""
    decimal = isinstance(cell, Decimal) and cell.is_finite() and cell.adjusted() < 400
    return decimal and cell == cell.to_integral_value()  # type: ignore[attr-defined]
