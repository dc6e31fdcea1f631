"""Dependence of rows that is used without being asked for: what is beyond doubt, and what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.pipeline.describe import inspect_table
from autoft.pipeline.split import split
from autoft.recipe.recipe import Recipe
from autoft.records.split import RowDependence

ROWS = 600


def temporal(**changes: Any) -> pd.DataFrame:
    """Two measurements a day over 300 days, whose target follows the season and rises."""
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2023-03-01") + pd.to_timedelta(np.arange(ROWS) // 2, unit="D")
    season = np.sin(np.arange(ROWS) / 40) + np.arange(ROWS) / 300
    data = {"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS), "y": season + rng.normal(0, 0.3, ROWS)}
    return pd.DataFrame({"day": day.strftime("%Y-%m-%d"), **data} | changes)


def parts(names: bool = False) -> pd.DataFrame:
    made = temporal()
    day = pd.to_datetime(made.pop("day"))
    month = day.dt.month_name() if names else day.dt.month
    return made.assign(visit_year=day.dt.year, visit_month=month, visit_day_of_month=day.dt.day)


def grouped(name: str, *, noise: float) -> pd.DataFrame:
    """Sixty things with ten rows each, in no order; the target is that of the thing and some noise."""
    rng = np.random.default_rng(1)
    thing = rng.permutation(np.repeat(np.arange(60), 10))
    y = rng.normal(size=60)[thing] + rng.normal(0, noise, ROWS)
    return pd.DataFrame(
        {name: [f"t{k}" for k in thing], "a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS), "y": y}
    )


def used(frame: pd.DataFrame, **changes: Any) -> RowDependence:
    return inspect_table(Recipe().with_changes(target="y", **changes), frame, enforce=False).rows


PARTS = ("visit_year", "visit_month", "visit_day_of_month")


@pytest.mark.parametrize(
    ("frame", "columns"),
    [(temporal(), ("day",)), (temporal()[::-1], ("day",)), (parts(), PARTS), (parts(names=True), PARTS)],
    ids=["date", "latest first", "parts", "names of months"],
)
def test_a_time_along_which_the_target_changes_divides_the_rows(frame, columns):
    recipe = Recipe().with_changes(target="y")
    seen = inspect_table(recipe, frame.reset_index(drop=True), enforce=False)
    assert seen.rows == RowDependence(time=columns)
    (finding,) = [one for one in seen.findings if one.code == "rows-in-time"]
    assert all(f"'{name}'" in str(finding) for name in columns)
    assert "evaluate: rows: independent" in finding.fix
    blocks = split(recipe, seen).split.blocks
    assert (np.diff(blocks) >= 0).all() or (np.diff(blocks) <= 0).all()


def test_a_target_that_drifts_along_a_declared_time_is_a_note():
    frame = temporal()
    recipe = Recipe().with_changes(target="y", **{"evaluate.time": "day"})
    findings = {one.code: one for one in inspect_table(recipe, frame, enforce=False).findings}
    assert "rows-in-time" not in findings
    drift = findings["target-drift"]
    assert (drift.severity, drift.column) == ("info", "y")
    assert "'day'" in drift.found
    level = temporal(y=np.random.default_rng(2).normal(size=ROWS))
    assert "target-drift" not in {one.code for one in inspect_table(recipe, level, enforce=False).findings}


def test_without_a_use_of_it_the_rows_are_independent():
    frame = temporal()
    assert used(frame.sample(frac=1, random_state=0, ignore_index=True)) == RowDependence()
    assert used(temporal(y=np.random.default_rng(2).normal(size=ROWS))) == RowDependence()
    assert used(frame.rename(columns={"day": "date of birth"})) == RowDependence()
    assert used(frame.assign(day=frame["day"].where(frame.index != 5))) == RowDependence()
    assert used(parts().drop(columns="visit_year")) == RowDependence()
    assert used(frame, rows="independent") == RowDependence()
    assert used(frame, **{"evaluate.group": "a"}) == RowDependence(group="a")


def test_things_whose_rows_have_one_target_stay_together():
    frame = grouped("patient", noise=0.2)
    recipe = Recipe().with_changes(target="y")
    seen = inspect_table(recipe, frame, enforce=False)
    assert seen.rows == RowDependence(group="patient")
    assert "rows-in-groups" in {one.code for one in seen.findings}
    dataset = split(recipe, seen)
    assert (pd.Series(dataset.split.blocks).groupby(frame["patient"]).nunique() == 1).all()
    assert [column.name for column in dataset.features] == ["a", "b"]


def test_groups_that_leave_doubt_are_not_used():
    assert used(grouped("town", noise=0.2)) == RowDependence()
    assert used(grouped("patient", noise=2.0)) == RowDependence()
    assert used(grouped("patient", noise=0.2), rows="independent") == RowDependence()
    hint = {"patient": {"importance": "high"}}
    assert used(grouped("patient", noise=0.2), **{"knowledge.features": hint}) == RowDependence()


def test_several_columns_order_the_rows_where_the_recipe_names_them():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"week": np.arange(ROWS) // 10, "slot": np.arange(ROWS) % 10, "a": rng.normal(size=ROWS)})
    frame = frame.assign(y=rng.normal(size=ROWS)).sample(frac=1, random_state=1, ignore_index=True)
    recipe = Recipe().with_changes(target="y", **{"evaluate.time": ["week", "slot"]})
    blocks = split(recipe, inspect_table(recipe, frame, enforce=False)).split.blocks
    ordered = blocks[np.lexsort((frame["slot"], frame["week"]))]
    assert (np.diff(ordered) >= 0).all()
    assert np.unique(blocks, return_counts=True)[1].tolist() == [120] * 5
