"""A table beside the one that a model was trained on: what travels with the model, and what is said of later tables."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from autoft import files
from autoft.cli import main
from autoft.cli.check import show_compared
from autoft.data.columns import infer_columns
from autoft.data.table import read
from autoft.errors import ArtifactError, SchemaError
from autoft.records.columns import Column, Target
from autoft.schema.contract import ContractOptions, RefusedError, contract, refuse
from autoft.schema.engines import choose
from autoft.schema.portable_engine import Portable
from autoft.serving import artifact
from autoft.serving.monitor import TableMonitor

ROWS = 400


def table(seed: int = 0, rows: int = ROWS, **changes: Any) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer": [f"C-{seed}-{k:05d}" for k in range(rows)],
            "pay": rng.lognormal(3, 1, rows).clip(1, 400),
            "city": rng.choice(["Rome", "Oslo", "Łódź"], rows),
            "member": rng.choice(["yes", "no"], rows),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), unit="D"),
            "churn": rng.choice(["stays", "leaves"], rows),
        }
    )
    return frame.assign(**changes)


def save(folder: Path, frame: pd.DataFrame, engine: Any, *, schema: str | None = None) -> Path:
    """An artifact without a Keras model in it, which nothing here reads."""
    canonical = read(frame).frame
    columns, _ = infer_columns(canonical, target="churn")
    held = contract(canonical, columns, engine, ContractOptions(target="churn"))
    features = tuple(column for column in columns if column.name != "churn")
    meta = artifact.Meta(
        columns=features,
        target=Target(name="churn", task="binary", classes=("leaves", "stays"), positive="stays", dtype="object"),
        version="0",
        engine=engine.name if engine else "",
        ranges={"c001": (1.0, 400.0)},
        vocabularies={"c002": ("Oslo", "Rome", "Łódź")},
    )
    folder.mkdir()
    files.write_atomic(folder / "meta.json", json.dumps(artifact.asdict(meta)))
    model_of(folder / "model.keras", features)
    if engine is not None:
        files.write_atomic(folder / "schema.pbtxt", schema or held.text)
        files.write_atomic(folder / "statistics.pb", held.statistics)
    return sign(folder)


def model_of(path: Path, columns: Sequence[Column]) -> None:
    """The archive of a model of which there is nothing but its inputs."""
    kinds = {"categorical": "string", "text": "string"}
    inputs = [
        {"name": column.id, "batch_shape": [None, 1], "dtype": kinds.get(column.kind, "float64")}
        for column in columns
        if column.used
    ]
    layers = [{"class_name": "InputLayer", "config": one} for one in inputs]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": layers}}))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", b"not read")


def sign(folder: Path) -> Path:
    sums = files.digest_folder(folder, leave_out=("manifest.json",))
    (folder / "manifest.json").write_text(json.dumps({"format": artifact.FORMAT, "sha256": dict(sums)}))
    return folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("served") / "model", table(), Portable())


@pytest.fixture
def run(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`autoft check` of a table against the model: the exit status."""
    monkeypatch.setenv("COLUMNS", "220")

    def check(frame: pd.DataFrame, *words: str) -> int:
        frame.to_csv(tmp_path / "new.csv", index=False)
        return main.main(["check", str(tmp_path / "new.csv"), "--against", str(saved), *words])

    return check


def codes(seen: Any) -> dict[str, str | None]:
    return {finding.code: finding.column for finding in seen.findings}


