"""What the report says first about the hints."""

from dataclasses import replace

import pytest

from autoft.records.hint_tests import HintSlice, HintTest
from autoft.records.scores import Importance, Interval
from autoft.report.hints_chapter import blocks


def some(value: float) -> Interval:
    return Interval(value=value, low=value - 0.01, high=value + 0.01)


@pytest.fixture
def told(binary):
    return replace(
        binary.evaluation,
        hints=(
            HintTest(hint="age: effect increasing", because="risk grows", verdict="helps", gain=some(0.02), obeyed=0.9),
            HintTest(
                hint="tenure: effect increasing", because="", verdict="contradicted", gain=some(-0.02), obeyed=0.1
            ),
            HintTest(hint="plan: importance high", because="", verdict="no measurable effect", gain=some(0.0)),
            HintTest(hint="city: importance low", because="", verdict="not tested", where="no time"),
        ),
        all_hints=some(0.01),
        importance=(
            Importance(column="city", drop=some(0.2)),
            Importance(column="age", drop=some(0.1)),
            Importance(column="plan", drop=some(0.0)),
        ),
    )


def test_what_must_not_be_overlooked_comes_first(told):
    *strong, together, table = blocks(told)
    assert [block.tone for block in strong] == ["strong"] * 3
    assert strong[0].text.startswith("The data contradict “tenure: effect increasing”")
    assert "“plan” was called important, but the model loses nothing" in strong[1].text
    assert "“city” was called unimportant, but the model leans on it" in strong[2].text
    assert "+0.01" in together.text
    assert table.rows[0][:2] == ("tenure: effect increasing", "contradicted")
    assert table.marked == {0}
    assert table.rows[1] == ("age: effect increasing (risk grows)", "helps", "+0.0200 (0.0100 to 0.0300)", "90 %")
    assert table.rows[3][1] == "not tested (no time)"


def test_groups_that_contradict_an_effect_are_named(told):
    part = HintSlice(column="region", group="west", rows=1234, gain=some(-0.3), obeyed=0.1)
    gain = some(0.02)
    test = HintTest(
        hint="age: effect increasing", because="", verdict="contradicted in part", gain=gain, obeyed=0.8, slices=(part,)
    )
    told = replace(told, hints=(*told.hints[2:], test))
    first, *_, table, parts = blocks(told)
    assert first.text.startswith("The data contradict “age: effect increasing” where “region” is west (1,234 rows):")
    assert table.rows[0][:2] == ("age: effect increasing", "contradicted in part")
    assert table.marked == {0}
    assert parts.rows == (("age: effect increasing", "region: west", "1,234", "−0.300 (−0.310 to −0.290)", "10 %"),)
    assert "mean log loss" in parts.caption


def test_nothing_is_said_where_there_are_no_hints(binary):
    assert blocks(binary.evaluation) == ()


def test_verdicts_survive_the_document(told):
    from autoft.evaluation.document import from_document, to_document

    part = HintSlice(column="region", group="west", rows=60, gain=some(-0.3), obeyed=0.1)
    told = replace(told, hints=(replace(told.hints[0], slices=(part,)), *told.hints[1:]))
    again = from_document(to_document(told))
    assert again.hints == told.hints
    assert again.all_hints == told.all_hints
