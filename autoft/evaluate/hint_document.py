"""Verdicts on hints as plain data, read back (format: docs/evaluation.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autoft.records import HintSlice, HintTest, Interval


def read_hint(test: Mapping[str, Any]) -> HintTest:
    """The record that plain data describe.

    >>> read_hint({"hint": "age: effect increasing", "because": "", "verdict": "not tested", "gain": None}).slices
    ()
    """
    slices = tuple(HintSlice(**{**one, "gain": read_interval(one["gain"])}) for one in test.get("slices", ()))
    gain = None if test["gain"] is None else read_interval(test["gain"])
    return HintTest(**{**test, "gain": gain, "slices": slices})


def read_interval(value: Mapping[str, Any]) -> Interval:
    """An interval; numbers that plain data do not have are NaN."""
    return Interval(**{key: np.nan if number is None else float(number) for key, number in value.items()})
