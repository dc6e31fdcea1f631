"""Fingerprint of a table in canonical form."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def fingerprint(frame: pd.DataFrame) -> str:
    """SHA-256 of names and content (hexadecimal); depends on the order of rows and columns."""
    import pandas as pd

    digest = hashlib.sha256()
    for i, name in enumerate(frame.columns):
        values = frame.iloc[:, i].to_numpy()
        digest.update(json.dumps([name, str(values.dtype), len(values)]).encode())
        if values.dtype == object:
            codes, distinct = pd.factorize(values)
            digest.update(json.dumps(list(distinct)).encode())
            values = codes.astype("int64")
        elif values.dtype == np.float64:
            values = np.where(np.isnan(values), np.nan, values)  # NaNs differ in bits that nobody sees
        digest.update(values.tobytes())
    return digest.hexdigest()
