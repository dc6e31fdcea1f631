"""The contract with both engines: what they infer, what they call an anomaly, what people read."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pytest

from autoft.data.table import read
from autoft.errors import RecipeError, SchemaError, SetupError
from autoft.records import Column, Finding, Kind
from autoft.schema import engines
from autoft.schema.engines import choose, engine_of_model
from autoft.schema.portable_engine import Portable
from autoft.schema.proto_engine import ProtoEngine
from autoft.schema.tfdv import TFDV

needs_tfdv = pytest.mark.skipif(
    find_spec("tensorflow_data_validation") is None, reason="TFDV has no wheel for this Python"
)

ROWS = 60
KINDS: dict[str, Kind] = {
    "age": "numeric",
    "height": "numeric",
    "sick": "boolean",
    "member": "boolean",
    "city": "categorical",
    "shop": "categorical",
    "id": "identifier",
    "note": "text",
    "since": "date",
    "country": "constant",
    "nothing": "empty",
    "y": "categorical",
}


def table() -> pd.DataFrame:
    count = np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "age": count % 50 + 20.0,
            "height": 150 + count / 4,
            "sick": np.where(count % 3 == 0, "Yes", "No"),
            "member": count % 2 * 1.0,
            "city": np.array(["Rome", "Oslo", "Łódź\n"])[count % 3],
            "shop": [f"shop {k % 30}" for k in count],
            "id": [f"{k:04d}-X" for k in count],
            "note": [f"the customer said {k} things" for k in count],
            "since": pd.date_range("2024-01-01", periods=ROWS),
            "country": "PL",
            "nothing": pd.Series([None] * ROWS, dtype=object),
            "y": np.where(count % 2 == 0, "stay", "leave"),
        }
    )
    frame.loc[5, "height"] = np.nan
    return frame


def columns_of(frame: pd.DataFrame, kinds: dict[str, Kind] = KINDS) -> tuple[Column, ...]:
    return tuple(
        Column(
            id=f"c{position:03d}",
            name=name,
            kind=kinds[name],
            why="the test says so",
            missing=int(frame[name].isna().sum()),
            distinct=frame[name].nunique(),
            integral=name in ("age", "member"),
            false=("No",) if name == "sick" else ("0",),
            true=("Yes",) if name == "sick" else ("1",),
        )
        for position, name in enumerate(frame.columns)
        if name in kinds
    )


@contextlib.contextmanager
def output() -> Iterator[IO[bytes]]:
    """A file that gets what the process, C++ code included, writes to stdout and stderr meanwhile."""
    with tempfile.TemporaryFile() as file:
        saved = [os.dup(stream) for stream in (1, 2)]
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
        try:
            yield file
        finally:
            for stream, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, stream)
                os.close(copy)


@pytest.fixture(
    scope="module", params=[pytest.param(TFDV, marks=needs_tfdv, id="tfdv"), pytest.param(Portable, id="portable")]
)
def first_use(request: pytest.FixtureRequest) -> tuple[ProtoEngine, Any, bytes]:
    """The engine, the schema of the training table, and what importing the engine put on the screen."""
    frame, engine = table(), request.param()
    with output() as file:
        schema = engine.infer(engine.statistics(frame, columns_of(frame)), target="y")
        file.seek(0)
        return engine, schema, file.read()


@pytest.fixture
def fitted(first_use: tuple[ProtoEngine, Any, bytes]) -> tuple[ProtoEngine, Any]:
    return first_use[:2]


def anomalies(fitted: tuple[ProtoEngine, Any], frame: pd.DataFrame, environment: Any = "TRAINING") -> list[Finding]:
    engine, schema = fitted
    known = columns_of(table())
    frame = read(frame, allow_empty=True).frame
    return list(engine.validate(engine.statistics(frame, known), schema, environment=environment))


def test_choosing_an_engine_imports_no_tensorflow():
    code = "import sys; from autoft.schema.engines import choose; choose('auto'); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_tfdv_the_portable_engine_is_chosen(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    assert choose("auto").name == choose("portable").name == engine_of_model("tfdv").name == "portable"
    with pytest.raises(SetupError, match=r"tfdv.*3\.11.*'portable'"):
        choose("tfdv")
    assert choose("none") is None


def test_a_model_is_served_by_the_engine_that_made_it(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: True)
    assert [choose(name).name for name in ("auto", "tfdv", "portable")] == ["tfdv", "tfdv", "portable"]
    assert [engine_of_model(name).name for name in ("tfdv", "portable")] == ["tfdv", "portable"]


class TestInferred:
    def test_the_training_table_fits_its_schema(self, fitted):
        assert anomalies(fitted, table()) == []
        assert anomalies(fitted, table().drop(columns="y"), "SERVING") == []

    def test_the_schema_says_what_a_person_would(self, fitted):
        features = {feature.name: feature for feature in fitted[1].feature}
        assert list(features) == list(table().columns)
        assert list(fitted[1].default_environment) == ["TRAINING", "SERVING"]
        assert [name for name, feature in features.items() if feature.not_in_environment] == ["y"]
        required = {name for name, feature in features.items() if feature.presence.min_fraction == 1}
        assert required == {"age", "sick", "member", "city", "shop", "since", "note", "y"}
        listed = {name for name, feature in features.items() if feature.domain}
        assert listed == {"sick", "city", "y"}
        assert {domain.name for domain in fitted[1].string_domain} == listed
        assert features["id"].annotation.tag == ["identifier"]

    @pytest.mark.parametrize("name", ["", " ", "a/b", "a.b", "zażółć", "two\nlines", "<script>alert(1)</script>", "'"])
    def test_strange_column_names_are_kept(self, fitted, name):
        frame = pd.DataFrame({name: np.array(["u", "v"])[np.arange(40) % 2], "y": np.arange(40) % 7 + 0.5})
        columns = columns_of(frame, {name: "categorical", "y": "numeric"})
        engine = fitted[0]
        text = engine.to_text(engine.infer(engine.statistics(frame, columns), target="y"))
        schema = engine.from_text(text, "test")
        assert engine.validate(engine.statistics(frame, columns), schema, environment="TRAINING") == ()
        frame.loc[0, name] = "w"
        (finding,) = engine.validate(engine.statistics(frame, columns), schema, environment="TRAINING")
        assert (finding.column, finding.code) == (name, "tfdv:ENUM_TYPE_UNEXPECTED_STRING_VALUES")
        assert "w (~2%)" in finding.found


CHANGES = {
    "missing used column": (lambda f: f.drop(columns="age"), "age", "SCHEMA_MISSING_COLUMN", "error", "error"),
    "new column": (lambda f: f.assign(extra=1.0), "extra", "SCHEMA_NEW_COLUMN", "warning", "warning"),
    "text for numbers": (
        lambda f: f.assign(age=f["age"].astype(str).where(np.arange(ROWS) > 15, "old")),
        "age",
        "UNEXPECTED_DATA_TYPE",
        "error",
        "error",
    ),
    "fractions": (lambda f: f.assign(age=f["age"] + 0.5), "age", "UNEXPECTED_DATA_TYPE", "error", "warning"),
    "numbers for dates": (
        lambda f: f.assign(since=np.arange(ROWS) / 2),
        "since",
        "UNEXPECTED_DATA_TYPE",
        "error",
        "error",
    ),
    "neither yes nor no": (
        lambda f: f.assign(sick=f["sick"].replace("No", "never")),
        "sick",
        "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
        "error",
        "warning",
    ),
    "unseen category": (
        lambda f: f.replace({"city": {"Rome": "Lima"}}),
        "city",
        "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
        "error",
        "warning",
    ),
    "neither 0 nor 1": (
        lambda f: f.assign(member=f["member"] * 2),
        "member",
        "BOOL_TYPE_BIG_INT",
        "error",
        "warning",
    ),
    "empty cells": (
        lambda f: f.assign(age=f["age"].where(f["age"] > 20)),
        "age",
        "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        "error",
        "warning",
    ),
    "empty column": (lambda f: f.assign(age=np.nan), "age", "FEATURE_TYPE_NOT_PRESENT", "error", "warning"),
    "no rows": (lambda f: f.head(0), None, "DATA_MISSING", "error", "warning"),
}


class TestLaterTable:
    @pytest.mark.parametrize("change", CHANGES)
    def test_departure_from_the_schema(self, fitted, change):
        alter, column, anomaly, training, serving = CHANGES[change]
        (finding,) = anomalies(fitted, alter(table()))
        assert (finding.code, finding.column, finding.severity) == (f"tfdv:{anomaly}", column, training)
        assert f"({fitted[0].voice}: " in finding.found
        (finding,) = anomalies(fitted, alter(table().drop(columns="y")), "SERVING")
        assert (finding.code, finding.column, finding.severity) == (f"tfdv:{anomaly}", column, serving)

    def test_the_target_is_required_for_training_and_ignored_in_serving(self, fitted):
        (finding,) = anomalies(fitted, table().drop(columns="y"))
        assert (finding.code, finding.column, finding.severity) == ("tfdv:SCHEMA_MISSING_COLUMN", "y", "error")
        (finding,) = anomalies(fitted, table(), "SERVING")
        assert (finding.code, finding.column, finding.severity) == ("tfdv:SCHEMA_NEW_COLUMN", "y", "warning")

    @pytest.mark.parametrize(
        "alter",
        [
            lambda f: f.assign(id="new-" + f["id"], note="never said before", since=pd.Timestamp("2031-05-05")),
            lambda f: f.assign(shop="shop 99"),
            lambda f: f.assign(country="DE", nothing=3.5),
            lambda f: f.drop(columns=["id", "country", "nothing"]),
            lambda f: f.assign(height=170.0),
            lambda f: f.assign(age=f["age"].map(str), height=f["height"].map(str)),
            lambda f: f.assign(sick=(f["sick"] == "Yes") * 1.0, member=f["member"].map({0.0: "no", 1.0: "yes"})),
            lambda f: f.assign(age=f["age"].where(f["age"] > 20, np.inf)),
            lambda f: f.iloc[::-1, ::-1],
        ],
        ids=[
            "ids, texts, dates",
            "rare category",
            "constant and empty",
            "unused gone",
            "whole numbers",
            "numbers as texts",
            "other words",
            "infinite",
            "order",
        ],
    )
    def test_what_may_change(self, fitted, alter):
        assert anomalies(fitted, alter(table())) == []
        assert anomalies(fitted, alter(table().drop(columns="y")), "SERVING") == []

    def test_few_unreadable_numbers_are_left_to_the_audit(self, fitted):
        frame = pd.concat([table()] * 3, ignore_index=True)
        frame["age"] = frame["age"].astype(str).where(np.arange(len(frame)) > 0, "old")
        assert anomalies(fitted, frame) == []

    def test_one_row_is_enough(self, fitted):
        assert anomalies(fitted, table().head(1).drop(columns="y"), "SERVING") == []

    def test_several_anomalies_come_in_the_order_of_the_schema(self, fitted):
        frame = table().drop(columns="height").assign(zzz=1.0, aaa=1.0, y="unsure", age=0.5)
        assert [finding.column for finding in anomalies(fitted, frame)] == ["age", "height", "y", "aaa", "zzz"]

    def test_values_outside_a_range_that_a_person_wrote(self, fitted):
        engine, schema = fitted
        text = engine.to_text(schema).replace("type: INT", "type: INT\n  int_domain { min: 18 max: 60 }", 1)
        reviewed = (engine, engine.from_text("# reviewed by hand\n" + text, "test"))
        (finding,) = anomalies(reviewed, table())
        assert (finding.code, finding.column) == ("tfdv:INT_TYPE_BIG_INT", "age")
        assert "69" in finding.found

    def test_many_unseen_values_make_a_short_message(self, fitted):
        frame = table().assign(city=[f"city number {k} with a long name" for k in range(ROWS)])
        (finding,) = anomalies(fitted, frame)
        assert len(str(finding)) < 600


class TestFile:
    @needs_tfdv
    def test_written_schema_is_what_tfdv_reads(self, fitted, tmp_path):
        import tensorflow_data_validation as tfdv

        engine, schema = fitted
        engine.write(schema, tmp_path / "schema.pbtxt")
        read_back = tfdv.load_schema_text(str(tmp_path / "schema.pbtxt"))
        assert read_back.SerializeToString() == schema.SerializeToString()
        tfdv.write_schema_text(read_back, str(tmp_path / "theirs.pbtxt"))
        assert engine.read(tmp_path / "theirs.pbtxt") == schema
        assert (tmp_path / "theirs.pbtxt").read_text() == (tmp_path / "schema.pbtxt").read_text()

    @needs_tfdv
    def test_written_statistics_are_what_tfdv_reads(self, fitted, tmp_path):
        import tensorflow_data_validation as tfdv

        engine = fitted[0]
        statistics = engine.statistics(table(), columns_of(table()))
        path = tmp_path / "statistics.pb"
        path.write_bytes(engine.dump_statistics(statistics))
        theirs = tfdv.load_stats_binary(str(path))
        assert [feature.path.step[0] for feature in theirs.datasets[0].features] == list(table().columns)
        again = engine.load_statistics(path.read_bytes(), "test")
        assert again.engine == engine.name
        assert again.proto.SerializeToString(deterministic=True) == path.read_bytes()

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            (b"feature {\n  nme: 'x'\n}", r"line 2:3"),
            (b"feature { name: 'x'", r"line 1"),
            (b"", r"describes no column"),
            (b"\xff\xfe\x00", r"not UTF-8"),
            (None, r"No such file"),
        ],
    )
    def test_damaged_file(self, fitted, content, found, tmp_path):
        path: Path = tmp_path / "schema.pbtxt"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SchemaError, match=found) as error:
            fitted[0].read(path)
        assert "schema.pbtxt" in error.value.where
        assert "delete it" in error.value.fix

    def test_foreign_schema_gets_both_environments(self, fitted):
        engine = fitted[0]
        schema = engine.from_text("feature { name: 'age' type: INT presence { min_count: 1 } }", "test")
        assert anomalies((engine, schema), table()[["age"]], "SERVING") == []


def test_engines_say_nothing_about_itself(first_use, capfd):
    frame = table().assign(extra=np.inf)
    anomalies(first_use[:2], frame)
    assert capfd.readouterr() == ("", "")
    assert first_use[2] == b""


@needs_tfdv
def test_both_engines_infer_the_same_schema():
    made = [
        engine.infer(engine.statistics(table(), columns_of(table())), target="y") for engine in (TFDV(), Portable())
    ]
    assert TFDV().to_text(made[0]) == Portable().to_text(made[1])


def test_limits_of_drift_that_a_person_wrote(fitted):
    """Measured by the engine, and only between statistics of one engine."""
    engine, schema = fitted
    limit = "drift_comparator { jensen_shannon_divergence { threshold: 0.01 } }"
    limited = engine.from_text(engine.to_text(schema).replace('name: "age"', f'name: "age"\n  {limit}', 1), "test")
    known = columns_of(table())
    before = engine.statistics(table(), known)
    now = engine.statistics(table().assign(age=lambda frame: frame["age"] * 3), known)
    assert engine.validate(before, limited, environment="TRAINING", previous=before) == ()
    (finding,) = engine.validate(now, limited, environment="TRAINING", previous=before)
    assert (finding.code, finding.column) == ("tfdv:COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", "age")
    assert engine.validate(now, limited, environment="TRAINING") == ()
    before.proto.datasets[0].name = "another"
    (finding,) = engine.validate(now, limited, environment="TRAINING", previous=before)
    assert finding.code == "drift-not-compared"
    assert "'another'" in finding.found
    assert engine.validate(now, schema, environment="TRAINING", previous=before) == ()


def test_an_unknown_engine_is_named_with_its_neighbour():
    with pytest.raises(RecipeError, match=r"schema engine 'portabel' must be a registered one.*perhaps 'portable'"):
        choose("portabel")
