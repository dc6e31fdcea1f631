"""Reading: one canonical form for every source, one clear message for every kind of bad file."""

import datetime
import decimal
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoft.data.missing_words import MISSING
from autoft.data.sources import limits
from autoft.data.table import number_text, read
from autoft.errors import TableError, quoted


def _file(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _cells(data: object, column: str = "a") -> list[object]:
    series = read(data).frame[column]
    return [None if pd.isna(cell) else cell for cell in series]


def test_csv_cells_are_texts_exactly_as_they_stand(tmp_path: Path) -> None:
    table = read(_file(tmp_path, 'a,b\n 007 ,"x, ""y""\nz"\n1.0,[UNK]\n'))
    assert table.frame.to_dict("list") == {"a": [" 007 ", "1.0"], "b": ['x, "y"\nz', "[UNK]"]}
    assert table.source == "t.csv"
    assert table.dtypes == {"a": "text", "b": "text"}


@pytest.mark.parametrize("text", [*sorted(MISSING), "  "])
def test_missing_texts_are_missing_in_every_source(tmp_path: Path, text: str) -> None:
    assert _cells(_file(tmp_path, f'a,b\n"{text}",1\nNa,2\n')) == [None, "Na"]
    assert _cells(pd.DataFrame({"a": [text, "Na"]})) == [None, "Na"]


def test_unicode_spellings_become_one_but_nothing_is_trimmed(tmp_path: Path) -> None:
    path = _file(tmp_path, "cafe\u0301,b\ncafe\u0301,1\n caf\u00e9,2\n")
    assert list(read(path).frame["caf\u00e9"]) == ["caf\u00e9", " caf\u00e9"]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv", "T.CSV", "t.parquet"])
def test_formats_agree(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["1", None]})
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if name.endswith("tsv") else ",")
    table = read(str(path))
    assert table.frame.equals(read(frame).frame)
    assert table.fingerprint == read(frame).fingerprint


def test_byte_order_mark_and_line_ends_are_handled(tmp_path: Path) -> None:
    assert _cells(_file(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3,4")) == ["1", "3"]


def test_long_cells_are_read_and_the_parsers_limit_is_left_alone(tmp_path: Path) -> None:
    import csv

    before = csv.field_size_limit()
    assert _cells(_file(tmp_path, f"a,b\n{'x' * 200_000},1\n")) == ["x" * 200_000]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pd.Series([1, 2]), [1.0, 2.0]),
        (pd.Series([1, None], dtype="Int64"), [1.0, None]),
        (pd.Series([1.5, None], dtype="Float32"), [1.5, None]),
        (pd.Series([decimal.Decimal("1.5"), None]), [1.5, None]),
        (pd.Series([1, 2.5, None], dtype=object), [1.0, 2.5, None]),
        (pd.Series(pd.arrays.SparseArray([0, 0, 3])), [0.0, 0.0, 3.0]),
        (pd.Series(pd.to_timedelta(["1min", None])), [60.0, None]),
        (pd.Series([datetime.timedelta(seconds=2), None], dtype=object), [2.0, None]),
        (pd.Series([datetime.timedelta(seconds=2), None], dtype="duration[ns][pyarrow]"), [2.0, None]),
        (
            pd.Series([datetime.datetime(2020, 1, 2), None], dtype="timestamp[us][pyarrow]"),
            [pd.Timestamp("2020-01-02"), None],
        ),
        (pd.Series([datetime.date(2020, 1, 2), None], dtype="date32[pyarrow]"), [pd.Timestamp("2020-01-02"), None]),
        (pd.Series([True, None], dtype="bool[pyarrow]"), ["True", None]),
        (pd.Series([1, None], dtype="int64[pyarrow]"), [1.0, None]),
        (pd.Series(["x", None], dtype="string[pyarrow]"), ["x", None]),
        (pd.Series([True, False]), ["True", "False"]),
        (pd.Series([True, None], dtype="boolean"), ["True", None]),
        (pd.Series([True, None], dtype=object), ["True", None]),
        (pd.Series(["x", None], dtype="category"), ["x", None]),
        (pd.Series([1, 2], dtype="category"), ["1", "2"]),
        (pd.Series(["x", None], dtype="string"), ["x", None]),
        (pd.Series(["x", 1, 2.0, 2.5, True, None, pd.NA, float("nan")]), ["x", "1", "2", "2.5", "True"] + [None] * 3),
        (pd.Series([2**53 + 1, 5]), ["9007199254740993", "5"]),
        (pd.Series([10**400, 5], dtype=object), [str(10**400), "5"]),
        (pd.cut(pd.Series([1, 9]), [0, 5, 10]), ["(0, 5]", "(5, 10]"]),
        (pd.Series(pd.to_datetime(["2020-01-01 02:00+02:00"])), [pd.Timestamp("2020-01-01", tz="UTC")]),
        (pd.Series([datetime.date(2020, 1, 2), None]), [pd.Timestamp("2020-01-02"), None]),
        (pd.Series(pd.period_range("2020-01", periods=1, freq="M")), [pd.Timestamp("2020-01-01")]),
        (pd.Series([datetime.datetime(9999, 1, 1)], dtype=object), ["9999-01-01 00:00:00"]),
    ],
)
def test_every_dtype_becomes_one_of_three(series: "pd.Series[object]", expected: list[object]) -> None:
    frame = read(pd.DataFrame({"a": series})).frame
    assert str(frame["a"].dtype) in ("float64", "object", "datetime64[ns]", "datetime64[ns, UTC]")
    assert _cells(pd.DataFrame({"a": series})) == expected


