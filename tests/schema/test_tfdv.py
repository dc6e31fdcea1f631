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

from autoft.errors import RecipeError, SchemaError, SetupError
from autoft.records.findings import Finding
from autoft.schema import engines
from autoft.schema.engines import ENGINES, choose, engine_of_model
from autoft.schema.portable_engine import Portable
from autoft.schema.proto_engine import ProtoEngine
from autoft.schema.tfdv import TFDV
from autoft.testing.engines import DEPARTURES, ROWS, check_engine, columns_of, table, validate

needs_tfdv = pytest.mark.skipif(
    find_spec("tensorflow_data_validation") is None, reason="TFDV has no wheel for this Python"
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
    return validate(*fitted, frame, environment)


@pytest.mark.parametrize("name", ENGINES.names())
def test_every_engine_passes_the_suite(name):
    try:
        engine = choose(name)
    except SetupError:
        pytest.skip(f"{name} is not installed")
    check_engine(engine)


def test_the_suite_notices_a_wrong_engine():
    class Lenient(Portable):
        name = "lenient"

        def validate(self, statistics, schema, *, environment, previous=None):
            found = super().validate(statistics, schema, environment=environment, previous=previous)
            return tuple(finding for finding in found if finding.column != "city")

    with pytest.raises(AssertionError, match=r"lenient: 'unseen category' \(TRAINING\) gives \[\]"):
        check_engine(Lenient())


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
    assert [choose("auto", 1_000).name, choose("auto", 1_001).name, choose("tfdv", 9_999).name] == [
        "tfdv",
        "portable",
        "tfdv",
    ]
    assert [engine_of_model(name).name for name in ("tfdv", "portable")] == ["tfdv", "portable"]


class TestInferred:
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


class TestLaterTable:
    @pytest.mark.parametrize("name", DEPARTURES)
    def test_departure_from_the_schema(self, fitted, name):
        departure = DEPARTURES[name]
        for environment, frame in (("TRAINING", table()), ("SERVING", table().drop(columns="y"))):
            (finding,) = anomalies(fitted, departure.change(frame), environment)
            assert finding.code == f"tfdv:{departure.anomaly}"
            assert f"({fitted[0].title}: " in finding.found

    def test_the_target_is_required_in_training_not_in_serving(self, fitted):
        (finding,) = anomalies(fitted, table().drop(columns="y"))
        assert (finding.code, finding.column, finding.severity) == ("tfdv:SCHEMA_MISSING_COLUMN", "y", "error")
        (finding,) = anomalies(fitted, table(), "SERVING")
        assert (finding.code, finding.column, finding.severity) == ("tfdv:SCHEMA_NEW_COLUMN", "y", "warning")

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
            (None, r"it does not exist"),
        ],
    )
    def test_damaged_file(self, fitted, content, found, tmp_path):
        path: Path = tmp_path / "schema.pbtxt"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SchemaError, match=found) as error:
            fitted[0].read(path)
        assert ("check the path" if content is None else "delete it") in error.value.fix

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
