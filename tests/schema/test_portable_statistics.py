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
import pyarrow as pa
import pytest
from google.protobuf import text_format

from autoft.data.arrow import record_batch
from autoft.data.convert import convert
from autoft.data.typed import typed
from autoft.errors import SchemaError
from autoft.records import Column
from autoft.schema import portable
from autoft.schema.portable import messages
from tests.schema import statistics_tables as tables

RECORDED = json.loads(tables.RECORDED.read_text(encoding="utf-8"))
PAIRS = [(schema, table) for schema, found in RECORDED["updates"].items() for table in found]
needs_tfdv = pytest.mark.skipif(
    find_spec("tensorflow_data_validation") is None, reason="TFDV has no wheel for this Python"
)


def theirs(name: str) -> Any:
    content = tables.unpacked(RECORDED["tables"][name]["statistics"])
    return messages.DatasetFeatureStatisticsList.FromString(content)


def ours(name: str) -> Any:
    table, weight = tables.TABLES[name]
    return portable.generate_statistics(table, weight_feature=weight)


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
        table, _ = tables.TABLES["numbers"]
        got = portable.generate_statistics(table.assign(count=table["count"] + 1))
        assert {place.split(".")[-1] for place, _, _ in differences(theirs("numbers"), got, 30)} >= {"mean", "max"}

    def test_an_arrow_batch_is_as_good_as_its_frame(self):
        frame = pd.DataFrame(
            {"i": [1.0, 2.0, np.nan], "f": [0.5, np.inf, 2.5], "s": ["b", None, "a"], "e": [None, None, None]}
        )
        kinds = {"i": "numeric", "f": "numeric", "s": "categorical", "e": "empty"}
        columns = tuple(
            Column(id=f"c{k}", name=name, kind=kind, why="", missing=0, distinct=2, integral=name == "i")
            for k, (name, kind) in enumerate(kinds.items())
        )
        batch = record_batch(typed(frame, columns, convert(frame, columns)))
        i, f, s, e = portable.generate_statistics(batch).datasets[0].features
        assert [messages.statistics_type_name(x.type) for x in (i, f, s, e)] == ["INT", "FLOAT", "STRING", "STRING"]
        assert (i.num_stats.common_stats.num_missing, i.num_stats.max, i.num_stats.mean) == (1, 2, 1.5)
        assert (f.num_stats.common_stats.num_non_missing, f.num_stats.max) == (2, 2.5)
        assert [top.value for top in s.string_stats.top_values] == ["b", "a"]
        assert e.string_stats.common_stats.num_missing == 3

    def test_lists_in_an_arrow_batch(self):
        lists = [[1.0, None], [], None, [2.0, 3.0]]
        batch = pa.RecordBatch.from_arrays([pa.array(lists)], names=["x"])
        (feature,) = portable.generate_statistics(batch).datasets[0].features
        common = feature.num_stats.common_stats
        assert (common.num_non_missing, common.num_missing, common.tot_num_values) == (3, 1, 4)
        assert (common.min_num_values, common.max_num_values) == (0, 2)
        assert (feature.num_stats.mean, feature.num_stats.histograms[0].num_nan) == (2.0, 1)

    def test_categories_are_what_they_stand_for(self):
        words = pd.DataFrame({"x": ["b", None, "a", "b"], "y": [3, 1, 1, 1]})
        coded = words.astype({"x": pd.CategoricalDtype(["a", "b", "never"]), "y": "category"})
        assert portable.generate_statistics(coded) == portable.generate_statistics(words)

    def test_many_distinct_texts_are_ranked_exactly(self):
        texts = [f"t{k:05d}" for k in range(3000)] + ["t00007"] * 2 + ["t00001"]
        (feature,) = portable.generate_statistics(pd.DataFrame({"x": texts})).datasets[0].features
        stats = feature.string_stats
        assert stats.unique == 3000
        top = [(value.value, value.frequency) for value in stats.top_values]
        assert top[:4] == [("t00007", 3), ("t00001", 2), ("t02999", 1), ("t02998", 1)]
        assert (len(top), len(stats.rank_histogram.buckets)) == (20, 1000)

    def test_lists_of_nan_only(self):
        (feature,) = (
            portable.generate_statistics(pd.DataFrame({"x": [[np.nan], [np.nan, np.nan]]})).datasets[0].features
        )
        assert [histogram.num_nan for histogram in feature.num_stats.histograms] == [3, 3]
        assert feature.num_stats.common_stats.tot_num_values == 3

    def test_the_frame_is_not_changed(self):
        table, weight = tables.TABLES["weighted"]
        before = table.copy(deep=True)
        portable.generate_statistics(table, weight_feature=weight)
        pd.testing.assert_frame_equal(table, before)

    @pytest.mark.parametrize(
        ("table", "weight", "column", "found"),
        [
            ({"x": [1, "a"]}, None, "x", "int, str"),
            ({"x": [[[1]], [[2]]]}, None, "x", "lists of lists"),
            ({"x": [[1], 2]}, None, "x", "row 2"),
            ({"x": [2**70, 1]}, None, "x", "64 bits"),
            ({"x": [1, 2]}, "w", "w", "not in the table"),
            ({"w": [1.0, np.nan]}, "w", "w", "1 of 2 rows"),
            ({"w": [1.0, -1.0]}, "w", "w", "1 of 2 rows"),
            ({"w": [0, 0]}, "w", "w", "all are 0"),
            ({"w": ["a", "b"]}, "w", "w", "STRING"),
        ],
    )
    def test_what_has_no_statistics(self, table, weight, column, found):
        with pytest.raises(SchemaError, match=found) as error:
            portable.generate_statistics(pd.DataFrame(table), weight_feature=weight)
        assert repr(column) in error.value.where

    def test_two_columns_of_one_name(self):
        with pytest.raises(SchemaError, match="two columns have it"):
            portable.generate_statistics(pd.DataFrame([[1, 2]], columns=["x", "x"]))


