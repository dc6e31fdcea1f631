"""Groups in which a hint does harm: found where they are, named once, and not made of luck."""

import numpy as np
import pytest

from autoft.evaluation.hint_tests import MOST_ASKED, harmed
from autoft.evaluation.slices.groups import Groups
from autoft.records.problem import Truth

ROWS = 400
AGAINST = [0.1, 0.2, 0.3]


def table(seed: int = 0, columns: int = 3, rows: int = ROWS) -> list[Groups]:
    codes = np.random.default_rng(seed).integers(0, 4, (columns, rows))
    return [Groups(column=f"c{j}", labels=tuple("abcd"), codes=own) for j, own in enumerate(codes)]


def planted(groups: list[Groups], seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng([seed, 1]).normal(0, 0.3, len(groups[0].codes))
    return np.where(groups[0].codes == 2, -0.3, 0.05) + noise


def found(gains, groups, moves=lambda rows: AGAINST, clusters=None, weights=None):
    truth = Truth(y=gains, clusters=clusters, weights=weights)
    return [(one.column, one.group) for one in harmed(gains, groups, truth, moves)]


def test_the_planted_group_is_named_with_what_is_known_of_it():
    groups = table()
    gains = planted(groups)
    (one,) = harmed(gains, groups, Truth(y=gains), lambda rows: AGAINST)
    assert (one.column, one.group) == ("c0", "c")
    np.testing.assert_array_equal(one.inside, groups[0].codes == 2)
    assert one.gain.low < -0.3 < one.gain.high < 0
    assert one.obeyed == pytest.approx(0.2)


def test_a_loss_alone_does_not_speak_against_an_effect():
    """Bounds make networks learn more slowly: every network must go the other way by itself."""
    groups = table()
    for moves in ([0.9, 0.95, 0.9], [0.1, 0.1, 0.6], []):
        assert found(planted(groups), groups, lambda rows, moves=moves: moves) == []


def test_networks_are_asked_about_the_rows_of_the_group_alone():
    groups, asked = table(), []
    found(planted(groups), groups, lambda rows: asked.append(rows) or AGAINST)
    (rows,) = asked
    np.testing.assert_array_equal(rows, groups[0].codes == 2)


def test_luck_is_seldom_called_harm():
    """No hint does harm, and networks go the other way everywhere: 20 columns of four groups each."""
    named = []
    for seed in range(100):
        gains = np.random.default_rng([seed, 2]).normal(0, 1, ROWS)
        named.append(bool(found(gains, table(seed, columns=20))))
    assert np.mean(named) <= 0.05


def test_more_hints_widen_the_interval():
    groups = table()
    gains = planted(groups)
    one, many = (harmed(gains, groups, Truth(y=gains), lambda r: AGAINST, hints=n)[0] for n in (1, 5))
    assert many.gain.high - many.gain.low > 1.1 * (one.gain.high - one.gain.low)


def test_a_group_is_not_named_for_the_rows_of_another_one():
    first, *others = table()
    same = Groups(column="office", labels=("x", "y"), codes=(first.codes == 2).astype(int))
    assert found(planted([first]), [first, same, *others]) == [("c0", "c")]
    second = Groups(column="second", labels=("x", "y"), codes=np.arange(ROWS) % 2)
    gains = planted([first]) - 0.3 * (second.codes == 1)
    assert found(gains, [first, second]) == [("c0", "c"), ("second", "y")]


def test_small_groups_and_all_rows_are_no_parts():
    rare = Groups(column="rare", labels=("x", "y"), codes=(np.arange(ROWS) >= 49).astype(int))
    gains = np.where(rare.codes == 0, -5.0, 0.1) + np.random.default_rng(0).normal(0, 0.1, ROWS)
    assert found(gains, [rare]) == []
    wider = Groups(column="wider", labels=("x", "y"), codes=(np.arange(ROWS) >= 50).astype(int))
    assert found(gains, [wider]) == [("wider", "x")]


def test_rows_that_belong_together_are_one_observation():
    groups = table(rows=100)
    gains = np.random.default_rng(3).normal(-0.3, 1, 100)
    copied = [Groups(column=g.column, labels=g.labels, codes=np.repeat(g.codes, 10)) for g in groups]
    assert found(np.repeat(gains, 10), copied)  # the control: as if each row were new
    assert found(np.repeat(gains, 10), copied, clusters=np.repeat(np.arange(100), 10)) == []


def test_rows_of_weight_zero_do_not_count():
    groups = table()
    weights = np.where(groups[0].codes == 2, 0.0, 1.0)
    assert found(planted(groups), groups, weights=weights) == []
    assert found(planted(groups), groups, weights=np.full(ROWS, 2.0)) == [("c0", "c")]


def test_networks_are_asked_a_bounded_number_of_times():
    groups, asked = table(columns=20), []
    gains = np.random.default_rng(0).normal(-1, 0.1, ROWS)
    assert found(gains, groups, lambda rows: asked.append(1) or [0.9]) == []
    assert len(asked) == MOST_ASKED
