"""Cells as values: the same data give the same values, whatever source they came from and whatever is beside them."""

import datetime
import io

import numpy as np
import pandas as pd
import pytest

from autoft.data.columns import infer_columns
from autoft.data.convert import align, convert
from autoft.data.dates import read_dates
from autoft.data.table import read
from autoft.records.columns import Column


def _column(kind: str, **facts: object) -> Column:
    return Column(id="c000", name="a", kind=kind, why="", **facts)  # type: ignore[arg-type]


def _values(cells: object, column: Column) -> list[object]:
    return list(convert(read(pd.DataFrame({"a": cells})).frame, [column]).values["c000"])


SOURCES = {
    "text": ["1", "0", "", "1"],
    "text of floats": ["1.0", "0.0", None, "1.0"],
    "floats": [1.0, 0.0, np.nan, 1.0],
    "nullable": pd.array([1, 0, None, 1], dtype="Int64"),
    "objects": pd.Series([1, 0.0, None, "1"], dtype=object),
    "category": pd.Categorical([1, 0, None, 1]),
    "bools": pd.array([True, False, None, True], dtype="boolean"),
    "text of bools": ["True", "False", None, "True"],
}


@pytest.mark.parametrize("trained", SOURCES)
@pytest.mark.parametrize("given", SOURCES)
def test_booleans_are_the_same_from_every_source(trained: str, given: str) -> None:
    (column,), _ = infer_columns(read(pd.DataFrame({"a": SOURCES[trained]})).frame)
    assert column.kind == "boolean"
    np.testing.assert_array_equal(_values(SOURCES[given], column), [1, 0, np.nan, 1])


@pytest.mark.parametrize("given", SOURCES)
def test_numbers_are_the_same_from_every_source(given: str) -> None:
    np.testing.assert_array_equal(_values(SOURCES[given], _column("numeric")), [1, 0, np.nan, 1])


@pytest.mark.parametrize("given", [name for name in SOURCES if "bool" not in name])
def test_categories_are_the_same_from_every_source(given: str) -> None:
    assert _values(SOURCES[given], _column("categorical")) == ["1", "0", None, "1"]


def test_categories_are_otherwise_the_texts_as_they_stand() -> None:
    cells = ["007", " x", "[UNK]", "1.50", "1.00", "v2.0", "e\u0301", None]
    assert _values(cells, _column("categorical")) == ["007", " x", "[UNK]", "1.50", "1.00", "v2.0", "\u00e9", None]
    assert _values([1.0, 2.5, None], _column("categorical")) == ["1", "2.5", None]
    assert _values(pd.to_datetime(["2020-01-02", None]), _column("categorical")) == ["2020-01-02", None]
    assert convert(read(pd.DataFrame({"a": ["x"]})).frame, [_column("text")]).values["c000"].dtype == object


def test_codes_get_the_zeros_back_that_other_programs_took_away() -> None:
    (column,), _ = infer_columns(read(pd.DataFrame({"a": ["01067", "10115", None] * 9})).frame)
    later = ["01067", "10115", None]
    for cells in (["1067", "10115", None], [1067, 10115, None], pd.Categorical([1067, 10115, None])):
        assert _values(cells, column) == later
    assert _values(["x1067", "999999"], column) == ["x1067", "999999"]
    (column,), _ = infer_columns(read(pd.DataFrame({"a": ["0", "00", "17"] * 9})).frame)
    assert _values(["0", 17], column) == ["0", "17"]


def test_floats_survive_the_way_through_text() -> None:
    floats = np.random.default_rng(0).normal(size=500) * 10.0 ** np.arange(-250, 250)
    np.testing.assert_array_equal(_values([repr(float(x)) for x in floats], _column("numeric")), floats)


def test_durations_survive_the_way_through_text() -> None:
    frame = pd.DataFrame({"a": pd.to_timedelta([90061.5, -3600, None, 0], "s")})
    texts = pd.read_csv(io.StringIO(frame.to_csv(index=False)), dtype=str)
    (column,), _ = infer_columns(read(texts).frame)
    assert column.kind == "numeric"
    np.testing.assert_array_equal(_values(texts["a"], column), [90061.5, -3600, np.nan, 0])
    np.testing.assert_array_equal(_values(frame["a"], column), [90061.5, -3600, np.nan, 0])


