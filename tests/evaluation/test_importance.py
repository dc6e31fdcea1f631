"""Permutation importance on rows that the answering member has not seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from autoft.evaluation import fold_model
from autoft.evaluation.fold_model import FoldModel, permutation_importance
from autoft.preprocessing.categories import CategoryInput
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.columns import Column
from autoft.records.problem import Problem, Truth
from autoft.records.split import Member

ROWS = 200
COLUMNS = [
    Column(id="n0", name="useful", kind="numeric", why=""),
    Column(id="n1", name="useless", kind="numeric", why=""),
    Column(id="x0", name="unused", kind="identifier", why=""),
    Column(id="c0", name="category", kind="categorical", why=""),
]
CATEGORY = CategoryInput(id="c0", vocabulary=("a", "b"), slots=4, embed=False)
PLAN = InputLayout(numeric=("n0", "n1"), boolean=(), date=(), indicated=(), categories=(CATEGORY,), outliers="clip")
RNG = np.random.default_rng(0)
ENCODED = Encoded(numbers=RNG.normal(size=(ROWS, 2)), codes=RNG.integers(2, 4, (ROWS, 1)).astype(np.int32))
Y = 3 * ENCODED.numbers[:, 0] + ENCODED.codes[:, 0]
MEMBERS = [
    Member(train=np.arange(100, 200), held_out=np.arange(100), blocks=(0,)),
    Member(train=np.arange(100), held_out=np.arange(100, 200), blocks=(1,)),
]


def truth(encoded: Encoded, member: np.ndarray) -> np.ndarray:
    """Two members that both know the answer."""
    return 3 * encoded.numbers[:, 0] + encoded.codes[:, 0]


def folds(answers: Any, encoded: Encoded = ENCODED, members: Sequence[Member] = MEMBERS) -> FoldModel:
    return FoldModel(predict=answers, layout=PLAN, columns=COLUMNS, encoded=encoded, members=members)


def measure(
    answers: Any = truth, y: np.ndarray = Y, seed: int = 0, **changes: Any
) -> tuple[fold_model.Importance, ...]:
    settings = {"task": "regression", "objective": "rmse", **changes}
    return permutation_importance(folds(answers), Truth(y=y), Problem(**settings), seed=seed)


def test_columns_are_ranked_by_what_the_model_loses_without_them():
    found = measure()
    assert [line.column for line in found] == ["useful", "category", "useless"]
    useful, category, useless = (line.drop for line in found)
    assert useful.low <= useful.value <= useful.high
    assert useful.low < useful.high
    # Shuffling makes a column independent of itself: the error is sqrt(2) times the spread of its part.
    assert useful.value == pytest.approx(np.sqrt(2) * 3 * ENCODED.numbers[:, 0].std(), rel=0.1)
    assert category.value == pytest.approx(np.sqrt(2) * ENCODED.codes[:, 0].std(), rel=0.1)
    assert (useless.low, useless.value, useless.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("seconds", "once", "rows"), [(1_000.0, 5, 200), (12.0, 1, 200), (4.0, 1, 133), (-5.0, 1, 50)])
def test_few_seconds_mean_fewer_shuffles_and_rows(
    seconds: float, once: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A prediction of all rows takes two seconds; two of them say so."""
    monkeypatch.setattr(fold_model, "FEWEST_ROWS", 50)
    now, asked = [0.0], []

    def answers(encoded: Encoded, member: np.ndarray) -> np.ndarray:
        now[0] += len(encoded) / 100
        asked.append(len(encoded))
        return truth(encoded, member)

    found = permutation_importance(
        folds(answers),
        Truth(y=Y),
        Problem(task="regression", objective="rmse"),
        seed=0,
        left=lambda: seconds + 4 - now[0],
    )
    assert [line.column for line in found] == ["useful", "category", "useless"]
    assert asked == [200, 200, rows, *[once * rows] * 3]


def test_a_metric_to_maximize_has_positive_drops_too():
    y = (ENCODED.numbers[:, 0] > 0).astype(np.int64)

    def answers(encoded: Encoded, member: np.ndarray) -> np.ndarray:
        positive = 1 / (1 + np.exp(-encoded.numbers[:, 0]))
        return np.stack([1 - positive, positive], axis=1)

    found = measure(answers, y, task="binary", objective="roc_auc")
    assert found[0].column == "useful"
    assert found[0].drop.value == pytest.approx(0.5, abs=0.1)


def test_rows_are_predicted_by_the_member_that_held_them_out():
    def answers(encoded: Encoded, member: np.ndarray) -> np.ndarray:
        """Members that know the answer for the rows that they hold out, and talk nonsense about the others."""
        own = (encoded.numbers[:, 1] >= 100) == (member == 1)
        return np.where(own, truth(encoded, member), 1e6)

    rows = Encoded(numbers=np.stack([ENCODED.numbers[:, 0], np.arange(ROWS)], axis=1), codes=ENCODED.codes)
    found = permutation_importance(
        folds(answers, rows), Truth(y=Y), Problem(task="regression", objective="rmse"), seed=0
    )
    drops = {line.column: line.drop.value for line in found}
    assert drops["useful"] == pytest.approx(np.sqrt(2) * 3 * ENCODED.numbers[:, 0].std(), rel=0.1)
    assert drops["useless"] > 1e5  # shuffling the row's number sends it to the wrong member


def test_rows_that_no_fold_holds_out_are_left_alone():
    seen = []

    def answers(encoded: Encoded, member: np.ndarray) -> np.ndarray:
        seen.append(len(encoded))
        return truth(encoded, member)

    members = [Member(train=np.arange(50), held_out=np.arange(50, 90), blocks=(0,))]
    problem = Problem(task="regression", objective="mae")
    permutation_importance(folds(answers, members=members), Truth(y=Y), problem, seed=0)
    assert seen == [40, *[40 * fold_model.REPEATS] * 3]


def test_long_tables_are_sampled_and_equal_seeds_repeat(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fold_model, "ROWS", 50)
    assert measure(seed=1) == measure(seed=1)
    assert measure(seed=1) != measure(seed=2)


def test_the_caller_s_rows_stay_as_they_are():
    numbers, codes = ENCODED.numbers.copy(), ENCODED.codes.copy()
    measure()
    np.testing.assert_array_equal(ENCODED.numbers, numbers)
    np.testing.assert_array_equal(ENCODED.codes, codes)


def test_many_columns_are_shuffled_once_and_very_many_not_at_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fold_model, "FEW", 2)
    assert all(line.drop.low == line.drop.value == line.drop.high for line in measure())
    monkeypatch.setattr(fold_model, "MOST", 2)
    assert measure() == ()


def test_a_metric_without_a_value_gives_no_importance():
    def answers(encoded: Encoded, member: np.ndarray) -> np.ndarray:
        return np.full((len(encoded), 2), 0.5)

    assert measure(answers, np.zeros(ROWS, dtype=np.int64), task="binary", objective="roc_auc") == ()
