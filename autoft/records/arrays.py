"""Array: the type of every numpy array in this package; docstrings say shapes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
