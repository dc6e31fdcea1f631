"""The whole product on small tables: what a user sees from the front door."""

from __future__ import annotations

import copy
import datetime
import gc
import json
import os
import pickle
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

import autoft
from autoft import AutoFineTuner
from autoft.errors import AutoFTError, FileError, JournalError, NotFittedError, RecipeError, SchemaError
from autoft.evaluation.document import KEYS
from autoft.files import digest_folder
from autoft.pipeline import search as stage
from autoft.recipe.recipe import read_recipe, recipe_of
from autoft.search.journal import read
from tests.tables import features, mixed_table, tiny_recipe

LINEAR = {"search.space": {"architecture": ["linear"], "batch_size": [32]}}
NEW = features(mixed_table(60, seed=9), "outcome").drop(columns="outcome")


def test_run_folder_is_complete(binary):
    names = {p.name for p in binary.directory_.iterdir()}
    assert {"report.html", "evaluation.json", "findings.json", "recipe.yaml", "journal.jsonl", "model"} <= names
    document = json.loads((binary.directory_ / "evaluation.json").read_text())
    assert tuple(document) == KEYS
    assert {"roc_auc", "pr_auc", "precision", "recall", "f1", "log_loss", "brier"} <= set(document["held_out"])
    assert {"balanced_accuracy", "accuracy", "mcc"} <= set(document["held_out"])
    for value in document["held_out"].values():
        assert value["low"] <= value["value"] <= value["high"]
    assert set(document["baselines"]) == {"constant", "linear", "hist_gradient_boosting"}
    assert document["trials"][0]["number"] == 0


def test_schema_and_statistics_travel_with_the_model(table, tmp_path):
    known = features(table, "outcome")
    recipe = tiny_recipe(target="outcome", trials=1, **{"schema.engine": "portable", "evaluate.strategy": "holdout"})
    place = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(known).save(tmp_path / "model")
    assert {"schema.pbtxt", "statistics.pb"} <= {path.name for path in place.iterdir()}
    tuner = autoft.load(place)
    tuner.predict(NEW)
    assert not [finding for finding in tuner.predict_findings_ if finding.code.startswith(("tfdv:", "drift"))]
    moved = tuner.predict(NEW.assign(amount=NEW["amount"] * 1000, city="Lima"))
    assert len(moved) == len(NEW)
    codes = {(finding.column, finding.code) for finding in tuner.predict_findings_}
    assert {("amount", "drift"), ("city", "drift"), ("amount", "out-of-range")} <= codes
    with pytest.raises(SchemaError, match="Column 'amount' must be there"):
        tuner.predict(NEW.drop(columns="amount"))


def test_it_learns(binary):
    evaluation = binary.evaluation_
    assert evaluation.metrics["roc_auc"].value > 0.7
    # Optimism is about the choice; what the bag gains comes on top.
    members = evaluation.metrics["roc_auc"].value - evaluation.bag_gain["roc_auc"]
    assert evaluation.optimism == pytest.approx(evaluation.validation - members)


def test_the_gain_of_the_bag_is_of_scores_of_single_members(binary, regression, multiclass):
    assert 0 < binary.evaluation_.bag_gain["roc_auc"] < 0.1
    facts = [fact for fact in read(binary.directory_ / "journal.jsonl").facts if fact["type"] == "gain"]
    assert [set(fact["left"]) for fact in facts] == [set(binary.evaluation_.bag_gain)]
    assert 0 < facts[0]["left"]["roc_auc"] < 1
    assert regression.evaluation_.strategy == "holdout"
    assert multiclass.evaluation_.strategy == "nested"
    assert not regression.evaluation_.bag_gain
    assert not multiclass.evaluation_.bag_gain


@pytest.mark.parametrize(("strategy", "pruned"), [("corrected", True), ("nested", False), ("holdout", True)])
def test_nothing_is_pruned_under_nested(strategy: str, pruned: bool, table, tmp_path, monkeypatch: pytest.MonkeyPatch):
    class Seen(Exception):
        pass

    def search(**given: object) -> None:
        raise Seen(given["policy"].pruning)

    monkeypatch.setattr(stage, "SearchLoop", search)
    recipe = tiny_recipe(target="outcome", **{"evaluate.strategy": strategy})
    with pytest.raises(Seen) as seen:
        AutoFineTuner(recipe=recipe, directory=tmp_path).fit(features(table, "outcome"))
    assert seen.value.args == (pruned,)


