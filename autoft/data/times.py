"""Times of pandas, Python and Arrow in one form."""

from __future__ import annotations

from typing import Any

import pandas as pd

#: The dtype of times that came with a time zone.
ZONED = "datetime64[ns, UTC]"


def to_nanoseconds(series: pd.Series[Any]) -> pd.Series[Any] | None:
    """Times as ``datetime64[ns]``, with their zone as `ZONED`, under a fresh index; None where nanoseconds cannot hold
    one of them (before 1677, after 2262), or where only some have a zone."""
    zoned = isinstance(series.dtype, pd.DatetimeTZDtype)
    if series.dtype == object:
        zones = {getattr(cell, "tzinfo", None) is not None for cell in series.dropna()}
        if len(zones) > 1:
            return None
        zoned = True in zones
    try:
        times = pd.to_datetime(series, utc=True).dt.tz_localize(None).astype("datetime64[ns]")
    except (pd.errors.OutOfBoundsDatetime, OverflowError):
        return None
    naive = pd.Series(times.to_numpy(copy=True))
    return naive.dt.tz_localize("UTC") if zoned else naive
