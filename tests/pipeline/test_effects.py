"""A whole run under hints: search, bag, saved model, notes, and what a second run makes of the folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner, load
from autoft.errors import JournalError, RecipeError, TrainingError
from autoft.pipeline import fit
from autoft.pipeline.effects import restrict_space
from autoft.records.hints import Effect, Hints
from autoft.search.space import make_space
from tests.knowledge_help import with_hints
from tests.tables import features, tiny_recipe


@pytest.fixture
def hinted(monkeypatch: pytest.MonkeyPatch):
    """Lets runs obey effects by name of the column (until recipes are compiled to such)."""
    plain = fit.prepare_dataset

    def set_to(effects: dict[str, int], output: int | None = None) -> None:
        def dataset(*given: Any, **more: Any) -> Any:
            found = plain(*given, **more)
            ids = {c.name: c.id for c in found.features}
            own = tuple(Effect(column=ids[n], sign=s, output=output) for n, s in effects.items())  # type: ignore[arg-type]
            return with_hints(found, Hints(effects=own))

        monkeypatch.setattr(fit, "prepare_dataset", dataset)

    return set_to


@pytest.mark.slow
def test_a_run_obeys_and_other_hints_are_another_run(hinted, table: pd.DataFrame, tmp_path: Path):
    data = features(table, "value")
    space = {
        "search.space": {"width": [16], "depth": [2], "batch_size": [32], "architecture": ["mlp", "realmlp", "linear"]}
    }
    recipe, told = tiny_recipe(target="value", trials=4, **space), []
    hinted({"amount": -1, "member": 1})  # the first against the data
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(data)
    assert {t.params["architecture"] for t in tuner.evaluation_.trials} == {"mlp", "realmlp", "linear"}
    assert not any("activation" in t.params for t in tuner.evaluation_.trials)
    notes = json.loads((tmp_path / "run" / "context.json").read_text())["notes"]
    assert any("RealMLP has half waves" in note for note in notes)
    model = load(tuner.save(tmp_path / "saved"))
    raised = data.assign(amount=data["amount"] + np.linspace(0, 500, len(data)))
    known, members = data["amount"].notna().to_numpy(), data.assign(member="yes")
    rounding, before = 1e-6 * np.ptp(table["value"]), model.predict(data)
    assert (model.predict(raised) - before)[known].max() <= rounding
    assert (model.predict(members) - before).min() >= -rounding
    assert (model.predict(members) - before).max() > 0.001 * np.ptp(table["value"])

    again = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(
        data, progress=lambda s: told.append(s.message)
    )
    assert not any("another run" in message for message in told)
    assert [t.score for t in again.evaluation_.trials] == [t.score for t in tuner.evaluation_.trials]
    hinted({"amount": 1})
    with pytest.raises(JournalError, match=r"holds another one \(hints: changed\)"):
        AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(data)


def test_a_model_that_breaks_a_promise_is_not_kept(hinted, table: pd.DataFrame, tmp_path: Path, monkeypatch: Any):
    from autoft.knowledge.bounds import weight_bounds
    from autoft.training import trainer

    hinted({"amount": -1})
    monkeypatch.setattr(trainer, "weight_bounds", lambda hints, *given: weight_bounds(Hints(), *given))
    with pytest.raises(TrainingError, match="must never move the answer the wrong way"):
        AutoFineTuner(recipe=tiny_recipe(target="value", trials=1), directory=tmp_path / "run").fit(
            features(table, "value")
        )
    assert not (tmp_path / "run" / "model").exists()
    assert (tmp_path / "run" / "journal.jsonl").exists()


def test_the_space_has_only_what_can_obey():
    hints = Hints(effects=(Effect(column="c000", sign=1),))
    full = make_space(500, embedded=False, changes={})
    assert restrict_space(full, Hints(), "binary") == full
    found = {d.name: d for d in restrict_space(full, hints, "binary")}
    assert set(found) == {d.name for d in full} - {"activation"}
    assert found["depth"].words() == "2, 3"
    shallow = {
        d.name: d for d in restrict_space(make_space(500, embedded=False, changes={"depth": [1]}), hints, "binary")
    }
    assert shallow["depth"].words() == "1"


@pytest.mark.parametrize(
    ("hints", "task", "quantile", "searched"),
    [
        (Hints(effects=(Effect(column="c000", sign=1),)), "binary", None, True),
        (Hints(apart=(("c000", "c001"),)), "multiclass", None, True),
        (Hints(effects=(Effect(column="c000", sign=1, output=1),)), "multiclass", None, False),
        (Hints(effects=(Effect(column="c000", sign=1),)), "regression", 0.9, False),
        (Hints(importance={"c000": "high"}), "regression", None, False),
    ],
)
def test_trees_are_searched_where_they_can_keep_the_hints(hints: Hints, task: Any, quantile: Any, searched: bool):
    space = restrict_space(make_space(500, embedded=False, changes={}), hints, task, quantile)
    assert ("trees" in next(d for d in space if d.name == "architecture").values) == searched
    assert ("leaves" in {d.name for d in space}) == searched
    alone = make_space(500, embedded=False, changes={"architecture": ("trees",)})
    if searched:
        assert restrict_space(alone, hints, task, quantile)
    else:
        with pytest.raises(RecipeError, match=r"it holds trees \(trees (do not|cannot)"):
            restrict_space(alone, hints, task, quantile)
