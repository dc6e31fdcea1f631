"""What findings rest on, as the reader of the report sees it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from autoft.data.audit import charts
from autoft.pipeline.run_folder import read_findings
from autoft.records.evidence import Chart, Evidence
from autoft.records.findings import Finding
from autoft.report.build import build
from autoft.report.data_chapter import MOST_PICTURES, proofs
from autoft.report.html import render
from autoft.report.inputs import ReportInputs
from autoft.report.plots import style, svg

AGE = np.append(np.random.default_rng(0).normal(40, 10, 500), [999.0, -999.0])
SKETCHES = {
    "bars": charts.bars({"unique": 5320, "repeated": 1177}, marked=["repeated"]),
    "histogram": charts.histogram(AGE, x_label="age", marks=[999.0, -999.0]),
    "line": charts.over_rows(np.arange(500.0), y_label="mean of y"),
    "scatter": charts.scatter(AGE, AGE, x_label="a", y_label="$\\frac", marked=AGE > 60),
}


def found(drawn: Chart | None = None, *, column: str | None = "age", **evidence: object) -> Finding:
    return Finding(
        code="odd",
        severity="info",
        column=column,
        must="be well",
        found="is not well",
        fix="none needed",
        evidence=Evidence(sketch=drawn, **evidence),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("shape", SKETCHES)
def test_every_shape_is_drawn_and_survives_the_run_folder(shape: str, tmp_path: Path) -> None:
    finding = found(SKETCHES[shape], counts={"rows": 3, "share": 0.5}, rows=(4, 7), head=("a",), examples=((1,),))
    (tmp_path / "findings.json").write_text(json.dumps([asdict(finding)], allow_nan=False))
    assert read_findings(tmp_path) == (finding,)
    (picture,) = next(block for block in proofs([finding]) if block.form == "pictures").pictures
    with style():
        drawn = svg(picture)
    assert drawn == _drawn_again(picture)
    assert drawn.count(b"<path") > 10


def _drawn_again(picture: object) -> bytes:
    with style():
        return svg(picture)  # type: ignore[arg-type]


def test_findings_of_earlier_versions_have_no_evidence(tmp_path: Path) -> None:
    old = {key: value for key, value in asdict(found()).items() if key != "evidence"}
    (tmp_path / "findings.json").write_text(json.dumps([old]))
    assert read_findings(tmp_path)[0].evidence is None


def test_pictures_and_examples_carry_the_number_of_their_finding(binary: ReportInputs) -> None:
    given = found(SKETCHES["bars"], rows=(12, 3400), head=("row", "given", "share"), examples=((3400, "<b>", 0.5),))
    made = build(dataclasses.replace(binary, findings=(*binary.findings, given)))
    chapter = next(section for section in made.sections if section.anchor == "preprocessing")
    shown = {block.form: block for block in chapter.blocks}
    (position,) = [row[0] for row in chapter.blocks[1].rows if "is not well" in row[3]]
    assert shown["pictures"].pictures[0].title == f"{position}. age"
    assert "Column 'age' is not well" in shown["pictures"].pictures[0].alt
    examples = next(block for block in chapter.blocks if block.form == "table" and "examples" in block.caption)
    assert examples.caption.startswith(f"{position}. odd")
    assert (examples.rows, examples.align) == ((("3,400", "<b>", "0.500"),), "rlr")
    page = render(made)
    assert "3,400" in page
    assert "<b>" not in page
    assert f"{position}. odd: 12, 3,400" in page


def test_findings_without_evidence_add_nothing() -> None:
    assert proofs([dataclasses.replace(found(), evidence=None)]) == ()


def test_a_hundred_pictures_are_not_drawn() -> None:
    (block,) = proofs([found(SKETCHES["bars"])] * 100)
    assert len(block.pictures) == MOST_PICTURES
    assert "of 100" in block.caption
