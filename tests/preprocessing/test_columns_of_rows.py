"""Other cells in encoded rows: of a ratio alone, its parts stay."""

import numpy as np

from autoft.preprocessing import columns_of_rows
from autoft.preprocessing.categories import CategoryInput
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.hints import RatioInput

PLAN = InputLayout(
    numeric=("n0", "n1"),
    boolean=(),
    date=(),
    indicated=(),
    categories=(CategoryInput(id="c0", vocabulary=("a", "b"), slots=4, embed=False),),
    outliers="keep",
    ratios=(
        RatioInput(id="r000", name="each", numerator="n0", denominator="n1"),
        RatioInput(id="r001", name="back", numerator="n1", denominator="n0"),
    ),
)
ROWS = Encoded(numbers=np.array([[6.0, 2.0], [5.0, 0.0]]), codes=np.array([[2], [3]], dtype=np.int32))


def test_places_of_columns_and_ratios():
    assert columns_of_rows.places(PLAN)["n1"] == ("numbers", 1)
    assert columns_of_rows.places(PLAN)["c0"] == ("codes", 0)
    assert columns_of_rows.places(PLAN)["r001"] == ("ratios", 1)
    assert "c9" not in columns_of_rows.places(PLAN)


def test_cells_of_a_ratio_are_its_quotients():
    np.testing.assert_array_equal(columns_of_rows.of(PLAN, ROWS, ("ratios", 0)), [3.0, np.nan])
    np.testing.assert_array_equal(columns_of_rows.of(PLAN, ROWS, ("numbers", 1)), [2.0, 0.0])


def test_only_what_is_set_changes_and_the_callers_rows_stay():
    before = ROWS.numbers.copy()
    ratio = columns_of_rows.set_to(PLAN, ROWS, ("ratios", 0), np.array([7.0, 8.0]))
    np.testing.assert_array_equal(ratio.ratios, [[7.0, 1 / 3], [8.0, 0.0]])
    np.testing.assert_array_equal(ratio.numbers, before)
    np.testing.assert_array_equal(ratio.rows(np.array([1])).ratios, [[8.0, 0.0]])
    number = columns_of_rows.set_to(PLAN, ROWS, ("numbers", 1), np.array([1.0, 1.0]))
    assert number.ratios is None  # they follow their parts
    np.testing.assert_array_equal(number.numbers[:, 1], 1.0)
    np.testing.assert_array_equal(ROWS.numbers, before)
