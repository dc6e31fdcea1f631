"""The preprocessing layers against an independent reference in numpy, on awkward values."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import keras
import numpy as np
import pytest

from autoft.preprocessing.encode import Encoded, encode
from autoft.preprocessing.encoder import build_encoder
from autoft.preprocessing.layers.derived import DateCycles
from autoft.preprocessing.layers.numbers import SmoothClip
from autoft.preprocessing.layout import InputLayout, LayoutOptions, blocks, make_layout
from autoft.preprocessing.statistics import Statistics, fit_statistics
from autoft.records.columns import Column

ROWS, MEMBERS = 60, 3
DAY = 86_400.0


def awkward_values() -> dict[str, np.ndarray]:
    """Columns that go wrong in float32, in a fold, or both; the last third of the rows is member 2's training."""
    rng = np.random.default_rng(0)
    values = {
        "milliseconds": 1.7e12 + np.arange(ROWS, dtype=float),
        "long_ids": 2.0**24 + rng.permutation(ROWS),
        "huge": rng.choice([-1e38, 0.0, 1.0, 1e38], ROWS),
        "edge": rng.choice([-1.79e308, 0.0, 1.79e308], ROWS),
        "tiny": rng.choice([0.0, 5e-324, 1e-323], ROWS),
        "inflated": np.where(rng.random(ROWS) < 0.9, 0.0, rng.exponential(1e4, ROWS)),
        "constant_in_fold": np.where(np.arange(ROWS) < 40, rng.normal(size=ROWS), 3.0),
        "missing_in_fold": np.where(np.arange(ROWS) < 40, rng.normal(size=ROWS), np.nan),
        "flag": rng.choice([0.0, 1.0, np.nan], ROWS),
        "day": rng.choice([-2.2e9, 0.0, 1.7e9, 2.5e11, np.nan], ROWS),
        "later": rng.choice([-2.1e9, 86_400.0, 1.8e9, np.nan], ROWS),
        "few": rng.choice(np.array(["a", "b", None], dtype=object), ROWS),
        "many": rng.choice(np.array([*"abcdefgh", None], dtype=object), ROWS),
    }
    values["few"][40:] = "a"
    values["many"][:5] = "only here"
    return values


KINDS = {"flag": "boolean", "day": "date", "later": "date", "few": "categorical", "many": "categorical"}


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    return awkward_values()


@pytest.fixture(scope="module")
def plan(values: dict[str, np.ndarray]) -> InputLayout:
    columns = [
        Column(id=c, name=c, kind=KINDS.get(c, "numeric"), why="", missing=sum(x is None or x != x for x in cells))
        for c, cells in values.items()
    ]
    return make_layout(columns, values, LayoutOptions(outliers="clip", max_categories=6, embed_above=4))


@pytest.fixture(scope="module")
def encoded(plan: InputLayout, values: dict[str, np.ndarray]) -> Encoded:
    return encode(plan, values, ROWS)


@pytest.fixture(scope="module")
def members() -> list[np.ndarray]:
    return [np.arange(0, 60, 2), np.arange(5, 40), np.arange(40, 60)]


@pytest.fixture(scope="module")
def statistics(plan: InputLayout, encoded: Encoded, members: list[np.ndarray]) -> Statistics:
    return fit_statistics(plan, encoded, members)


@pytest.fixture(scope="module")
def outputs(plan: InputLayout, encoded: Encoded, statistics: Statistics) -> dict[str, np.ndarray]:
    model = build_encoder(plan, statistics)
    return {k: np.asarray(v) for k, v in model({"numbers": encoded.numbers, "codes": encoded.codes}).items()}


def reference_number(column: str, cells: np.ndarray, rows: np.ndarray) -> list[float]:
    """A number as one member sees it, from the raw cells, in Python floats."""
    own = [x for x in np.clip(cells[rows], -1e300, 1e300) if not math.isnan(x)]
    low, center, high = np.quantile(own, [0.25, 0.5, 0.75]) if own else (0.0, 0.0, 0.0)
    spread = (high - low) or ((max(own) - min(own)) / 2 if own else 0.0)
    if column == "flag":
        center, spread = 0.5, 0.5
    seen = []
    for x in np.clip(cells, -1e300, 1e300):
        distance = 0.0 if math.isnan(x) else float(x) - center
        scaled = distance / max(spread, 1e-300) if spread else 0.0
        scaled = max(-1e6, min(1e6, scaled))
        seen.append(scaled / math.sqrt(1 + (scaled / 3) ** 2))
    return seen


