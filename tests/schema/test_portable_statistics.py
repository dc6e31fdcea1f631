"""Statistics and schemas without TFDV: what TFDV says about the same tables, recorded and, where installed, asked."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest
from google.protobuf import text_format

from autoft.data.convert import convert
from autoft.data.typed import typed
from autoft.records.columns import Column
from autoft.schema import portable
from autoft.schema.portable import messages
from tests.schema import statistics_tables as tables

RECORDED = json.loads(tables.RECORDED.read_text(encoding="utf-8"))
needs_tfdv = pytest.mark.skipif(
    find_spec("tensorflow_data_validation") is None, reason="TFDV has no wheel for this Python"
)


def theirs(name: str) -> Any:
    content = tables.unpacked(RECORDED["tables"][name]["statistics"])
    return messages.DatasetFeatureStatisticsList.FromString(content)


def ours(name: str) -> Any:
    return portable.generate_statistics(tables.columns(tables.TABLES[name]))


def facts(message: Any, path: str = "") -> dict[str, Any]:
    """Every field that is set, by its path."""
    found: dict[str, Any] = {}
    for field, value in message.ListFields():
        place = f"{path}.{field.name}"
        repeated = not hasattr(value, "ListFields") and not isinstance(value, str | bytes | int | float)
        for position, item in enumerate(value if repeated else [value]):
            here = f"{place}[{position}]" if repeated else place
            if hasattr(item, "ListFields"):
                found.setdefault(here, "there")
                found.update(facts(item, here))
            else:
                found[here] = item
    return found


def differences(expected: Any, got: Any, rows: int) -> list[tuple[str, Any, Any]]:
    """Fields that are not equal. TFDV's counts in buckets of equal width are estimates from quantiles."""
    first, second = facts(expected), facts(got)
    wrong = []
    for place in sorted(first.keys() | second.keys()):
        a, b = first.get(place, 0), second.get(place, 0)
        if place.endswith("sample_count") and "histograms[0]" in place:
            equal = abs(a - b) <= 1 + 0.005 * rows
        elif isinstance(a, float) or isinstance(b, float):
            equal = a == b or math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) or (a != a and b != b)
        else:
            equal = a == b
        if not equal:
            wrong.append((place, a, b))
    return wrong


class TestStatistics:
    @pytest.mark.parametrize("name", tables.TABLES)
    def test_equal_to_tfdv(self, name):
        expected, got = theirs(name), ours(name)
        assert len(got.datasets[0].features) == len(expected.datasets[0].features) > 0
        assert differences(expected, got, max(expected.datasets[0].num_examples, 300)) == []

    def test_a_departure_would_be_seen(self):
        table = tables.TABLES["numbers"]
        got = portable.generate_statistics(tables.columns(table.assign(count=table["count"] + 1)))
        assert {place.split(".")[-1] for place, _, _ in differences(theirs("numbers"), got, 30)} >= {"mean", "max"}

    def test_typed_columns_of_a_frame(self):
        frame = pd.DataFrame(
            {"i": [1.0, 2.0, np.nan], "f": [0.5, np.inf, 2.5], "s": ["b", None, "a"], "e": [None, None, None]}
        )
        kinds = {"i": "numeric", "f": "numeric", "s": "categorical", "e": "empty"}
        columns = tuple(
            Column(id=f"c{k}", name=name, kind=kind, why="", missing=0, distinct=2, integral=name == "i")
            for k, (name, kind) in enumerate(kinds.items())
        )
        table = typed(frame, columns, convert(frame, columns))
        i, f, s, e = portable.generate_statistics(table).datasets[0].features
        assert [messages.StatisticsType.Name(x.type) for x in (i, f, s, e)] == ["INT", "FLOAT", "STRING", "STRING"]
        assert (i.num_stats.common_stats.num_missing, i.num_stats.max, i.num_stats.mean) == (1, 2, 1.5)
        assert (f.num_stats.common_stats.num_non_missing, f.num_stats.max) == (2, 2.5)
        assert [top.value for top in s.string_stats.top_values] == ["b", "a"]
        assert e.string_stats.common_stats.num_missing == 3

    def test_many_distinct_texts_are_ranked_exactly(self):
        texts = [f"t{k:05d}" for k in range(3000)] + ["t00007"] * 2 + ["t00001"]
        (feature,) = portable.generate_statistics(tables.columns(pd.DataFrame({"x": texts}))).datasets[0].features
        stats = feature.string_stats
        assert stats.unique == 3000
        top = [(value.value, value.frequency) for value in stats.top_values]
        assert top[:4] == [("t00007", 3), ("t00001", 2), ("t02999", 1), ("t02998", 1)]
        assert (len(top), len(stats.rank_histogram.buckets)) == (20, 1000)

    def test_the_table_is_not_changed(self):
        table = tables.TABLES["numbers"]
        before = table.copy(deep=True)
        portable.generate_statistics(tables.columns(table))
        pd.testing.assert_frame_equal(table, before)


class TestSchema:
    @pytest.mark.parametrize("name", tables.TABLES)
    def test_the_text_of_tfdv(self, name):
        # TFDV writes NUL as it is or escaped, as the installed protobuf does.
        expected = RECORDED["tables"][name]["schema"].replace("\0", "\\000")
        for statistics in (theirs(name), ours(name)):
            text = text_format.MessageToString(portable.infer_schema(statistics), as_utf8=True)
            assert text.replace("\0", "\\000") == expected


def test_neither_tensorflow_nor_scikit_learn_is_imported():
    code = (
        "import sys, pandas as pd; from autoft.schema.engines import choose; e = choose('portable'); "
        "e.infer(e.statistics(pd.DataFrame({'x': [1.0, 2.0], 'y': ['a', 'b']}), ()), target='y'); "
        "sys.exit(any(n in sys.modules for n in ('tensorflow', 'sklearn', 'tensorflow_metadata', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_tfdv
class TestBesideTFDV:
    def test_what_was_recorded_is_what_it_says(self):
        said = tables.tfdv_says()
        for name, found in said["tables"].items():
            assert found == RECORDED["tables"][name], name
