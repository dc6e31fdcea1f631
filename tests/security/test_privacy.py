"""Cells that fewer than ten rows hold stay where they are: none of these words and numbers is found elsewhere."""

from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner
from autoft.data.audit import charts
from autoft.data.privacy import Privacy, presentable
from autoft.errors import HIDDEN, AutoFTError, SchemaError, bare_cell, cell
from autoft.pipeline.dataset import TableDescription
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.run_folder import journal_key
from autoft.pipeline.split import split
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding
from autoft.schema.drift import shifts
from autoft.schema.portable_engine import Portable
from tests.tables import features, mixed_table, tiny_recipe

CANARY = re.compile(r"(?i)kanarie[0-9]{4}")
#: Columns of numbers, dates and names of persons, accounts and files; every cell is in one row.
OWN = ("account", "paid", "born", "left", "price", "iban", "mail", "scan")
RARE = {"schema.engine": "portable", "report.private": True}


def canary(number: int) -> str:
    return f"kanarie{number:04d}"


def table(target: str = "outcome") -> pd.DataFrame:
    """Every kind of column, with words and numbers that stand in fewer than ten rows, in every role that a check looks
    at."""
    frame = features(mixed_table(), target)
    rows = len(frame)
    frame["customer"] = [canary(k) for k in range(rows)]
    frame["notes"] = [f"good bad late {canary(1000 + k)} early" for k in range(rows)]
    frame["amount"] = frame["amount"].astype(object)
    frame["since"] = frame["since"].astype(str)
    for column, number in (("amount", 2000), ("since", 2001)):
        frame.loc[3, column] = canary(number)
    frame.loc[:3, "city"] = [canary(2002), f" {canary(2002)}", canary(2002).upper(), canary(2003)]
    frame.loc[:7, "shop"] = canary(2004)
    frame["flag"] = np.where(np.arange(rows) < 6, canary(2005), "usual")
    frame["named"] = np.where(np.arange(rows) < 3, f"O'{canary(2006)} of 'here'", "usual")
    rng, order = np.random.default_rng(7), np.random.default_rng(8).permutation(rows)
    frame["account"] = 900_000_007 + order * 123_457
    frame["paid"] = np.round(10_000 + rng.random(rows) * 80_000, 2)
    frame.loc[5, "paid"] = 98_765_431.25
    frame["born"] = pd.Timestamp("1950-01-03") + pd.to_timedelta(order * 97, unit="D")
    frame["left"] = [f"{day:%d.%m.%Y}" for day in frame["born"] + pd.Timedelta(days=31)]
    frame["price"] = [f"${n:,}" for n in rng.integers(1_000_000, 9_000_000, rows)]
    frame["iban"] = [f"DE{n}" for n in rng.integers(10**17, 10**18, rows)]
    frame["mail"] = [f"person{n}@mail{n}.example" for n in order]
    frame["scan"] = [f"scans/person{n}/scan{n}.pdf" for n in order]
    return frame


def written(frame: pd.DataFrame) -> set[str]:
    """The numbers, dates and texts that few rows hold, as they may be written, of the columns that chance does not
    write: a coarse number can be one of a narrow range."""
    found = set[str]()
    for name in frame.columns.intersection([*OWN, "value"]):
        for value in frame[name].unique():
            if isinstance(value, np.datetime64):
                day = pd.Timestamp(value)
                found |= {f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}", str(int(day.timestamp()))}
            elif isinstance(value, float):
                found |= {repr(value), f"{value:,.2f}"} | ({f"{value:g}"} if name == "paid" else set())
            else:
                found |= {str(value), str(value).strip("$").replace(",", "")}
    return found


def seen(text: str, secrets: Set[str] = frozenset()) -> set[str]:
    """The canaries and the other secrets in a text."""
    words = {word.strip(".,;") for word in re.findall(r"[^\s()\[\]{}'\"<>;=]+", text)}
    return {*CANARY.findall(text), *(words & secrets)}


def canaries(data: bytes, secrets: Set[str] = frozenset()) -> set[str]:
    """Those in a file's bytes, in any encoding that Python and NumPy write."""
    texts = [data.decode(encoding, "ignore") for encoding in ("utf-8", "utf-16-le", "utf-32-le")]
    return {word for text in texts for word in seen(text, secrets)}