class TestLook:
    def test_another_sample_of_the_same_customers_is_clean(self, saved):
        seen = TableMonitor.load(saved).compare(table(1))
        assert seen.findings == ()
        lines = {line.column: line for line in seen.columns}
        assert set(lines) == {"pay", "city", "member", "since"}
        assert lines["pay"].shift.measure == "Jensen-Shannon"
        assert lines["city"].shift.measure == "infinity norm"
        assert lines["since"].shift.measure == "Jensen-Shannon"
        assert (lines["since"].outside, lines["since"].unseen) == (0.0, None)
        assert (lines["pay"].outside, lines["city"].unseen, lines["pay"].unseen) == (0.0, 0.0, None)

    def test_the_target_is_no_column(self, saved):
        with_target, without = table(1), table(1).drop(columns="churn")
        served = TableMonitor.load(saved)
        assert served.compare(with_target).columns == served.compare(without).columns
        assert (served.compare(without).target, served.compare(with_target.assign(churn=None)).target) == (None, None)

    def test_answers_that_the_table_has_are_compared(self, saved):
        frame = table(1)
        frame["churn"] = np.where(np.arange(ROWS) % 5 == 0, "leaves", "stays")
        frame.loc[::2, "churn"] = None  # rows whose answer is awaited do not count
        seen = TableMonitor.load(saved).compare(frame)
        assert seen.target.shift.distance == pytest.approx(0.3, abs=0.05)
        assert codes(seen) == {"drift": "churn"}
        assert not TableMonitor.load(saved).compare(table(1)).target.shift.drifted

    def test_time_goes_on(self, saved):
        later, earlier = table(1), table(1)
        later["since"] += pd.Timedelta(days=200)
        earlier["since"] -= pd.Timedelta(days=200)
        for frame, severity in ((later, "info"), (earlier, "warning")):
            seen = TableMonitor.load(saved).compare(frame)
            (finding,) = seen.findings
            assert (finding.code, finding.column, finding.severity) == ("drift", "since", severity)
            assert "the median is 2025-0" in finding.found or "the median is 2024-0" in finding.found
            assert next(line for line in seen.columns if line.column == "since").outside == pytest.approx(0.5, abs=0.1)

    def test_columns_with_one_fault_are_named_together(self, saved):
        findings = TableMonitor.load(saved).compare(table(1).drop(columns=["city", "pay"])).findings
        with pytest.raises(RefusedError) as refused:
            refuse(findings)
        assert len(refused.value.findings) == 2
        assert str(refused.value).startswith("Each of the 2 columns 'pay', 'city' must be there")

    def test_impossible_dates_are_no_passing_of_time(self, saved):
        frame = table(1)
        frame.loc[:2, "since"] = pd.Timestamp("2091-05-05")
        (finding,) = TableMonitor.load(saved).compare(frame).findings
        assert (finding.code, finding.column) == ("out-of-range", "since")
        assert "3 dates" in finding.found

    def test_drift_unseen_and_out_of_range(self, saved):
        frame = table(1, city=np.where(np.arange(ROWS) % 4 == 0, "Lima", "Rome"))
        frame["pay"] *= 3
        seen = TableMonitor.load(saved).compare(frame)
        lines = {line.column: line for line in seen.columns}
        assert lines["city"].unseen == 0.25
        assert lines["pay"].outside == pytest.approx((frame["pay"] > 400).mean())
        assert lines["pay"].shift.drifted
        assert lines["city"].shift.drifted
        assert not lines["member"].shift.drifted
        drifted = {finding.column for finding in seen.findings if finding.code == "drift"}
        assert drifted == {"pay", "city"}
        assert {"tfdv:ENUM_TYPE_UNEXPECTED_STRING_VALUES", "out-of-range"} <= set(codes(seen))
        # Half of two equally long tables' largest values are in either of them: so few outside are chance.
        assert {f.code for f in seen.findings if f.severity == "info"} == {"out-of-range"}

    def test_one_category_is_named_or_none(self, saved):
        cities = table(1)["city"].to_numpy(object, copy=True)
        cities[:8], cities[8:14] = "Lima", "Quito"
        frame, served = table(1, city=cities), TableMonitor.load(saved)
        for _ in ("with a schema", "without"):
            served.private = False
            (named,) = (str(line) for line in served.compare(frame).findings if line.column == "city")
            assert ("Lima" in named, "Quito" in named) == (True, False)
            medians = {line.shift.median for line in served.compare(frame).columns if line.shift}
            served.private = True
            seen = served.compare(frame)
            (hidden,) = (str(line) for line in seen.findings if line.column == "city")
            assert not {"Lima", "Quito"} & {*re.findall(r"\w+", hidden)}
            assert not medians & {line.to_dict().get("median") for line in seen.columns} - {None}
            served.__dict__["_contract"] = (None, None, None)  # next: a model without a schema

    @pytest.mark.parametrize("rows", [1, 3, 10])
    def test_few_rows_raise_no_alarm(self, saved, rows):
        assert TableMonitor.load(saved).compare(table(2, rows)).findings == ()

    def test_no_rows(self, saved):
        seen = TableMonitor.load(saved).compare(table().head(0))
        assert (seen.rows, seen.findings) == (0, ())

    def test_every_error_is_told_once(self, saved):
        frame = table(1, pay="much").drop(columns=["city"])
        errors = [
            finding for finding in TableMonitor.load(saved).compare(frame).findings if finding.severity == "error"
        ]
        assert sorted((finding.code, finding.column) for finding in errors) == [
            ("missing-column", "city"),
            ("tfdv:UNEXPECTED_DATA_TYPE", "pay"),
        ]


