"""What a reader is told of slices and groups."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from autoft.cli.fit import show_evaluation
from autoft.records.scores import Interval
from autoft.records.slices import Gap, Rate, Slice, SlicedColumn, Slices, WeakSearch, WeakSlice
from autoft.report.blocks import Block, Intervals, Paragraph, Pictures, TableBlock
from autoft.report.build import build
from autoft.report.html import render
from autoft.report.inputs import ReportInputs
from autoft.report.slices_chapter import slice_blocks

HOSTILE = "<img src=x>\x1b[31m"


def near(value: float, width: float = 0.02) -> Interval:
    return Interval(value=value, low=value - width, high=value + width)


WHOLE = Slice(group="all rows", rows=7043, scores={"roc_auc": near(0.845), "recall": near(0.5), "log_loss": near(0.42)})
CONTRACT = SlicedColumn(
    column="Contract",
    note="The limits are quartiles.",
    slices=(
        Slice(group="Month-to-month", rows=3875, scores={"roc_auc": near(0.765), "recall": near(0.577)}),
        Slice(group=HOSTILE, rows=12, undefined={"roc_auc": "one class only", "recall": "too few rows"}),
    ),
)
WEAK = WeakSearch(
    metric="log_loss",
    tried=1286,
    columns=19,
    left_out=3,
    found=(
        WeakSlice(
            conditions=(("tenure", "[12, 36)"), ("Internet", "Fiber")),
            rows=853,
            loss=near(0.639),
            elsewhere=0.381,
            chance=1e-9,
            score=near(0.675),
        ),
        WeakSlice(conditions=(("note", HOSTILE),), rows=60, loss=near(0.6), elsewhere=0.381, chance=0.013),
    ),
)
GAP = Gap(
    column="gender",
    rows={"Male": 3555, "Female": 3488, "unknown": 4},
    rates=(
        Rate(
            name="selection_rate",
            label="Yes",
            groups={"Male": near(0.191), "Female": near(0.211)},
            highest="Female",
            lowest="Male",
            difference=Interval(value=0.02, low=-0.005, high=0.045),
            ratio=Interval(value=0.905, low=0.8, high=1.025),
        ),
        Rate(name="true_positive_rate", label="Yes", groups={"Male": near(0.484)}),
    ),
)


def with_slices(inputs: ReportInputs, **changes: Any) -> ReportInputs:
    parts = {"whole": WHOLE, "declared": (CONTRACT,), "weak": WEAK, "gaps": (GAP,)}
    evaluation = dataclasses.replace(inputs.evaluation, slices=Slices(**{**parts, **changes}))
    return dataclasses.replace(inputs, evaluation=evaluation)


def made(inputs: ReportInputs, **changes: Any) -> tuple[Block, ...]:
    return slice_blocks(with_slices(inputs, **changes).evaluation)


def table(blocks: tuple[Block, ...], caption: str) -> TableBlock:
    return next(block for block in blocks if isinstance(block, TableBlock) and caption in block.caption)


def said(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def test_chapter_five_has_groups_beside_all_rows(binary: ReportInputs):
    blocks = made(binary)
    shown = table(blocks, "Every metric by group of “Contract”")
    assert shown.head[1:3] == ("all rows", "Month-to-month")
    rows = {row[0]: row[1:] for row in shown.rows}
    assert rows["Rows"] == ("7,043", "3,875", "12")
    assert rows["ROC AUC"] == ("0.845 (0.825 to 0.865)", "0.765 (0.745 to 0.785)", "one class only")
    assert rows["Recall"][2] == "too few rows"
    assert shown.rows[1][0] == "ROC AUC"
    (pictures,) = (block for block in blocks if isinstance(block, Pictures))
    (picture,) = pictures.pictures
    assert isinstance(picture, Intervals)
    assert [name for name, _ in picture.scored] == ["all rows", "Month-to-month"]
    assert "quartiles" in pictures.caption
    assert "single models" in said(blocks)
    chapter = next(section for section in build(with_slices(binary)).sections if section.anchor == "knowledge")
    assert set(map(str, blocks)) <= set(map(str, chapter.blocks))


def test_weak_slices_are_named_with_what_was_tried(binary: ReportInputs):
    blocks = made(binary)
    assert "1,286 slices of one or two conditions and at least 50 rows, made of the groups of 19 columns" in said(
        blocks
    )
    assert "3 more columns had no room" in said(blocks)
    first, second = table(blocks, "The weakest slices").rows
    assert first == (
        "tenure: [12, 36) and Internet: Fiber",
        *("853", "0.639 (0.619 to 0.659)", "0.381", "0.1 %", "0.675 (0.655 to 0.695)"),
    )
    assert second[-2:] == ("1.3 %", "–")


def test_where_nothing_is_weak_nothing_is_called_so(binary: ReportInputs):
    blocks = made(binary, weak=dataclasses.replace(WEAK, found=()))
    assert "No group of rows is predicted significantly worse than the rest: 1,286 slices" in said(blocks)
    assert "weakest" not in str(blocks)
    assert "none was searched" in said(made(binary, weak=WeakSearch(metric="log_loss", tried=0, columns=0)))


def test_gaps_are_stated_without_advice(binary: ReportInputs):
    blocks = made(binary)
    answers = table(blocks, "Answers by group of “gender”")
    assert answers.rows[0] == ("Male", "3,555", "0.191 (0.171 to 0.211)", "0.484 (0.464 to 0.504)")
    assert answers.rows[2] == ("unknown", "4", "–", "–")
    (row,) = table(blocks, "furthest apart").rows
    assert row == ("Selection rate", "Female", "Male", "+0.0200", "−0.0050 to 0.0450", "0.905", "0.800 to 1.025")
    text = str(blocks).lower()
    assert not any(word in text for word in ("fair", "bias", "should", "discriminat", "four fifths"))


def test_a_lone_group_is_said_not_to_be_comparable(binary: ReportInputs):
    lone = Gap(column="g", note="All rows are in one group.", rows={"a": 90}, rates=(GAP.rates[1],))
    blocks = made(binary, gaps=(lone,))
    assert "All rows are in one group." in said(blocks)
    assert "no two groups of at least 50 rows" in said(blocks)


def test_a_regression_has_means_and_no_ratios(regression: ReportInputs):
    error = Rate(
        name="mean_error",
        label="",
        groups={"a": near(900.0, 40), "b": near(-300.0, 40)},
        highest="a",
        lowest="b",
        difference=near(1200.0, 90),
    )
    whole = Slice(group="all rows", rows=900, scores={"rmse": near(48000.0, 900)})
    blocks = made(
        regression,
        whole=whole,
        declared=(),
        gaps=(Gap(column="g", rows={"a": 500, "b": 400}, rates=(error,)),),
        weak=dataclasses.replace(WEAK, metric="rmse", found=WEAK.found[:1]),
    )
    assert table(blocks, "furthest apart").head == ("Number", "Highest", "Lowest", "Difference", "95 % interval")
    assert "squared error" in said(blocks)
    assert "ROC" not in str(blocks)
    assert table(blocks, "The weakest slices").head[-1] == "p at most"


def test_groups_of_strangers_cannot_speak_html(binary: ReportInputs):
    page = render(build(with_slices(binary)))
    assert "<img src=x>" not in page
    assert "\x1b" not in page
    assert "&lt;img src=x&gt;" in page


@pytest.mark.parametrize("found", [WEAK.found, ()])
def test_the_screen_has_one_line_of_the_weakest_slice(binary: ReportInputs, found: tuple[WeakSlice, ...]):
    console = Console(width=400, record=True)
    inputs = with_slices(binary, weak=dataclasses.replace(WEAK, found=found))
    show_evaluation(inputs.evaluation, Path("run"), console)
    lines = [line for line in console.export_text().splitlines() if line.startswith("Weakest")]
    expected = (
        "Weakest on the 853 rows with tenure = [12, 36) and Internet = Fiber: log_loss 0.639 [0.619, 0.659], elsewhere "
        "0.381; 1 more weak slice in the report."
    )
    assert lines == ([expected] if found else [])


def test_older_runs_say_nothing_of_slices(binary: ReportInputs):
    assert slice_blocks(binary.evaluation) == ()
