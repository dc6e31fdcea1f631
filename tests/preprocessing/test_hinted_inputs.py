"""Inputs that come of hints: ranks, logarithms, quotients, products; layers against numpy, also on awkward cells."""

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner, load
from autoft.preprocessing.encode import encode
from autoft.preprocessing.encoder import build_encoder
from autoft.preprocessing.encoders.numbers import quotient, robust_scale, signed_log
from autoft.preprocessing.layout import LayoutOptions, blocks, describe_layout, make_layout
from autoft.preprocessing.statistics import fit_statistics
from autoft.records.columns import Column
from autoft.records.hints import Hints, RatioInput
from tests.tables import tiny_recipe

ROWS = 40


@pytest.fixture(scope="module")
def encoded():
    """Sentences, raw and encoded cells, members and dense inputs of two members."""
    rng = np.random.default_rng(0)
    values = {
        "n0": rng.lognormal(3, 2, ROWS),
        "n1": rng.integers(0, 3, ROWS).astype(float),
        "o0": rng.choice(np.array(["low", "mid", "high", "odd", None], dtype=object), ROWS),
        "c0": rng.choice(np.array(["k", "l", "m"], dtype=object), ROWS),
    }
    values["n0"][:4] = [np.nan, 0.0, 1e300, 5e-324]
    columns = [
        Column(id="n0", name="amount", kind="numeric", why="", missing=1),
        Column(id="n1", name="parts", kind="numeric", why=""),
        Column(id="o0", name="grade", kind="categorical", why="", missing=1, order=("low", "mid", "high")),
        Column(id="c0", name="colour", kind="categorical", why=""),
    ]
    hints = Hints(
        logs=("n0",),
        ratios=(RatioInput(id="r000", name="each", numerator="n0", denominator="n1"),),
        crosses=(("n1", "c0"),),
    )
    plan = make_layout(columns, values, LayoutOptions(outliers="keep"), hints=hints)
    cells = encode(plan, values, ROWS)
    members = [np.arange(0, 30), np.arange(10, 40)]
    statistics = fit_statistics(plan, cells, members)
    dense = np.asarray(build_encoder(plan, statistics)(statistics.arrays(cells))["dense"])
    where, start = {}, 0
    for name, width in blocks(plan):
        where[name] = slice(start, start + width)
        start += width
    lines = {line.column: line.text for line in describe_layout(plan, columns)}
    return lines, values, cells, members, {name: dense[:, :, part] for name, part in where.items()}


def test_ordered_categories_are_ranks_and_unknown_ones_missing(encoded):
    _, values, cells, members, dense = encoded
    ranks = cells.numbers[:, 2]
    assert [ranks[values["o0"] == text][0] for text in ("low", "mid", "high")] == [0.0, 1.0, 2.0]
    assert np.isnan(ranks[(values["o0"] == "odd") | (values["o0"] == None)]).all()  # noqa: E711
    middle, factor = robust_scale(ranks[members[0]])
    known = ~np.isnan(ranks)
    np.testing.assert_allclose(dense["o0"][0, known, 0], (ranks[known] - middle) * factor, rtol=1e-6)


def test_logarithms_in_units_of_the_members_own_median(encoded):
    _, values, _, members, dense = encoded
    for s, rows in enumerate(members):
        own = values["n0"][rows]
        unit = np.median(own[own > 0])
        logs = signed_log(np.clip(own, None, 1e150), unit)
        middle, factor = robust_scale(logs)
        known = np.isfinite(values["n0"]) & (values["n0"] < 1e100)
        expected = (signed_log(values["n0"][known], unit) - middle) * factor
        np.testing.assert_allclose(dense["n0"][s, known, 0], expected, rtol=1e-5, atol=1e-6)
        # The middle, not its logarithm, fills a gap.
        gap = (signed_log(np.median(own[np.isfinite(own)]), unit) - middle) * factor
        assert dense["n0"][s, 0, 0] == pytest.approx(gap, abs=1e-5)
    assert np.isfinite(dense["n0"]).all()


