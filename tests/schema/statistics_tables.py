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
            "single": (K / 3).astype("f4"),
            "byte": K.astype("u1"),
            "truth": K % 3 == 0,
            "skewed": np.exp(K / 3.0),
            "repeated": np.repeat([1, 2, 2, 3, 9], 6),
            "nullable": pd.array(_cycle(1, None, 3), dtype="Int64"),
            "nullable truth": pd.array(_cycle(True, None, False), dtype="boolean"),
            "objects": pd.Series(_cycle(1, 2.5, 3), dtype=object),
            "truth objects": pd.Series(_cycle(True, False, None), dtype=object),
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
        "nan": (np.nan, "x"),
        "none": (None,),
        "lines": ("a\nb", "a\x00b"),
        "a.b": ("x",),
        "it's": ("x",),
        "": ("x",),
        "long": ("x" * 1024, "y" * 1025, "z" * 2000),
        "bytes": (b"ok", b"\xff\xfe"),
        "good bytes": (b"x", b"y"),
    }
    frame = pd.DataFrame({name: _cycle(*values) for name, values in pairs.items()})
    return frame.assign(identifier=[f"id{k:03d}" for k in K])


def _lists() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "growing": [list(range(k % 4)) for k in K],
            "arrays": [np.arange(k % 3 + 1) * 1.5 for k in K],
            "tuples": _cycle((1, 2)),
            "words": [["a", "b"][: k % 3] for k in K],
            "some": [None if k % 4 == 0 else [int(k)] for k in K],
            "three": _cycle([1, 2, 3]),
            "empty": _cycle([]),
            "nan": _cycle([1.0, np.nan], [2.0]),
            "no word": _cycle(["a", None], ["b"]),
            "truths": _cycle([True], [False]),
            "none": _cycle([None, 1.5], None),
        }
    )


def _weighted() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": K,
            "some": np.where(K % 6 == 0, np.nan, K / 4),
            "word": [f"v{k % 4}" for k in K],
            "some word": [None if k % 5 == 0 else f"m{k % 3}" for k in K],
            "list": [list(range(k % 4)) for k in K],
            "weight": K / 2,
            "whole weight": K % 4,
        }
    )


def _domains() -> pd.DataFrame:
    k = np.arange(600)
    return pd.DataFrame({f"{size} words": [f"v{i % size}" for i in k] for size in (99, 100, 101)})


#: name -> (table, name of the column of weights)
TABLES: dict[str, tuple[pd.DataFrame, str | None]] = {
    "numbers": (_numbers(), None),
    "texts": (_texts(), None),
    "lists": (_lists(), None),
    "weighted": (_weighted(), "weight"),
    "weighted by whole numbers": (_weighted(), "whole weight"),
    "domains": (_domains(), None),
    "one row": (pd.DataFrame({"a": [1.5], "b": [3], "c": ["x"], "d": [None]}), None),
    "two rows": (pd.DataFrame({"a": [1.5, 2.5], "b": [3, 9], "c": ["x", None], "d": [np.nan, 1.0]}), None),
    "no rows": (pd.DataFrame({"a": np.array([], dtype=float), "b": np.array([], dtype=object)}), None),
    "names and times": (
        pd.DataFrame({0: [1, 2], "when": pd.to_datetime(["2024-01-01", "2025-01-01"]), "(a)": ["x", "y"]}),
        None,
    ),
}


def packed(content: bytes) -> str:
    """Bytes as text for the file of recorded truths."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def tfdv_says() -> dict[str, Any]:
    """TFDV's statistics and schemas of all tables."""
    import tensorflow_data_validation as tfdv
    from google.protobuf import text_format

    def statistics(table: pd.DataFrame, weight: str | None = None) -> Any:
        return tfdv.generate_statistics_from_dataframe(table, tfdv.StatsOptions(weight_feature=weight), n_jobs=1)

    def text(message: Any) -> str:
        return text_format.MessageToString(message, as_utf8=True)

    said: dict[str, Any] = {"tables": {}}
    for name, (table, weight) in TABLES.items():
        found = statistics(table, weight)
        said["tables"][name] = {
            "statistics": packed(found.SerializeToString(deterministic=True)),
            "schema": text(tfdv.infer_schema(found, infer_feature_shape=False)),
            "shaped": text(tfdv.infer_schema(found, infer_feature_shape=True)),
        }
    return said


if __name__ == "__main__":
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(tfdv_says(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{RECORDED}: {len(TABLES)} tables, {RECORDED.stat().st_size:,} bytes")
