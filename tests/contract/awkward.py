"""More awkward tables: a harmless one with one column of a kind that people bring, and what that column has to become.

Each is a function of the number of rows, so that the same table can be made longer, and has the kind that its column
must get, or None where it may be refused or left to a finding.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tests.contract import zoo

Cells = Callable[[int], Any]

_DAYS = pd.date_range("2019-01-03", periods=400, freq="17h")


def _times(form: str) -> Cells:
    return lambda rows: [_DAYS[n % 400].strftime(form) for n in range(rows)]


def _drawn(values: Sequence[Any], missing: float = 0.0, seed: int = 3) -> Cells:
    """Values drawn with replacement, with a share of missing cells."""

    def cells(rows: int) -> Any:
        rng = np.random.default_rng(seed)
        drawn = np.empty(rows, dtype=object)
        drawn[:] = [values[k] for k in rng.integers(0, len(values), rows)]
        drawn[rng.random(rows) < missing] = None
        return drawn

    return cells


def _written(form: str, low: float, high: float) -> Cells:
    """Numbers drawn between two limits, each written in a form."""
    return lambda rows: [form.format(x) for x in np.random.default_rng(4).uniform(low, high, rows)]


def _mostly(cells: Cells, other: Any, every: int) -> Cells:
    return lambda rows: [other if n % every == 7 else cell for n, cell in enumerate(cells(rows))]


def _comma(x: float) -> str:
    return f"{x:.2f}".replace(".", ",")


#: By name: the cells of column ``x``, and the kind that it must get.
COLUMNS: dict[str, tuple[Cells, str | None]] = {
    # Dates
    "days with dashes": (_times("%d-%m-%Y"), "date"),
    "months with dashes first": (_times("%m-%d-%Y"), "date"),
    "days with points": (_times("%d.%m.%Y"), "date"),
    "days with slashes": (_times("%d/%m/%Y"), "date"),
    "short names of months": (_times("%d %b %Y"), "date"),
    "names of months first": (_times("%B %d, %Y"), "date"),
    "months without days": (_times("%Y-%m"), "date"),
    "times after a dash": (_times("%Y-%m-%d-%H:%M:%S"), "date"),
    "iso times": (_times("%Y-%m-%dT%H:%M:%S"), "date"),
    "iso times with a zone": (_times("%Y-%m-%dT%H:%M:%S+02:00"), "date"),
    "twelve hours": (_times("%m/%d/%Y %I:%M %p"), "date"),
    "weekdays in front": (_times("%a, %d %b %Y"), "date"),
    "days with gaps written NaT": (_mostly(_times("%Y-%m-%d"), "NaT", 25), "date"),
    "days of which some are unreadable": (_mostly(_times("%d.%m.%Y"), "soon", 50), "date"),
    "years of two digits": (_times("%d/%m/%y"), None),
    "days and nothing else in a column": (lambda rows: [d.date() for d in _DAYS[np.arange(rows) % 400]], "date"),
    "aware times": (lambda rows: _DAYS[np.arange(rows) % 400].tz_localize("Europe/Rome", ambiguous=True), "date"),
    "times of day": (_times("%H:%M:%S"), None),
    # Numbers
    "dollars": (_written("${:,.0f}", 1e3, 9e6), "numeric"),
    "per cent": (_written("{:.2f}%", 0, 99), "numeric"),
    "per cent after a blank": (_written("{:.1f} %", 0, 99), "numeric"),
    "thousands and decimals": (_written("{:,.2f}", 1, 9e6), "numeric"),
    "decimal commas": (lambda rows: [_comma(x) for x in np.random.default_rng(5).uniform(0, 99, rows)], "numeric"),
    "kilometres": (_written("{:.1f} kmpl", 8, 30), "numeric"),
    "capacity": (_written("{:.0f} CC", 800, 3000), "numeric"),
    "euros behind": (_written("{:.2f} €", 1, 99), "numeric"),
    "negative amounts in brackets": (_mostly(_written("{:,.2f}", 1000, 9e6), "(1,234.50)", 9), None),
    "two units": (lambda rows: [f"{n % 90 + 10} {'kg' if n % 2 else 'lb'}" for n in range(rows)], None),
    "numbers with a word now and then": (_mostly(_written("{:.2f}", 0, 9), "n/k", 50), None),
    "numbers and words": (_drawn(["12", "13", "14", "large"]), None),
    "signs that are no minus": (_written("\u2212{:.2f}", 1, 9), None),
    "scientific": (_written("{:.4e}", 1e-8, 1e8), "numeric"),
    "huge and tiny": (lambda rows: 10.0 ** np.random.default_rng(6).uniform(-300, 300, rows), "numeric"),
    "infinite now and then": (
        lambda rows: np.where(np.arange(rows) % 30 == 4, np.inf, np.arange(rows) % 17),
        "numeric",
    ),
    "float16": (lambda rows: np.random.default_rng(6).normal(size=rows).astype("float16"), "numeric"),
    "decimals": (lambda rows: [decimal.Decimal(n % 37) / 8 for n in range(rows)], "numeric"),
    "durations": (lambda rows: pd.to_timedelta(np.arange(rows) % 50 * 7, unit="min"), "numeric"),
    "nullable integers": (lambda rows: pd.array([None if n % 9 == 1 else n % 40 for n in range(rows)], "Int64"), None),
    "unsigned bytes": (lambda rows: (np.arange(rows) * 7 % 250).astype("uint8"), "numeric"),
    # Codes
    "long integers": (lambda rows: np.int64(1234567890123456000) + np.arange(rows) % 12, "categorical"),
    "long integers as texts": (_drawn([str(1234567890123456000 + k) for k in range(12)]), "categorical"),
    "unsigned long integers": (lambda rows: np.uint64(2**63) + (np.arange(rows) % 12).astype("uint64"), "categorical"),
    "codes with zeros in front": (_drawn([f"{k:04d}" for k in range(30)]), "categorical"),
    "hexadecimal codes": (_drawn([f"{k * 7919 % 65521:04x}" for k in range(30)]), "categorical"),
    "postcodes": (_drawn(["SW1A 1AA", "EC1A 1BB", "W1A 0AX", "M1 1AE"]), "categorical"),
    "versions": (_drawn(["1.0.2", "1.10.0", "2.0.0"]), "categorical"),
    "telephone numbers": (_drawn(["+44 20 7946 0018", "+44 20 7946 0958", "+1 202-555-0143"]), "categorical"),
    # Truth values
    "booleans": (lambda rows: np.arange(rows) % 3 == 0, "boolean"),
    "booleans with gaps": (_drawn([True, False], 0.2), "boolean"),
    "yes and no": (_drawn(["Yes", "No"], 0.2), "boolean"),
    "letters for truth": (_drawn(["t", "f"]), "boolean"),
    "nullable booleans": (
        lambda rows: pd.array([None if n % 9 == 1 else n % 2 == 0 for n in range(rows)], "boolean"),
        "boolean",
    ),
    # Categories
    "several spellings": (_drawn(["Rome", "rome", "ROME ", "Oslo", "Pisa"]), "categorical"),
    "blanks around": (_drawn([" Rome", "Oslo ", "Pisa"]), "categorical"),
    "None as a word": (_drawn(["None", "mild", "severe"]), None),
    "NA beside blanks": (_drawn(["NA", "", "EU", "AS"]), None),
    "question marks": (_drawn(["?", "a", "b"]), None),
    "no characters but signs": (_drawn(["+", "-", "0"]), None),
    "formulas": (_drawn(["=1+1", "@SUM(A1)", "+44"]), "categorical"),
    "markup": (_drawn(["<script>alert(1)</script>", "<b>", "&amp;"]), "categorical"),
    "line breaks and quotes": (_drawn(['a "b"', "c\nd", "e,f", "g;h"]), "categorical"),
    "every script": (_drawn(["日本", "שלום", "Łódź", "🦊", "नमस्ते"]), "categorical"),
    "composed and decomposed": (_drawn(["caf\u00e9", "cafe\u0301", "th\u00e9"]), "categorical"),
    "words of the layers": (_drawn(["[UNK]", "[MASK]", "-1", "nan?"]), "categorical"),
    "intervals": (lambda rows: pd.cut(np.arange(rows) % 10, 3), "categorical"),
    "ordered categories": (
        lambda rows: pd.Categorical(_drawn(["low", "mid", "top"])(rows), ordered=True),
        "categorical",
    ),
    "categories over numbers": (lambda rows: pd.Categorical(np.arange(rows) % 4), "numeric"),
    "a category that never occurs": (
        lambda rows: pd.Categorical(["a", "b"] * (rows // 2), ["a", "b", "c"]),
        "categorical",
    ),
    "numbers and texts as objects": (_drawn([1, "1", 2, "two"]), None),
    "objects of every type": (_drawn([1, 2.5, True, "x", datetime.date(2020, 1, 1)]), None),
    "one value or missing": (_drawn(["x"], 0.5), None),
    "nearly constant": (_mostly(lambda rows: [0] * rows, 1, 99), None),
    "hardly a cell": (_mostly(lambda rows: [None] * rows, 3.5, 20), None),
    # Texts
    "sentences": (
        lambda rows: [f"the {n}th customer was happy with {n * 7 % 31} of our goods" for n in range(rows)],
        None,
    ),
    "addresses of pages": (lambda rows: [f"https://example.org/{n}" for n in range(rows)], None),
    "very long cells": (_drawn(["x" * 70_000, "y" * 70_000]), "categorical"),
    "uuids": (lambda rows: [f"{n * 2654435761 % 2**32:08x}-{n:04x}" for n in range(rows)], "identifier"),
    "strings of pandas": (lambda rows: pd.array(_drawn(["a", "b"], 0.1)(rows), dtype="string"), None),
    "sparse zeros": (lambda rows: pd.arrays.SparseArray(np.where(np.arange(rows) % 5, 0, 7)), None),
    "months as periods": (lambda rows: pd.period_range("1990-01", periods=rows, freq="M"), "date"),
}


def table(name: str, rows: int = zoo.ROWS) -> pd.DataFrame:
    """The harmless table with such a column ``x``."""
    cells = COLUMNS[name][0](rows)
    return zoo.plain(rows).assign(x=cells if isinstance(cells, pd.Series) else pd.Series(cells))
