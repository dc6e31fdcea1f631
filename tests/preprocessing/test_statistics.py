"""Statistics: what each member knows comes from its own training rows."""

import warnings

import numpy as np
import pytest

from autoft.preprocessing.categories import CategoryInput
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.encoders.numbers import robust_scale
from autoft.preprocessing.layout import InputLayout, blocks
from autoft.preprocessing.statistics import fit_statistics


def plan_with(slots: int = 4, vocabulary: str = "abcdef") -> InputLayout:
    category = CategoryInput(id="t", vocabulary=tuple(vocabulary), slots=slots, embed=False)
    return InputLayout(
        numeric=("n",),
        boolean=("b",),
        date=("d",),
        indicated=("n", "d"),
        categories=(category,),
        outliers="clip",
    )


@pytest.mark.parametrize(
    ("values", "center", "factor"),
    [
        ([1, 2, 3, 4, 5], 3.0, 0.5),
        ([np.nan, 1, 2, 3, 4, 5, np.nan], 3.0, 0.5),
        ([0] * 9 + [10], 0.0, 0.2),
        ([7, 7, 7], 7.0, 0.0),
        ([np.nan, np.nan], 0.0, 0.0),
        ([], 0.0, 0.0),
        ([1.7e12, 1.7e12 + 1, 1.7e12 + 2], 1.7e12 + 1, 1.0),
        ([-1e38, 0, 1e38], 0.0, 1e-38),
    ],
)
def test_center_and_factor(values: list[float], center: float, factor: float):
    assert robust_scale(np.array(values, dtype=float)) == pytest.approx((center, factor), rel=1e-12)


@pytest.mark.parametrize("values", [[-1.7e308, 0, 1.7e308], [0, 0, 0, 1.7e308, -1.7e308], [0, 5e-324, 1e-323]])
def test_no_column_is_too_extreme_for_a_finite_factor(values: list[float]):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        center, factor = robust_scale(np.array(values))
    assert np.isfinite([center, factor]).all()
    assert factor > 0


@pytest.fixture
def encoded() -> Encoded:
    rng = np.random.default_rng(0)
    numbers = np.stack([rng.normal(size=40), rng.integers(0, 2, 40), rng.normal(1.6e9, 1e7, 40)], axis=1)
    numbers[30:, 0] = np.nan
    codes = rng.integers(2, 8, size=(40, 1)).astype(np.int32)
    return Encoded(numbers=numbers, codes=codes)


def test_each_member_learns_from_its_rows_alone(encoded: Encoded):
    first, second = np.arange(20), np.arange(20, 40)
    both = fit_statistics(plan_with(), encoded, [first, second])
    for s, rows in enumerate((first, second)):
        alone = fit_statistics(plan_with(), encoded.rows(rows), [np.arange(20)])
        np.testing.assert_array_equal(both.scale["center"][s], alone.scale["center"][0])
        np.testing.assert_array_equal(both.scale["factor"][s], alone.scale["factor"][0])
        np.testing.assert_array_equal(both.gaps[s], alone.gaps[0])
        np.testing.assert_array_equal(both.tables[0][s], alone.tables[0][0])


def test_booleans_become_minus_and_plus_one(encoded: Encoded):
    statistics = fit_statistics(plan_with(), encoded, [np.arange(40), np.flatnonzero(encoded.numbers[:, 1] == 1)])
    assert statistics.scale["center"][:, 1].tolist() == [0.5, 0.5]
    assert statistics.scale["factor"][:, 1].tolist() == [2.0, 2.0]


def test_gaps_are_known_to_members_that_saw_one(encoded: Encoded):
    statistics = fit_statistics(plan_with(), encoded, [np.arange(40), np.arange(20)])
    assert statistics.gaps.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def slots_of(cells: list[int], slots: int) -> list[int]:
    codes = np.array(cells, dtype=np.int32)[:, None]
    encoded = Encoded(numbers=np.zeros((len(cells), 3)), codes=codes)
    return fit_statistics(plan_with(slots, "abcd"), encoded, [np.arange(len(cells))]).tables[0][0].tolist()


def test_frequent_categories_get_slots_and_ties_go_by_name():
    # Codes: 0 unknown, 1 missing, 2 a, 3 b, 4 c, 5 d.
    assert slots_of([5, 5, 4, 3, 2, 2, 1], slots=4) == [0, 1, 2, 4, 5, 3]
    assert slots_of([5, 5, 4, 3, 2, 2, 1], slots=2) == [0, 1, 2, 0, 0, 3]


def test_what_a_member_never_saw_is_unknown_to_it():
    assert slots_of([4, 4], slots=4) == [0, 0, 0, 0, 2, 0]


def test_blocks_name_every_input_once(encoded: Encoded):
    names = [name for name, _ in blocks(plan_with())]
    assert names[:3] == ["n", "b", "d"]
    assert names[-3:] == ["missing n", "missing d", "t"]
    assert len(names) == len(set(names)) == 3 + 6 + 2 + 1
    assert dict(blocks(plan_with()))["t"] == 5


def test_of_thousands_of_categories_frequent_ones_are_told_apart():
    rng = np.random.default_rng(0)
    codes = np.minimum(rng.zipf(1.3, 20_000) - 1, 4_999).astype(np.int32)[:, None] + 2
    category = CategoryInput(id="t", vocabulary=tuple(f"v{j:04d}" for j in range(5_000)), slots=200, embed=True)
    plan = InputLayout(
        numeric=(), boolean=(), date=(), indicated=(), categories=(category,), outliers="clip", scale="robust"
    )
    encoded = Encoded(numbers=np.zeros((len(codes), 0)), codes=codes)
    half = np.arange(10_000)
    table = fit_statistics(plan, encoded, [half]).tables[0][0]
    counts = np.bincount(codes[half, 0], minlength=5_002)
    known = np.flatnonzero(table > 1)
    assert sorted(table[known].tolist()) == list(range(2, 202))
    assert counts[known].min() >= np.delete(counts, known).max()
    assert (table[codes[half, 0]] == 0).mean() > 0.05  # so that unknown has rows to learn from
