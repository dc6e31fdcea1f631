"""The command line, with a trainer that only records what it is asked."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from autoft.cli import doctor, main
from autoft.cli.console import ProgressScreen, show_findings
from autoft.cli.fit import show_evaluation
from autoft.cli.recipes import describe as describe_recipe
from autoft.cli.recipes import recipe_folder
from autoft.errors import InterruptedRunError, SchemaError
from autoft.records.columns import Target
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding
from autoft.records.scores import Baseline, Interval
from autoft.records.trials import Progress, Trial
from autoft.serving.csv import guarded, to_csv

ROOT = Path(__file__).parents[2]
WARNING = Finding(
    code="c", severity="warning", column="[bold]a\x1b[31m", must="be x", found="it is [/]", fix="do [red]y"
)
NOTE = Finding(code="n", severity="info", column=None, must="be z", found="it is", fix="nothing")


def evaluation(**changes: Any) -> Evaluation:
    score = Interval(value=0.853, low=0.841, high=0.865)
    trial = Trial(number=0, params={}, status="finished", score=0.857)
    failed = Trial(number=1, params={}, status="failed", reason="diverged")
    difference = Interval(value=0.008, low=0.003, high=0.013)
    verdicts = (("constant", "beaten"), ("linear", "level"), ("hist_gradient_boosting", "not beaten"))
    values: dict[str, Any] = {
        "task": "binary",
        "objective": "roc_auc",
        "strategy": "corrected",
        "target": Target(name="Churn", task="binary", classes=("No", "Yes"), positive="Yes"),
        "rows": 7043,
        "held_out": {"roc_auc": score, "f1": Interval(value=0.6, low=0.5, high=0.7)},
        "validation": 0.857,
        "optimism": 0.004,
        "naive": {"roc_auc": 0.857},
        "folds": (),
        "overfitting": "The network hardly overfits.",
        "baselines": tuple(
            Baseline(name=name, metrics={"roc_auc": score}, difference=difference, verdict=verdict)  # type: ignore[arg-type]
            for name, verdict in verdicts
        ),
        "trials": (trial, failed),
        "best": trial,
    }
    return Evaluation(**(values | changes))


class FakeTuner:
    """Takes the place of `AutoFineTuner`; class attributes hold what the last one was given."""

    recipe: Any = None
    directory: Any = None
    existing: Any = None
    interrupted = False
    data: Any = None
    fails: BaseException | None = None
    loaded: Any = None
    classes_: tuple[Any, ...] = ("=No", "Yes")
    findings_ = (WARNING, NOTE)
    predict_findings_ = (WARNING,)

    def __init__(self, *, recipe: Any = None, directory: Any = None, existing: Any = None) -> None:
        FakeTuner.recipe, FakeTuner.directory, FakeTuner.existing = recipe, directory, existing
        self.evaluation_ = evaluation(interrupted=self.interrupted)
        self.directory_ = directory

    def fit(self, data: Any = None, *, progress: Callable[[Progress], None] | None = None) -> FakeTuner:
        FakeTuner.data = data
        if FakeTuner.fails:
            raise FakeTuner.fails
        if progress:
            progress(Progress(stage="search", trial=0, trials=2, score=0.85, best=0.85, seconds_left=61.0))
        return self

    def predict(self, data: Any) -> Any:
        return np.array(["=No", "Yes"]) if self.classes_ else np.array([-1.5, 2.0])

    def predict_with_proba(self, data: Any) -> Any:
        return self.predict(data), self.predict_proba(data)

    def predict_proba(self, data: Any) -> Any:
        return np.array([[0.75, 0.25], [0.5, 0.5]])

    def report(self, path: Any) -> None:
        Path(path).write_text("<html>")


@pytest.fixture
def tuner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[FakeTuner]:
    def load(path: Any, *, private: bool = False) -> FakeTuner:
        FakeTuner.loaded = path
        return FakeTuner()

    def check(recipe: Any, data: Any = None) -> tuple[Finding, ...]:
        FakeTuner.recipe, FakeTuner.data = recipe, data
        return FakeTuner.findings_

    for place, fake in {"fit.AutoFineTuner": FakeTuner, "predict.load": load, "report.load": load}.items():
        monkeypatch.setattr(f"autoft.cli.{place}", fake)
    monkeypatch.setattr("autoft.cli.check.check", check)
    monkeypatch.setattr(FakeTuner, "fails", None)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text("name: mine\ndata: {path: d.csv, target: y}\nsearch: {trials: 7, minutes: 3}\n")
    return FakeTuner


def test_fit_of_a_recipe(tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["fit", "r.yaml"]) == 0
    assert (tuner.recipe.name, tuner.recipe.search.trials, tuner.data) == ("mine", 7, None)
    assert tuner.directory == Path("runs/mine")
    output, errors = capsys.readouterr()
    assert "search | trial 0 (1 of 2) | score 0.850 | best 0.850 | 1:01 left" in errors
    assert "roc_auc (objective)" in output
    assert "1 warning" in output
    assert "1 note" not in output


def test_options_override_the_recipe(tuner: type[FakeTuner]) -> None:
    words = ["--target=z", "--task=binary", "--objective=f1", "--trials=2", "--minutes=1.5", "--seed=4", "--folds=3"]
    words += ["--positive=1", "--strategy=nested", "--out=elsewhere"]
    words += ["--missing=NA", "--missing=unknown", "--decimal=,"]
    assert main.main(["fit", "r.yaml", *words]) == 0
    recipe = tuner.recipe
    assert (recipe.data.target, recipe.data.positive, recipe.task, recipe.seed) == ("z", 1, "binary", 4)
    assert (recipe.search.trials, recipe.search.minutes) == (2, 1.5)
    assert (recipe.evaluate.objective, recipe.evaluate.folds, recipe.evaluate.strategy) == ("f1", 3, "nested")
    assert (recipe.data.missing, recipe.data.decimal) == (("NA", "unknown"), ",")
    assert tuner.directory == Path("elsewhere")


@pytest.mark.parametrize(
    ("file", "name"), [("my data.csv.gz", "my-data"), ("../x.parquet", "x"), (".csv", "run"), ("größe.csv", "gr-e")]
)
def test_fit_of_a_table_names_the_run_after_it(tuner: type[FakeTuner], file: str, name: str) -> None:
    assert main.main(["fit", file, "--target", "y", "--quiet"]) == 0
    assert tuner.data == Path(file)
    assert tuner.directory == Path("runs") / name


@pytest.mark.parametrize(
    "words",
    [[], ["fit"], ["fit", "d.csv"], ["fit", "r.yaml", "--folds", "x"], ["fit", "r.yaml", "--positive", ""], ["nope"]],
)
def test_wrong_usage_exits_with_2(tuner: type[FakeTuner], words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(words)
    assert caught.value.code == 2


def test_an_error_is_one_message_without_traceback(
    tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuner, "fails", SchemaError("Column 'a\x1b'", "be x", "it is y", "do z"))
    assert main.main(["--quiet", "fit", "r.yaml"]) == 1
    output, errors = capsys.readouterr()
    assert (output, errors) == ("", "autoft: Column 'a\\x1b' must be x, but it is y. Fix: do z.\n")
    with pytest.raises(SchemaError):
        main.main(["fit", "r.yaml", "--debug"])


def test_bad_option_values_name_the_argument(tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["fit", "r.yaml", "--objective", "auc", "--trials", "0"]) == 1
    errors = capsys.readouterr().err
    assert "--objective must be" in errors
    assert "'roc_auc'" in errors
    assert "--trials must be" in errors


def test_an_interrupt_exits_with_130(tuner: type[FakeTuner], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuner, "fails", KeyboardInterrupt())
    assert main.main(["fit", "r.yaml"]) == 130


def test_a_run_that_ended_early_exits_with_3_and_one_without_a_result_with_130(
    tuner: type[FakeTuner], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tuner, "interrupted", True)
    assert main.main(["fit", "r.yaml"]) == main.main(["fit", "r.yaml", "-q"]) == 3
    assert "The run was interrupted; these are the results until then." in capsys.readouterr().out
    monkeypatch.setattr(tuner, "fails", InterruptedRunError("The search", "finish", "it was interrupted", "run again"))
    assert main.main(["fit", "r.yaml"]) == 130


@pytest.mark.parametrize(
    ("words", "existing"),
    [
        ([], "number"),
        (["--out", "d"], "refuse"),
        (["--resume"], "resume"),
        (["--out", "d", "--resume"], "resume"),
        (["--out", "d", "--overwrite"], "overwrite"),
    ],
    ids=["default", "out", "resume", "out resume", "overwrite"],
)
def test_another_run_in_the_folder(tuner: type[FakeTuner], words: list[str], existing: str) -> None:
    assert main.main(["fit", "r.yaml", *words, "-q"]) == 0
    assert tuner.existing == existing


def test_the_end_names_the_folder_that_was_used(
    tuner: type[FakeTuner], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = tuner.fit

    def numbered(self: FakeTuner, *given: Any, **more: Any) -> FakeTuner:
        self.directory_ = Path.cwd() / "runs" / "mine-2"
        return fit(self, *given, **more)

    monkeypatch.setattr(tuner, "fit", numbered)
    assert main.main(["fit", "r.yaml"]) == 0
    assert "autoft predict runs/mine-2 NEW.csv" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["report", "review"])
def test_nothing_is_written_into_a_saved_model(tuner: type[FakeTuner], command: str) -> None:
    Path("saved").mkdir()
    Path("saved/manifest.json").write_text("{}")
    with pytest.raises(SystemExit) as caught:
        main.main([command, "saved"])
    assert caught.value.code == 2
    assert [path.name for path in Path("saved").iterdir()] == ["manifest.json"]


@pytest.mark.parametrize("ending", ["parquet", "xlsx", "tsv", "csv.gz", "json"])
def test_predictions_are_not_called_what_they_are_not(
    tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    assert main.main(["predict", "runs/t", "t.csv", "-o", f"out.{ending}"]) == 1
    assert "must be named as what it is, a CSV file" in capsys.readouterr().err
    assert not Path(f"out.{ending}").exists()


def test_predictions_replace_no_file_of_others(tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.csv").write_text("id,prediction_date\n1,2\n")
    assert main.main(["predict", "run", "d.csv", "-o", "mine.csv"]) == 1
    assert "'mine.csv' must be free or a file of predictions" in capsys.readouterr().err
    assert Path("mine.csv").read_text() == "id,prediction_date\n1,2\n"
    for _ in range(2):
        assert main.main(["predict", "run", "d.csv", "-o", "p.csv"]) == 0


def test_quiet_prints_nothing(tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]) -> None:
    commands = [["fit", "r.yaml"], ["check", "r.yaml"], ["predict", "run", "d.csv", "-o", "p.csv"]]
    for words in commands:
        assert main.main([*words, "-q"]) == 0
        assert main.main(["-q", *words]) == 0
    assert capsys.readouterr() == ("", "")


def test_predict_writes_labels_and_probabilities(tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv"]) == 0
    assert tuner.loaded == Path("run")
    assert Path("p.csv").read_text() == "prediction,probability_=No,probability_Yes\n'=No,0.75,0.25\nYes,0.5,0.5\n"
    assert "2 predictions written to p.csv" in capsys.readouterr().out
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv", "--no-proba", "--raw"]) == 0
    assert Path("p.csv").read_text() == "prediction\n=No\nYes\n"


def test_predict_of_numbers(tuner: type[FakeTuner], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuner, "classes_", ())
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv"]) == 0
    assert Path("p.csv").read_text() == "prediction\n-1.5\n2.0\n"


@pytest.mark.parametrize(("written", "positive"), [("01", "01"), ("1", 1), ("yes", "yes"), ("1e3", "1e3")])
def test_the_positive_label_is_what_was_written(written: str, positive: Any, tuner: type[FakeTuner]) -> None:
    assert main.main(["fit", "d.csv", "--target", "y", "--positive", written]) == 0
    assert tuner.recipe.data.positive == positive


def test_predict_says_which_texts_it_guards(tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv"]) == 0
    told = "1 cell of column 'prediction' would run as formulas in a spreadsheet and got an apostrophe in front ('=No' "
    assert told in capsys.readouterr().err
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv", "--raw"]) == 0
    assert "apostrophe" not in capsys.readouterr().err


def test_predict_keeps_columns_as_they_stand_in_the_file(tuner: type[FakeTuner]) -> None:
    Path("d.csv").write_text('a,id,"my note"\n1,007,\n2,1e5,"x, ""y"" "\n')
    keep = ["--keep", "my note", "--keep", "id", "--no-proba", "--raw"]
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv", *keep]) == 0
    assert Path("p.csv").read_text() == 'my note,id,prediction\n,007,=No\n"x, ""y"" ",1e5,Yes\n'
    Path("d.csv").write_text("=x,b\n-y,1\n+3,2\n")
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv", "--no-proba", "--keep", "=x"]) == 0
    assert Path("p.csv").read_text() == "'=x,prediction\n'-y,'=No\n+3,Yes\n"
    pd.DataFrame({"id": pd.array([2**60 + 1, None], dtype="Int64")}).to_parquet("d.parquet")
    assert main.main(["predict", "run", "d.parquet", "-o", "p.csv", "--keep", "id", "--no-proba", "--raw"]) == 0
    assert Path("p.csv").read_text() == f"id,prediction\n{2**60 + 1},=No\n,Yes\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [("ID", "there is no such column. Fix: perhaps 'id' is meant"), ("prediction", "predictions have columns of such")],
)
def test_predict_refuses_to_keep_what_it_cannot(
    name: str, message: str, tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("d.csv").write_text("a,id,prediction\n1,2,3\n")
    assert main.main(["predict", "run", "d.csv", "-o", "p.csv", "--keep", name]) == 1
    assert message in capsys.readouterr().err
    assert not Path("p.csv").exists()


def test_predict_never_overwrites_its_table(tuner: type[FakeTuner], capsys: pytest.CaptureFixture[str]) -> None:
    Path("d.csv").write_text("a\n1\n")
    assert main.main(["predict", "run", "d.csv", "-o", "./d.csv"]) == 1
    assert Path("d.csv").read_text() == "a\n1\n"
    assert "must not be the table itself" in capsys.readouterr().err


def test_predict_learns_first_whether_it_can_write(
    tuner: type[FakeTuner], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("")
    monkeypatch.setattr(tuner, "predict", lambda *_: pytest.fail("the rows were answered first"))
    assert main.main(["predict", "run", "d.csv", "-o", "file/out.csv"]) == 1
    assert main.main(["predict", "run", "d.csv", "-o", "."]) == 1
    assert capsys.readouterr().err.count("autoft: '") == 2


def test_check_shows_findings_and_fails_on_errors(
    tuner: type[FakeTuner], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["check", "d.csv", "--target", "y"]) == 0
    assert (tuner.recipe.data.target, tuner.data) == ("y", Path("d.csv"))
    assert "0 errors, 1 warning, 1 note" in capsys.readouterr().out
    error = Finding(code="e", severity="error", column="y", must="be", found="is", fix="do")
    monkeypatch.setattr(tuner, "findings_", (NOTE, error))
    assert main.main(["check", "r.yaml"]) == 1
    output = capsys.readouterr().out
    assert output.index("1 error") < output.index("1 note")
    assert main.main(["check", "r.yaml", "--json"]) == 1
    assert [finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]] == ["n", "e"]


def test_strict_makes_warnings_count(
    tuner: type[FakeTuner], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    predict, check = ["predict", "run", "d.csv", "-o", "p.csv"], ["check", "r.yaml"]
    for words in (predict, check):
        assert [main.main(words), main.main([*words, "--strict"])] == [0, 1]
    assert Path("p.csv").is_file()  # written all the same
    monkeypatch.setattr(tuner, "predict_findings_", (NOTE,))
    monkeypatch.setattr(tuner, "findings_", (NOTE,))
    assert [main.main([*predict, "--strict"]), main.main([*check, "--strict"])] == [0, 0]

    def refuse(*_: object) -> None:
        raise SchemaError("Column 'a'", "be x", "it is y", "do z")

    monkeypatch.setattr(tuner, "predict", refuse)
    assert [main.main(predict), main.main([*predict, "--strict"])] == [1, 2]
    assert capsys.readouterr().err.count("Column 'a' must be x") == 2


def test_report_is_written_into_the_run_or_elsewhere(tuner: type[FakeTuner]) -> None:
    Path("run").mkdir()
    assert main.main(["report", "run"]) == 0
    assert main.main(["report", "run", "-o", "other.html"]) == 0
    assert Path("run/report.html").read_text() == Path("other.html").read_text() == "<html>"


def test_recipes_lists_the_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    listed = {recipe.name: recipe for recipe in map(describe_recipe, recipe_folder().glob("*.yaml"))}
    assert {name: recipe.rows for name, recipe in listed.items()} == {
        "churn": 7043,
        "churn_with_knowledge": 7043,
        "heart": 303,
        "housing": 20640,
        "housing_with_knowledge": 20640,
        "penguins": 344,
    }
    assert listed["housing"].task == "regression"
    assert listed["churn"].text.startswith("Which telephone customers leave?")


def test_recipes_lists_the_folder_at_hand_and_survives_bad_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "bad.yaml").write_text("nope: 1\n")
    (tmp_path / "recipes" / "good.yaml").write_text("# About [bold]birds\ndata: {path: none.csv}\n")
    assert main.main(["recipes"]) == 0
    output = capsys.readouterr().out
    assert "About [bold]birds" in output
    assert "nope" in output


def test_help_names_what_the_registry_holds(capsys: pytest.CaptureFixture[str]) -> None:
    for command, listed in ((["export"], "exporters: keras, tf_saved_model"), (["schema", "infer"], "engines: tfdv")):
        with pytest.raises(SystemExit):
            main.main([*command, "--help"])
        assert listed in capsys.readouterr().out


def test_doctor_reports_versions_and_what_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"keras": "3.14.2", "numpy": "1.26.4", "tensorflow-data-validation": "1.16.1"}
    codes = iter(["print('tensorflow')", "raise SystemExit('dill is missing')"])
    start = doctor._start
    monkeypatch.setattr(doctor, "_version", versions.get)
    monkeypatch.setattr(doctor, "_start", lambda code: start(next(codes)))
    facts = {fact.name: fact for fact in doctor.diagnose()}
    assert facts["numpy"].text == "1.26.4"
    assert facts["tensorflow"].bad
    assert facts["keras is old"].bad
    assert facts["backend"].text == "tensorflow"
    assert facts["tfdv works"].text == "no: dill is missing"


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["--version"]])
def test_help_is_light(words: list[str]) -> None:
    code = (
        "import sys, time\n"
        "from autoft.cli.main import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = ('tensorflow', 'keras', 'sklearn', 'pandas', 'numpy', 'pydantic', 'rich', 'yaml', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)\n"
        "print(time.process_time(), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    loaded, seconds = done.stderr.splitlines()[-2:]
    assert loaded == "[]"
    assert float(seconds) < 0.5
    assert "autoft" in done.stdout


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1", "'＝1"),
        ("-5", "-5"),
        ("+1.5e3", "+1.5e3"),
        ("-5\n", "'-5\n"),
        ("-note", "'-note"),
        ("+", "+"),
        ("-", "-"),
        ("--", "--"),
        ("=", "="),
        ("+1,000.5%", "+1,000.5%"),
        ("\tno", "\tno"),
        ("Yes", "Yes"),
        ("a=b", "a=b"),
        (-5, -5),
        (-0.5, -0.5),
        (True, True),
    ],
)
def test_texts_that_look_like_formulas_are_guarded(cell: object, safe: object) -> None:
    assert guarded(cell) == safe


@pytest.mark.parametrize("labels", [["+", "-"], ["007", "01"], ["NA", "None", " a "], ["1", "2"], ["a\r\n", "'b"]])
def test_labels_read_back(labels: list[str]) -> None:
    text = to_csv(np.array(labels, dtype=object))
    assert pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)["prediction"].tolist() == labels


def test_csv_reads_back() -> None:
    labels = ['a,"b"', "é\nx", "-7"]
    text = to_csv(np.array(labels, dtype=object), labels, np.eye(3))
    frame = pd.read_csv(io.StringIO(text))
    assert frame["prediction"].tolist() == labels
    assert frame.columns.tolist() == ["prediction", *(f"probability_{label}" for label in labels)]
    assert to_csv(np.array([], dtype="float64")) == "prediction\n"


def shown(show: Callable[[Console], None], width: int = 200) -> str:
    file = io.StringIO()
    show(Console(file=file, width=width, highlight=False))
    return file.getvalue()


def test_findings_are_escaped() -> None:
    text = shown(lambda console: show_findings([NOTE, WARNING], console))
    assert "[bold]a\\x1b[31m" in text
    assert "do [red]y" in text
    assert "it is [/]" in text
    assert "the table" in text


def test_many_warnings_are_counted_but_every_error_is_shown() -> None:
    def many(severity: Any) -> str:
        made = [
            Finding(code="c", severity=severity, column=f"col{i}", must="be", found="is", fix="do") for i in range(100)
        ]
        return shown(lambda console: show_findings(made, console))

    assert "col99" in many("error")
    assert "col99" not in many("warning")
    assert "70 more" in many("warning")


def test_the_final_table_says_everything() -> None:
    text = shown(lambda console: show_evaluation(evaluation(), Path("runs/churn"), console))
    for words in (
        "Churn (binary): 7,043 rows, 2 trials (1 failed), model own, strategy corrected",
        "0.841 to 0.865",
        "Expect roc_auc 0.853 [0.841, 0.865] on new rows. (Best trial before correction: 0.857; search luck -0.004.)",
        "The model is better than a constant answer",
        "The model is not measurably better than logistic regression",
        "The model is worse than gradient boosting",
        "The network hardly overfits.",
        "runs/churn/report.html",
        "autoft predict runs/churn NEW.csv",
    ):
        assert words in text
    assert "interrupted" not in text
    assert "cut short" not in text


def test_the_final_table_says_that_the_best_trial_was_cut_short() -> None:
    made = evaluation()
    best = dataclasses.replace(made.best, reason="out of time after epoch 1")
    text = shown(lambda console: show_evaluation(dataclasses.replace(made, best=best), Path("runs/churn"), console))
    assert "The training of the best trial was cut short: out of time after epoch 1." in text


def test_the_final_table_says_what_tuning_risked_and_that_a_gain_is_estimated() -> None:
    made = evaluation(worse_than_default=0.123, bag_gain={"roc_auc": 0.004}, bag_gain_source="estimated")
    text = shown(lambda console: show_evaluation(made, Path("runs/churn"), console))
    assert "averaging +0.004 (estimated).)" in text
    assert "Probability that tuning made it worse than the default configuration (the first trial): 12 %." in text


def test_the_final_table_of_an_interrupted_honest_run() -> None:
    made = evaluation(interrupted=True, optimism=-0.001, target=Target(name="[b]y\x1b", task="binary"))
    text = shown(lambda console: show_evaluation(made, Path("runs/churn"), console))
    assert "interrupted" in text
    assert "search luck +0.001" in text
    assert "[b]y\\x1b (binary): 7,043 rows" in text


def progress_lines(*steps: Progress, terminal: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=60, highlight=False, force_terminal=terminal)
    with ProgressScreen(console, clock=lambda: 0.0) as screen:
        for step in steps:
            screen(step)
    return file.getvalue()


def test_plain_progress_has_one_line_per_trial_and_stage() -> None:
    def trial(number: int, **values: Any) -> Progress:
        return Progress(stage="search", trial=number, trials=3, **values)

    text = progress_lines(
        Progress(stage="reading", message="[b]d.csv"),
        trial(0),
        trial(0, score=0.8, best=0.8),
        trial(1, message="begins"),
        trial(1, message="diverged", best=0.8),
        trial(2),
        trial(2, score=0.9, best=0.9, seconds_left=5),
        Progress(stage="saving"),
    )
    assert text.splitlines() == [
        "reading | [b]d.csv",
        "search | trial 0 (1 of 3) | score 0.800 | best 0.800",
        "search | trial 1 (2 of 3) | best 0.800 | diverged",
        "search | trial 2 (3 of 3) | score 0.900 | best 0.900 | 0:05 left",
        "saving",
    ]


def test_live_progress_stays_on_one_line_and_vanishes() -> None:
    text = progress_lines(
        Progress(stage="search", trial=0, trials=3, score=0.8, message="x" * 200 + "\x1b[31m"), terminal=True
    )
    assert "trial 0 (1 of 3) | score 0.800" in text
    assert "\x1b[31m" not in text
    assert text.rstrip("\n").endswith(("\x1b[2K", "\x1b[?25h"))