class Unhashable:
    def __eq__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "one"


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ([1, 2], "list"),
        ({"k": 1}, "dict"),
        (1j, "complex"),
        (b"x", "bytes"),
        (np.zeros(2), "ndarray"),
        (Unhashable(), "Unhashable"),
    ],
)
def test_cells_that_are_no_values_are_refused(cell: object, kind: str) -> None:
    with pytest.raises(TableError, match=rf"Column 'a' must hold .* but it holds values of type {kind}"):
        read(pd.DataFrame({"a": pd.Series([cell, None], dtype=object)}))


def test_complex_columns_are_refused() -> None:
    with pytest.raises(TableError, match="complex128"):
        read(pd.DataFrame({"a": [1j]}))


def test_the_callers_frame_is_neither_changed_nor_shared() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", ""], "c": pd.to_datetime(["2020", "2021"])}, index=[5, 5])
    before = frame.copy(deep=True)
    table = read(frame)
    for column in table.frame:
        assert not np.shares_memory(frame[column].to_numpy(), table.frame[column].to_numpy())
    pd.testing.assert_frame_equal(frame, before)
    assert list(table.frame.index) == [0, 1]


def test_fingerprint_follows_names_content_and_order() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", "y"]})
    same = read(frame).fingerprint
    assert same == read(frame.copy()).fingerprint
    others = [
        frame.rename(columns={"a": "c"}),
        frame[::-1],
        frame[["b", "a"]],
        frame.fillna(0),
        frame.replace("x", "z"),
    ]
    assert len({same, *(read(other).fingerprint for other in others)}) == 6


def test_pairs_of_arrays() -> None:
    table = read((np.array([[1, 2], [3, 4]]), np.array(["n", "y"])), target="paid")
    assert list(table.frame) == ["x0", "x1", "paid"]
    assert table.target == "paid"
    assert read((np.zeros((2, 1)), [0, 1])).target == "target"


