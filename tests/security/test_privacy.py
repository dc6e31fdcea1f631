"""Cells that fewer than ten rows hold stay where they are: none of these random words is found outside the model."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner
from autoft.data.audit import charts
from autoft.data.privacy import Privacy, presentable
from autoft.errors import HIDDEN, SchemaError, bare_cell, cell
from autoft.pipeline.describe import inspect_table
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding
from autoft.schema.portable_engine import Portable
from tests.tables import features, mixed_table, tiny_recipe

#: What the model needs to answer: its categories and words. Whoever has the model has them.
VOCABULARIES = {"meta.json", "model.keras"}
CANARY = re.compile(r"(?i)kanarie[0-9]{4}")
RARE = {"schema.engine": "portable", "report.private": True}


def canary(number: int) -> str:
    return f"kanarie{number:04d}"


def table() -> pd.DataFrame:
    """Every kind of column, with words that stand in fewer than ten rows, in every role that a check looks at."""
    frame = features(mixed_table(), "outcome")
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
    return frame


def canaries(data: bytes) -> set[str]:
    """The words in a file's bytes, in any encoding that Python and NumPy write."""
    texts = [data.decode(encoding, "ignore") for encoding in ("utf-8", "utf-16-le", "utf-32-le")]
    return {word for text in texts for word in CANARY.findall(text)}


def content(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def test_the_table_is_one_that_tells_much_without_privacy() -> None:
    found = inspect_table(tiny_recipe(target="outcome", **{"schema.engine": "portable"}), table())
    assert len({word for line in found.findings for word in CANARY.findall(str(line))}) >= 3
    assert len(set(CANARY.findall(found.contract.text))) >= 3
    assert all(line.evidence is None or len(line.evidence.examples) <= 1 for line in found.findings)


def test_no_rare_cell_leaves_a_check() -> None:
    found = inspect_table(tiny_recipe(target="outcome", **RARE), table())
    assert len(found.findings) > 5
    assert CANARY.findall(repr(found.findings)) == []
    assert HIDDEN in repr(found.findings)
    assert CANARY.findall(found.contract.text) == []
    assert canaries(found.contract.statistics) == set()
    assert "Oslo" in found.contract.text


def test_a_private_schema_does_not_refuse_its_own_table() -> None:
    description = inspect_table(tiny_recipe(target="outcome", **RARE), table())
    engine, frame = Portable(), description.table.frame
    statistics = engine.statistics(frame, description.columns)
    assert engine.validate(statistics, description.contract.schema, environment="TRAINING") == ()


def test_the_command_line_hides_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from autoft.cli import main

    table().to_csv(tmp_path / "table.csv", index=False)
    command = ["check", str(tmp_path / "table.csv"), "--target", "outcome", "--json"]
    assert main.main(command) == 0
    assert CANARY.search(capsys.readouterr().out)
    assert main.main([*command, "--private"]) == 0
    assert not CANARY.search("".join(capsys.readouterr()))


def test_errors_hide_cells_too() -> None:
    recipe = tiny_recipe(target="outcome", **RARE, **{"data.columns": {"customer": "numeric"}})
    with pytest.raises(SchemaError) as caught:
        inspect_table(recipe, table())
    assert "Column 'customer'" in str(caught.value)
    assert CANARY.findall(str(caught.value)) == []
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


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
def test_no_rare_cell_is_in_any_file_of_a_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """All files below the folder, so that a new one is looked at without being named here."""
    changes: dict[str, Any] = {"knowledge.features": {"city": {"use": "audit"}}, "knowledge.slices": ["shop", "flag"]}
    recipe = tiny_recipe(target="outcome", **RARE, **changes)
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(table())
    later = table().assign(city=canary(4000), flag="usual")
    later.loc[:3, "shop"] = canary(4001)
    tuner.predict(later.head(60))
    found = {path.name: canaries(content(path)) for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert {"report.html", "evaluation.json", "findings.json", "context.json", "statistics.pb"} <= found.keys()
    assert {name: words for name, words in found.items() if words and name not in VOCABULARIES} == {}
    assert found["meta.json"]
    assert json.loads((tmp_path / "run" / "model" / "meta.json").read_text())["private"] is True
    told = [repr(tuner.findings_), repr(tuner.predict_findings_).replace(canary(4000), ""), *capfd.readouterr()]
    assert CANARY.findall(" ".join(told)) == []
