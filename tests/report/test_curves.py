"""Chapter 5: pictures of curves, and what an expert is asked about each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autoft.records import Curve
from autoft.report import curves, html
from autoft.report.blocks import Moves, Pictures
from autoft.report.build import ReportInputs, build
from autoft.report.curves import Told

GRID = tuple(float(x) for x in range(0, 80, 10))
FALLS = tuple(0.5 - 0.005 * x for x in GRID)


def curve(mean: tuple[float, ...] = FALLS, **changes: Any) -> Curve:
    values: dict[str, Any] = {
        "column": "tenure", "kind": "numeric", "label": "Yes", "grid": GRID, "mean": mean, "members": (mean,) * 3,
        "lines": (mean,) * 2, "rows": 200, "rising": 0.0, "falling": 1.0, "spread": 0.2,
        "cells": tuple(7.0 * k for k in range(11)),
    }  # fmt: skip
    return Curve(**(values | changes))


def with_curves(inputs: ReportInputs, *made: Curve, **hints: Told) -> ReportInputs:
    return replace(inputs, evaluation=replace(inputs.evaluation, dependence=made), hints=hints)


def drawn(inputs: ReportInputs) -> tuple[Moves, ...]:
    (chapter,) = [section for section in build(inputs).sections if section.anchor == "knowledge"]
    blocks = [block for block in chapter.blocks if isinstance(block, Pictures)]
    return tuple(picture for block in blocks for picture in block.pictures if isinstance(picture, Moves))


def test_a_curve_is_drawn_with_its_unit_and_declared_effect(binary: ReportInputs) -> None:
    (picture,) = drawn(with_curves(binary, curve(), tenure=Told(effect="decreasing", unit="months")))
    assert picture.x_label == "tenure (months)"
    assert picture.y_label == "P(Yes)"
    assert picture.effect == "falling"
    assert "0.500 at 0, 0.150 at 70" in picture.alt


@pytest.mark.parametrize(
    ("mean", "question"),
    [
        (FALLS, "Does the probability of “Yes” really fall with “tenure” (−0.350 on the mean)?"),
        (FALLS[::-1], "Does the probability of “Yes” really rise with “tenure” (+0.350 on the mean)?"),
        ((0.1, 0.2, 0.3, 0.5, 0.4, 0.3, 0.2, 0.1), "really highest at 30 of “tenure”"),
        ((0.5, 0.4, 0.3, 0.1, 0.2, 0.3, 0.4, 0.5), "really lowest at 30 of “tenure”"),
        ((0.5,) * 7 + (0.501,), "really hardly depend on “tenure”?"),
    ],
)
def test_the_question_follows_the_curve(binary: ReportInputs, mean: tuple[float, ...], question: str) -> None:
    (picture,) = drawn(with_curves(binary, curve(mean)))
    assert question in picture.question
    assert picture.question.endswith("?")


def test_categories_are_asked_by_their_names(binary: ReportInputs) -> None:
    made = curve((0.2, 0.6, 0.4), grid=("old", "new", "odd"), kind="categorical", cells=(0.5, 0.3, 0.2), ordered=False)
    (picture,) = drawn(with_curves(binary, made))
    assert picture.names == ("old", "new", "odd")
    assert "highest for “new” and lowest for “old” (0.600 and 0.200 on the mean)" in picture.question


def test_dates_are_told_as_days(binary: ReportInputs) -> None:
    days = tuple(1.5e9 + 86_400.0 * x for x in GRID)
    (picture,) = drawn(with_curves(binary, curve(grid=days, kind="date", cells=(days[0],) * 11)))
    assert picture.dates
    assert "at 2017-07-14" in picture.alt


def test_an_effect_on_another_label_is_turned_for_two_classes(binary: ReportInputs, multiclass: ReportInputs) -> None:
    told = Told(effect="increasing", label="No")
    assert drawn(with_curves(binary, curve(), tenure=told))[0].effect == "falling"
    several = with_curves(multiclass, curve(label="Gentoo"), tenure=replace(told, label="Adelie"))
    assert drawn(several)[0].effect == ""
    assert drawn(with_curves(multiclass, curve(label="Gentoo")))[0].title == "tenure: Gentoo"


def test_many_curves_are_cut_off_and_undefined_ones_left_out(binary: ReportInputs) -> None:
    many = [curve(column=f"c{i}") for i in range(40)]
    made = with_curves(binary, curve((float("nan"),) * 8), *many)
    assert len(drawn(made)) == curves.MOST_CURVES
    assert f"The first {curves.MOST_CURVES} of 40." in str(build(made))
    assert drawn(binary) == ()


def test_the_page_shows_picture_and_question_and_escapes_names(binary: ReportInputs) -> None:
    named = curve((0.2, 0.6), grid=("<b>$x$", "\u202eodd"), kind="categorical", cells=(0.5, 0.5), ordered=False)
    page = html.render(build(with_curves(binary, curve(), replace(named, column="<script>"))))
    assert page.count('<span class="answer">yes</span> <span class="answer">no</span>') == 2
    assert "<script" not in page
    assert "<b>$x$" not in page
    assert "\u202e" not in page
