"""Quotients of columns (numpy)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def quotient(above: NDArray[Any], below: NDArray[Any]) -> NDArray[Any]:
    """Quotients of equal shape; NaN where they are not finite.

    >>> quotient(np.array([1.0, 1.0, np.nan]), np.array([4.0, 0.0, 1.0])).tolist()
    [0.25, nan, nan]
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = above / below
    return np.where(np.isfinite(found), found, np.nan)
