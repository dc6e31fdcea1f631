"""Near copies of rows in the blocks of a table: together, whatever their targets are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autoft.pipeline.describe import inspect_table
from autoft.pipeline.run_folder import key_settings
from autoft.pipeline.split import split
from autoft.recipe.recipe import Recipe


def clusters(frame: pd.DataFrame, **changes: str) -> tuple[np.ndarray, np.ndarray, set[str]]:
    """Block and cluster of each row, and the codes of the findings."""
    recipe = Recipe().with_changes(target="y", **changes)
    seen = inspect_table(recipe, frame)
    found = split(recipe, seen).split
    return found.blocks, np.unique(found.clusters, return_inverse=True)[1], {line.code for line in seen.findings}


def test_four_noisy_copies_share_a_block_and_the_target_has_no_say() -> None:
    rng = np.random.default_rng(0)
    order = rng.permutation(240)
    case = np.repeat(np.arange(60), 4)[order]
    cells = np.repeat(rng.normal(size=(60, 3)), 4, axis=0)[order] + 1e-6 * rng.normal(size=(240, 3))
    frame = pd.DataFrame(cells, columns=["a", "b", "c"]).assign(y=np.repeat(rng.integers(0, 2, 60), 4)[order])
    blocks, cluster, codes = clusters(frame)
    assert "near-duplicate-rows" in codes
    assert (pd.Series(blocks).groupby(case).nunique() == 1).all()
    assert (pd.crosstab(case, cluster) > 0).to_numpy().sum() == 60
    _, other, _ = clusters(frame.assign(y=rng.integers(0, 2, 240)))
    assert (cluster == other).all()


def test_different_rows_stay_apart() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(240, 3)), columns=["a", "b", "c"]).assign(y=rng.integers(0, 2, 240))
    _, cluster, codes = clusters(frame)
    assert (len(set(cluster)), "near-duplicate-rows" in codes) == (240, False)


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_copies_stand_apart_where_the_recipe_says_so(noise: float) -> None:
    rng = np.random.default_rng(0)
    case = np.repeat(np.arange(60), 4)
    cells = np.repeat(rng.normal(size=(60, 3)), 4, axis=0) + noise * rng.normal(size=(240, 3))
    frame = pd.DataFrame(cells, columns=["a", "b", "c"]).assign(y=np.repeat(rng.integers(0, 2, 60), 4))
    together, _, codes = clusters(frame)
    assert (pd.Series(together).groupby(case).nunique() == 1).all()
    apart, cluster, found = clusters(frame, **{"evaluate.copies": "apart"})
    assert found == codes
    assert len(set(cluster)) == 240
    assert (pd.Series(apart).groupby(case).nunique() > 1).sum() > 50
    recipe = Recipe().with_changes(target="y", **{"evaluate.copies": "apart"})
    (said,) = [line.fix for line in inspect_table(recipe, frame).findings if line.code.endswith("duplicate-rows")]
    kept = [
        key_settings(own, split(own, inspect_table(own, frame))) for own in (recipe, Recipe().with_changes(target="y"))
    ]
    assert kept[0] != kept[1], "trials of other folds must not be restored"
    assert "copies: apart lets models see copies" in said


def test_rows_apart_are_in_the_same_block_whatever_their_order() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=["a", "b", "c"]).assign(y=rng.integers(0, 2, 120))
    order = rng.permutation(120)
    blocks, _, _ = clusters(frame, **{"evaluate.copies": "apart"})
    shuffled, _, _ = clusters(frame.iloc[order].reset_index(drop=True), **{"evaluate.copies": "apart"})
    assert (shuffled == blocks[order]).all()