def content(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


@pytest.fixture(scope="module")
def checked() -> dict[bool, TableDescription]:
    """The table as an ordinary run describes it (False) and as a private one does (True)."""
    kinds = {private: {**RARE, "report.private": private} for private in (False, True)}
    return {k: inspect_table(tiny_recipe(target="outcome", **kind), table()) for k, kind in kinds.items()}


def test_the_table_is_one_that_tells_much_without_privacy(checked: dict[bool, TableDescription]) -> None:
    found, secrets = checked[False], written(table())
    assert len({word for line in found.findings for word in CANARY.findall(str(line))}) >= 3
    assert len(seen(repr(found.findings), secrets) & secrets) >= 3
    assert len(set(CANARY.findall(found.contract.text))) >= 3
    assert all(line.evidence is None or len(line.evidence.examples) <= 1 for line in found.findings)


def test_no_rare_cell_leaves_a_check(checked: dict[bool, TableDescription]) -> None:
    found, secrets = checked[True], written(table())
    assert len(found.findings) > 5
    assert seen(repr(found.findings), secrets) == set()
    assert HIDDEN in repr(found.findings)
    assert seen(found.contract.text, secrets) == set()
    assert canaries(found.contract.statistics, secrets) == set()
    assert "Oslo" in found.contract.text


def test_statistics_of_a_private_run_have_coarse_numbers_that_still_compare(
    checked: dict[bool, TableDescription],
) -> None:
    stored = {private: found.contract.statistics for private, found in checked.items()}
    for name in ("account", "paid", "big/name <b>"):
        packed = [struct.pack("<d", value) for value in table()[name]]
        assert sum(value in stored[False] for value in packed) >= 5
        assert not any(value in stored[True] for value in packed)
    found = checked[True]
    numeric = [column for column in found.columns if column.kind in ("numeric", "date")]
    proto = Portable().load_statistics(stored[True], "here").proto
    compared = shifts(proto, numeric, found.converted, len(table()))
    assert {line.column for line in compared} > {"account", "paid", "born"}
    assert [line.column for line in compared if line.drifted or line.outside or line.strayed] == []


def test_a_private_schema_does_not_refuse_its_own_table(checked: dict[bool, TableDescription]) -> None:
    description = checked[True]
    engine, frame = Portable(), description.table.frame
    statistics = engine.statistics(frame, description.columns)
    assert engine.validate(statistics, description.contract.schema, environment="TRAINING") == ()


def test_a_private_model_does_not_know_rare_categories_and_words(checked: dict[bool, TableDescription]) -> None:
    recipes = {private: tiny_recipe(target="outcome", **{"report.private": private}) for private in checked}
    made = {private: split(recipe, checked[private]) for private, recipe in recipes.items()}
    known = {private: repr((one.layout.categories, one.layout.texts)) for private, one in made.items()}
    assert len(set(CANARY.findall(known[False]))) >= 3
    assert CANARY.findall(known[True]) == []
    assert {"Oslo", "usual", "late"} <= {*re.findall(r"\w+", known[True])}
    keys = [journal_key(recipes[private], one) for private, one in made.items()]
    assert keys[0]["settings"] != keys[1]["settings"]  # no trial of one run goes on in the other


def test_the_command_line_hides_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from autoft.cli import main

    table().to_csv(tmp_path / "table.csv", index=False)
    command = ["check", str(tmp_path / "table.csv"), "--target", "outcome", "--json"]
    assert main.main(command) == 0
    assert CANARY.search(capsys.readouterr().out)
    assert main.main([*command, "--private"]) == 0
    assert seen("".join(capsys.readouterr()), written(table())) == set()


def test_errors_hide_cells_too() -> None:
    recipe = tiny_recipe(target="outcome", **RARE, **{"data.columns": {"customer": "numeric"}})
    with pytest.raises(SchemaError) as caught:
        inspect_table(recipe, table())
    assert "Column 'customer'" in str(caught.value)
    assert CANARY.findall(str(caught.value)) == []
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "changes",
    [
        {"data.weight": "amount"},
        {"data.columns": {"shop": "boolean"}},
        {"task": "regression"},
        {"knowledge.features": {"city": {"order": ["Rome", "Oslo"]}}},
        {"knowledge.features": {"paid": {"between": [0, 100]}}},
        {"knowledge.features": {"paid": {"effect": "increasing"}}},
        {"knowledge.costs": {"matrix": {"nobody": {"stays": 1.0}}}},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_every_error_about_a_table_hides_its_cells(changes: dict[str, Any]) -> None:
    frame = table()
    frame.loc[:4, "outcome"] = canary(3000)
    with pytest.raises(AutoFTError) as caught:
        inspect_table(tiny_recipe(target="outcome", **RARE, **changes), frame)
    assert HIDDEN in str(caught.value)
    assert seen(str(caught.value), written(frame)) == set()
    assert caught.value.__cause__ is None


def test_control_characters_make_no_cell() -> None:
    error = AutoFTError("it", "be", "a\x0eb\x1fc\x1fd\x0fe\x0e", f"see {cell('x' + chr(14))}")
    assert error.found == r"ab\x1fc\x1fd\x0fe"
    assert [one.text for one in error.cells] == [r"x\x0e"]


def test_a_line_over_the_rows_keeps_its_places() -> None:
    drawn = charts.over_rows(np.linspace(10_000, 98_765, 300), y_label="pay", x_label="Rows in the order of day")
    shown = Privacy().finding(Finding("x", "info", None, "be", "is", "look", Evidence(sketch=drawn)))
    assert shown.evidence is not None
    assert shown.evidence.sketch is not None
    assert shown.evidence.sketch.x == drawn.x
    assert set(shown.evidence.sketch.y).isdisjoint(drawn.y)


def test_a_class_of_few_rows_is_an_error_that_does_not_name_it() -> None:
    frame = table()
    frame.loc[:4, "outcome"] = canary(3000)
    found = inspect_table(tiny_recipe(target="outcome", **RARE), frame).findings
    assert [line.severity for line in found if line.code == "rare-classes"] == ["error"]
    assert CANARY.findall(repr(found)) == []


def test_what_many_rows_hold_stays() -> None:
    privacy = Privacy.of(pd.DataFrame({"a town": ["Rome"] * 10 + ["Ustica"]}, dtype=object))
    examples = Evidence(counts={"rows": 1}, rows=(11,), examples=(("Ustica",), ("Rome",)))
    said = f"has {cell('Ustica')}, {cell('Rome')}, {cell('Ustica', rows=10)} and {bare_cell('Ustica')} at Ustica's 7"
    finding = Finding("x", "warning", "a town", f"be {cell('Ustica')}", said, "look", examples)
    assert finding.found == "has 'Ustica', 'Rome', 'Ustica' and Ustica at Ustica's 7"
    (shown,) = presentable([finding], privacy)
    assert shown.found == f"has {HIDDEN}, 'Rome', 'Ustica' and {HIDDEN} at Ustica's 7"
    assert (shown.must, shown.cells) == (f"be {HIDDEN}", ())
    assert shown.evidence == Evidence(counts={"rows": 1}, rows=(11,))
    far = Evidence(
        counts={"rows": 1, "most extreme": 98765.4, "98765.4": 1},
        sketch=charts.histogram(np.array([1.0, 98765.4]), x_label="pay", marks=[98765.4]),
    )
    number = replace(finding, found=f"has 1 value (first: row 11, {bare_cell(98765.4)})", evidence=far)
    (shown,) = presentable([number], privacy)
    assert shown.found == f"has 1 value (first: row 11, {HIDDEN})"
    assert "98765" not in repr(shown)
    (plain,) = presentable([finding], None)
    assert (plain.found, plain.cells) == (finding.found, ())
    assert plain.evidence is not None
    assert plain.evidence.examples == (("Ustica",),)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["outcome", "value"])
def test_no_rare_cell_is_in_any_file_of_a_run(tmp_path: Path, capfd: pytest.CaptureFixture[str], target: str) -> None:
    """All files below the folder, so that a new one is looked at without being named here."""
    changes: dict[str, Any] = {
        "knowledge.features": {"city": {"use": "audit"}},
        "knowledge.slices": ["shop", "flag", "paid", "born"],
    }
    recipe, frame = tiny_recipe(target=target, **RARE, **changes), table(target)
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(frame)
    later = frame.assign(city=canary(4000), flag="usual").head(60)
    later.loc[:3, "shop"] = canary(4001)
    later.loc[2, ["account", "paid"]], later.loc[2, "born"] = (2_123_456_789, -77_665_544.5), pd.Timestamp("2099-07-21")
    secrets = written(pd.concat([frame, later]))
    tuner.predict(later)
    tuner.report(tmp_path / "run" / "again.html")
    tuner.save(tmp_path / "run" / "saved")
    tuner.export(tmp_path / "run" / "exported.keras", "keras")
    found = {path.name: canaries(content(path), secrets) for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert {"report.html", "evaluation.json", "findings.json", "context.json", "statistics.pb"} <= found.keys()
    assert {name: words for name, words in found.items() if words} == {}
    assert json.loads((tmp_path / "run" / "model" / "meta.json").read_text())["private"] is True
    told = [repr(tuner.findings_), repr(tuner.predict_findings_).replace(canary(4000), ""), *capfd.readouterr()]
    assert seen(" ".join(told), secrets) == set()
