"""The plan: which inputs there are, how wide, and what it says in words."""

import numpy as np
import pytest

from autoft.errors import PreprocessError
from autoft.preprocessing.layout import InputLayout, LayoutOptions, blocks, describe_layout, make_layout
from autoft.records.columns import Column


def column(j: int, kind: str, **facts: object) -> Column:
    return Column(id=f"c{j:03d}", name=f"name {j}", kind=kind, why="", **facts)


def texts(*cells: str | None) -> np.ndarray:
    return np.array(cells, dtype=object)


def plan_of(columns: list[Column], values: dict, **changes: object) -> InputLayout:
    return make_layout(columns, values, LayoutOptions(**{"embed_above": 3, **changes}))


COLUMNS = [
    column(0, "identifier"),
    column(1, "numeric", missing=2),
    column(2, "categorical"),
    column(3, "date", missing=1),
    column(4, "boolean", false=("no",), true=("yes", "Y")),
    column(5, "categorical", missing=1),
    column(6, "numeric"),
    column(7, "text"),
    column(8, "constant"),
    column(9, "empty"),
]
VALUES = {
    "c002": texts("b", "a", "b"),
    "c005": texts(None, *"vwxyz"),
    "c007": texts("An old car.", "old wine", "Cars and WINE"),
}


@pytest.fixture
def plan() -> InputLayout:
    return plan_of(COLUMNS, VALUES)


def test_the_layout_follows_the_kinds_in_table_order(plan: InputLayout):
    assert plan.numbers == ("c001", "c006", "c004", "c003")
    assert plan.indicated == ("c001", "c003")
    assert [c.id for c in plan.one_hot] == ["c002"]
    assert [c.id for c in plan.embedded] == ["c005"]


def test_vocabularies_are_sorted_and_without_missing_cells(plan: InputLayout):
    assert [c.vocabulary for c in plan.categories] == [("a", "b"), ("v", "w", "x", "y", "z")]


def test_words_tell_of_every_column_and_count_the_inputs(plan: InputLayout):
    lines = describe_layout(plan, COLUMNS)
    assert [line.column for line in lines] == [c.name for c in COLUMNS]
    # One-hot blocks have spare slots, and one for missing, that a reader need not hear of.
    missing = {c.id for c in COLUMNS if c.missing}
    spare = sum(c.slots + 1 - len(c.vocabulary) - (c.id in missing) for c in plan.one_hot)
    spare += sum(text.slots - len(text.vocabulary) for text in plan.texts)
    assert sum(line.inputs for line in lines) == sum(width for _, width in blocks(plan)) - spare
    said = {line.column: line.text for line in lines}
    assert "squeezed" in said["name 1"]
    assert "2 missing cells" in said["name 1"]
    assert "'no' becomes -1, 'yes'/'Y' becomes +1" in said["name 4"]
    assert "one-hot" in said["name 2"]
    assert "learned vector" in said["name 5"]
    assert "Missing is a category of its own" in said["name 5"]
    assert "Missing" not in said["name 2"]
    assert "Its 2 words that two rows have, weighted by how rare they are" in said["name 7"]
    assert all(said[f"name {j}"].startswith("Not used") for j in (0, 8, 9))


def test_keeping_outliers_is_said_too():
    kept = plan_of(COLUMNS, VALUES, outliers="keep")
    assert kept.outliers == "keep"
    assert "squeezed" not in describe_layout(kept, COLUMNS)[1].text


@pytest.mark.parametrize(("categories", "slots"), [(1, 4), (4, 4), (5, 8), (8, 8), (9, 10), (300, 10)])
def test_slots_grow_in_steps_of_four_up_to_the_limit(categories: int, slots: int):
    values = {"c002": texts(*(f"v{i}" for i in range(categories)))}
    plan = plan_of([column(2, "categorical")], values, max_categories=10, embed_above=1000)
    assert plan.categories[0].slots == slots


def test_categories_beyond_the_limit_are_mentioned():
    columns = [column(2, "categorical")]
    plan = plan_of(columns, {"c002": texts(*"abcdef")}, max_categories=4)
    assert "6 categories, of which the 4 most frequent are distinguished" in describe_layout(plan, columns)[0].text


def test_a_table_with_nothing_to_learn_from_is_refused():
    with pytest.raises(PreprocessError, match="'name 7' is identifier, 'name 8' is constant") as error:
        plan_of([column(7, "identifier"), column(8, "constant")], {})
    assert "Fix: " in str(error.value)
    with pytest.raises(PreprocessError, match="no other column"):
        plan_of([], {})


def test_times_between_dates_are_said_and_counted():
    dates = [Column(id=f"d{j}", name=name, kind="date", why="") for j, name in enumerate(["pickup", "dropoff", "paid"])]
    plan = make_layout(dates, {})
    assert plan.elapsed == (("d0", "d1"), ("d0", "d2"), ("d1", "d2"))
    lines = describe_layout(plan, dates)
    assert [line.inputs for line in lines] == [7, 8, 9]
    assert "time since 'pickup' and 'dropoff' is an input too" in lines[2].text
    assert sum(width for _, width in blocks(plan)) == sum(line.inputs for line in lines)


def test_many_dates_give_few_pairs():
    dates = [Column(id=f"d{j}", name=f"d{j}", kind="date", why="") for j in range(9)]
    assert len(make_layout(dates, {}).elapsed) == 6
