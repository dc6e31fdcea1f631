"""Cells to numbers and codes, on the values that usually go wrong."""

import numpy as np
import pytest

from autoft.preprocessing.categories import MISSING, MISSING_TOKEN, UNKNOWN, UNKNOWN_TOKEN, CategoryInput, guard
from autoft.preprocessing.encode import Encoded, encode, row_keys
from autoft.preprocessing.layout import InputLayout

AWKWARD = (
    "",
    " ",
    "a",
    "a ",
    "a\x00",
    "a\nb",
    "[UNK]",
    "None",
    "nan",
    "\ue000missing",
    "\ue000\ue000missing",
    "\ue000unknown",
    "\ue000escaped:\\ud800",
    "é",
    "e\u0301",
    "👩‍👩‍👧",
    "\u202eעברית",
    "\ud800",
    "\\ud800",
    "\ud800\\ud801",
    "\ud800\ud801",
    "x" * 65_536,
    "x" * 65_535 + "y",
)


def plan_with(*categories: tuple[str, ...], numbers: tuple[str, ...] = ()) -> InputLayout:
    inputs = [
        CategoryInput(id=f"t{j}", vocabulary=tuple(sorted(v)), slots=len(v), embed=False)
        for j, v in enumerate(categories)
    ]
    return InputLayout(numeric=numbers, boolean=(), date=(), indicated=(), categories=tuple(inputs), outliers="clip")


def test_every_awkward_text_has_a_code_of_its_own():
    plan = plan_with(AWKWARD)
    cells = np.array([*AWKWARD, None, "never seen", np.nan], dtype=object)
    codes = encode(plan, {"t0": cells}, len(cells)).codes[:, 0]
    assert len(set(codes[: len(AWKWARD)])) == len(AWKWARD)
    assert codes[: len(AWKWARD)].min() == 2
    assert codes[len(AWKWARD) :].tolist() == [MISSING, UNKNOWN, MISSING]


def test_a_guarded_text_is_valid_utf8_and_never_another():
    guarded = [guard(text) for text in (None, *AWKWARD)]
    assert len({*guarded, UNKNOWN_TOKEN}) == len(AWKWARD) + 2
    assert guarded[0] == MISSING_TOKEN
    assert all(text.encode().decode() == text for text in guarded)


def test_ordinary_texts_are_guarded_as_they_are():
    assert [guard(t) for t in ("Oslo", "[UNK]", "", "nan")] == ["Oslo", "[UNK]", "", "nan"]


def test_large_numbers_keep_all_their_digits():
    cells = np.array([1.7e12, 1.7e12 + 1, 2.0**24 + 1, 1e38, -1e38, np.nan])
    numbers = encode(plan_with(numbers=("n",)), {"n": cells}, len(cells)).numbers[:, 0]
    np.testing.assert_array_equal(numbers, cells)


def test_a_column_that_is_absent_counts_as_missing():
    encoded = encode(plan_with(("a",), numbers=("n",)), {}, 3)
    assert np.isnan(encoded.numbers).all()
    assert encoded.codes.tolist() == [[MISSING]] * 3
    assert encoded.codes.dtype == np.int32


def test_some_rows():
    encoded = encode(plan_with(numbers=("n",)), {"n": np.arange(5.0)}, 5)
    assert encoded.rows(np.array([3, 1])).numbers[:, 0].tolist() == [3.0, 1.0]
    assert len(encoded.rows(slice(2, None))) == 3


@pytest.fixture
def rows() -> Encoded:
    numbers = np.array([[0.0, 1.0], [-0.0, 1.0], [np.nan, 1.0], [np.nan, 1.0], [1.0, 0.0], [0.0, 1.0]])
    codes = np.array([[2], [2], [2], [2], [2], [MISSING]], dtype=np.int32)
    return Encoded(numbers=numbers, codes=codes)


def test_equal_rows_have_equal_keys_and_others_do_not(rows: Encoded):
    keys = row_keys(rows)
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]
    assert len(set(keys.tolist())) == 4


def test_keys_do_not_depend_on_the_other_rows(rows: Encoded):
    order = np.array([5, 3, 0])
    assert row_keys(rows.rows(order)).tolist() == row_keys(rows)[order].tolist()
