"""The schema as a contract over time, and refusing a table with every reason in one message."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from autoft.data.columns import infer_columns
from autoft.errors import SchemaError
from autoft.records.columns import Column
from autoft.records.findings import Finding
from autoft.schema.contract import ContractOptions, contract, refuse, serving
from autoft.schema.engines import choose

COLUMNS = tuple(
    Column(id=f"c{position:03d}", name=name, kind="numeric", why="the test says so")
    for position, name in enumerate("abyz")
)


class Names:
    """An engine whose schema is the list of names, the target marked with a minus."""

    name = "names"

    def statistics(self, frame: pd.DataFrame, columns: tuple[Column, ...]) -> object:
        return list(frame.columns)

    def infer(self, statistics: Any, *, target: str | None) -> object:
        return [f"-{name}" if name == target else name for name in statistics]

    def validate(self, statistics: Any, schema: Any, *, environment: Any, previous: Any = None) -> tuple[Finding, ...]:
        wanted = [name for name in schema if environment == "TRAINING" or not name.startswith("-")]
        return tuple(problem(name.lstrip("-")) for name in wanted if name.lstrip("-") not in statistics)

    def read(self, path: Path) -> object:
        return self.from_text(path.read_text(), str(path))

    def write(self, schema: Any, path: Path) -> None:
        path.write_text(self.to_text(schema))

    def to_text(self, schema: Any) -> str:
        return ",".join(schema)

    def from_text(self, text: str, source: str) -> object:
        return text.split(",")

    def dump_statistics(self, statistics: Any) -> bytes:
        return ",".join(statistics).encode()

    def load_statistics(self, data: bytes, source: str) -> Any:
        return data.decode().split(",")


def problem(column: str | None, severity: Any = "error") -> Finding:
    return Finding(code="test", severity=severity, column=column, must="be here", found="it is not", fix="add it")


def frame(names: str) -> pd.DataFrame:
    return pd.DataFrame({name: [1.0, 2.0] for name in names})


def hold(names: str, path: Path | None, **arguments: Any) -> Any:
    options = ContractOptions(target="y", path=path, **{"write": True, **arguments})
    return contract(frame(names), COLUMNS, Names(), options)


def test_the_first_table_writes_the_schema_that_binds_the_next(tmp_path):
    path = tmp_path / "schema.txt"
    first = hold("aby", path)
    assert (first.findings, first.text) == ((), "a,b,-y")
    assert path.read_text() == "a,b,-y"
    second = hold("ay", path)
    assert [finding.column for finding in second.findings] == ["b"]
    assert second.text == "a,b,-y"
    assert path.read_text() == "a,b,-y"


def test_no_file_without_a_path_or_for_a_refused_table(tmp_path):
    assert hold("aby", None).text == "a,b,-y"
    hold("aby", tmp_path / "schema.txt", write=False)
    assert list(tmp_path.iterdir()) == []
    hold("aby", tmp_path / "schema.txt")
    assert (tmp_path / "schema.txt").exists()


def test_a_schema_that_wants_the_target_in_serving_is_an_error(tmp_path):
    (tmp_path / "schema.txt").write_text("a,-b,y")
    (finding,) = hold("aby", tmp_path / "schema.txt").findings
    assert (finding.code, finding.severity, finding.column) == ("schema-target", "error", "y")
    assert "not_in_environment" in finding.fix


def test_without_an_engine_a_schema_is_reported_as_not_enforced(tmp_path):
    path = tmp_path / "schema.txt"
    result = contract(frame("aby"), COLUMNS, None, ContractOptions(target="y", path=path))
    assert (result.schema, result.text, result.findings) == (None, "", ())
    path.write_text("a,b,-y")
    (finding,) = contract(frame("aby"), COLUMNS, None, ContractOptions(target="y", path=path)).findings
    assert finding.severity == "warning"
    assert str(path) in finding.must


def test_serving_does_not_ask_for_the_target():
    schema = hold("aby", None).schema
    assert serving(frame("ab"), COLUMNS, Names(), schema) == ()
    assert [finding.column for finding in serving(frame("a"), COLUMNS, Names(), schema)] == ["b"]


def test_serving_counts_cells_that_count_as_missing():
    table = pd.DataFrame({"a": ["1", "two", "3"], "b": [1.0, float("inf"), 2.0]})
    for engine in (Names(), None):
        unreadable, infinite = serving(table, COLUMNS[:2], engine, ["a", "b"])
        assert unreadable.column == "a"
        assert "1 of 3" in unreadable.found
        assert "row 2, 'two'" in unreadable.found
        assert (infinite.column, infinite.severity) == ("b", "warning")


def test_refuse_lets_warnings_pass():
    refuse([problem("a", "warning"), problem("b", "info")])


def test_one_error_is_one_sentence():
    with pytest.raises(SchemaError) as error:
        refuse([problem("b", "warning"), problem("a")])
    assert str(error.value) == "Column 'a' must be here, but it is not. Fix: add it."
    assert (error.value.where, error.value.fix) == ("Column 'a'", "add it")


def test_all_errors_are_listed_on_clean_numbered_lines():
    findings = [problem("a\x1b[31m\n"), problem("b", "warning"), problem(None)]
    with pytest.raises(SchemaError) as error:
        refuse(findings)
    assert str(error.value).splitlines() == [
        "The table must pass all checks, but 2 failed:",
        r"  1. Column 'a\x1b[31m\n' must be here, but it is not. Fix: add it.",
        "  2. The table must be here, but it is not. Fix: add it.",
    ]
    copy = pickle.loads(pickle.dumps(error.value))
    assert str(copy) == str(error.value)
    assert copy.findings == (findings[0], findings[2])


def test_dates_with_day_and_month_the_other_way_round_are_refused():
    column = Column(id="c000", name="day", kind="date", why="", date_format="%d/%m/%Y", zoned=False)
    american = pd.DataFrame({"day": [f"{month:02d}/13/2021" for month in range(1, 13)] + ["01/02/2021"] * 30})
    (finding,) = serving(american, (column,), None, None)
    assert (finding.severity, finding.code) == ("error", "unreadable-values")
    assert "12 of 42 cells (29%) that are not dates (first: row 1, '01/13/2021')" in finding.found
    assert finding.found.endswith("; all of them fit the format '%m/%d/%Y'")
    (finding,) = serving(american.replace("02/13/2021", "13/02/2021"), (column,), None, None)
    assert finding.severity == "warning"


def test_a_schema_holds_a_training_table_to_its_dates(tmp_path):
    engine, path = choose("portable"), tmp_path / "schema.pbtxt"
    for cells, codes in ((["2021-04-05", "2021-04-06"], []), (["5 IV 21", "6 IV 21"], ["schema-kind"])):
        frame = pd.DataFrame({"day": cells * 20, "y": ["a", "b"] * 20}, dtype=object)
        columns = infer_columns(frame)[0]
        found = contract(frame, columns, engine, ContractOptions(target="y", path=path, write=True)).findings
        assert [line.code for line in found] == codes


def test_a_schema_holds_a_training_table_to_the_order_of_day_and_month(tmp_path):
    engine, path, day = choose("portable"), tmp_path / "schema.pbtxt", "05/04/2021"
    for more, kinds, codes in (
        ("05/13/2021", {}, []),
        ("05/03/2021", {}, ["schema-kind"]),
        ("05/03/2021", {"day": "date %m/%d/%Y"}, []),
        ("2021-05-03", {"day": "date"}, ["schema-kind"]),
    ):
        frame = pd.DataFrame({"day": [day, more] * 20, "y": ["a", "b"] * 20}, dtype=object)
        columns = infer_columns(frame, kinds=kinds)[0]
        found = contract(frame, columns, engine, ContractOptions(target="y", path=path, write=True)).findings
        assert [line.code for line in found] == codes
