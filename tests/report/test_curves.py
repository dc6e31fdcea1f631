"""Curves in chapter 5: pictures with a question each that an expert can answer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from autoft.records.columns import Target
from autoft.records.hint_tests import Curve
from autoft.report import curves, html, plots
from autoft.report.blocks import CurveBlock, Pictures
from autoft.report.build import build
from autoft.report.inputs import ReportHint, ReportInputs

GRID = (1.0, 2.0, 3.0, 4.0)
CELLS = tuple(1 + 0.3 * i for i in range(11))


def curve(*mean: float, **changes: Any) -> Curve:
    values: dict[str, Any] = {
        "column": "tenure", "kind": "numeric", "label": "Yes", "grid": GRID, "mean": mean, "members": (mean,) * 3,
        "lines": (mean, mean), "rows": 60, "rising": 0.0, "falling": 1.0, "spread": 0.2, "cells": CELLS,
    }  # fmt: skip
    return Curve(**(values | changes))


FALLS = curve(0.5, 0.3, 0.2, 0.1)


def drawn(inputs: ReportInputs, *made: Curve, **told: ReportHint) -> tuple[CurveBlock, ...]:
    """The pictures of some curves."""
    scores = replace(inputs.evaluation, dependence=made)
    for block in curves.blocks(replace(inputs, evaluation=scores, hints=told)):
        if isinstance(block, Pictures):
            return block.pictures  # type: ignore[return-value]
    return ()


def test_the_question_is_about_what_the_curve_does(binary):
    texts = {"kind": "categorical", "grid": ("One", "Two", "Three", "Four"), "cells": (0.25,) * 4}
    asked = [
        picture.question
        for picture in drawn(
            binary,
            FALLS,
            curve(0.1, 0.5, 0.4, 0.1),
            curve(0.5, 0.1, 0.2, 0.5),
            curve(0.1, 0.1, 0.1, 0.1),
            curve(0.1, 0.4, 0.2, 0.3, ordered=False, **texts),
            curve(0.1, 0.2, 0.3, 0.4, **texts),
        )
    ]
    answer = "the probability of “Yes”"
    assert asked == [
        f"Does {answer} really fall with “tenure” (−0.400 on the mean)?",
        f"Is {answer} really highest at 2 of “tenure”, and lower around it?",
        f"Is {answer} really lowest at 2 of “tenure”, and higher around it?",
        f"Does {answer} really hardly depend on “tenure”?",
        f"Is {answer} really highest for “Two” and lowest for “One” (0.400 and 0.100 on the mean)?",
        f"Does {answer} really rise from “One” to “Four” of “tenure” (+0.300 on the mean)?",
    ]


def test_of_a_ratio_the_question_says_what_stays(binary):
    (picture,) = drawn(binary, FALLS, tenure=ReportHint(effect="decreasing", parts=("months", "contracts")))
    assert picture.question.endswith("on the mean)? (“months” and “contracts” stay as they are.)")
    assert picture.effect == "falling"


def test_the_declared_effect_and_the_unit_are_shown(binary, multiclass):
    (picture,) = drawn(binary, FALLS, tenure=ReportHint(effect="decreasing", unit="months"))
    assert (picture.effect, picture.x_label) == ("falling", "tenure (months)")
    (other,) = drawn(binary, FALLS, tenure=ReportHint(effect="decreasing", label="No"))
    assert other.effect == "rising"  # of two classes the other one falls
    (third,) = drawn(multiclass, replace(FALLS, label="Gentoo"), tenure=ReportHint(effect="decreasing", label="Adelie"))
    assert third.effect == ""
    assert drawn(binary, FALLS)[0].effect == ""


def test_numbers_are_named_by_the_target(regression):
    (picture,) = drawn(regression, replace(FALLS, label=None))
    assert picture.question.startswith("Does “median_house_value” really fall with “tenure”")


def test_pictures_are_the_same_bytes_and_differ_with_the_curve(binary):
    dates = curve(0.1, 0.2, 0.3, 0.4, kind="date", grid=(1.3e9, 1.4e9, 1.5e9, 1.6e9), cells=(1.4e9,) * 11)
    names = curve(0.1, 0.3, kind="categorical", grid=("$x$ <b>", "שלום"), cells=(0.5, 0.5), ordered=False)
    pictures = drawn(binary, FALLS, dates, names, tenure=ReportHint(effect="increasing"))
    with plots.style():
        first, second = ([plots.svg(picture) for picture in pictures] for _ in range(2))
    assert first == second
    assert len(set(first)) == 3
    assert b"<b>" not in first[2]


def test_curves_that_cannot_be_drawn_are_left_out(binary):
    assert drawn(binary, replace(FALLS, mean=(math.nan,) * 4), curve(0.1, grid=(1.0,))) == ()
    assert curves.blocks(binary) == []


def test_the_target_s_other_task_has_no_labels():
    target = Target(name="price", task="regression")
    assert curves._declared(replace(FALLS, label=None), ReportHint(effect="increasing"), target) == "rising"


def test_many_curves_are_cut_off_and_counted(binary):
    many = [replace(FALLS, column=f"c{i}") for i in range(40)]
    assert len(drawn(binary, *many)) == curves.MOST_CURVES
    inputs = replace(binary, evaluation=replace(binary.evaluation, dependence=tuple(many)))
    assert f"The first {curves.MOST_CURVES} of 40." in str(build(inputs))


def test_the_page_shows_picture_and_question_and_escapes_names(binary):
    names = curve(0.2, 0.6, kind="categorical", grid=("<b>$x$", "\u202eodd"), cells=(0.5, 0.5), ordered=False)
    scores = replace(binary.evaluation, dependence=(FALLS, replace(names, column="<script>")))
    page = html.render(build(replace(binary, evaluation=scores)))
    assert page.count('<span class="answer">yes</span> <span class="answer">no</span>') == 2
    assert "really fall with “tenure”" in page
    for mark in ("<script", "<b>$x$", "\u202e"):
        assert mark not in page