def test_other_words_for_two_values() -> None:
    column = _column("boolean", false=("f",), true=("m",))
    np.testing.assert_array_equal(_values(["m", "f", "yes", "M"], column), [1, 0, np.nan, np.nan])
    column = _column("boolean", false=("No",), true=("Yes",))
    np.testing.assert_array_equal(_values(["YES", "n", "true", "2"], column), [1, 0, 1, np.nan])


def test_cells_of_another_kind_and_infinite_ones_are_counted() -> None:
    frame = read(pd.DataFrame({"a": ["1", "x" * 99, None, "inf", "-Infinity", "1e999", "?", "x" * 99]})).frame
    converted = convert(frame, [_column("numeric")])
    assert converted.bad == {"c000": 3}
    assert converted.first_bad == {"c000": (2, "x" * 99)}
    assert converted.infinite == {"c000": 3}
    np.testing.assert_array_equal(converted.values["c000"], [1.0] + [np.nan] * 7)
    assert convert(read(pd.DataFrame({"a": [1.0, np.inf]})).frame, [_column("numeric")]).infinite == {"c000": 1}
    clean = convert(read(pd.DataFrame({"a": ["1", None]})).frame, [_column("numeric")])
    assert (clean.bad, clean.first_bad, clean.infinite) == ({}, {}, {})


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("iso", "2021-03-04T15:06:07.25Z"),
        ("iso", "2021-03-04 15:06:07.25"),
        ("iso", "2021-03-04 17:36:07,25+02:30"),
        ("iso", "2021-03-04 10:06:07.25 -0500"),
        ("%Y/%m/%d", "2021/3/4 15:06:07.25"),
        ("%d.%m.%Y", "4.3.2021 15:06:07.25"),
        ("%d/%m/%Y", "04/03/2021 15:06:07.25"),
        ("%m/%d/%Y", "03/04/2021 3:06:07.25 PM"),
        ("%d %b %Y", "04-MAR-2021 15:06:07.25"),
    ],
)
def test_dates_of_every_form(form: str, text: str) -> None:
    expected = datetime.datetime(2021, 3, 4, 15, 6, 7, 250_000, tzinfo=datetime.UTC).timestamp()
    assert _values([text, "never", None], _column("date", date_format=form))[0] == expected
    nonsense = ["2021-02-29", "29.02.2021", "2021-01-01 24:01", "2021-01-01 10:60", "1.1.21", "2021-01-01-10"]
    assert np.isnan(read_dates(nonsense, form).seconds).all()