@pytest.mark.parametrize("target", ["outcome", *(pytest.param(t, marks=pytest.mark.slow) for t in ("value", "grade"))])
def test_a_linear_model_alone_is_trained_saved_and_loaded(target: str, table, tmp_path):
    recipe = tiny_recipe(target=target, **{"search.space": {"architecture": ["linear"]}})
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(features(table, target))
    assert all(t.params["architecture"] == "linear" and "width" not in t.params for t in tuner.evaluation_.trials)
    assert {b.name: b.verdict for b in tuner.evaluation_.baselines}["constant"] == "beaten"
    tuner.save(tmp_path / "saved")
    new = NEW.drop(columns="value", errors="ignore") if target == "value" else NEW
    assert autoft.load(tmp_path / "saved").predict(new).tolist() == tuner.predict(new).tolist()


def test_trees_are_tried_right_after_the_default(binary):
    first, second = (trial.params["architecture"] for trial in binary.evaluation_.trials[:2])
    assert first != "trees"
    assert second == "trees"


def test_positive_class_is_the_users(binary):
    assert binary.evaluation_.target.positive == "leaves"
    assert list(binary.evaluation_.curves["roc"]) == ["leaves"]


def test_predictions_are_the_users_labels(binary):
    labels, probabilities = binary.predict(NEW), binary.predict_proba(NEW)
    assert binary.classes_.tolist() == ["leaves", "stays"]
    assert probabilities.shape == (60, 2)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert labels.tolist() == binary.classes_[probabilities.argmax(axis=1)].tolist()


@pytest.mark.slow  # tests/data/test_labels.py shows it of every type without a training
@pytest.mark.parametrize("labels", [(3, 1), (datetime.date(2020, 2, 29), datetime.date(2021, 1, 1)), (1, "unk")])
def test_labels_of_every_type_are_equal_after_loading(labels: tuple[Any, Any], table, tmp_path):
    given = table["outcome"].map(dict(zip(("stays", "leaves"), labels, strict=True))).astype("category")
    recipe = tiny_recipe(target="outcome", trials=1, **{"search.space": {"architecture": ["linear"]}})
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run")
    tuner.fit(features(table, "outcome").assign(outcome=given))
    loaded = autoft.load(tmp_path / "run")
    assert set(loaded.classes_) == set(tuner.classes_) == set(labels)
    answers = loaded.predict(NEW)
    assert answers.tolist() == tuner.predict(NEW).tolist()
    assert {type(label) for label in answers.tolist()} <= {type(label) for label in labels}


def test_predictions_do_not_depend_on_order_or_company(binary):
    whole = binary.predict_proba(NEW)
    assert np.array_equal(binary.predict_proba(NEW[NEW.columns[::-1]]), whole)
    single = np.vstack([binary.predict_proba(NEW.iloc[[i]]) for i in range(5)])
    assert np.allclose(single, whole[:5], atol=1e-6)
    assert np.allclose(binary.predict_proba(NEW.iloc[::-1]), whole[::-1], atol=1e-6)


def test_a_file_is_answered_like_a_frame(binary, tmp_path):
    NEW.to_csv(tmp_path / "new.csv", index=False)
    assert np.allclose(binary.predict_proba(tmp_path / "new.csv"), binary.predict_proba(NEW), atol=1e-6)


def test_strange_tables_at_predict(binary):
    odd = NEW.assign(city="Atlantis", extra=1, outcome="stays", amount=1e12)
    assert np.isfinite(binary.predict_proba(odd)).all()
    codes = {f.code for f in binary.predict_findings_}
    assert {"unseen-categories", "extra-columns", "out-of-range"} <= codes
    empty = binary.predict_proba(NEW.iloc[:0])
    assert empty.shape == (0, 2)
    missing = NEW.assign(amount=None, city=None, shop=None, member=None, since=None)
    assert np.isfinite(binary.predict_proba(missing)).all()


