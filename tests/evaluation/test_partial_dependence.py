"""Curves: partial dependence and single rows, each answered by the member that has not seen it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autoft.evaluation import partial_dependence
from autoft.evaluation.fold_model import FoldModel
from autoft.evaluation.partial_dependence import CurveRequest
from autoft.preprocessing.categories import CategoryInput
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.columns import Column, Target
from autoft.records.scores import Importance, Interval
from autoft.records.split import Member

ROWS = 240
COLUMNS = [
    Column(id="n0", name="size", kind="numeric", why=""),
    Column(id="b0", name="new", kind="boolean", why="", false=("no",), true=("yes",)),
    Column(id="d0", name="since", kind="date", why=""),
    Column(id="x0", name="unused", kind="identifier", why=""),
    Column(id="c0", name="grade", kind="categorical", why=""),
    Column(id="c1", name="city", kind="categorical", why=""),
]
GRADE = CategoryInput(id="c0", vocabulary=("high", "low", "medium"), slots=4, embed=False)
CITY = CategoryInput(id="c1", vocabulary=("Bonn", "Oslo", "Rome"), slots=4, embed=False)
PLAN = InputLayout(
    numeric=("n0",), boolean=("b0",), date=("d0",), indicated=(), categories=(GRADE, CITY), outliers="clip"
)
RNG = np.random.default_rng(0)
NUMBERS = np.stack([RNG.normal(10, 3, ROWS), RNG.integers(0, 2, ROWS), RNG.uniform(1.5e9, 1.6e9, ROWS)], axis=1)
CODES = np.stack([RNG.integers(2, 5, ROWS), RNG.choice([2, 3, 4], ROWS, p=[0.2, 0.5, 0.3])], axis=1).astype(np.int32)
ENCODED = Encoded(numbers=NUMBERS, codes=CODES)
MEMBERS = [
    Member(
        train=np.flatnonzero(np.arange(ROWS) % 3 != k), held_out=np.flatnonzero(np.arange(ROWS) % 3 == k), blocks=(k,)
    )
    for k in range(3)
]
VALUE = Target(name="price", task="regression")
Answers = Callable[[Encoded, Any], Any]


def linear(encoded: Encoded, members: Any) -> Any:
    """A known model: 2 x size + 5 x new, and an intercept of its own for each member."""
    return 2 * encoded.numbers[:, 0] + 5 * encoded.numbers[:, 1] + members


def folds(answers: Answers, encoded: Encoded = ENCODED, **changes: Any) -> FoldModel:
    setting = {"layout": PLAN, "columns": COLUMNS, "members": MEMBERS, **changes}
    return FoldModel(predict=answers, encoded=encoded, **setting)


def told(answers: Answers = linear, names: tuple[str, ...] = ("size",), target: Target = VALUE, **more: Any) -> Any:
    y = more.pop("y", np.zeros(ROWS, dtype=np.int64))
    request = CurveRequest(names=names, orders=more.pop("orders", {}), labels=more.pop("labels", ()))
    return partial_dependence.curves(folds(answers), y, target, request, **more)


def test_partial_dependence_of_a_linear_model_by_hand():
    (curve,), left = told()
    assert left == ()
    assert curve.rows == 198  # a third of 200 of each member
    assert len(curve.grid) == partial_dependence.GRID
    assert set(curve.grid) <= set(NUMBERS[:, 0].tolist())
    # Over all rows the mean of 5 x new + member; over the sample near it, and the slope is exact.
    rows, own = partial_dependence._sample(MEMBERS, 200, 0)
    rest = np.mean(5 * NUMBERS[rows, 1] + own)
    np.testing.assert_allclose(curve.mean, 2 * np.array(curve.grid) + rest, rtol=1e-6)
    for k, line in enumerate(curve.members):
        mine = rows[own == k]
        np.testing.assert_allclose(line, 2 * np.array(curve.grid) + np.mean(5 * NUMBERS[mine, 1]) + k, rtol=1e-6)
    assert len(curve.lines) == partial_dependence.LINES
    assert (curve.rising, curve.falling) == (1.0, 0.0)
    assert curve.spread == pytest.approx(np.std(linear(ENCODED.rows(rows), own)), rel=1e-6)


def test_rows_are_predicted_by_the_member_that_held_them_out():
    which = Encoded(numbers=np.stack([np.arange(ROWS) % 3, NUMBERS[:, 1], NUMBERS[:, 2]], axis=1), codes=CODES)

    def answers(encoded: Encoded, members: Any) -> Any:
        # The first member's rows carry 0, the second's 1 ...: of the column that is left alone.
        assert (encoded.numbers[:, 0] == members).all()
        return encoded.numbers[:, 1]

    request = CurveRequest(names=("new",))
    found, _ = partial_dependence.curves(folds(answers, which), np.zeros(ROWS), VALUE, request)
    assert found[0].mean == (0.0, 1.0)


def test_grids_follow_the_kind_of_column():
    found, _ = told(names=("size", "new", "since", "grade", "city", "unused", "never heard of"))
    by_name = {curve.column: curve for curve in found}
    assert list(by_name) == ["size", "new", "since", "grade", "city"]
    assert by_name["new"].grid == ("no", "yes")
    assert by_name["grade"].grid == ("low", "medium", "high")  # an order that the names give away
    assert by_name["grade"].ordered
    assert by_name["city"].grid == ("Oslo", "Rome", "Bonn")  # by how frequent they are
    assert not by_name["city"].ordered
    assert by_name["city"].cells == pytest.approx([np.mean(CODES[:, 1] == code) for code in (3, 4, 2)])
    assert by_name["size"].cells == pytest.approx(np.quantile(NUMBERS[:, 0], np.linspace(0, 1, 11)))
    grid = np.array(by_name["since"].grid)
    assert (np.diff(grid) > 0).all()
    assert grid.min() >= 1.5e9


def test_a_declared_order_goes_before_the_frequency():
    (curve,), _ = told(names=("city",), orders={"city": ("Rome", "Bonn", "Oslo")})
    assert curve.grid == ("Rome", "Bonn", "Oslo")
    assert curve.ordered


def test_categories_encoded_as_ranks_are_shown_by_name():
    plan = InputLayout(
        numeric=("g0",), boolean=(), date=(), indicated=(), categories=(), outliers="clip"
    )  # fmt: skip
    ranks = np.where(np.arange(ROWS) % 8 == 0, np.nan, np.arange(ROWS) % 4)  # the third of five is never seen
    ranks = np.where(ranks == 2, 4, ranks)
    encoded = Encoded(numbers=ranks[:, None], codes=np.zeros((ROWS, 0), dtype=np.int32))
    columns = [Column(id="g0", name="grade", kind="categorical", why="")]
    orders = {"grade": ("E", "D", "C", "B", "A")}
    model = folds(lambda rows, members: 10 * rows.numbers[:, 0], encoded, layout=plan, columns=columns)
    request = CurveRequest(names=("grade",), orders=orders)
    (curve,), _ = partial_dependence.curves(model, np.zeros(ROWS), VALUE, request)
    assert curve.grid == ("E", "D", "B", "A")
    assert curve.mean == (0.0, 10.0, 30.0, 40.0)
    assert curve.ordered
    assert curve.cells == pytest.approx([0.125, 0.25, 0.25, 0.25])


def test_categories_move_through_their_codes():
    (curve,), _ = told(lambda encoded, members: encoded.codes[:, 1] * 1.0, names=("city",))
    assert curve.mean == (3.0, 4.0, 2.0)


@pytest.mark.parametrize(("positive", "rising"), [("no", 0.0), ("yes", 1.0)])
def test_of_two_classes_the_positive_one_is_told(positive, rising):
    def answers(encoded: Encoded, members: Any) -> Any:
        yes = 1 / (1 + np.exp(-(encoded.numbers[:, 0] - 10)))
        return np.stack([1 - yes, yes], axis=1)

    target = Target(name="sold", task="binary", classes=("no", "yes"), positive=positive)
    (curve,), _ = told(answers, target=target)
    assert curve.label == positive
    assert curve.rising == rising


def test_of_many_classes_the_most_frequent_ones_are_told():
    classes = tuple("abcdef")
    y = np.repeat(np.arange(6), [10, 20, 50, 60, 70, 30])
    target = Target(name="kind", task="multiclass", classes=classes)
    found, _ = told(lambda encoded, members: np.full((len(encoded), 6), 1 / 6), y=y, target=target)
    assert [curve.label for curve in found] == ["c", "d", "e", "f"]


def test_a_class_that_a_hint_speaks_of_is_told_however_rare():
    classes = tuple("abcdef")
    y = np.repeat(np.arange(6), [10, 20, 50, 60, 70, 30])
    target = Target(name="kind", task="multiclass", classes=classes)
    found, _ = told(lambda encoded, members: np.full((len(encoded), 6), 1 / 6), y=y, target=target, labels=["a"])
    assert [curve.label for curve in found] == ["a", "c", "d", "e"]


def test_a_ratio_moves_while_its_parts_stay():
    from dataclasses import replace

    from autoft.records.hints import RatioInput

    plan = replace(PLAN, ratios=(RatioInput(id="r000", name="each", numerator="d0", denominator="n0"),))

    def answers(encoded: Encoded, members: Any) -> Any:
        each = encoded.numbers[:, 2] / encoded.numbers[:, 0] if encoded.ratios is None else encoded.ratios[:, 0]
        return each / 1e8 + 2 * encoded.numbers[:, 0]

    request = CurveRequest(names=("each",))
    (curve,), _ = partial_dependence.curves(folds(answers, layout=plan), np.zeros(ROWS), VALUE, request)
    assert (curve.column, curve.kind, curve.rising) == ("each", "numeric", 1.0)
    assert set(curve.grid) <= set((NUMBERS[:, 2] / NUMBERS[:, 0]).tolist())
    rows, _ = partial_dependence._sample(MEMBERS, 200, 0)
    np.testing.assert_allclose(curve.mean, np.array(curve.grid) / 1e8 + 2 * NUMBERS[rows, 0].mean(), rtol=1e-6)


def test_equal_seeds_repeat_and_rows_stay_unchanged():
    before = NUMBERS.copy(), CODES.copy()
    assert told(names=("size", "city"), seed=1) == told(names=("size", "city"), seed=1)
    assert told(seed=1) != told(seed=2)
    np.testing.assert_array_equal(before[0], ENCODED.numbers)
    np.testing.assert_array_equal(before[1], ENCODED.codes)


def test_columns_are_skipped_and_named_when_the_time_is_over():
    turns = iter([False, True, True])
    found, left = told(names=("size", "new", "city"), over=lambda: next(turns))
    assert [curve.column for curve in found] == ["size"]
    assert left == ("new", "city")


def test_the_work_stays_bounded_however_many_columns_have_hints():
    asked = []

    def answers(encoded: Encoded, members: Any) -> Any:
        asked.append(len(encoded))
        return encoded.numbers[:, 0]

    told(answers, names=("size",) * 60)
    assert sum(asked) <= partial_dependence.MOST * partial_dependence.ROWS * partial_dependence.GRID * 1.1


def test_constant_and_empty_columns_have_no_curve():
    numbers = np.stack([np.full(ROWS, 7.0), NUMBERS[:, 1], np.full(ROWS, np.nan)], axis=1)
    model, request = folds(linear, Encoded(numbers=numbers, codes=CODES)), CurveRequest(names=("size", "since"))
    found, left = partial_dependence.curves(model, np.zeros(ROWS), VALUE, request)
    assert (found, left) == ((), ())


def test_hinted_columns_come_first_then_important_ones():
    drops = {"a": 0.3, "b": 0.2, "c": 0.0, "d": -0.1, **{f"e{i}": 0.1 for i in range(9)}}
    lines = [Importance(column=name, drop=Interval(value=d, low=d, high=d)) for name, d in drops.items()]
    assert partial_dependence.wanted(lines, ["d", "a"]) == ("d", "a", "b", "e0", "e1", "e2", "e3")


def test_the_profile_has_quantiles_and_few_categories():
    found = partial_dependence.profile(PLAN, COLUMNS, ENCODED, np.arange(ROWS))
    assert found["categories"] == {"grade": ["high", "low", "medium"], "city": ["Bonn", "Oslo", "Rome"]}
    assert list(found["deciles"]) == ["size"]
    assert found["deciles"]["size"] == pytest.approx(np.quantile(NUMBERS[:, 0], np.linspace(0, 1, 11)))


def test_the_profile_does_not_look_at_rows_set_aside():
    seen = np.arange(ROWS // 2)
    wild = NUMBERS.copy()
    wild[ROWS // 2 :] = 1e9
    corrupted = partial_dependence.profile(PLAN, COLUMNS, Encoded(numbers=wild, codes=CODES), seen)
    assert corrupted == partial_dependence.profile(PLAN, COLUMNS, ENCODED, seen)


def test_curves_do_not_look_at_rows_set_aside():
    """Under `holdout` some rows belong to no member: neither the grid nor the curve may know them."""
    inside = [Member(train=m.train, held_out=m.held_out[m.held_out < 180], blocks=m.blocks) for m in MEMBERS]
    wild = NUMBERS.copy()
    wild[180:] = 1e9
    y = np.zeros(ROWS, dtype=np.int64)

    def drawn(numbers: Any) -> Any:
        encoded = Encoded(numbers=numbers, codes=CODES)
        request = CurveRequest(names=("size", "new", "since"))
        return partial_dependence.curves(folds(linear, encoded, members=inside), y, VALUE, request)

    assert drawn(wild) == drawn(NUMBERS)