class TestArtifact:
    def test_an_older_model_without_statistics(self, tmp_path):
        folder = save(tmp_path / "model", table(), Portable())
        (folder / "statistics.pb").unlink()
        seen = TableMonitor.load(sign(folder)).compare(table(1, pay=3.0))
        assert [line.shift for line in seen.columns] == [None] * 4
        assert seen.findings == ()

    def test_what_becomes_of_the_folder_changes_nothing(self, saved, tmp_path):
        folder = Path(shutil.copytree(saved, tmp_path / "model"))
        served = TableMonitor.load(folder)
        shutil.rmtree(folder)
        assert ("drift", "pay") in codes(served.compare(table(1, pay=3.0))).items()

    def test_a_schema_that_is_gone_is_an_error(self, tmp_path):
        folder = save(tmp_path / "model", table(), Portable())
        (folder / "schema.pbtxt").unlink()
        with pytest.raises(ArtifactError, match=r"schema\.pbtxt' must be as it was saved, but it is missing"):
            TableMonitor.load(sign(folder))

    def test_a_model_without_a_schema(self, tmp_path):
        seen = TableMonitor.load(save(tmp_path / "model", table(), None)).compare(table(1, city="Lima"))
        assert codes(seen) == {"unseen-categories": "city"}

    def test_statistics_are_checked(self, tmp_path):
        folder = save(tmp_path / "model", table(), Portable())
        (folder / "statistics.pb").write_bytes(b"\x00")
        with pytest.raises(ArtifactError, match=r"statistics\.pb' must be as it was saved"):
            TableMonitor.load(folder)
        with pytest.raises(SchemaError, match=r"statistics\.pb' must be those of one table"):
            TableMonitor.load(sign(folder)).compare(table())

    def test_identifiers_do_not_travel(self, saved):
        content = (saved / "statistics.pb").read_bytes()
        assert b"Rome" in content
        assert b"C-0-0" not in content


LIMITED = 'drift_comparator { infinity_norm { threshold: 0.0001 } }\n  name: "member"'


class TestComparators:
    """Limits of drift that people write into the schema are the engine's business."""

    def limited(self, folder: Path, engine: Any) -> Path:
        canonical = read(table()).frame
        columns, _ = infer_columns(canonical, target="churn")
        text = engine.to_text(engine.infer(engine.statistics(canonical, columns), target="churn"))
        assert 'name: "member"' in text
        return save(folder, table(), engine, schema=text.replace('name: "member"', LIMITED, 1))

    def test_the_same_engine_measures(self, tmp_path):
        seen = TableMonitor.load(self.limited(tmp_path / "model", Portable())).compare(table(1))
        assert codes(seen) == {"tfdv:COMPARATOR_L_INFTY_HIGH": "member"}

    def test_another_engine_does_not(self, tmp_path):
        folder = self.limited(tmp_path / "model", Portable())
        engine = Portable()
        statistics = engine.load_statistics((folder / "statistics.pb").read_bytes(), "test")
        assert statistics.engine == "portable"
        statistics.proto.datasets[0].name = "tfdv"
        files.write_atomic(folder / "statistics.pb", engine.dump_statistics(statistics))
        seen = TableMonitor.load(sign(folder)).compare(table(1))
        assert codes(seen) == {"drift-not-compared": None}
        assert all(line.shift is not None for line in seen.columns)  # autoft's own is

    def test_the_engine_of_the_training_table_may_be_missing(self, tmp_path, monkeypatch):
        folder = save(tmp_path / "model", table(), Portable())
        engine = Portable()
        statistics = engine.load_statistics((folder / "statistics.pb").read_bytes(), "test")
        statistics.proto.datasets[0].name = "tfdv"
        files.write_atomic(folder / "statistics.pb", engine.dump_statistics(statistics))
        seen = TableMonitor.load(sign(folder)).compare(table(1))
        assert codes(seen) == {"engine-changed": None}
        assert seen.findings[0].severity == "info"
        assert not any(line.shift.drifted for line in seen.columns)


