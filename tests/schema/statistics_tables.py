"""Tables for the statistics and the schemas of the portable engine, and what TFDV says about them.

``python -m tests.schema.statistics_tables`` asks TFDV about every table and writes ``recorded/statistics.json``.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from autoft.data.typed import Cells, Typed, record_batch

RECORDED = Path(__file__).with_name("recorded") / "statistics.json"
ROWS = 30
K = np.arange(ROWS)


def _cycle(*values: Any) -> list[Any]:
    return [values[k % len(values)] for k in range(ROWS)]


def _numbers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "count": K,
            "quarter": K / 4,
            "negative": K - 10,
            "zero": np.zeros(ROWS),
            "whole zero": np.zeros(ROWS, dtype=int),
            "one": np.ones(ROWS, dtype=int),
            "seven": np.full(ROWS, 7),
            "some": np.where(K % 7 == 0, np.nan, K * 1.0),
            "none": np.full(ROWS, np.nan),
            "infinite": np.where(K == 3, np.inf, K * 1.0),
            "both": np.select([K == 3, K == 4], [-np.inf, np.nan], K * 1.0),
            "only infinite": np.full(ROWS, np.inf),
            "huge": K * 10**15,
            "skewed": np.exp(K / 3.0),
            "repeated": np.repeat([1, 2, 2, 3, 9], 6),
        }
    )


def _texts() -> pd.DataFrame:
    pairs = {
        "ties": ("b", "a", "c"),
        "truth": ("true", "false"),
        "TRUTH": ("TRUE", "FALSE"),
        "Truth": ("True", "False"),
        "digits": ("1", "0"),
        "only true": ("true",),
        "mixed truth": ("1", "true"),
        "yes": ("Yes", "No"),
        "whole": (" +05", "-3\t"),
        "fraction": ("1.5", "2"),
        "too large": ("9223372036854775808", "3"),
        "largest": ("9223372036854775807", "3"),
        "wide digit": ("５", "3"),
        "alphabets": ("é", "łódź", "日本"),
        "empty": ("", "x"),
        "missing": (None, "x", "y"),
        "none": (None,),
        "lines": ("a\nb", "a\x00b"),
        "a.b": ("x",),
        "it's": ("x",),
        "": ("x",),
        "long": ("x" * 1024, "y" * 1025, "z" * 2000),
    }
    frame = pd.DataFrame({name: _cycle(*values) for name, values in pairs.items()})
    return frame.assign(identifier=[f"id{k:03d}" for k in K])


def _domains() -> pd.DataFrame:
    k = np.arange(600)
    return pd.DataFrame({f"{size} words": [f"v{i % size}" for i in k] for size in (99, 100, 101)})


TABLES: dict[str, pd.DataFrame] = {
    "numbers": _numbers(),
    "texts": _texts(),
    "domains": _domains(),
    "one row": pd.DataFrame({"a": [1.5], "b": [3], "c": ["x"], "d": [None]}),
    "two rows": pd.DataFrame({"a": [1.5, 2.5], "b": [3, 9], "c": ["x", None], "d": [np.nan, 1.0]}),
    "no rows": pd.DataFrame({"a": np.array([], dtype=float), "b": np.array([], dtype=object)}),
    "names": pd.DataFrame({"0": [1, 2], "(a)": ["x", "y"]}),
}


def columns(table: pd.DataFrame) -> Typed:
    """The table as both engines read it."""
    cells = {name: Cells(values=table[name].to_numpy(), missing=table[name].isna().to_numpy()) for name in table}
    return Typed(cells=cells, rows=len(table), unreadable=frozenset())


def packed(content: bytes) -> str:
    """Bytes as text for the file of recorded truths."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def tfdv_says() -> dict[str, Any]:
    """TFDV's statistics and schemas of all tables."""
    import tensorflow_data_validation as tfdv
    from google.protobuf import text_format
    from tensorflow_data_validation.statistics import stats_impl

    said: dict[str, Any] = {"tables": {}}
    for name, table in TABLES.items():
        found = stats_impl.generate_statistics_in_memory(record_batch(columns(table)), tfdv.StatsOptions())
        schema = tfdv.infer_schema(found, infer_feature_shape=False)
        said["tables"][name] = {
            "statistics": packed(found.SerializeToString(deterministic=True)),
            "schema": text_format.MessageToString(schema, as_utf8=True),
        }
    return said


if __name__ == "__main__":
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(tfdv_says(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{RECORDED}: {len(TABLES)} tables, {RECORDED.stat().st_size:,} bytes")
