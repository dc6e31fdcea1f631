"""Promises about every table: a clear error, or handled and recorded; the same whatever the source, the order of rows
and columns, and however often it is read. Nothing is trained here: these are promises about what the networks get."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoft.data.table import read
from autoft.errors import AutoFTError
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.fit import prepare_dataset
from autoft.preprocessing.encode import encode
from tests.contract import awkward, test_bad_input, zoo
from tests.tables import tiny_recipe

RECIPE = tiny_recipe(target="y")


@dataclass(frozen=True)
class Case:
    """A table that can be trained on, and the changes of the recipe that it needs."""

    frame: pd.DataFrame
    changes: dict[str, Any]

    def prepared(self, data: Any = None) -> Dataset:
        return prepare_dataset(tiny_recipe(target="y", **self.changes), self.frame if data is None else data)


def _cases() -> dict[str, Case]:
    zoo_cases = {
        " ".join([make.__name__, *changes]): (make(Path()), changes)
        for make, changes, _ in test_bad_input.HANDLED
        if make is not zoo.byte_order_mark
    }
    more = {name: (awkward.table(name), {}) for name in awkward.COLUMNS}
    return {name: Case(frame, changes) for name, (frame, changes) in (zoo_cases | more).items()}


CASES = _cases()


@cache
def answer(name: str) -> Dataset | str:
    """The table as its networks would get it, or the error that refuses it."""
    try:
        return CASES[name].prepared()
    except AutoFTError as error:
        test_bad_input.in_four_parts(error)
        return str(error)


def kinds(dataset: Dataset) -> dict[str, str]:
    return {column.name: column.kind for column in dataset.description.columns}


def named(columns: dict[str, str]) -> dict[str, str]:
    """Without the columns that are called after their place."""
    return {name: kind for name, kind in columns.items() if not name.startswith("column ")}


def findings(dataset: Dataset) -> set[tuple[str, str, str | None]]:
    return {(finding.code, finding.severity, finding.column) for finding in dataset.findings}


def inputs(dataset: Dataset) -> dict[str, list[Any]]:
    """What the network gets, by the names of the columns."""
    names = {column.id: column.name for column in dataset.features}
    numbers = {names[i]: dataset.encoded.numbers[:, k].tolist() for k, i in enumerate(dataset.layout.numbers)}
    codes = {names[c.id]: dataset.encoded.codes[:, k].tolist() for k, c in enumerate(dataset.layout.categories)}
    return numbers | codes


def same(one: Dataset, other: Dataset, rows: Any = slice(None)) -> None:
    """The same kinds, findings, classes, blocks and inputs; `rows` says where the rows of `other` stand in `one`."""
    assert kinds(one) == kinds(other)
    assert findings(one) == findings(other)
    assert list(map(str, one.target.classes)) == list(map(str, other.target.classes))
    np.testing.assert_array_equal(one.y[rows], other.y)
    assert inputs(one).keys() == inputs(other).keys()
    for name, cells in inputs(one).items():
        np.testing.assert_array_equal(np.array(cells)[rows], inputs(other)[name], err_msg=name)
    np.testing.assert_array_equal(one.split.blocks[rows], other.split.blocks)


def test_there_are_enough_tables() -> None:
    assert len(CASES) + len(test_bad_input.REFUSED) >= 80 + len(test_bad_input.REFUSED) // 2


@pytest.mark.parametrize("name", [name for name, (_, kind) in awkward.COLUMNS.items() if kind is not None])
def test_columns_become_what_a_person_would_say(name: str) -> None:
    made = answer(name)
    assert isinstance(made, Dataset), made
    assert kinds(made)["x"] == awkward.COLUMNS[name][1]


@pytest.mark.parametrize("name", CASES)
def test_handled_tables_stay_as_they_are_and_are_read_alike_twice(name: str) -> None:
    before = CASES[name].frame.copy(deep=True)
    made = answer(name)
    pd.testing.assert_frame_equal(CASES[name].frame, before)
    if isinstance(made, Dataset):
        assert np.isfinite(made.y).all()
        assert not np.isinf(made.encoded.numbers).any()
        same(made, CASES[name].prepared())


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_columns_makes_no_difference(name: str) -> None:
    made = answer(name)
    if isinstance(made, Dataset):
        turned = CASES[name].prepared(CASES[name].frame.iloc[:, ::-1])
        assert named(kinds(made)) == named(kinds(turned))
        assert {f[:2] for f in findings(made)} == {f[:2] for f in findings(turned)}


#: Row numbers and sorted columns are about the order of rows itself.
ORDERED = {"identifier-dropped", "time-structure", "sorted-rows"}


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_rows_makes_no_difference(name: str) -> None:
    made = answer(name)
    if isinstance(made, Dataset):
        rows = np.random.default_rng(1).permutation(len(CASES[name].frame))
        turned = CASES[name].prepared(CASES[name].frame.iloc[rows].reset_index(drop=True))
        assert {f for f in findings(made) if f[0] not in ORDERED} == {
            f for f in findings(turned) if f[0] not in ORDERED
        }
        if kinds(made) == kinds(turned):  # else a row number was one
            kept = made.description.kept
            stands = rows if kept is None else np.searchsorted(kept, rows[np.isin(rows, kept)])
            np.testing.assert_array_equal(made.split.blocks[stands], turned.split.blocks)


def is_sparse(column: Any) -> bool:
    return isinstance(column.dtype, pd.SparseDtype)


#: Columns of which Arrow wants values of one type.
MIXED = {"numbers and texts as objects": "x", "objects of every type": "x", "numbers_and_texts": ("size",)}
#: What a source cannot hold, so that the table is another one.
LOST = {
    "float16": ("csv", "parquet"),  # pandas writes fewer digits; old Arrow cannot write it
    "durations": ("csv",),  # texts such as "0 days 00:07:00"
    "modern_dtypes": ("csv", "parquet"),  # both of these
    "strange_categories": ("csv", "parquet", "arrow"),  # halves of surrogate pairs
    "intervals": ("parquet", "arrow"),
}


SOURCES = [
    pytest.param(name, source, marks=[pytest.mark.slow] * (source == "arrow"))  # Parquet files go the same way
    for name in CASES
    for source in ("csv", "parquet", "arrow")
    if source not in LOST.get(name, ())
]


@pytest.mark.parametrize(("name", "source"), SOURCES)
def test_every_source_gives_the_same(name: str, source: str, tmp_path: Path) -> None:
    made, frame = answer(name), CASES[name].frame.reset_index(drop=True)
    if not isinstance(made, Dataset):
        return
    data: Any = tmp_path / f"d.{source}"
    if source == "csv":
        frame.to_csv(data, index=False)
    else:
        frame.columns = [str(column) for column in frame.columns]
        texts = {column: frame[column].map(str, na_action="ignore") for column in MIXED.get(name, ())}
        texts |= {column: frame[column].sparse.to_dense() for column in frame if is_sparse(frame[column])}
        table = pyarrow.Table.from_pandas(frame.assign(**texts), preserve_index=False)
        if source == "parquet":
            pyarrow.parquet.write_table(table, data)
        else:
            data = table
    same(made, CASES[name].prepared(data))


@pytest.mark.parametrize("name", CASES)
def test_a_row_alone_gives_what_it_gives_among_others(name: str) -> None:
    from autoft.data.convert import convert

    made = answer(name)
    if not isinstance(made, Dataset):
        return
    frame = made.description.table.frame
    rows = np.arange(len(frame)) if made.description.kept is None else made.description.kept
    for row in (0, 7, len(frame) - 1):
        alone = read(CASES[name].frame.iloc[[rows[row]]]).frame[list(frame.columns)]
        encoded = encode(made.layout, convert(alone, made.features).values, 1)
        np.testing.assert_array_equal(encoded.numbers[0], made.encoded.numbers[row])
        np.testing.assert_array_equal(encoded.codes[0], made.encoded.codes[row])


# Random tables

_TEXTS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.decimals(allow_nan=False),
    _TEXTS,
    st.datetimes(),
    st.dates(),
    st.timedeltas(),
    st.sampled_from(["NA", "", " ", "1,5", "$3", "7%", "2020-01-05", "05/06/2021", "yes", "No", "1e999", "-", "\0"]),
    st.binary(max_size=3),
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Tables of up to four columns of a few values each, as objects, in a dtype of pandas, or as texts."""
    rows = draw(st.integers(20, 60))
    frame = pd.DataFrame(index=range(rows))
    for name in draw(st.lists(st.one_of(_TEXTS, st.integers(0, 9)), min_size=1, max_size=4, unique_by=str)):
        values = draw(st.lists(_VALUES, min_size=1, max_size=6))
        cells = pd.Series([values[k * 7919 % 31 % len(values)] for k in range(rows)], dtype=object)
        form = draw(st.sampled_from(["object", "text", "inferred", "category"]))
        if form == "text":
            cells = cells.map(str, na_action="ignore")
        elif form == "inferred":
            cells = cells.infer_objects()
        elif form == "category" and all(isinstance(value, str | None) for value in values):
            cells = cells.astype("category")
        frame = pd.concat([frame, cells.rename(name)], axis=1)
    labels = draw(st.lists(_VALUES, min_size=1, max_size=3))
    cells = pd.Series([labels[k % len(labels)] for k in range(rows)], dtype=object)
    return pd.concat([frame, cells.rename("y")], axis=1)


@given(frame=tables())
def test_random_tables_are_prepared_or_refused_clearly(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    try:
        made = prepare_dataset(RECIPE, frame)
        assert not np.isinf(made.encoded.numbers).any()
        assert np.isfinite(made.y).all()
    except AutoFTError as error:
        test_bad_input.in_four_parts(error)
    pd.testing.assert_frame_equal(frame, before)


_BYTES = st.one_of(
    st.binary(max_size=200),
    st.text(st.sampled_from("ab1,;\t|\"'\r\n.-€é\x00 "), max_size=200).map(str.encode),
)


@given(content=_BYTES, name=st.sampled_from(["d.csv", "d.tsv", "d.csv.gz", "d.parquet"]))
def test_random_files_are_read_or_refused_clearly(
    content: bytes, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    try:
        table = read(path)
        assert len(table.frame) > 0
    except AutoFTError as error:
        test_bad_input.in_four_parts(error)
