"""Numbers as people read them."""

from __future__ import annotations

import math


def number(value: float | None) -> str:
    """A score with a sensible number of digits.

    >>> number(0.85712), number(48213.9), number(12.3456), number(None), number(0.00004)
    ('0.857', '48,214', '12.35', '-', '4e-05')
    """
    if value is None or math.isnan(value):
        return "-"
    size = abs(value)
    if size != 0 and size < 0.0005:
        return f"{value:.2g}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.2f}" if size >= 10 else f"{value:.3f}"
