"""Array: the type of every numpy array in this package; docstrings say shapes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
#: Numbers beyond it count as it: differences of float64 numbers stay finite, and so does one over them.
LARGEST = 1e300
#: Largest whole number up to which float64 tells all whole numbers apart.
EXACT = 2**53