def test_pairs_go_together_row_by_row_where_their_indexes_differ() -> None:
    table = read((pd.DataFrame({"a": [1, 2]}, index=[7, 8]), pd.Series([3, 4], name="y", index=[8, 9])))
    assert table.frame.to_dict("list") == {"a": [1.0, 2.0], "y": [3.0, 4.0]}


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((2, 1)), np.zeros(3), "X has 2 rows and y 3"),
        (np.zeros((2, 1)), np.zeros((2, 2)), "y must have one dimension"),
        (np.zeros(2), np.zeros(2), "X must be a DataFrame or a 2-D array, but it has 1 dimension."),
        (pd.DataFrame({"y": [1]}), pd.Series([1], name="y"), "X must not hold the target, but it has a column 'y'"),
    ],
)
def test_pairs_that_do_not_fit(x: object, y: object, message: str) -> None:
    with pytest.raises(TableError, match=message.replace(".", r"\.")):
        read((x, y))


def test_columns_without_a_name_are_numbered_others_kept(tmp_path: Path) -> None:
    assert list(read(_file(tmp_path, "a,,<script>\n1,2,3\n")).frame) == ["a", "column 2", "<script>"]
    names = [7, None, ("x", 1), "a/b", "A/b", "\u202e\n", "n" * 300]
    frame = pd.DataFrame([range(7)], columns=pd.Index(names, dtype=object, tupleize_cols=False))
    assert list(read(frame).frame) == ["7", "column 2", "('x', 1)", "a/b", "A/b", "\u202e\n", "n" * 300]


