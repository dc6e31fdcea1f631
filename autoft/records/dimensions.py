"""Dimensions of a search space: numbers between two limits, and choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Value = float | int | str

#: Other dimensions and their values with which a dimension has a meaning; all must hold.
Conditions = tuple[tuple[str, tuple[Value, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A number between two limits, on a logarithmic scale where that fits its meaning."""

    name: str
    low: float
    high: float
    default: float
    log: bool
    when: Conditions = ()

    def __contains__(self, value: Any) -> bool:
        return bool(self.low <= value <= self.high)

    def words(self) -> str:
        return f"{self.low:g} to {self.high:g}{', logarithmic' if self.log else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few values."""

    name: str
    values: tuple[Value, ...]
    default: Value
    when: Conditions = ()

    def __contains__(self, value: Any) -> bool:
        return value in self.values

    def words(self) -> str:
        return ", ".join(str(v) for v in self.values)


Dimension = Range | Choice