def test_missing_columns_are_all_named(binary):
    with pytest.raises(SchemaError, match=r"(?s)amount.*city|city.*amount"):
        binary.predict(NEW.drop(columns=["amount", "city"]))


def test_the_callers_frame_stays_as_it_is(binary, table):
    before = table.copy(deep=True)
    binary.predict(table)
    pd.testing.assert_frame_equal(table, before)


def test_saved_model_answers_the_same_in_a_fresh_process(binary, tmp_path):
    """And a Keras file is read as the README says, before anything else has registered autoft's layers."""
    binary.save(tmp_path / "churn.autoft")
    binary.export(tmp_path / "churn.keras", format="keras")
    (tmp_path / "churn.pkl").write_bytes(pickle.dumps(binary))
    NEW.to_csv(tmp_path / "new.csv", index=False)
    code = (
        "import sys, keras, numpy as np\n"
        "from autoft.preprocessing.registered_layers import registered_layers\n"
        "keras.models.load_model(sys.argv[4], custom_objects=registered_layers())\n"
        "import autoft\n"
        "tuner = autoft.load(sys.argv[1])\n"
        "np.save(sys.argv[3], tuner.predict_proba(sys.argv[2]))\n"
        "assert tuner.evaluation_.metrics['roc_auc'].value > 0\n"
        "tuner.report(sys.argv[3] + '.html')\n"
        "import pickle\n"
        "again = pickle.load(open(sys.argv[5], 'rb'))\n"
        "assert np.array_equal(again.predict_proba(sys.argv[2]), tuner.predict_proba(sys.argv[2]))\n"
        "assert again.findings_ and list(again.classes_) and again.evaluation_.held_out == tuner.evaluation_.held_out\n"
    )
    names = ("churn.autoft", "new.csv", "answers.npy", "churn.keras", "churn.pkl")
    paths = [str(tmp_path / name) for name in names]
    subprocess.run([sys.executable, "-c", code, *paths], check=True, capture_output=True)
    assert np.allclose(np.load(paths[2]), binary.predict_proba(NEW), atol=1e-6)
    assert (tmp_path / "answers.npy.html").read_text().startswith("<!")


def test_second_run_trains_nothing(binary, table):
    journal = binary.directory_ / "journal.jsonl"
    before = read(journal).facts
    again = AutoFineTuner(recipe=binary.recipe, directory=binary.directory_).fit(features(table, "outcome"))
    assert read(journal).facts == before
    assert again.evaluation_.held_out == binary.evaluation_.held_out


def test_same_seed_same_numbers(binary, table):
    again = AutoFineTuner(recipe=binary.recipe).fit(features(table, "outcome"))
    assert again.evaluation_.held_out == binary.evaluation_.held_out
    assert np.array_equal(again.predict_proba(NEW), binary.predict_proba(NEW))


def test_other_data_or_settings_in_the_same_folder_are_refused_and_nothing_changes(binary, table):
    before = digest_folder(binary.directory_)
    rows = features(table, "outcome")
    with pytest.raises(JournalError, match=r"holds another one \(other data; .*task: .*existing='overwrite'"):
        AutoFineTuner(recipe=tiny_recipe(target="value"), directory=binary.directory_).fit(features(table, "value"))
    with pytest.raises(JournalError, match=r"\(seed: 3 before, 4 now\)"):
        AutoFineTuner(recipe=binary.recipe, seed=4, directory=binary.directory_).fit(rows)
    assert digest_folder(binary.directory_, leave_out=(".lock",)) == {n: d for n, d in before.items() if n != ".lock"}


def test_regression_with_holdout(regression):
    evaluation = regression.evaluation_
    assert evaluation.strategy == "holdout"
    assert {"rmse", "mae", "r2", "median_absolute_error"} <= set(evaluation.held_out)
    assert evaluation.metrics["r2"].value > 0.2
    assert regression.predict(NEW).dtype == np.float64
    with pytest.raises(AutoFTError, match="predict_proba"):
        regression.predict_proba(NEW)


def test_multiclass_with_nested(multiclass):
    evaluation = multiclass.evaluation_
    assert evaluation.strategy == "nested"
    assert multiclass.predict_proba(NEW).shape == (60, 3)
    assert set(evaluation.per_class) == {"low", "mid", "top"}
    assert evaluation.metrics["roc_auc"].value > 0.6