def reference_date(cells: np.ndarray) -> dict[str, list[float]]:
    parts: dict[str, list[float]] = {}
    for name, turns in (
        ("year", lambda t: t / (365.2425 * DAY)),
        ("week", lambda t: math.floor(t / DAY) / 7),
        ("day", lambda t: t / DAY),
    ):
        for wave, f in (("sin", math.sin), ("cos", math.cos)):
            parts[f"{name}_{wave}"] = [0.0 if math.isnan(t) else f(2 * math.pi * (turns(t) % 1.0)) for t in cells]
    return parts


def block(plan: InputLayout, name: str) -> slice:
    """Where a block lies in the dense encoding."""
    start = 0
    for found, width in blocks(plan):
        if found == name:
            return slice(start, start + width)
        start += width
    raise KeyError(name)


def test_nothing_that_comes_out_is_infinite_or_missing(outputs: dict[str, np.ndarray], plan: InputLayout):
    assert outputs["dense"].shape == (MEMBERS, ROWS, sum(w for _, w in blocks(plan)))
    assert outputs["dense"].dtype == np.float32
    assert np.isfinite(outputs["dense"]).all()
    assert np.abs(outputs["dense"]).max() <= 3.0 + 1e-6


def test_numbers_equal_the_reference(plan, values, members, outputs):
    for column in plan.numbers:
        for s, rows in enumerate(members):
            got = outputs["dense"][s, :, block(plan, column)][:, 0]
            np.testing.assert_allclose(got, reference_number(column, values[column], rows), atol=2e-6, err_msg=column)


@pytest.mark.parametrize("column", ["milliseconds", "long_ids"])
def test_numbers_that_float32_would_merge_stay_distinct(plan, values, outputs, column):
    assert len(np.unique(values[column].astype(np.float32))) < ROWS
    encoded = outputs["dense"][1, :, block(plan, column)][:, 0]
    assert len(np.unique(encoded)) == ROWS
    np.testing.assert_array_equal(np.argsort(encoded), np.argsort(values[column]))


@pytest.mark.parametrize("column", ["constant_in_fold", "missing_in_fold"])
def test_a_column_constant_in_a_members_rows_is_silent(plan, outputs, column):
    where = block(plan, column)
    assert (outputs["dense"][2, :, where] == 0).all()
    assert outputs["dense"][1, :, where].std() > 0.5


def test_dates_equal_the_reference(plan, values, outputs):
    for name, expected in reference_date(values["day"]).items():
        for s in range(MEMBERS):
            got = outputs["dense"][s, :, block(plan, f"{name} day")][:, 0]
            np.testing.assert_allclose(got, expected, atol=2e-6, err_msg=name)


def test_the_time_between_two_dates_is_an_input_of_its_own(plan, values, members, outputs):
    assert plan.elapsed == (("day", "later"),)
    between = values["later"] - values["day"]
    assert 0 < np.isnan(between).sum() < ROWS
    for s, rows in enumerate(members):
        got = outputs["dense"][s, :, block(plan, "later after day")][:, 0]
        np.testing.assert_allclose(got, reference_number("later after day", between, rows), atol=2e-6)


def test_missing_cells_are_indicated_to_members_that_saw_some(plan, values, members, outputs):
    assert plan.indicated == ("missing_in_fold", "flag", "day", "later")
    for column in plan.indicated:
        missing = np.isnan(values[column])
        for s, rows in enumerate(members):
            got = outputs["dense"][s, :, block(plan, f"missing {column}")][:, 0]
            np.testing.assert_array_equal(got, missing * float(missing[rows].any()))


def test_one_hot_columns_tell_missing_from_unknown(plan, values, members, outputs):
    where = block(plan, "few")
    for s in (0, 1):
        order = sorted("ab", key=lambda c: (-sum(values["few"][members[s]] == c), c))
        expected = [[c is None, c == order[0], c == order[1], False, False] for c in values["few"]]
        np.testing.assert_array_equal(outputs["dense"][s, :, where], np.array(expected, dtype=float))


def test_what_a_member_has_not_seen_is_all_zeros_for_it_alone(plan, values, outputs):
    where = block(plan, "few")
    known = values["few"] == "a"
    np.testing.assert_array_equal(outputs["dense"][2, :, where].sum(axis=1), known.astype(float))
    assert (outputs["dense"][0, :, where].sum(axis=1) == 1).all()