def test_a_logarithm_is_finite_of_a_huge_number_after_tiny_ones():
    values = {"n0": np.r_[np.full(9, 5e-324), 1e300]}
    columns = [Column(id="n0", name="amount", kind="numeric", why="")]
    plan = make_layout(columns, values, hints=Hints(logs=("n0",)))
    cells = encode(plan, values, 10)
    statistics = fit_statistics(plan, cells, [np.arange(9)])
    dense = np.asarray(build_encoder(plan, statistics)(statistics.arrays(cells))["dense"])
    assert np.isfinite(dense).all()
    assert np.isfinite(signed_log(values["n0"], np.array(1e-300))).all()


def test_quotients_are_scaled_as_numbers_and_may_be_missing(encoded):
    _, values, _, members, dense = encoded
    each = quotient(values["n0"], values["n1"])
    assert np.isnan(each[values["n1"] == 0]).all()
    center, factor = robust_scale(each[members[1]])
    known = np.isfinite(each) & (each < 1e100)
    np.testing.assert_allclose(dense["r000"][1, known, 0], (each[known] - center) * factor, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(dense["r000"][1, np.isnan(each), 0], 0.0)
    # The denominator is 0 in some rows, and an input says in which.
    np.testing.assert_array_equal(dense["missing r000"][1, :, 0], np.isnan(each))


def test_products_of_encoded_inputs(encoded):
    *_, dense = encoded
    expected = dense["n1"][:, :, :, None] * dense["c0"][:, :, None, :]
    np.testing.assert_allclose(dense["cross n1 c0"], expected.reshape(*dense["cross n1 c0"].shape), rtol=1e-6)


def test_the_plan_says_it_in_words(encoded):
    lines = encoded[0]
    assert "logarithm" in lines["amount"]
    assert "ranks, 'low' the lowest" in lines["grade"]
    assert lines["each"].startswith("'amount' divided by 'parts'")
    assert "parts x colour" in lines


def test_a_model_with_such_inputs_is_saved_and_answers(tmp_path):
    rng = np.random.default_rng(1)
    rows = 90
    frame = pd.DataFrame(
        {
            "amount": rng.lognormal(3, 1, rows),
            "parts": rng.integers(1, 6, rows),
            "grade": rng.choice(["low", "mid", "high"], rows),
            "colour": rng.choice(["red", "blue"], rows),
            "sex": rng.choice(["f", "m"], rows),
            "after": rng.normal(size=rows),
        }
    )
    frame["bought"] = np.where(frame["amount"] / frame["parts"] > 7, "yes", "no")
    recipe = tiny_recipe(
        target="bought",
        trials=1,
        **{
            "knowledge.features": {
                "amount": {"scale": "log"},
                "grade": {"order": ["low", "mid", "high"]},
                "sex": {"use": "audit"},
                "after": {"use": "never"},
                "parts": {"between": [0, 10]},
            },
            "knowledge.ratios": [{"name": "each", "of": ["amount", "parts"]}],
            "knowledge.interactions": [["parts", "colour"], ["each", "grade"]],
            "schema.engine": "portable",
        },
    )
    tuner = AutoFineTuner(recipe=recipe).fit(frame)
    tested = {test.hint: test.verdict for test in tuner.evaluation_.hints}
    assert [hint for hint, word in tested.items() if word == "not tested"] == ["grade: order"]  # it is in a product
    assert {"amount: scale log", "each: ratio", "parts, colour: interaction"} < set(tested)
    assert tuner.evaluation_.all_hints is not None
    tuner.save(tmp_path / "model")
    again = load(tmp_path / "model")
    new = frame.drop(columns=["bought", "sex", "after"])
    np.testing.assert_allclose(again.predict_proba(new), tuner.predict_proba(frame), atol=1e-6)
    assert not again.predict_findings_
    strange = new.assign(grade=["never seen", *new["grade"][1:]], parts=[99, *new["parts"][1:]])
    assert np.isfinite(again.predict_proba(strange)).all()
    # The schema that travels with the model has the categories and the range.
    assert {"grade", "parts"} <= {f.column for f in again.predict_findings_ if f.code.startswith("tfdv:")}
