"""Every row of a column is in exactly one group, and the labels say which."""

import numpy as np
import pytest

from autoft.evaluation.slices.groups import MOST_VALUES, groups_of
from autoft.records.columns import Column


def column(kind, **more):
    return Column(id="c000", name="x", kind=kind, why="", **more)


def by_label(found):
    return {label: np.flatnonzero(found.codes == code).tolist() for code, label in enumerate(found.labels)}


def test_limits_are_half_open_but_for_the_last():
    values = np.array([-1.0, 0.0, 29.9, 30.0, 60.0, 120.0, 120.1, np.nan])
    assert by_label(groups_of(column("numeric"), values, (0, 30, 60, 120))) == {
        "[0, 30)": [1, 2],
        "[30, 60)": [3],
        "[60, 120]": [4, 5],
        "outside": [0, 6],
        "missing": [7],
    }


def test_a_range_without_rows_is_still_named():
    found = groups_of(column("numeric"), np.array([1.0, 2.0]), (0, 10, 20))
    assert by_label(found) == {"[0, 10)": [0, 1], "[10, 20]": []}
    assert found.note == "All rows are in one group."


def test_numbers_without_limits_are_divided_at_their_quartiles():
    found = groups_of(column("numeric"), np.append(np.arange(1.0, 101.0), np.nan))
    assert np.bincount(found.codes).tolist() == [25, 25, 25, 25, 1]
    assert found.labels == ("[1, 25.75)", "[25.75, 50.5)", "[50.5, 75.25)", "[75.25, 100]", "missing")
    assert "quartiles" in found.note
    shown = found.without_rare(10)
    assert shown.labels == ("quarter 1", "quarter 2", "quarter 3", "quarter 4", "missing")
    assert shown.codes.tolist() == found.codes.tolist()


def test_groups_of_few_rows_are_one_and_missing_rows_stay_apart():
    cells = np.array(["Rome"] * 10 + ["Ustica", None, "Anafi", "values of few rows"], dtype=object)
    shown = groups_of(column("categorical"), cells).without_rare(10)
    assert by_label(shown) == {"Rome": [*range(10)], "missing": [11], "values of few rows": [10, 12, 13]}
    alone = groups_of(column("categorical"), cells[10:11]).without_rare(10)
    assert by_label(alone) == {"values of few rows": [0]}


def test_few_numbers_are_groups_of_their_own():
    found = groups_of(column("numeric"), np.array([2.0, 0.5, 2.0, np.nan]))
    assert by_label(found) == {"0.5": [1], "2": [0, 2], "missing": [3]}


def test_a_number_that_most_rows_have_is_set_apart():
    values = np.array([0.0] * 20 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.nan])
    found = groups_of(column("numeric"), values)
    assert by_label(found) == {"0": list(range(20)), "above 0": list(range(20, 26)), "missing": [26]}
    below = groups_of(column("numeric"), -values)
    assert below.labels == ("below 0", "0", "missing")
    both = groups_of(column("numeric"), np.append(values, -7.0))
    assert by_label(both)["below 0"] == [27]


def test_rare_values_are_together_and_missing_ones_apart():
    values = np.array([f"v{k}" for k in range(30) for _ in range(40 - k)] + [None, "missing"] * 50, dtype=object)
    found = groups_of(column("categorical"), values)
    assert found.labels[0] == "'missing'"
    assert found.labels[-2:] == ("other values", "missing")
    assert len(found.labels) == MOST_VALUES + 2
    assert set(values[found.codes == MOST_VALUES]) == {f"v{k}" for k in range(19, 30)}
    assert all(cell is None for cell in values[found.codes == MOST_VALUES + 1])
    assert "of 31 values" in found.note


def test_a_boolean_has_the_texts_of_the_table():
    found = groups_of(column("boolean", false=("No",), true=("Yes",)), np.array([1.0, 0.0, np.nan, 1.0]))
    assert by_label(found) == {"Yes": [0, 3], "No": [1], "missing": [2]}


def test_dates_are_days():
    days = np.arange(8) * 86_400.0
    found = groups_of(column("date"), days)
    assert found.labels[0] == "[1970-01-01, 1970-01-02)"
    assert len(found.labels) == 4


@pytest.mark.parametrize("kind", ["numeric", "date"])
def test_a_column_without_cells_is_one_group(kind):
    found = groups_of(column(kind), np.full(3, np.nan))
    assert found.labels == ("missing",)
    assert found.note == "All rows are in one group."