def test_slots_of_embedded_columns(values, members, outputs):
    cells = values["many"]
    assert outputs["slots"].dtype == np.int32
    for s, rows in enumerate(members):
        own = [c for c in cells[rows] if c is not None]
        best = sorted(set(own), key=lambda c: (-own.count(c), c))[:6]
        expected = [1 if c is None else best.index(c) + 2 if c in best else 0 for c in cells]
        np.testing.assert_array_equal(outputs["slots"][s, :, 0], expected)


def test_keeping_outliers_leaves_the_scaled_numbers_as_they_are(encoded, values, members, statistics, plan):
    dense = build_encoder(replace(plan, outliers="keep"), statistics)(
        {"numbers": encoded.numbers, "codes": encoded.codes}
    )["dense"]
    got = np.asarray(dense)[1, :, block(plan, "inflated")][:, 0]
    own = values["inflated"][members[1]]
    np.testing.assert_allclose(got, values["inflated"] / ((own.max() - own.min()) / 2), rtol=1e-6)


def test_smooth_clip_keeps_order_and_stays_within_three():
    x = np.concatenate([-np.geomspace(1e6, 1e-3, 500), [0.0], np.geomspace(1e-3, 1e6, 500)]).astype(np.float32)
    y = np.asarray(SmoothClip()(x))
    assert np.diff(y).min() >= -1e-6  # float32 rounding where everything is 3
    assert np.diff(y[np.abs(x) < 100]).min() > 0
    assert np.abs(y).max() <= 3.0 + 3e-7
    np.testing.assert_allclose(y[np.abs(x) < 0.01], x[np.abs(x) < 0.01], rtol=1e-4)


def cycles(*moments: datetime) -> np.ndarray:
    return np.asarray(DateCycles()(np.array([[m.timestamp()] for m in moments])))


def test_date_cycles_return_after_a_day_a_week_and_a_year():
    start = datetime(2023, 1, 2, 6, tzinfo=UTC).timestamp()
    steps = np.array([0.0, DAY, 7 * DAY, 365.2425 * DAY, -400 * 365.2425 * DAY])
    year_sin, year_cos, week_sin, week_cos, day_sin, day_cos = np.asarray(DateCycles()((start + steps)[:, None])).T
    assert year_sin[3] == pytest.approx(year_sin[0], abs=1e-5)
    assert year_cos[4] == pytest.approx(year_cos[0], abs=1e-5)
    assert week_sin[2] == pytest.approx(week_sin[0], abs=1e-6)
    assert week_cos[2] == pytest.approx(week_cos[0], abs=1e-6)
    assert day_sin[:3] == pytest.approx(1.0)
    assert day_cos[:3] == pytest.approx(0.0, abs=1e-6)
    assert abs(week_sin[1] - week_sin[0]) > 0.1


def test_the_hour_does_not_move_the_weekday():
    morning, evening = cycles(datetime(2023, 1, 8, 1, tzinfo=UTC), datetime(2023, 1, 8, 23, tzinfo=UTC))
    np.testing.assert_array_equal(morning[2:4], evening[2:4])
    assert not np.allclose(morning[4:], evening[4:])


def test_a_saved_encoder_reads_back_the_same(tmp_path, plan, encoded, statistics, outputs):
    model = build_encoder(plan, statistics)
    model.save(tmp_path / "encoder.keras")
    again = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
    for name, array in again({"numbers": encoded.numbers, "codes": encoded.codes}).items():
        np.testing.assert_array_equal(np.asarray(array), outputs[name])


@pytest.mark.parametrize("kept", [("few",), ("many",), ("flag",), ("day",), ("huge",)])
def test_a_single_column_of_any_kind_is_enough(values, members, kept):
    columns = [Column(id=c, name=c, kind=KINDS.get(c, "numeric"), why="") for c in kept]
    plan = make_layout(columns, values, LayoutOptions(outliers="clip", max_categories=6, embed_above=4))
    encoded = encode(plan, values, ROWS)
    model = build_encoder(plan, fit_statistics(plan, encoded, members))
    found = model({k.name: getattr(encoded, k.name) for k in model.inputs})
    assert {k: v.shape[:2] for k, v in found.items()} == dict.fromkeys(found, (MEMBERS, ROWS))
    assert ("dense" in found) == (kept != ("many",))
