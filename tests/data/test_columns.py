"""Kinds of columns: what a person would say, whatever source and row order a table has."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from autoft.data.columns import infer_columns
from autoft.data.convert import convert
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
        (["12:30", "13:45"], "date"),
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


@pytest.mark.parametrize(
    "cell", ["5. Mai 2021", "Di, 5. Mai 2021", "5 de abril de 2021", "2021-04-05 10:00 CEST", "45:30"]
)
def test_dates_that_are_not_read_are_named(cell: str) -> None:
    column, (finding,) = _one([cell, cell.replace("5", "9")] * 9)
    assert (column.kind, finding.code) == ("categorical", "date-format")
    assert finding.found.endswith(f"dates or durations in a form that is not read (first: row 1, '{cell}')")


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


WEEKS = [datetime.datetime(2021, 1, 1) + datetime.timedelta(days=7 * week, minutes=67 * week) for week in range(60)]
WRITTEN = [
    *("%d-%m-%Y", "%m-%d-%Y", "%d/%m/%Y %I:%M:%S %p", "%d %b %Y", "%d %B %Y", "%B %d, %Y", "%b %d %Y", "%d-%b-%Y"),
    *("%d%b%Y", "%a, %d %b %Y", "%A, %B %d, %Y", "%a, %d %b %Y %H:%M:%S +0000", "%c", "%a %b %d %Y %H:%M:%S GMT+0000"),
    *("%Y-%m-%d-%H:%M:%S", "%Y-%m-%dT%H:%M:%S.000Z", "%Y%m%dT%H%M%SZ", "%Y.%m.%d", "%d/%b/%Y:%H:%M:%S +0000"),
    *("[%d/%b/%Y:%H:%M:%S +0000]", "%d.%m.%Y %H:%M Uhr", "%d%m%Y", "%m%d%Y", "%Y%m%d%H%M%S", "%Y%m%d%H%M"),
]


@pytest.mark.parametrize("form", WRITTEN)
def test_dates_as_people_and_programs_write_them(form: str) -> None:
    texts = [week.strftime(form) for week in WEEKS]
    frame = read(pd.DataFrame({"a": texts})).frame
    (column,), findings = infer_columns(frame)
    assert (column.kind, findings) == ("date", ())
    expected = [datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC).timestamp() for text in texts]
    assert convert(frame, [column]).values["c000"].tolist() == expected


@pytest.mark.parametrize(
    ("cells", "kind", "first"),
    [
        (["2021-04", "2021-05", "2020-12"], "date", "2021-04-01"),
        (["04/2021", "12/2020"], "date", "2021-04-01"),
        (["April 2021", "Dec 2020"], "date", "2021-04-01"),
        (["2021Q2", "2020Q4"], "date", "2021-04-01"),
        (["2021-W14", "2020-W53"], "date", "2021-04-05"),
        (["KW 14/2021", "W53-2020"], "date", "2021-04-05"),
        (["2Q2021", "4Q 2020"], "date", "2021-04-01"),
        (["2021年4月5日", "2021年12月31日"], "date", "2021-04-05"),
        (["2021_04_05", "2021 12 31"], "date", "2021-04-05"),
        (["05 / 04 / 2021", "31 12 2021"], "date", "2021-04-05"),
        (["２０２１－０４－０５", "٢٠٢١-٠٤-٠٦", "2021\u201004\u201007"], "date", "2021-04-05"),
        ([20210401 + day for day in range(19)] + [20210501, 0], "date", "2021-04-01"),
        ([202101 + month for month in range(11)] + [202201, 99999999], "date", "2021-01-01"),
        ([20210401 + day for day in range(9)] + [20210501, 5], "numeric", None),
        ([int(f"2021040{day}") for day in range(1, 10)] + [20210510], "date", "2021-04-01"),
        ([int(f"2021040{day}") for day in range(1, 10)] + [20210410], "numeric", None),
        ([f"202104{day:02d}" for day in range(1, 31)] + ["20210501"], "date", "2021-04-01"),
        ([202104 + month for month in range(9)] + [202201], "date", "2021-04-01"),
        (["2021-04-01 10", "2021-04-01T11"], "date", "2021-04-01T10"),
        (["1\u00a0April 2021 2:30\u202fPM", "2 April 2021"], "date", "2021-04-01T14:30"),
        (["14:30", "09:05:10"], "date", "1970-01-01T14:30"),
        (["2:30 PM", "9 am"], "date", "1970-01-01T14:30"),
        (["24:00", "09:00"], "date", "1970-01-02"),
        (["24:30", "09:00"], "categorical", None),
        (["7433-08", "4630-04", "2020-11"], "categorical", None),
        ([datetime.time(14, 30), datetime.time(9)], "date", "1970-01-01T14:30"),
        ([20210401, 20210402], "numeric", None),
        ([20210400 + day for day in range(1, 35)], "identifier", None),
        (["2008-09", "2009-10", "2010-11"], "categorical", None),
        (["10-20", "20-30"], "categorical", None),
        (["16:9", "4:3"], "categorical", None),
        (["May", "June"], "categorical", None),
        (["45:30", "71:20"], "categorical", None),
    ],
)
def test_months_quarters_and_times_of_the_day(cells: list[object], kind: str, first: str | None) -> None:
    frame = read(pd.DataFrame({"a": cells})).frame
    (column,), _ = infer_columns(frame)
    assert column.kind == kind
    if first is not None:
        assert convert(frame, [column]).values["c000"][0] == np.datetime64(first, "s").astype(float)


def test_a_date_column_with_some_other_cells() -> None:
    days = [f"{day:02d}/03/2021" for day in range(1, 29)] * 3
    column, findings = _one([*days, "NaT", None])
    assert (column.date_format, column.missing, findings) == ("%d/%m/%Y", 2, ())
    column, findings = _one([*days, "soon", "?"])
    assert (column.date_format, _codes(findings)) == ("%d/%m/%Y", ["mixed-types"])
    column, findings = _one([*days, *["2021-03-01", "5 April 2021"] * 30])
    assert (column.date_format, findings) == ("%d/%m/%Y", ())
    column, findings = _one([*days, *["soon"] * 30])
    assert (column.kind, _codes(findings)) == ("categorical", ["mixed-types"])


def test_time_zones_are_known() -> None:
    naive = pd.Series(np.array(["2021-03-01T10:00", "2021-03-02T10:00", "2021-03-03"], dtype="datetime64[ns]"))
    aware = naive.dt.tz_localize("Europe/Berlin")
    for zoned, times in ((False, naive), (True, aware)):
        for cells in (times, times.astype(str), times.astype(object)):
            column, findings = _one(cells)
            assert (column.kind, column.zoned, findings) == ("date", zoned, ())
    for cells in ([*aware.astype(str), *naive.astype(str)], pd.Series([*aware, *naive], dtype=object)):
        column, findings = _one(cells)
        assert (column.zoned, _codes(findings)) == (None, ["mixed-zones"])
        assert "has 3 dates without a time zone beside others with one (first: row 4" in findings[0].found


@pytest.mark.parametrize(
    ("cells", "kind", "first"),
    [
        (["05/04/21", "28/04/21"], "date", "2021-04-05"),
        (["31-Dec-99", "01-Jan-00"], "date", "1999-12-31"),
        (["21-04-05", "21-04-06", "21-04-07"], "date", "2021-04-05"),
        (["21/4/05", "21/4/16", "21/5/17"], "date", "2021-04-05"),
        ([210405, 210416, 210517], "date", "2021-04-05"),
        (["050421", "160421", "170521"], "date", "2021-04-05"),
        ([1617580800_000_000, 1617580801_000_000], "date", "2021-04-05"),
        ([1617580800_000_000_000, 1617580801_000_000_000], "date", "2021-04-05"),
        (["05/04/2021", "06/04/2021"], "date %m/%d/%Y", "2021-05-04"),
        (["05/04/21", "06/04/21"], "date %m/%d/%y", "2021-05-04"),
        ([20210405, 20210406], "date", "2021-04-05"),
        ([44291, 44292.5], "date", "2021-04-05"),
        (["44291", "44292.5"], "date excel", "2021-04-05"),
        ([1617580800, 1617580801], "date", "2021-04-05"),
        ([1617580800000, 1617580801000], "date", "2021-04-05"),
        ([2021, 2022], "date", "2021-01-01"),
    ],
)
def test_declared_dates(cells: list[object], kind: str, first: str) -> None:
    frame = read(pd.DataFrame({"a": cells})).frame
    (column,), findings = infer_columns(frame, kinds={"a": kind})
    assert (column.kind, findings) == ("date", ())
    assert convert(frame, [column]).values["c000"][0] == np.datetime64(first, "s").astype(float)


def test_a_year_of_two_digits_that_may_be_the_day_is_asked_about() -> None:
    column, (finding,) = _one(["05-04-06", "06-05-05"], kinds={"a": "date"})
    assert (column.date_format, finding.code) == ("%d-%m-%y", "ambiguous-date")
    column, (finding,) = _one(["20-04-20", "21-05-21", "21-06-21"], kinds={"a": "date"})
    assert (column.date_format, finding.code) == ("%d-%m-%y", "ambiguous-date")
    assert "'date %y-%m-%d'" in finding.fix


def test_a_declared_date_whose_cells_mostly_are_none_is_refused() -> None:
    with pytest.raises(SchemaError, match="only 30% of its values are"):
        _one([f"{year}/{(year + 1) % 100:02d}" for year in range(1990, 2030)], kinds={"a": "date"})


@pytest.mark.parametrize(
    "cell", ["FY2021Q3", "Q3 FY21", "1h 30m", "14h30", "PT1H30M", "12:30.5", "2021-04-05/2021-04-11"]
)
def test_dates_and_durations_that_are_not_read_are_named(cell: str) -> None:
    column, (finding,) = _one([cell, cell.replace("1", "2")] * 30)
    assert (column.kind, finding.code) == ("categorical", "date-format")


IDS = [1234567890123456000 + k for k in range(12)] * 5
SOURCES_OF_IDS = {
    "int64": IDS,
    "uint64": np.array(IDS, dtype=np.uint64),
    "Int64": pd.array(IDS, dtype="Int64"),
    "objects": pd.Series(IDS, dtype=object),
    "decimals": pd.Series([Decimal(i) for i in IDS], dtype=object),
    "categories": pd.Categorical(IDS),
    "texts": list(map(str, IDS)),
}


@pytest.mark.parametrize("source", SOURCES_OF_IDS)
def test_long_integers_stay_apart(source: str) -> None:
    frame = read(pd.DataFrame({"a": SOURCES_OF_IDS[source]})).frame
    (column,), findings = infer_columns(frame)
    assert (column.kind, column.distinct, findings) == ("categorical", 12, ())
    assert list(convert(frame, [column]).values["c000"]) == list(map(str, IDS))


def test_long_integers_that_stay_numbers_are_named() -> None:
    for cells, severity, kinds in (
        (IDS, "warning", {"a": "numeric"}),
        ([*range(1000), *IDS[:12]], "warning", {}),
        ([*range(50), *range(10**15, 10**15 + 50)] * 2, "warning", {}),
        ([float(2**60 + 1024 * k) for k in range(60)] * 2, "info", {}),
    ):
        column, findings = _one(cells, kinds=kinds)
        assert (column.kind, _codes(findings)) == ("numeric", ["long-integers"])
        assert findings[0].severity == severity
    for quiet in ([10**9 + k for k in range(50)] * 2, [2**k for k in range(50, 90)] * 2, [6.02e23 * k for k in MANY]):
        assert _one(quiet)[1] == ()