class TestSchema:
    @pytest.mark.parametrize("shape", [False, True], ids=["counts", "shapes"])
    @pytest.mark.parametrize("name", tables.TABLES)
    def test_the_text_of_tfdv(self, name, shape):
        # TFDV writes NUL as it is or escaped, as the installed protobuf does.
        expected = RECORDED["tables"][name]["shaped" if shape else "schema"].replace("\0", "\\000")
        for statistics in (theirs(name), ours(name)):
            assert portable.to_text(portable.infer_schema(statistics, infer_feature_shape=shape)) == expected

    @pytest.mark.parametrize(("before", "table"), PAIRS)
    def test_revised_as_tfdv_does(self, before, table):
        later = tables.later_tables()
        if before in tables.WRITTEN:
            schema = text_format.Parse(tables.WRITTEN[before], messages.Schema())
        else:
            first = portable.generate_statistics(later["first"])
            schema = portable.infer_schema(first, infer_feature_shape=before == "shaped")
        untouched = schema.SerializeToString(deterministic=True)
        revised = portable.update_schema(schema, portable.generate_statistics(later[table]))
        assert portable.to_text(revised) == RECORDED["updates"][before][table]
        assert schema.SerializeToString(deterministic=True) == untouched

    def test_slices(self):
        one = ours("one row").datasets[0]
        sliced = messages.DatasetFeatureStatisticsList(datasets=[one, one])
        with pytest.raises(SchemaError, match="All Examples"):
            portable.infer_schema(sliced)
        sliced.datasets[1].name = "All Examples"
        assert portable.infer_schema(sliced) == portable.infer_schema(ours("one row"))


class TestFiles:
    def test_everything_returns(self, tmp_path):
        statistics, path = ours("texts"), tmp_path / "file"
        for write, load in (
            (portable.write_stats_text, portable.load_stats_text),
            (portable.write_stats_text, portable.load_statistics),
            (portable.write_stats_binary, portable.load_stats_binary),
            (portable.write_stats_tfrecord, portable.load_statistics),
        ):
            write(statistics, path)
            assert load(path) == statistics
        schema = portable.infer_schema(statistics)
        portable.write_schema_text(schema, path)
        assert portable.load_schema_text(path) == schema
        assert "日本" in path.read_text(encoding="utf-8")

    def test_the_checksum_of_tfrecords(self, tmp_path):
        """The bytes of TensorFlow's own writer for an empty list: length 0, two checksums."""
        portable.write_stats_tfrecord(messages.DatasetFeatureStatisticsList(), tmp_path / "x")
        assert (tmp_path / "x").read_bytes().hex() == "0000000000000000" + "29039807" + "d8ea82a2"

    @pytest.mark.parametrize("cut", [5, 14, -1])
    def test_a_damaged_record(self, cut, tmp_path):
        path = tmp_path / "x.tfrecord"
        portable.write_stats_tfrecord(ours("one row"), path)
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(SchemaError, match=r"damaged|UTF-8|line 1"):
            portable.load_statistics(path)

    def test_a_changed_record(self, tmp_path):
        path = tmp_path / "x.tfrecord"
        portable.write_stats_tfrecord(ours("one row"), path)
        content = bytearray(path.read_bytes())
        content[20] ^= 1
        path.write_bytes(content)
        with pytest.raises(SchemaError, match=r"record at byte 0 is damaged"):
            portable.load_statistics(path)

    @pytest.mark.parametrize(
        ("content", "found"), [(b"feature { nme: 1 }", "line 1:11"), (b"\xff\xfe", "UTF-8"), (None, "No such file")]
    )
    def test_no_schema(self, content, found, tmp_path):
        path = tmp_path / "schema.pbtxt"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SchemaError, match=found):
            portable.load_schema_text(path)


def test_neither_tensorflow_nor_scikit_learn_is_imported():
    code = (
        "import sys, pandas as pd; from autoft.schema import portable as p; "
        "p.infer_schema(p.generate_statistics(pd.DataFrame({'x': [1, 2], 'y': ['a', 'b']}))); "
        "sys.exit(any(n in sys.modules for n in ('tensorflow', 'sklearn', 'tensorflow_metadata', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@needs_tfdv
class TestBesideTFDV:
    def test_what_was_recorded_is_what_it_says(self):
        said = tables.tfdv_says()
        assert said["updates"] == RECORDED["updates"]
        for name, found in said["tables"].items():
            assert found == RECORDED["tables"][name], name

    def test_files(self, tmp_path):
        import tensorflow_data_validation as tfdv
        from tensorflow_metadata.proto.v0 import statistics_pb2

        statistics, path = ours("texts"), str(tmp_path / "file")
        same = messages.like(statistics, statistics_pb2.DatasetFeatureStatisticsList)
        portable.write_stats_text(statistics, path)
        assert tfdv.load_stats_text(path) == same
        portable.write_stats_binary(statistics, path)
        assert tfdv.load_stats_binary(path) == same
        portable.write_stats_tfrecord(statistics, path)
        assert tfdv.load_statistics(path) == same
        tfdv.write_stats_text(same, path)
        assert portable.load_stats_text(path) == statistics
        portable.write_schema_text(portable.infer_schema(statistics), path)
        assert messages.own(tfdv.load_schema_text(path)) == portable.infer_schema(statistics)
        tfdv.write_schema_text(tfdv.infer_schema(same), path)
        assert portable.load_schema_text(path) == portable.infer_schema(statistics, infer_feature_shape=True)