def test_iso_dates_agree_with_the_standard_library() -> None:
    days = [datetime.date.fromordinal(int(n)).isoformat() for n in np.linspace(1, datetime.date.max.toordinal(), 999)]
    expected = [(datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days * 86400 for day in days]
    np.testing.assert_array_equal(read_dates(days, "iso").seconds, expected)


def test_iso_dates_and_names_of_months_are_read_besides_the_own_format() -> None:
    column = _column("date", date_format="%d/%m/%Y", zoned=False)
    cells = ["03/12/2020", "2020-12-03", "Dec 3, 2020", "Thursday, 3 December 2020", "2020/12/03 00:00"]
    assert set(_values(cells, column)) == {pd.Timestamp("2020-12-03").timestamp()}
    assert np.isnan(_values(["12/31/2020", "03.12.2020", "2020-12"], column)).all()  # type: ignore[arg-type]


def test_a_time_zone_counts_as_it_did_in_training() -> None:
    cells = ["2020-01-02 03:04", "2020-01-02 03:04Z", "2020-01-02T04:04+01:00"]
    when = pd.Timestamp("2020-01-02 03:04").timestamp()
    for zoned, expected in ((True, [np.nan, when, when]), (False, [when, np.nan, np.nan]), (None, [when] * 3)):
        np.testing.assert_array_equal(_values(cells, _column("date", date_format="iso", zoned=zoned)), expected)
    aware, column = pd.Series([pd.Timestamp("2020-01-02 05:04", tz="Europe/Athens")]), _column("date", zoned=False)
    assert np.isnan(_values(aware, column)).all()  # type: ignore[arg-type]
    np.testing.assert_array_equal(_values(aware, _column("date", zoned=True)), [when])


def test_dates_are_no_times_of_the_day() -> None:
    column = _column("date", date_format="%H:%M:%S", zoned=False)
    np.testing.assert_array_equal(_values(["10:00", "2020-01-02 10:00"], column), [36_000, np.nan])
    assert np.isnan(_values(pd.Series([pd.Timestamp("2020-01-02 10:00")]), column)).all()  # type: ignore[arg-type]


def test_dates_are_the_same_from_every_source() -> None:
    day, column = pd.Timestamp("2020-01-02 03:04"), _column("date", date_format="iso")
    sources = [
        ["2020-01-02 03:04", None],
        pd.Series([day, None]),
        pd.Series([day.tz_localize("UTC").tz_convert("Asia/Tokyo"), None]),
        pd.Series([day.to_pydatetime(), None], dtype=object),
    ]
    for source in sources:
        np.testing.assert_array_equal(_values(source, column), [day.timestamp(), np.nan])
    frame = read(pd.DataFrame({"a": [1.5, None]})).frame
    assert convert(frame, [column]).bad == {"c000": 1}
    assert convert(read(pd.DataFrame({"a": sources[1]})).frame, [_column("numeric")]).bad == {"c000": 1}


def test_a_row_alone_gives_what_it_gives_among_others() -> None:
    frame = read(
        pd.DataFrame(
            {
                "n": ["1", "True", "x", "inf", None],
                "b": ["yes", "1", "False", "maybe", None],
                "d": ["2020-01-01", "2020-01-02 03:04", "1", "no", None],
                "c": ["1.0", "x", "2", "True", None],
            }
        )
    ).frame
    kinds = {"n": "numeric", "b": "boolean", "d": "date", "c": "categorical"}
    columns = [Column(id=name, name=name, kind=kind, why="") for name, kind in kinds.items()]  # type: ignore[arg-type]
    together = convert(frame, columns).values
    for i in range(len(frame)):
        alone = convert(frame.iloc[[i]].reset_index(drop=True), columns).values
        for name in kinds:
            np.testing.assert_array_equal(alone[name], together[name][[i]])


def test_absent_columns_and_tables_without_rows() -> None:
    frame = read(pd.DataFrame({"a": [1.0]})[:0], allow_empty=True).frame
    other = Column(id="c001", name="other", kind="numeric", why="")
    converted = convert(frame, [_column("categorical"), other])
    assert {name: len(values) for name, values in converted.values.items()} == {"c000": 0}
    assert convert(frame, [_column("boolean")]).values["c000"].shape == (0,)


def test_align_orders_and_reports() -> None:
    columns = [
        Column(id="c000", name="age", kind="numeric", why=""),
        Column(id="c001", name="name", kind="identifier", why=""),
        Column(id="c002", name="city", kind="categorical", why=""),
    ]
    frame = pd.DataFrame({"city": ["x"], "Age ": [1.0], "target": ["y"]})
    aligned, findings = align(frame, columns)
    assert list(aligned) == ["city"]
    assert [(f.code, f.column, f.severity) for f in findings] == [
        ("missing-column", "age", "error"),
        ("missing-column", "name", "info"),
        ("extra-columns", None, "warning"),
    ]
    assert "rename 'Age ' to it" in findings[0].fix
    assert "2 columns unknown to the model ('Age ', 'target')" in findings[2].found
    complete = pd.DataFrame({"city": ["x"], "name": ["n"], "age": [1.0]})
    assert list(align(complete, columns)[0]) == ["age", "name", "city"]
    assert align(complete, columns)[1] == ()