def test_doubled_names_are_listed(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"Table 't.csv' must have unique .*: 'a' \(2 times\), 'c' \(2 times\)\. Fix"):
        read(_file(tmp_path, "a,a,b,c,c\n1,2,3,4,5\n"))
    with pytest.raises(TableError, match=r"'1' \(2 times\)"):
        read(pd.DataFrame([[1, 2]], columns=[1, "1"]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("\n \n\n", "no rows|nothing but blank"),
        ("a,b\n", "it has a header but no rows"),
        ("a,b\n1,2\n1,2,3\n", "line 3 has 3 and the header 2"),
        ('a,b\n"x\ny",2\n1\n', "line 4 has 1 and the header 2"),
        ('a,b\n1,2\n3,"4\n5,6\n', "row that begins in line 3 never ends"),
        ("a,b\n1,2\n".encode("utf-16"), "looks like UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "looks like UTF-16"),
        ("a,b\n1,2\ncafé,3\n".encode("latin-1"), "line 3 contains the byte 0xe9; this looks like .*Latin-1"),
        ("a,b\nда,2\n".encode("cp1251"), "another script. Fix: .*'cp1251'"),
        ("a,b\nはい,2\n".encode("shift_jis"), "another script. Fix: .*'shift_jis'"),
        (b"a,b\n" + b"1234567,2\n" * 9 + b"x\0,3\n", "line 11 contains a NUL byte"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "looks like gzip"),
        (b"PK\x03\x04....", "looks like .*Excel"),
    ],
)
def test_bad_csv_files_are_explained(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(TableError, match=message) as caught:
        read(_file(tmp_path, content))
    assert str(caught.value).startswith("Table 't.csv' must ")


def test_cells_beyond_the_limit_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CELL", 100)
    with pytest.raises(TableError, match=r"at most 100 characters, but one of the row that begins in line 3 .*quote"):
        read(_file(tmp_path, f"a,b\n1,2\n{'x' * 101},2\n"))


def test_missing_files_are_answered_with_the_nearest_names(tmp_path: Path) -> None:
    _file(tmp_path, "a\n1\n", "churn.csv")
    with pytest.raises(TableError, match=r"'chrun.csv' must exist.* perhaps 'churn.csv' is meant"):
        read(tmp_path / "chrun.csv")
    with pytest.raises(TableError, match="there is no folder"):
        read(tmp_path / "nowhere" / "churn.csv")
    with pytest.raises(TableError, match="must be a file, but it is a folder"):
        read(tmp_path)
    with pytest.raises(TableError, match=r"must end in one of \.csv.*'\.xls'"):
        read(_file(tmp_path, "", "t.xls"))


@pytest.mark.parametrize(
    ("name", "content"), [("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-20]), ("t.csv.gz", b"a")]
)
def test_damaged_gzip_files(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(TableError, match="complete gzip file"):
        read(_file(tmp_path, content, name))


def test_an_index_that_was_stored_with_a_name_is_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "c": pd.Categorical(["x", "y", "x"])})
    for index, names in ((pd.Index([7, 9, 8], name="id"), {"a", "c", "id"}), (pd.Index([7, 9, 8]), {"a", "c"})):
        frame.set_index(index).to_parquet(tmp_path / "d.parquet")
        table = read(tmp_path / "d.parquet")
        assert set(table.frame) == names
        assert table.frame["c"].tolist() == ["x", "y", "x"]


def test_pairs_take_the_name_of_the_target() -> None:
    x, y = pd.DataFrame({"a": [1, 2]}), pd.Series([3, 4], name="y")
    assert (read((x, y)).target, read((x, y), target="paid").target) == ("y", "paid")


def test_halves_of_surrogate_pairs_are_shown_as_escapes(tmp_path: Path) -> None:
    # As objects: pandas 3 refuses such texts in columns and names of its own string type.
    frame = pd.DataFrame({"x": pd.Series(["a\udcff", "b"], dtype=object)})
    frame.columns = pd.Index(["\ud800"], dtype=object)
    frame = read(frame).frame
    assert frame.to_dict("list") == {"\\ud800": ["a\\udcff", "b"]}


def test_an_array_is_numbered_like_the_first_of_a_pair() -> None:
    assert list(read(np.zeros((2, 2))).frame) == ["x0", "x1"]


def test_damaged_and_nested_parquet_files(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="complete Parquet file"):
        read(_file(tmp_path, b"PAR1 and nothing else", "t.parquet"))
    with pytest.raises(TableError, match="the file is empty"):
        read(_file(tmp_path, b"", "t.parquet"))
    pd.DataFrame({"a": [[1], [2]]}).to_parquet(tmp_path / "n.parquet")
    with pytest.raises(TableError, match="Column 'a' must hold"):
        read(tmp_path / "n.parquet")


def test_files_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _file(tmp_path, gzip.compress(b"a\n" + b"0" * 400_000), "t.csv.gz")
    columns = pd.DataFrame({"a": np.zeros(200_000)})
    columns.to_parquet(tmp_path / "t.parquet")
    assert len(read(tmp_path / "t.parquet").frame) == 200_000
    monkeypatch.setattr(limits, "RATIO_FREE", 10_000)
    for path in (bomb, tmp_path / "t.parquet"):
        with pytest.raises(TableError, match="more than 200 times as many"):
            read(path)
    monkeypatch.setattr(limits, "MAX_BYTES", 50)
    with pytest.raises(TableError, match="more than 50 bytes"):
        read(_file(tmp_path, "a,b\n" + "1,2\n" * 20))


def test_other_types_and_empty_tables() -> None:
    with pytest.raises(TableError, match="it is of type set"):
        read({"a"})
    with pytest.raises(TableError, match="must have columns"):
        read(pd.DataFrame(index=[0]))
    empty = pd.DataFrame({"a": [], "b": pd.Series([], dtype=object)})
    with pytest.raises(TableError, match="no rows"):
        read(empty)
    assert list(read(empty, allow_empty=True).frame) == ["a", "b"]


def test_numbers_and_cells_in_messages() -> None:
    assert [number_text(x) for x in (1.0, -0.0, 2.5, 1e300, float("inf"))] == ["1", "0", "2.5", "1e+300", "inf"]
    assert quoted("x" * 50) == f"'{'x' * 39}…'"
    assert quoted("\x1b[31m") == "'\\x1b[31m'"


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([True, False, None], object, "bool"),
        ([1, 2, None], object, "int64"),
        ([2, 1, 2], "category", "int64"),
        (["a", "b"], "category", "object"),
        ([1, "a"], object, "object"),
    ],
)
def test_objects_and_categories_keep_the_dtype_of_their_values(values, dtype, expected):
    column = pd.Series(values, dtype=dtype)
    assert read(pd.DataFrame({"y": column, "x": range(len(values))})).dtypes["y"].replace("str", "object") == expected
