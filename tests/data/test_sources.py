"""Sources: the same table however it comes, and one clear error for what is no table."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, orc
from scipy import sparse

from autoft.data.sources import limits
from autoft.data.table import read
from autoft.errors import AutoFTError, TableError

FRAME = pd.DataFrame(
    {
        "n": [1.5, 2.0, np.nan],
        "i": [1, 2, 3],
        "s": ["x", 'ü;,|"', None],
        "b": [True, False, True],
        "t": pd.to_datetime(["2020-01-01", "2021-05-06", None]),
    }
)
CSV = FRAME.to_csv(index=False)
RECORDS = [{k: None if pd.isna(v) else v for k, v in row.items()} for row in FRAME.to_dict("records")]


class Interchange:
    """A table of another library that offers no more than ``__dataframe__``."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __dataframe__(self, *args: object, **kwargs: object) -> object:
        return self.frame.__dataframe__(*args, **kwargs)


class Convertible:
    """A table of another library that offers one method."""

    def __init__(self, method: str, value: object) -> None:
        setattr(self, method, lambda: value)


ARROW = pa.Table.from_pandas(FRAME)
MEMORY = {
    "arrow table": ARROW,
    "record batch": ARROW.to_batches()[0],
    "to_arrow": Convertible("to_arrow", ARROW),
    "to_pandas": Convertible("to_pandas", FRAME),
    "mapping": {name: FRAME[name] for name in FRAME},
    "mapping with other indexes": {name: FRAME[name].set_axis([7, i, 5]) for i, name in enumerate(FRAME)},
    "rows as mappings": RECORDS,
}


@pytest.mark.parametrize("source", MEMORY)
def test_tables_in_memory_equal_the_frame(source: str) -> None:
    assert read(MEMORY[source]).fingerprint == read(FRAME).fingerprint


def test_what_pandas_cannot_hold_is_read_or_refused() -> None:
    days = ["1600-01-01", "9000-12-31", "2020-01-01"]
    far = np.array(days, dtype="datetime64[s]")
    years = pd.period_range("1500", periods=3, freq="Y")
    for frame in (read((FRAME[["n"]], far)).frame["target"], read(far[:, None]).frame["x0"]):
        assert [text[:10] for text in frame] == days
    assert len(read(pd.DataFrame({"a": years})).frame) == 3
    lists = pd.Series([[1, 2]] * 3).astype(pd.ArrowDtype(pa.list_(pa.int64())))
    with pytest.raises(TableError, match="Column 'a' must hold numbers"):
        read(pd.DataFrame({"a": lists}))