def test_arrays(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(120, 3))
    y = (x[:, 0] + rng.normal(size=120) > 0).astype(int)
    recipe = tiny_recipe(trials=1, **LINEAR)
    tuner = AutoFineTuner(recipe=recipe).fit((x, y))
    assert tuner.predict(x).dtype == np.int64
    assert set(tuner.predict(x)) <= {0, 1}
    assert AutoFineTuner(recipe=recipe).fit(x, y).evaluation_.held_out == tuner.evaluation_.held_out
    again, folder, expected = copy.deepcopy(tuner), tuner.directory_, tuner.predict(x)
    del tuner
    gc.collect()
    assert not folder.exists()  # it was temporary
    assert again.directory_ is None
    assert again.predict(x).tolist() == expected.tolist()


def test_shuffled_labels_score_at_chance():
    """The naive score of the best of many useless trials excludes chance; the reported interval contains it."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(100, 10)), rng.permutation(np.repeat([0, 1], 50))
    # Three hyperparameters of one small program: 25 trials cost little, and the best of them is lucky.
    recipe = tiny_recipe(trials=25, folds=5, algorithm="random", **{"evaluate.draws": 300, "search.epochs": 32})
    space = recipe.search.space.model_copy(update={"learning_rate": (1e-3, 3e-1)})
    recipe = recipe.with_changes(**{"search.space": space.model_dump(exclude_none=True)})
    evaluation = AutoFineTuner(recipe=recipe).fit((x, y)).evaluation_
    chance_spread = np.sqrt((50 + 50 + 1) / (12 * 50 * 50))  # of the AUC of a coin (Mann-Whitney)
    assert evaluation.validation - 1.96 * chance_spread > 0.5
    assert evaluation.metrics["roc_auc"].low <= 0.5 <= evaluation.metrics["roc_auc"].high
    assert evaluation.optimism > 0.03


def test_before_fit():
    tuner = AutoFineTuner(target="y")
    for ask in (lambda: tuner.predict(NEW), lambda: tuner.save("x"), lambda: tuner.report("x")):
        with pytest.raises(NotFittedError, match=r"fit\(\)"):
            ask()


def test_constructor_only_stores():
    tuner = AutoFineTuner(target="y", minutes=-1)
    assert {k for k in vars(tuner) if k.endswith("_")} == set()
    with pytest.raises(AutoFTError, match="minutes"):
        tuner.fit(NEW)


@pytest.mark.parametrize("recipe", [123, 0, False, b"a.yaml", ["a.yaml"]])
def test_a_recipe_of_another_type_is_a_type_error(recipe):
    with pytest.raises(TypeError, match="Argument 'recipe' must be the path of a recipe, a dict") as caught:
        AutoFineTuner(recipe=recipe).fit(NEW)
    assert isinstance(caught.value, AutoFTError)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            {"data": {"target": "outcome"}, "serach": {"trials": 1}},
            r"'serach' must be a key .*perhaps 'search' is meant",
        ),
        ({"data": {"traget": "outcome"}}, r"'data.traget' must be a key .*perhaps 'target' is meant"),
        ({"search": {"trials": "many"}}, r"'search.trials' must be a whole number"),
        ({"data": {"drop": {"a": 1}}}, r"'data.drop' must be a list"),
        ({("a", "b"): 1}, "must have text as keys, but a key is of type tuple"),
    ],
    ids=["section", "key", "value", "list", "no text"],
)
def test_a_dict_is_read_as_strictly_as_a_file(recipe, message):
    with pytest.raises(RecipeError, match=f"Argument 'recipe'.*{message}"):
        AutoFineTuner(recipe=recipe).fit(NEW)


def test_a_dict_says_what_a_file_says(tmp_path):
    values = {"data": {"target": "2020", "columns": {2021: "text"}}, "search": {"trials": np.int64(2)}}
    (tmp_path / "r.yaml").write_text('data: {target: "2020", columns: {2021: text}}\nsearch: {trials: 2}\n')
    assert recipe_of(values) == read_recipe(tmp_path / "r.yaml")


def test_public_surface():
    assert set(autoft.__all__) == {"AutoFTError", "AutoFineTuner", "__version__", "load"}
    with pytest.raises(AttributeError, match="nothing_here"):
        autoft.nothing_here  # noqa: B018


def test_check_needs_no_tensorflow(table, tmp_path):
    """Without TFDV as the engine the findings come without TensorFlow's ten seconds."""
    features(table, "outcome").to_csv(tmp_path / "t.csv", index=False)
    code = (
        "import sys\n"
        "from autoft.recipe.recipe import Recipe\n"
        "from autoft.tuner import check\n"
        "recipe = Recipe().with_changes(**{'target': 'outcome', 'schema.engine': 'portable'})\n"
        "print(sorted({f.code for f in check(recipe, sys.argv[1])}))\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules), 'imported'\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "t.csv")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "identifier-dropped" in done.stdout
    assert "constant-dropped" in done.stdout


def build(hp, inputs):
    """A function for `model=` that other processes can import."""


def test_a_tuner_that_is_not_fitted_can_be_pickled_and_copied(tmp_path):
    recipe = tiny_recipe(target="outcome")
    for tuner in (AutoFineTuner(recipe=recipe, directory=tmp_path), AutoFineTuner(target="y", model=build)):
        written = pickle.loads(pickle.dumps(tuner))
        for again in (written, copy.deepcopy(tuner), copy.copy(tuner)):
            assert vars(again) == vars(tuner)
    nameless = AutoFineTuner(target="y", model=lambda hp, inputs: None)
    assert copy.deepcopy(nameless).model is nameless.model
    with pytest.raises(RecipeError, match=r"other processes can import, but it is a lambda.*define it with 'def'"):
        pickle.dumps(nameless)


def test_a_tuner_holds_what_it_needs(binary, tmp_path, monkeypatch):
    """Its columns, its report and its model, whatever becomes of its folder; a copy too."""
    shutil.copytree(binary.directory_, tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    loaded = autoft.load("run")
    assert loaded.directory_ == tmp_path / "run"
    (tmp_path / "run").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = copy.deepcopy(loaded)
    for tuner in (loaded, again):
        with pytest.raises(SchemaError, match="Column 'amount' must be there"):
            tuner.predict(NEW.drop(columns="amount"))
        assert np.allclose(tuner.predict_proba(NEW), binary.predict_proba(NEW), atol=1e-6)
    assert again.model_ is not loaded.model_
    loaded.save("saved.autoft")
    assert digest_folder(tmp_path / "elsewhere" / "saved.autoft") == digest_folder(tmp_path / "moved" / "model")
    loaded.export("saved.keras", format="keras")
    loaded.save("saved.autoft")
    loaded.report("r.html")
    assert (tmp_path / "elsewhere" / "r.html").is_file()


def test_scores_are_those_of_the_model_that_is_there(binary, tmp_path):
    """A run that was killed between the two has a new model and the old scores."""
    run = shutil.copytree(binary.directory_, tmp_path / "run")
    old = json.loads((run / "evaluation.json").read_text())
    assert autoft.load(run).evaluation_.seconds == old["seconds"]  # of the whole run
    old["validation"] = 0.123
    (run / "evaluation.json").write_text(json.dumps(old))
    assert autoft.load(run).evaluation_.validation == binary.evaluation_.validation


def test_a_report_replaces_no_file_of_others(binary, tmp_path):
    (tmp_path / "page.html").write_text("<html>mine</html>")
    with pytest.raises(FileError, match="must be free or a report of autoft"):
        binary.report(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "<html>mine</html>"


def test_a_folder_of_others_is_refused_before_the_data_are_read(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileError, match=r"must be an empty folder or that of a run, but it holds 'thesis\.txt'"):
        AutoFineTuner(target="y", directory=tmp_path).fit(tmp_path / "absent.csv")
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_a_saved_model_is_no_run_folder(binary, table, tmp_path):
    place = binary.save(tmp_path / "saved.autoft")
    with pytest.raises(AutoFTError, match="saved model"):
        AutoFineTuner(recipe=binary.recipe, directory=place).fit(features(table, "outcome"))
    loaded = autoft.load(place)
    with pytest.raises(AutoFTError):
        loaded.fit(NEW)  # the target is missing
    assert autoft.load(place).predict(NEW).shape == (60,)
