"""An effect that is true for most rows and reversed in one segment: the verdict names the segment, and only it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from autoft.pipeline.describe import inspect_table
from autoft.pipeline.hint_tests import stage
from autoft.pipeline.hint_tests.stage import Variants
from autoft.pipeline.split import split
from autoft.pipeline.trainers import make_trainer
from autoft.records.hint_tests import HintTest
from autoft.records.reading import read_record
from tests.knowledge_help import run_in
from tests.tables import tiny_recipe

ROWS = 480
PARAMS = {
    "architecture": "mlp", "numbers": "piecewise", "width": 16, "depth": 2, "embedding": 4, "batch_size": 32,
    "learning_rate": 0.02, "dropout": 0.0, "l2": 1e-4,
}  # fmt: skip


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    dose, age = rng.normal(size=(2, ROWS))
    region, shift = rng.choice(["east", "north", "south", "west"], ROWS), rng.choice(["day", "night"], ROWS)
    slope = np.where(region == "west", -2.5, 2.5)
    healed = slope * dose - 1.5 * age + rng.normal(0, 0.5, ROWS)
    return pd.DataFrame({"dose": dose, "age": age, "region": region, "shift": shift, "healed": healed})


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """The test of two hints after one trial, without a search."""
    told = tiny_recipe(
        target="healed",
        **{
            "search.epochs": 30,
            "search.patience": 30,
            "knowledge.features": {"dose": {"effect": "increasing"}, "age": {"effect": "decreasing"}},
            "knowledge.slices": ["region"],
        },
    )
    run = run_in(told, tmp_path_factory.mktemp("parts"))
    dataset = split(told, inspect_table(told, table()))
    trainer = make_trainer(run, dataset, dataset.members)
    result = trainer.train(PARAMS, lambda: False)

    def test(told):
        """A run that goes on in the folder."""
        going = run_in(told, run.folder, existing="resume")
        make = partial(make_trainer, going)
        variants = Variants(run=going, dataset=dataset, trainer=trainer, make_trainer=make, result=result, end=np.inf)
        return stage.run_hint_tests(variants, threshold=0.5)

    return test, test(told), told


def test_the_segment_is_named_and_no_true_effect_contradicted(tested):
    _, found, _ = tested
    reversed_, true = found.hints
    assert reversed_.verdict == "contradicted in part"
    (part,) = reversed_.slices
    assert (part.column, part.group) == ("region", "west")
    assert part.rows == (table()["region"] == "west").sum()
    assert part.gain.high < 0
    assert part.obeyed < 0.4
    assert reversed_.obeyed > 0.6
    assert true.verdict in ("helps", "satisfied anyway", "no measurable effect")
    assert true.slices == ()


def test_the_user_is_warned_with_the_segment(tested):
    _, found, _ = tested
    (warned,) = stage.hint_findings(found)
    assert warned.column == "dose"
    assert warned.found.startswith("has a hint (effect increasing) that makes models worse on held-out rows")
    assert warned.found.endswith("where 'region' is west")


def test_verdicts_are_read_from_the_journal_but_for_other_slices(tested, monkeypatch):
    test, found, told = tested
    trained = []
    monkeypatch.setattr(Variants, "train", lambda *_: trained.append(1) or {})
    assert test(told) == found
    assert trained == []
    test(told.with_changes(**{"knowledge.slices": ["shift"]}))
    assert trained == [1]


def test_verdicts_survive_plain_data(tested):
    from dataclasses import asdict

    for one in tested[1].hints:
        assert read_record(HintTest, asdict(one)) == one


def test_rows_set_aside_have_no_part_in_the_groups():
    from autoft.pipeline import slices

    told = tiny_recipe(target="healed", **{"knowledge.features": {"dose": {"effect": "increasing"}}})
    told = told.with_changes(strategy="holdout")
    dataset = split(told, inspect_table(told, table()))
    rows, aside = np.flatnonzero(dataset.split.blocks >= 0), dataset.split.blocks < 0
    assert aside.any()

    def labels():
        return [(one.column, one.labels) for one in slices.search_conditions(told, dataset, rows=rows)]

    before = labels()
    values = {
        c: np.where(aside, 1e9, v) if v.dtype.kind == "f" else v
        for c, v in dataset.description.converted.values.items()
    }
    converted = replace(dataset.description.converted, values=values)
    dataset = replace(dataset, description=replace(dataset.description, converted=converted))
    assert labels() == before
    every = [(one.column, one.labels) for one in slices.search_conditions(told, dataset)]
    assert every != before  # the control: of all rows they are others