def test_the_interchange_protocol_is_understood() -> None:
    numbers = FRAME[["n", "i"]]
    assert read(Interchange(numbers)).fingerprint == read(numbers).fingerprint
    gaps = pd.DataFrame({"c": pd.Categorical(["x", None, "y"])})  # pandas makes the second one an 'y'
    with pytest.raises(TableError, match="'c' is categorical and has missing cells"):
        read(Interchange(gaps))


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow", "orc", "parquet.gz", "zip"])
def test_binary_files_equal_the_frame_as_paths_and_as_handles(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    if ending == "orc":
        orc.write_table(ARROW, str(path))
    elif ending in ("feather", "arrow"):
        feather.write_feather(FRAME, path)
    else:
        FRAME.to_parquet(path, compression="snappy")
    content = path.read_bytes()
    if ending == "parquet.gz":
        path.write_bytes(gzip.compress(content))
    elif ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("folder/t.parquet", content)
            archive.writestr("__MACOSX/folder/._t.parquet", "junk")
    want = read(FRAME).fingerprint
    assert read(path).fingerprint == want
    assert read(io.BytesIO(path.read_bytes())).fingerprint == want


def _zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def _zip(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("t.csv", content)
    return sink.getvalue()


PACKED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": _zstd, ".zip": _zip, "": bytes}


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("text", ["csv", "txt"])
def test_compressed_files_equal_the_csv(tmp_path: Path, ending: str, text: str) -> None:
    path, content = tmp_path / f"t.{text}{ending}", PACKED[ending](CSV.encode())
    path.write_bytes(content)
    want = read(io.StringIO(CSV))
    assert want.frame["n"].tolist() == ["1.5", "2.0", None]
    assert read(path).fingerprint == want.fingerprint == read(io.BytesIO(content)).fingerprint
    with path.open("rb") as handle:
        assert read(handle).source == path.name
    if ending:
        path.write_bytes(content[: len(content) * 2 // 3])
        with pytest.raises(TableError, match=r"must be a complete \w+ file"):
            read(path)


def test_lines_of_json_equal_the_rows(tmp_path: Path) -> None:
    rows = [{"a": 2**60 + 1, "b": "x"}, {"b": "y", "c": True}, {}]
    path = tmp_path / "t.jsonl"
    path.write_text("\n\n".join(map(json.dumps, rows)))
    table = read(path)
    assert table.frame.to_dict("list") == {
        "a": [str(2**60 + 1), None, None],
        "b": ["x", "y", None],
        "c": [None, "True", None],
    }
    assert table.fingerprint == read(rows).fingerprint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a":', "line 2 is not"),
        ("[1, 2]\n", "line 1 is none"),
        ('{"a": 1, "a": 2}', "line 1 has 'a' more than once"),
        ('{"a": [1]}', "Column 'a' must hold .* of type list"),
        ("[" * 10**5, "line 1 is not"),
        ('{"a": ' + "9" * 5000 + "}", "line 1 is not"),
        ("<html>", "looks like a web page"),
    ],
    ids=["cut", "list", "doubled", "nested", "deep", "long number", "page"],
)
def test_bad_lines_of_json_are_explained(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text)
    with pytest.raises(TableError, match=message):
        read(path)


@pytest.mark.parametrize(
    "text",
    [
        "a;b\n1,5;x\n2,5;y\n",
        "a;b;\n1,5;x;\n2,5;y;\n",
        "a;b\n1,5;x;\n2,5;y;\n",
        "a;b;\n1,5;x\n2,5;y\n",
        "a;b;;;\n1,5;x;;;\n2,5;y;;;\n",
        "sep=;\r\na;b\r\n1,5;x\r\n2,5;y\r\n",
        "a|b\n1,5|x\n2,5|y\n",
        "a\tb\n1,5\tx\n2,5\ty\n",
        '"a","b"\n"1,5",x\n"2,5",y\n',
        'a, "b"\n"1,5", "x"\n"2,5", "y"\n',
        "\ufeff\ufeffa;b\u200b\n1,5;\u200ex\n2,5;y\u200b",
        "\ufeffa;b\n1,5;x\n\n2,5;y",
    ],
)
@pytest.mark.parametrize("ending", ["csv", "txt", "tsv"])
def test_separators_are_told_by_header_and_rows(tmp_path: Path, text: str, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    path.write_text(text, encoding="utf-8")
    assert read(path).frame.to_dict("list") == {"a": ["1,5", "2,5"], "b": ["x", "y"]}


def test_a_separator_in_names_or_cells_does_not_mislead(tmp_path: Path) -> None:
    assert list(read(io.StringIO("id,tags;more,n\n1,a;b,2\n2,c,3\n")).frame) == ["id", "tags;more", "n"]
    (tmp_path / "t.tsv").write_text("price, net\tsize\n1,5\t3\n")
    assert list(read(tmp_path / "t.tsv").frame) == ["price, net", "size"]
    assert list(read(io.StringIO('"two\nlines";b\n1;2\n')).frame) == ["two\nlines", "b"]
    assert list(read(io.StringIO("price, net;size;n\n1,5;3;2\n7;4;2\n")).frame) == ["price, net", "size", "n"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("price (a, b);n\n1,5;x\n", "both ',' and ';' split its header and rows alike"),
        ("a;b\n1;2\n3\n", "line 3 has 1 and the header 2"),
        ("a;b\n1;2;\n3;4;5\n", "line 3 has 3 and the header 2"),
        ("a;b;\n1;2;\n3;4\n", "line 3 has 2 and the header 3"),
        ("a,b\n1,2\na,b\n3,4\n", "one header, but line 3 repeats it"),
        ("sep=;\na;b\n1;2\n3\n", "line 4 has 1 and the header 2"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "looks like a web page"),
        ("\n  <HTML>\n", "looks like a web page"),
        ("<?xml version='1.0'?><a/>", "looks like a web page or XML"),
        ('{"error": "not found"}', r"looks like JSON.*\.jsonl"),
        ('[\n  {"a": 1}]', "looks like JSON"),
        ("%PDF-1.7", "looks like a PDF"),
        ("version https://git-lfs.github.com/spec/v1\n", "looks like a Git LFS pointer"),
    ],
)
def test_texts_that_are_no_table_name_the_cause(text: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read(io.StringIO(text))


def test_other_files_called_csv_name_what_they_are(tmp_path: Path) -> None:
    for content, kind in (
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"PAR1", "Parquet"),
        (_zip(b""), "zip"),
        (b"ORC", "ORC"),
    ):
        (tmp_path / "t.csv").write_bytes(content)
        with pytest.raises(TableError, match=f"'t.csv' must be text, but it looks like .*{kind}"):
            read(tmp_path / "t.csv")
    (tmp_path / "t.txt").write_text("age weight\n31 70\n")
    with pytest.raises(TableError, match="blanks separate nothing"):
        read(tmp_path / "t.txt")


def test_archives_hold_one_table(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    for names, message in (((), "it is empty"), (("a.csv", "b.csv"), "2 files"), (("a.pdf",), r"ends in '\.pdf'")):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "a,b\n1,2\n")
        with pytest.raises(TableError, match=message):
            read(path)
    with pytest.raises(TableError, match="it holds a compressed file"):
        read(io.BytesIO(gzip.compress(gzip.compress(b"a,b\n1,2\n"))))


def test_workbooks_are_read_or_name_the_package_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    try:
        FRAME.to_excel(path, index=False)
    except ImportError:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
        with pytest.raises(AutoFTError, match=r"openpyxl, which reads Excel files, is not.*pip install openpyxl"):
            read(path)
    else:
        assert read(path).fingerprint == read(FRAME).fingerprint == read(io.BytesIO(path.read_bytes())).fingerprint
    path.write_text("a,b\n")
    with pytest.raises(TableError, match="must be a complete Excel file"):
        read(path)


def test_handles_of_text_keep_their_encoding(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\né,1\n".encode("cp1252"))
    with path.open(encoding="cp1252") as handle:
        assert read(handle).frame["a"].tolist() == ["é"]
    with path.open(encoding="utf-8") as wrong, pytest.raises(TableError, match=r"must be readable, but .*utf-8"):
        read(wrong)
    with pytest.raises(TableError, match="closed file"):
        read(wrong)
    with pytest.raises(TableError, match="the file is empty"):
        read(io.BytesIO())


X, Y = np.array([[1.0, 0], [0, 2], [0, 0]]), [0, 1, 1]


@pytest.mark.parametrize(
    "x",
    [sparse.csr_matrix(X), sparse.csc_array(X), X.tolist(), [tuple(row) for row in X], np.matrix(X), X.astype(">f8")],
    ids=["csr", "csc", "lists", "tuples", "matrix", "big-endian"],
)
def test_other_arrays_equal_the_array(x: object) -> None:
    assert read((x, Y)).fingerprint == read((X, np.array(Y))).fingerprint
    assert read(x).fingerprint == read(X).fingerprint


@pytest.mark.parametrize(
    "y",
    [tuple(Y), pa.array(Y), pa.chunked_array([Y]), pd.array(Y, dtype="Int64"), np.array(Y)[:, None], [[0], [1], [1]]],
    ids=["tuple", "arrow", "chunked", "Int64", "one column", "lists"],
)
def test_other_columns_equal_the_array(y: object) -> None:
    assert read((X, y)).fingerprint == read((X, np.array(Y))).fingerprint


def test_the_same_rows_in_another_order_are_refused() -> None:
    x, y = pd.DataFrame(X, index=["a", "b", "c"]), pd.Series(Y, index=["b", "a", "c"])
    with pytest.raises(TableError, match="name the same rows in another order"):
        read((x, y))
    want = read((X, np.array(Y))).fingerprint
    for index in (["a", "b", "c"], ["d", "b", "a"], ["a", "a", "c"], [2, 1, 0]):
        assert read((x.set_axis(["x0", "x1"][: X.shape[1]], axis=1), y.set_axis(index))).fingerprint == want
    assert read((X, y.set_axis([2, 1, 0]))).fingerprint == want


def test_a_table_of_one_column_gives_the_target_its_name() -> None:
    want = read((X, pd.Series(Y, name="k"))).fingerprint
    fields = np.array([(v,) for v in Y], dtype=[("k", "i8")])
    for y in (pd.DataFrame({"k": Y}, index=[5, 3, 1]), pa.table({"k": Y}), fields):
        assert read((X, y)).fingerprint == want


@pytest.mark.parametrize(
    "y", [5, "abc", None, {"a": 1}, {1, 2, 3}, iter(Y), np.zeros((3, 2)), pd.DataFrame({"a": Y, "b": Y}), np.zeros(())]
)
def test_what_is_no_column_is_refused(y: object) -> None:
    with pytest.raises(TableError, match="y must have one dimension"):
        read((X, y))


def test_a_name_for_y_and_a_path_for_x_are_explained() -> None:
    with pytest.raises(TableError, match="pass X alone, and target='label'"):
        read((FRAME, "label"))
    with pytest.raises(TableError, match=r"X must be a DataFrame or another table in memory, .* of type str"):
        read(("train.csv", Y))


def test_arrays_with_named_fields_and_masks() -> None:
    fields = np.array([(1.5, "x", 3), (2.5, "y", 4)], dtype=[("a", "f8"), ("b", "U3"), ("c", ">i4")])
    want = read(pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"], "c": [3, 4]})).fingerprint
    assert read(fields).fingerprint == read(fields.view(np.recarray)).fingerprint == want
    masked = np.ma.masked_array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]])
    assert read(masked).fingerprint == read(np.array([[1, np.nan], [3, 4]])).fingerprint
    mixed = read(np.array([[1, "a"], [None, 2.5]], dtype=object))
    assert mixed.fingerprint == read(pd.DataFrame({"x0": [1, None], "x1": ["a", 2.5]})).fingerprint


def test_arrow_values_that_pandas_would_merge_or_refuse() -> None:
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.uint32()), pa.array(["x", "y"]))
    table = read(pa.table({"a": [2**53 + 1, 2**53, None], "b": codes}))
    assert table.frame.to_dict("list") == {"a": [str(2**53 + 1), str(2**53), None], "b": ["x", "y", None]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": 1}, r"column 'a' must have one dimension.*\[\{name: value"),
        ({"a": [1, 2], "b": [1]}, "'b' has 1 and 'a' 2"),
        ([[1, 2], [3]], "rows have 1 or 2 cells"),
        (["a", "b"], "1 dimension"),
        (pd.Series([1]), "it is of type Series"),
        ({}, "must have columns"),
        (iter([1]), "it is of type list_iterator"),
        (None, "it is of type NoneType"),
    ],
    ids=["scalars", "lengths", "ragged", "texts", "series", "nothing", "iterator", "none"],
)
def test_what_is_no_table_is_refused(data: object, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read(data)


def test_too_many_columns_cells_or_characters_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_COLUMNS", 20)
    monkeypatch.setattr(limits, "MAX_CELLS", 100)
    names = [f"c{i}" for i in range(21)]
    wide = (
        io.StringIO(",".join(names) + "\n"),
        io.BytesIO(pd.DataFrame(1, [0], names).to_parquet(index=False)),
        pd.DataFrame(np.zeros((1, 21))),
        sparse.csr_matrix((1, 21)),
        {name: [1] for name in names},
        [dict.fromkeys(names, 1)],
        pa.table({name: [1] for name in names}),
    )
    for data in wide:
        with pytest.raises(TableError, match=r"must have at most 20 columns, but it has 21\. Fix: keep the columns"):
            read(data)
    for data in (
        io.StringIO("a,b\n" + "1,2\n" * 51),
        np.zeros((51, 2)),
        sparse.csr_matrix((10**9, 2)),
        {"a": [0] * 101},
    ):
        with pytest.raises(TableError, match=r"must have at most 100 cells, but it has 10[12]|2,000,000,000"):
            read(data)


def test_long_names_and_lines_are_refused_and_shown_short(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (io.StringIO(f"a,{'x' * 10**6}\n1,2\n"), pd.DataFrame({"a": [1], "x" * 10**6: [2]})):
        with pytest.raises(TableError, match="that of column 2 has 1,000,000 ") as caught:
            read(data)
        assert len(str(caught.value)) < 300
    monkeypatch.setattr(limits, "MAX_LINE", 50)
    with pytest.raises(TableError, match="lines of at most 50 characters, but line 2 is longer"):
        read(io.StringIO("a,b\n" + "1" * 60 + ",2\n"))
