"""Fingerprint of a table in canonical form."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd

from autoft.data.times import ZONED


def fingerprint(frame: pd.DataFrame) -> str:
    """SHA-256 of names and content (hexadecimal); depends on the order of rows and columns."""
    digest = hashlib.sha256()
    for i, name in enumerate(frame.columns):
        column = frame.iloc[:, i]
        zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
        values = (column.dt.tz_localize(None) if zoned else column).to_numpy()
        digest.update(json.dumps([name, ZONED if zoned else str(values.dtype), len(values)]).encode())
        if values.dtype == object:
            codes, distinct = pd.factorize(values)
            digest.update(json.dumps(list(distinct)).encode())
            values = codes.astype("int64")
        elif values.dtype == np.float64:
            values = np.where(np.isnan(values), np.nan, values)  # NaNs differ in bits that nobody sees
        digest.update(values.tobytes())
    return digest.hexdigest()
