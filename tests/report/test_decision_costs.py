"""Chapter 5: what decisions cost, in words, a table and a picture."""

from __future__ import annotations

import dataclasses
from typing import Any

from autoft.records.decisions import Alternative, DecisionCosts, DecisionRule, Minimum
from autoft.records.evaluation import Evaluation
from autoft.records.scores import Interval
from autoft.report.build import build
from autoft.report.decision_costs import decisions
from autoft.report.html import render
from autoft.report.inputs import ReportInputs


def around(value: float, width: float) -> Interval:
    return Interval(value=value, low=value - width, high=value + width)


def spending(**changes: Any) -> DecisionCosts:
    values: dict[str, Any] = {
        "deployed": around(312.4, 20),
        "alternatives": (
            Alternative(rule="most_probable", label="", cost=around(371.0, 22), saved=around(58.6, 12)),
            Alternative(rule="always", label="No", cost=around(1327.1, 40), saved=around(1014.7, 50)),
            Alternative(rule="always", label="Yes", cost=around(734.6, 8), saved=around(422.2, 21)),
        ),
        "curve": tuple((t / 100, 300 + 10 * abs(t - 18) ** 1.05) for t in range(101)),
    }
    return DecisionCosts(**{**values, **changes})


def with_costs(binary: ReportInputs, **changes: Any) -> Evaluation:
    finish = DecisionRule(threshold=0.167)
    return dataclasses.replace(binary.evaluation, **{"spending": spending(), "finish": finish, **changes})


def test_costs_stand_beside_the_simple_rules(binary: ReportInputs):
    verdict, table, pictures = decisions(with_costs(binary))
    assert verdict.text.startswith("The model's decisions cost 312 per 1,000 rows that it was not trained on (95 %")
    assert "the cheapest simple rule, threshold 0.5, it saves 59 (interval 47 to 71)" in verdict.text
    assert [row[0] for row in table.rows] == ["the model", "threshold 0.5", "always “Yes”", "always “No”"]
    assert table.rows[1] == ("threshold 0.5", "371", "349 to 393", "+59", "47 to 71")
    assert pictures.pictures[0].chosen == 0.167
    assert "1,000 rows" in pictures.pictures[0].y_label
    assert "svg" in render(build(dataclasses.replace(binary, evaluation=with_costs(binary))))


def test_what_cannot_be_told_apart_or_is_dearer_is_said(binary: ReportInputs):
    level = Alternative(rule="always", label="No", cost=around(310.0, 30), saved=around(-2.4, 9))
    assert (
        "it is not measurably cheaper"
        in decisions(with_costs(binary, spending=spending(alternatives=(level,))))[0].text
    )
    dearer = dataclasses.replace(level, saved=around(-20.0, 9))
    text = decisions(with_costs(binary, spending=spending(alternatives=(dearer,))))[0].text
    assert "it costs 20 more" in text


def test_a_minimum_says_what_is_reached(binary: ReportInputs):
    def said(share: float) -> str:
        minimum = Minimum(of="recall", share=share)
        return decisions(with_costs(binary, spending=None, minimum=minimum))[0].text

    assert "Decisions must have a recall of 0.7." in said(0.7)
    assert "which is reached; its precision is 0.542" in said(0.7)
    assert "which is not reached" in said(0.9)
    assert "which the interval leaves open" in said(0.78)


def test_nothing_is_said_of_costs_that_nobody_gave(binary: ReportInputs):
    assert decisions(binary.evaluation) == ()
