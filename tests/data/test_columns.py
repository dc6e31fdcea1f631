"""Kinds of columns: what a person would say, whatever source and row order a table has."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from autoft.data.columns import infer_columns
from autoft.data.table import read
from autoft.errors import SchemaError
from autoft.records.columns import Column
from autoft.records.findings import Finding


def _one(cells: Sequence[object], **options: object) -> tuple[Column, tuple[Finding, ...]]:
    columns, findings = infer_columns(read(pd.DataFrame({"a": cells})).frame, **options)  # type: ignore[arg-type]
    return columns[0], findings


def _kind(cells: Sequence[object]) -> str:
    return _one(cells)[0].kind


def _codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


MANY = range(100)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([None, None], "empty"),
        (["x", "x"], "constant"),
        ([5, 5], "constant"),
        (["1", "1.0"], "constant"),
        ([5, None], "categorical"),
        (["x", None], "categorical"),
        (["yes", None], "boolean"),
        (["Yes", "NO", "yes"], "boolean"),
        (["TRUE", "false", None], "boolean"),
        ([True, False], "boolean"),
        (["y", "N"], "boolean"),
        (["t", "F"], "boolean"),
        ([0, 1, None], "boolean"),
        (["1.0", "0.0"], "boolean"),
        (["yes", "n"], "categorical"),
        (["yes", "no", "unknown"], "categorical"),
        (["01", "00"], "categorical"),
        ([0, 2], "numeric"),
        ([1.5, 2, None], "numeric"),
        (["1e3", " -2 ", ".5", "5."], "numeric"),
        (["inf", "1", "2"], "numeric"),
        (["inf", "-inf"], "categorical"),
        (["1_000", "2_000", "3_000"], "categorical"),
        ([f"{i:05d}" for i in MANY], "categorical"),
        (["A11", "A12", "A13"] * 10, "categorical"),
        (["2020-01-02", "2021-03-04"], "date"),
        (["2020-01-02T03:04:05.5Z", "2020-01-02 03:04+02:00", None], "date"),
        (["9999-12-31", "2020-01-01"], "date"),
        (["2020/01/31", "2020/1/2 3:04"], "date"),
        (["31.1.2020", "01.02.2020"], "date"),
        (["31/01/2020", "01/02/2020"], "date"),
        (["01/31/2020 01:05 PM", "01/02/2020 12:00 AM"], "date"),
        (["05-Jan-2020", "31-DEC-2021"], "date"),
        (["2020-13-01", "2020-02-30", "x"], "categorical"),
        (["12:30", "13:45"], "categorical"),
        (list(range(1, 101)), "identifier"),
        ([str(i) for i in range(100, 0, -1)], "identifier"),
        (list(range(0, 1000, 10)), "identifier"),
        ([i * i for i in MANY], "numeric"),
        ([i / 2 for i in MANY], "numeric"),
        (list(range(10)), "numeric"),
        ([f"u-{i}" for i in MANY], "identifier"),
        ([f"u-{i}" for i in range(19)], "categorical"),
        ([f"u {i}" for i in MANY], "categorical"),
        ([2**60 + i * i for i in MANY], "identifier"),
        ([f"a comment on {i}" for i in MANY], "text"),
        (["x" * 30 + " " + "y" * i for i in range(10, 50)], "text"),
        (["a comment on it", "another one of these"] * 50, "categorical"),
    ],
)
def test_kinds(cells: Sequence[object], kind: str) -> None:
    assert _kind(cells) == kind


def test_columns_are_numbered_and_counted() -> None:
    frame = read(pd.DataFrame({"x": ["1", "1.0", "2.5", None], "y": ["No", "yes", "YES", "No"]})).frame
    (x, y), findings = infer_columns(frame)
    assert (x.id, x.name, x.missing, x.distinct, x.integral) == ("c000", "x", 1, 2, False)
    assert (y.id, y.false, y.true) == ("c001", ("No",), ("YES", "yes"))
    assert findings == ()


@pytest.mark.parametrize(
    "sources",
    [
        (["3", "1", None, "7"], ["3.0", "1.0", "", "7.0"], [3, 1, None, 7], pd.array([3, 1, None, 7], dtype="Int64")),
        (["1", "0", "1"], ["1.0", "0.0", "1.0"], [1, 0, 1], [1.0, 0.0, 1.0]),
        ([str(i) for i in MANY], list(MANY), [float(i) for i in MANY]),
        (["2020-01-01", "2021-01-01"], pd.to_datetime(["2020-01-01", "2021-01-01"])),
    ],
)
def test_the_source_makes_no_difference(sources: tuple[Sequence[object], ...]) -> None:
    seen = [_one(cells)[0] for cells in sources]
    assert len({(c.kind, c.missing, c.distinct, c.integral) for c in seen}) == 1


def test_the_order_of_rows_makes_no_difference() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": [str(i % 7) for i in range(299)] + ["?"],
            "flag": ["yes", "No", None] * 100,
            "word": [f"w{i % 9}" for i in range(300)],
            "row": range(300),
            "date": ["2020-01-0" + str(i % 9 + 1) for i in range(300)],
        }
    )
    shuffled = frame.iloc[random.permutation(300)]
    (before, _), (after, _) = infer_columns(read(frame).frame), infer_columns(read(shuffled).frame)
    assert before == after


def test_few_exceptions_leave_a_column_numeric_and_are_named() -> None:
    column, (finding,) = _one([*map(str, MANY), "n.a.\x1b"])
    assert (column.kind, column.integral) == ("numeric", True)
    assert str(finding) == (
        "Column 'a' has 1 of 101 values that differ from the others (first: row 101, 'n.a.\\x1b'). "
        "They count as missing; correct them."
    )


def test_many_exceptions_make_categories() -> None:
    column, (finding,) = _one(["1", "2", "3", "many", None] * 9)
    assert (column.kind, finding.code, finding.severity) == ("categorical", "mixed-types", "warning")
    assert "9 of 36 values that differ from the others (first: row 4, 'many')" in finding.found
    column, (finding,) = _one(["2020-01-01", "2020-01-02", "soon"] * 9)
    assert (column.kind, finding.code) == ("categorical", "mixed-types")


def test_dates_that_can_be_read_both_ways() -> None:
    column, findings = _one(["01/02/2020", "03/04/2020"])
    assert (column.date_format, _codes(findings)) == ("%d/%m/%Y", ["ambiguous-date"])
    column, findings = _one(["01/02/2020", "03/14/2020"])
    assert (column.date_format, findings) == ("%m/%d/%Y", ())


def test_years_of_two_digits_are_not_guessed() -> None:
    column, findings = _one([f"{day:02d}/12/{year:02d}" for day in range(1, 29) for year in (3, 99)])
    assert column.kind == "categorical"
    assert _codes(findings) == ["date-format"]
    assert "first: row 1, '01/12/03'" in findings[0].found


def test_numbers_with_junk_are_told_so_even_if_all_are_distinct() -> None:
    column, findings = _one([*map(str, np.linspace(0, 1, 94)), *"uvwxyz"])
    assert column.kind == "categorical"
    assert "6 of 100 values that differ from the others (first: row 95, 'u')" in findings[0].found


def test_two_in_a_hundred_texts_among_numbers_are_missing_and_said() -> None:
    column, (finding,) = _one([*map(str, np.linspace(0, 1, 98)), "x", "y"])
    assert (column.kind, finding.code, finding.severity) == ("numeric", "mixed-types", "warning")
    assert "2 of 100 values that differ from the others (first: row 99, 'x')" in finding.found


def test_dates_out_of_range_and_mistaken() -> None:
    column, findings = _one(["2020-01-01", "2021-01-01"] * 100 + ["2020-02-30", "9999-12-31"])
    assert column.kind == "date"
    assert _codes(findings) == ["mixed-types", "date-range"]
    assert "1 value outside the years 1900 to 2100 (first: row 202, '9999-12-31')" in findings[1].found
    assert _codes(_one(pd.to_datetime(["1899-12-31", "1900-01-01", "2100-12-31"]))[1]) == ["date-range"]


def test_columns_left_out_and_running_text_are_reported() -> None:
    frame = pd.DataFrame(
        {
            "row": MANY,
            "same": 1,
            "none": None,
            "note": [f"a comment on {i}" for i in MANY],
            "x": np.sqrt(np.arange(100)),
        }
    )
    _, findings = infer_columns(read(frame).frame, target="x")
    assert [(f.column, f.code, f.severity) for f in findings] == [
        ("row", "identifier-dropped", "warning"),
        ("same", "constant-dropped", "info"),
        ("none", "empty-dropped", "info"),
        ("note", "text-words", "info"),
    ]
    columns, findings = infer_columns(read(frame).frame, target="row")
    assert columns[0].kind == "numeric"
    assert "row" not in [f.column for f in findings]


def test_declared_kinds_win_where_the_values_allow_it() -> None:
    frame = read(pd.DataFrame({"class": [1, 2, 3] * 10, "row": range(30), "sex": ["m", "f"] * 15, "n": 1})).frame
    columns, findings = infer_columns(
        frame, kinds={"class": "categorical", "row": "numeric", "sex": "boolean", "n": "numeric"}
    )
    assert [c.kind for c in columns] == ["categorical", "numeric", "boolean", "constant"]
    assert (columns[2].false, columns[2].true) == (("f",), ("m",))
    assert _codes(findings) == ["constant-dropped"]
    assert _one([f"u-{i}" for i in MANY], kinds={"a": "identifier"})[1] == ()


@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        (["x", "y"], "numeric", "Column 'a' must be numeric, but none of its values is a number"),
        (["x", "y"], "date", "Column 'a' must be a date"),
        ([1, 2], "date", "Column 'a' must be a date"),
        (["x", "y", "z"], "boolean", "must have two values to be boolean, but it has 3"),
    ],
)
def test_declared_kinds_that_the_values_rule_out(cells: list[object], kind: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        _one(cells, kinds={"a": kind})


def test_long_cells_take_linear_time() -> None:
    cells = ["1" * 200_000 + "x", " " * 200_000 + "x", "1,234" * 40_000, "$" + "1,111" * 40_000 + "x", "é" * 200_000]
    assert _kind([*cells, "12"]) in ("categorical", "text")


def test_values_that_are_shown_are_short_and_harmless() -> None:
    _, (finding,) = _one(["1", "2", "3", "\x1b[31m" + "x" * 500] * 9)
    assert len(finding.found) < 120
    assert "\x1b" not in finding.found
