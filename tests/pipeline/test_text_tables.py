"""Tables with running text, from a fit to answers of the model read back."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner, load
from autoft.pipeline.fit import prepare_dataset
from autoft.pipeline.run_folder import journal_key
from tests.tables import tiny_recipe

ROWS = 150
GOOD, BAD, BOTH = ("great", "lovely", "fine"), ("awful", "dull", "poor"), ("the", "film", "was", "a", "very", "story")


def reviews(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Texts that say which side they are on, by words of which each has some."""
    rng = np.random.default_rng(seed)
    liked = rng.random(rows) < 0.5
    texts = [
        " ".join(rng.permutation([*rng.choice(GOOD if good else BAD, 2), *rng.choice(BOTH, 4), f"no{k}"])).title() + "!"
        for k, good in enumerate(liked)
    ]
    frame = pd.DataFrame({"review": texts, "pages": rng.exponential(100, rows), "liked": np.where(liked, "yes", "no")})
    frame.loc[[3, 8, 11], "review"] = [None, "", "?!"]
    return frame


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> AutoFineTuner:
    folder = tmp_path_factory.mktemp("reviews") / "run"
    recipe = tiny_recipe(target="liked", trials=2, **{"preprocess.numeric.scale": "quantile"})
    return AutoFineTuner(recipe=recipe, directory=folder).fit(reviews())


def test_a_table_is_learned_from_its_texts(fitted: AutoFineTuner):
    assert fitted.evaluation_.metrics["roc_auc"].value > 0.95
    best, other = fitted.evaluation_.importance
    assert best.column == "review"
    assert best.drop.value > 0.3 > abs(other.drop.value)
    linear = next(line for line in fitted.evaluation_.baselines if line.name == "linear")
    assert linear.metrics["roc_auc"].value > 0.9


def test_the_report_says_what_happens_to_texts(fitted: AutoFineTuner):
    run = Path(fitted.directory)
    plan = {line["column"]: line["text"] for line in json.loads((run / "context.json").read_text())["plan"]}
    assert "weighted by how rare they are" in plan["review"]
    assert "quantiles become those of a normal distribution" in plan["pages"]
    codes = {f["code"]: f for f in json.loads((run / "findings.json").read_text())}
    assert codes["text-words"]["severity"] == "info"
    assert "weighted by how rare they are" in (run / "report.html").read_text()


def test_a_saved_model_answers_new_texts_as_the_fitted_one(fitted: AutoFineTuner):
    fresh = reviews(40, seed=1).drop(columns="liked")
    fresh.loc[5, "review"] = "GREAT -- lovely, great"
    fresh.loc[6, "review"] = "dull. DULL. awful"
    expected = fitted.predict_proba(fresh)
    again = load(fitted.directory)
    np.testing.assert_allclose(again.predict_proba(fresh), expected, atol=1e-6)
    assert again.predict(fresh)[5:7].tolist() == ["yes", "no"]
    assert (again.predict(fresh) == reviews(40, seed=1)["liked"]).mean() > 0.9
    alone = again.predict_proba(fresh.iloc[[6]])
    np.testing.assert_allclose(alone[0], expected[6], atol=1e-6)


def test_texts_in_another_language_are_remarked_upon(fitted: AutoFineTuner):
    from autoft.serving.artifact import load as read
    from autoft.serving.predictor import Predictor

    folder = Path(fitted.directory) / "model"
    predictor = Predictor(*read(folder), folder)
    strange = pd.DataFrame({"review": ["Ein schwaches Buch", "Sehr schön", None, "the film"], "pages": 1.0})
    found = {f.code: f for f in predictor.answers(strange)[1]}
    assert "2 of 3 texts without any of the" in found["unknown-words"].found
    usual = reviews(40, seed=1).drop(columns="liked")
    assert "unknown-words" not in {f.code for f in predictor.answers(usual)[1]}


def settings(frame: pd.DataFrame, **changes: object) -> str:
    recipe = tiny_recipe(target="liked", **changes)
    return journal_key(recipe, prepare_dataset(recipe, frame))["settings"]


def test_results_of_another_scale_are_not_taken_for_this_ones():
    plain = reviews().drop(columns="review")
    robust = settings(plain)
    assert robust == settings(plain, **{"preprocess.numeric.scale": "robust"})
    assert robust != settings(plain, **{"preprocess.numeric.scale": "quantile"})