class TestCommand:
    def test_clean(self, run, capsys):
        assert run(table(1), "--strict") == 0
        output = capsys.readouterr().out
        assert "400 rows beside the training table" in output
        assert "0 errors, 0 warnings, 0 notes" in output

    def test_warnings_count_when_strict(self, run, capsys):
        moved = table(1)
        moved["pay"] *= 3
        assert run(moved) == 0
        assert run(moved, "--strict") == 1
        line = next(line for line in capsys.readouterr().out.splitlines() if "JS 0." in line)
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        assert (cells[0], cells[1][:3]) == ("pay", "JS ")
        assert float(cells[1][3:]) > float(cells[2])
        assert cells[4].endswith("%")

    @pytest.mark.parametrize("width", [80, 160])
    def test_long_names_fit_into_a_narrow_window(self, saved, width):
        seen = TableMonitor.load(saved).compare(table(1))
        long = "_".join(["monthly_payment"] * 4)
        seen = replace(seen, columns=tuple(replace(line, column=long) for line in seen.columns))
        console = Console(width=width, record=True, file=io.StringIO())
        show_compared(seen, console)
        text = console.export_text()
        assert max(map(len, text.splitlines())) <= width
        first = [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")]
        assert "".join(first).count(long) == 4  # in pieces, but whole
        assert len(first) <= 4 * 4 + 1
        assert "(target)" in text
        assert "…" not in text

    def test_errors(self, run, tmp_path, capsys):
        assert run(table(1).drop(columns="pay")) == 2
        assert main.main(["check", str(tmp_path / "absent.csv"), "--against", str(tmp_path)]) == 2
        capsys.readouterr()

    def test_json(self, run, capsys):
        assert run(table(1, city="Lima"), "--json", "--strict") == 1
        found = json.loads(capsys.readouterr().out)
        assert found["rows"] == ROWS
        city = next(line for line in found["columns"] if line["column"] == "city")
        assert (found["target"]["column"], found["target"]["drifted"]) == ("churn", False)
        assert (city["unseen"], city["drifted"], city["measure"]) == (1.0, True, "infinity norm")
        assert {finding["code"] for finding in found["findings"]} >= {"drift"}

    def test_a_recipe_is_no_table(self, saved):
        with pytest.raises(SystemExit) as caught:
            main.main(["check", "r.yaml", "--against", str(saved)])
        assert caught.value.code == 2


class TestSchemaCommands:
    def test_from_a_table_to_a_schema_that_accepts_the_next(self, tmp_path, capsys, monkeypatch):
        """Infer, see what a new table breaks, run the listed commands, and it fits."""
        import shlex

        monkeypatch.chdir(tmp_path)
        table().to_csv("old.csv", index=False)
        new = table(1, city=np.where(np.arange(ROWS) < 9, "New York", "Rome"))
        new.loc[:19, "pay"] = np.nan
        new.drop(columns="member").to_csv("new.csv", index=False)
        engine = ["--engine", "portable"]
        assert main.main(["schema", "infer", "old.csv", "-o", "s.pbtxt", "--target", "churn", *engine]) == 0
        assert main.main(["schema", "infer", "old.csv", "-o", "s.pbtxt", *engine]) == 1  # never overwritten
        capsys.readouterr()
        assert main.main(["schema", "edit-hints", "s.pbtxt", "new.csv", *engine]) == 0
        commands = [line for line in capsys.readouterr().out.splitlines() if line.startswith("autoft ")]
        assert commands == [
            "autoft schema allow-missing s.pbtxt pay 0.05",
            "autoft schema accept s.pbtxt city 'New York'",
            "autoft schema allow-missing s.pbtxt member 1",
        ]
        for command in commands:
            assert main.main(shlex.split(command)[1:]) == 0
        capsys.readouterr()
        assert main.main(["schema", "edit-hints", "s.pbtxt", "new.csv", *engine]) == 0
        assert capsys.readouterr().out == "the table fits the schema\n"

    def test_hints_for_a_table_to_predict(self, tmp_path, capsys, monkeypatch):
        monkeypatch.chdir(tmp_path)
        table().to_csv("old.csv", index=False)
        table(1).drop(columns=["member", "churn"]).to_csv("new.csv", index=False)
        engine = ["--engine", "portable"]
        assert main.main(["schema", "infer", "old.csv", "-o", "s.pbtxt", "--target", "churn", *engine]) == 0
        capsys.readouterr()
        assert main.main(["schema", "edit-hints", "s.pbtxt", "new.csv", "--serving", *engine]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "autoft schema not-in-serving s.pbtxt member"


def test_none_means_none():
    assert choose("none") is None


def test_the_commands_of_a_schema_need_an_engine(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table().to_csv("t.csv", index=False)
    assert main.main(["schema", "infer", "t.csv", "-o", "s.pbtxt", "--engine", "none"]) == 1
    assert "must name a schema engine" in capsys.readouterr().err
    assert main.main(["schema", "infer", "t.csv", "-o", "s.pbtxt", "--engine", "portabel"]) == 1
    assert "perhaps 'portable' is meant" in capsys.readouterr().err
