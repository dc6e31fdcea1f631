"""Windows of the past in a run: what they learn, and the model that is trained again on all rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoft.pipeline import fit as stages
from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.refit import _affordable
from autoft.pipeline.split import split
from autoft.preprocessing.statistics import fit_statistics
from autoft.recipe.recipe import Recipe
from autoft.records.trials import TrialResult
from tests.tables import tiny_recipe

ROWS, START = 400, pd.Timestamp("2024-01-01")
WINDOWS = {"evaluate.windows": "expanding", "evaluate.time": "day", "evaluate.gap": "3 days"}
NEVER = {"day": {"use": "never"}}


def table(*, late: float = 0.0) -> pd.DataFrame:
    """Two rows a day, whose relation turns round in the last fifth; `late` corrupts the last two fifths."""
    rng = np.random.default_rng(0)
    x, other = rng.normal(size=(2, ROWS))
    kind = rng.choice(["a", "b"], ROWS)
    turned = np.where(np.arange(ROWS) < ROWS * 4 // 5, 1.0, -1.0)
    y = 3 * turned * x + other + rng.normal(0, 0.1, ROWS)
    after = np.arange(ROWS) >= ROWS * 3 // 5
    day = (START + pd.to_timedelta(np.arange(ROWS) // 2, unit="D")).strftime("%Y-%m-%d")
    return pd.DataFrame({"day": day, "x": x + late * after, "other": other, "kind": kind, "y": y * (1 + late * after)})


def prepared(frame: pd.DataFrame, recipe: Recipe) -> Dataset:
    return split(recipe, inspect_table(recipe, frame, enforce=False))


def test_what_a_window_knows_owes_nothing_to_later_rows():
    recipe = tiny_recipe(target="y", **WINDOWS, **{"knowledge.features": NEVER})
    honest, corrupted = (prepared(table(late=late), recipe) for late in (0.0, 7.0))
    assert len(honest.members) == 3
    for one, two in zip(honest.members, corrupted.members, strict=True):
        np.testing.assert_array_equal(one.train, two.train)
        np.testing.assert_array_equal(one.held_out, two.held_out)
    known = [fit_statistics(own.layout, own.encoded, [m.train for m in own.members]) for own in (honest, corrupted)]
    for name, before in known[0].scale.items():
        np.testing.assert_array_equal(before[0], known[1].scale[name][0])
        if name == "center":
            assert not np.array_equal(before[2], known[1].scale[name][2])


@pytest.mark.slow
def test_the_model_has_learned_the_newest_rows_and_its_score_is_that_of_the_past(tmp_path: Path):
    recipe = tiny_recipe(target="y", trials=1, **WINDOWS, **{"search.epochs": 60, "search.patience": 60})
    run = Run(recipe=recipe, folder=tmp_path)
    frame = table()
    dataset = stages.prepare_dataset(recipe, frame)
    run.open_journal(stages.journal_key(recipe, dataset), stages.key_settings(recipe, dataset))
    found = stages.find_model(dataset, run)
    assert found.refitted is not None
    assert found.deployed is found.refitted
    assert found.gain.left == {}
    newest = dataset.y[-60:]

    def error(answers: np.ndarray) -> float:
        return float(np.sqrt(np.mean((answers.mean(axis=0)[-60:] - newest) ** 2)))

    folds, refitted = (error(one.answers(dataset.encoded)) for one in (found.ensemble, found.refitted))
    assert refitted < 0.8 * folds
    held_out = found.trials.outcomes[0].held_out[-1]
    assert np.isfinite(held_out).sum() == (dataset.split.blocks >= 0).sum() == 300
    (tmp_path / "whole").mkdir()
    fitted = stages.fit(frame, Run(recipe=recipe, folder=tmp_path / "whole"))
    score = fitted.evaluation.held_out["rmse"]
    assert score.value > refitted
    assert score.high - score.low > 0.5 * score.value  # the relation has turned round, and may do so again


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(np.inf, ([0.75, 0.25], 5)), (10.0, ([0.75, 0.25], 3)), (2.5, ([1.0], 1)), (-5.0, ([1.0], 1))],
    ids=["no limit", "some", "little", "none"],
)
def test_where_time_is_short_fewer_networks_are_trained_again(seconds: float, kept: tuple[list[float], int]):
    curves = {"held_out": [[1.0]] * 20}
    one = TrialResult(params={}, status="finished", epochs=20, checkpoints=(20,), curves=curves, seconds=8.0)
    parts, number = _affordable([(one, 0.75), (replace(one, epochs=10), 0.25)], 5, seconds)
    assert ([share for _, share in parts], number) == kept
