"""What a reader of the report sees."""

from __future__ import annotations

import base64
import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import pytest

from autoft import report
from autoft.errors import FileError
from autoft.evaluation.metrics import METRICS
from autoft.records.columns import Column, PlanLine, Target
from autoft.records.decisions import Calibration, DecisionRule
from autoft.records.findings import Finding
from autoft.records.scores import Importance, Interval
from autoft.records.trials import Trial
from autoft.report.blocks import Beside, Block, LearningCurve, Picture, Pictures, ReportPage, TableBlock
from autoft.report.build import build
from autoft.report.html import render
from autoft.report.inputs import ReportInputs
from autoft.report.plots import style, svg
from autoft.report.wording import clip, metric, number, span

CHAPTERS = [
    "1 Overfitting",
    "2 Preprocessing",
    "3 Hyperparameters",
    "4 Metrics",
    "5 Domain knowledge",
]


def changed(inputs: ReportInputs, **changes: Any) -> ReportInputs:
    """The inputs with other fields of the evaluation."""
    return dataclasses.replace(inputs, evaluation=dataclasses.replace(inputs.evaluation, **changes))


def blocks(made: ReportPage) -> Iterator[Block]:
    for block in (*made.summary, *(block for section in made.sections for block in section.blocks)):
        yield from block.blocks if isinstance(block, Beside) else (block,)


def words(made: ReportPage) -> str:
    """Everything that the report says, without its markup and pictures."""
    return str(dataclasses.asdict(made))


def pictures(made: ReportPage) -> list[Picture]:
    return [picture for block in blocks(made) if isinstance(block, Pictures) for picture in block.pictures]


def table(made: ReportPage, caption: str) -> TableBlock:
    return next(block for block in blocks(made) if isinstance(block, TableBlock) and caption in block.caption)


def verdict(made: ReportPage) -> str:
    return " ".join(block.text for block in made.summary if block.form == "paragraph")


@pytest.mark.parametrize("run", ["binary", "multiclass", "regression"])
def test_the_five_mistakes_are_the_chapters(run: str, request: pytest.FixtureRequest) -> None:
    headings = [section.heading for section in build(request.getfixturevalue(run)).sections]
    assert headings == [*CHAPTERS, "Reproduce this run"]


def test_the_verdict_tells_score_interval_and_optimism(binary: ReportInputs) -> None:
    text = verdict(build(binary))
    assert "ROC AUC 0.847 (95 % interval 0.836 to 0.858)" in text
    assert "own score was 0.851" in text
    assert "flattered it by 0.004" in text


def test_scores_before_and_after_calibration_are_named(binary: ReportInputs) -> None:
    best, finish = binary.evaluation.best, DecisionRule(calibration=Calibration(method="temperature", temperature=2.0))
    made = changed(binary, best=dataclasses.replace(best, score=0.9), finish=finish)
    assert "own score was 0.900 before calibration, 0.851 after; choosing it" in verdict(build(made))
    assert "before calibration" not in verdict(build(binary))


def test_findings_about_the_run_have_their_own_table(binary: ReportInputs) -> None:
    found = Finding("minutes-too-short", "warning", None, "be", "had 1 minute", "allow more", subject="The run")
    made = build(dataclasses.replace(binary, findings=(*binary.findings, found)))
    assert [row[2:4] for row in table(made, "found in the run").rows] == [("the run", "had 1 minute")]
    assert "the table" in [row[2] for row in table(made, "found in the data").rows]
    numbers = [row[0] for name in ("data", "run") for row in table(made, f"found in the {name}").rows]
    assert sorted(numbers) == ["1", "2", "3", "4"]


def test_the_sample_of_the_train_curve_is_said(binary: ReportInputs) -> None:
    assert "dashed: a sample of 256 of the training rows" in words(build(binary))
    small = tuple(dataclasses.replace(fold, held_out_rows=30 + i % 2) for i, fold in enumerate(binary.evaluation.folds))
    assert "dashed: a sample of 30 to 31 of the training rows" in words(build(changed(binary, folds=small)))


def test_one_epoch_is_drawn_as_a_dot(binary: ReportInputs) -> None:
    def drawn(epochs: int) -> str:
        curve = LearningCurve(
            title="Fold 1", alt="", train=(0.5,) * epochs, held_out=(0.6,) * epochs, epochs=1, low=0.4, high=0.7
        )
        with style():
            return svg(curve).decode()

    assert drawn(1).count("<use") > drawn(2).count("<use")


def test_several_classes_have_no_metric_twice(multiclass: ReportInputs) -> None:
    score = Interval(value=0.9, low=0.8, high=1.0)
    made = changed(
        multiclass, objective="recall", held_out=dict.fromkeys(("recall", "macro_recall", "balanced_accuracy"), score)
    )
    for caption in ("Scores on held-out rows", "naive"):
        assert [row[0] for row in table(build(made), caption).rows] == ["Recall"]


def test_the_verdict_says_what_tuning_risked_and_where_the_gain_of_the_mean_comes_from(binary: ReportInputs) -> None:
    made = {
        source: changed(binary, worse_than_default=0.002, bag_gain={"roc_auc": 0.01}, bag_gain_source=source)
        for source in ("measured", "estimated")
    }
    texts = {source: verdict(build(inputs)) for source, inputs in made.items()}
    assert ("an estimate" in texts["measured"], "an estimate" in texts["estimated"]) == (False, True)
    assert (
        "tuning made the model worse than the default configuration, the first trial, is below 1 %" in texts["measured"]
    )
    assert "tuning made" not in verdict(build(binary))


def test_a_naive_score_that_does_not_flatter_is_said_so(binary: ReportInputs) -> None:
    assert "did not flatter it" in verdict(build(changed(binary, optimism=0.00001)))
    assert "understated it by 0.002" in verdict(build(changed(binary, optimism=-0.002)))


def test_the_verdict_says_plainly_what_the_network_does_not_beat(
    binary: ReportInputs, regression: ReportInputs
) -> None:
    text = verdict(build(binary))
    assert "It beats a constant answer (better by 0.347" in text
    assert "not measurably better than logistic regression" in text
    lost = [block for block in build(regression).summary if "does not beat gradient boosting" in str(block)]
    assert [block.tone for block in lost] == ["strong"]
    assert "worse by 2,200" in verdict(build(regression))


def test_without_baselines_the_verdict_claims_nothing(binary: ReportInputs) -> None:
    text = verdict(build(changed(binary, baselines=())))
    assert "No simpler model was trained" in text
    assert "beats" not in text


def test_an_interrupted_search_is_called_interrupted(binary: ReportInputs) -> None:
    made = build(changed(binary, interrupted=True))
    assert "interrupted after 28 finished trials" in verdict(made)
    assert "interrupted" in dict(made.facts)["Trials"]
    assert "interrupted" not in words(build(binary))


def test_the_summary_lists_every_metric_the_objective_first(binary: ReportInputs) -> None:
    rows = table(build(binary), "Scores on held-out rows").rows
    assert rows[0][:3] == ("ROC AUC", "0.847", "0.836 to 0.858")
    assert len(rows) == len(binary.evaluation.held_out)
    assert all(meaning for *_, meaning in rows)


def test_numbers_of_a_large_scale_are_written_out(regression: ReportInputs) -> None:
    made = build(regression)
    assert table(made, "Scores on held-out rows").rows[0][:3] == ("RMSE", "48,200", "46,700 to 49,900")
    assert not re.search(r"\de\+?\d", words(made))


def test_trials_are_sorted_by_score_and_failures_have_reasons(binary: ReportInputs, regression: ReportInputs) -> None:
    scores = [float(row[1]) for row in table(build(binary), "Trials, best first").rows]
    assert scores == sorted(scores, reverse=True)
    errors = [float(row[1].replace(",", "")) for row in table(build(regression), "Trials, best first").rows]
    assert errors == sorted(errors)
    assert [row[:2] for row in table(build(binary), "Failed trials").rows] == [
        ("7", "the loss became NaN at epoch 3"),
        ("19", "the loss became NaN at epoch 3"),
    ]


def test_what_all_trials_share_is_said_once(binary: ReportInputs) -> None:
    assert "batch_size" not in table(build(binary), "Trials, best first").head
    assert "The same in all of them: batch_size 256." in words(build(binary))


def test_the_best_configuration_stands_beside_its_search_space(binary: ReportInputs) -> None:
    rows = {row[0]: row[2] for row in table(build(binary), "Best configuration").rows}
    assert rows["depth"] == "1 to 4"
    assert rows["batch_size"] == "not searched"


def test_naive_scores_stand_beside_corrected_ones(regression: ReportInputs) -> None:
    rows = {row[0]: row for row in table(build(regression), "naive").rows}
    assert rows["RMSE"][1:] == ("lower", "48,200", "46,700 to 49,900", "47,700", "−500")
    assert rows["R²"][-1] == "−0.008"


def test_the_confusion_matrix_is_told_in_words_too(binary: ReportInputs) -> None:
    text = words(build(binary))
    assert "Of 1,869 rows that are “Yes”, 1,460 are found and 409 missed" in text
    assert "of 5,174 rows that are not, 1,231 are false alarms." in text
    assert table(build(binary), "Confusion matrix").rows == (("No", "3,943", "1,231"), ("Yes", "409", "1,460"))


def test_many_classes_become_a_list_of_mix_ups(multiclass: ReportInputs) -> None:
    classes = tuple(f"class {i:02}" for i in range(40))
    confusion = tuple(tuple(50 if i == j else 7 if (i, j) == (3, 5) else 0 for j in range(40)) for i in range(40))
    target = Target(name="kind", task="multiclass", classes=classes)
    made = build(changed(multiclass, target=target, confusion=confusion, per_class={}, curves={}))
    assert table(made, "mix-ups").rows == (("class 03", "class 05", "7", "12%"),)


def test_findings_come_with_the_gravest_first(binary: ReportInputs) -> None:
    grave = dataclasses.replace(binary.findings[0], severity="error", found="the answer is in the table")
    rows = table(build(dataclasses.replace(binary, findings=(*binary.findings, grave))), "found in the data").rows
    assert [row[1] for row in rows] == ["error", "warning", "warning", "note"]


def test_every_column_has_a_fate_even_when_it_is_not_used(binary: ReportInputs) -> None:
    rows = {row[0]: row for row in table(build(binary), "What happens to each column").rows}
    assert rows["customerID"][4:] == ("not used", "0")
    assert rows["TotalCharges"][3] == "11"


def test_the_target_is_none_of_the_columns_that_become_inputs(binary: ReportInputs) -> None:
    target = Column(id="c099", name=binary.evaluation.target.name, kind="boolean", why="two values")
    made = build(dataclasses.replace(binary, columns=(*binary.columns, target)))
    assert table(made, "What happens to each column") == table(build(binary), "What happens to each column")


def test_without_an_engine_no_schema_is_claimed(binary: ReportInputs) -> None:
    assert "No schema was in use" in words(build(dataclasses.replace(binary, engine="")))


def test_a_trial_that_was_cut_short_is_admitted(binary: ReportInputs) -> None:
    best = dataclasses.replace(binary.evaluation.best, reason="out of time after epoch 1")
    trials = tuple(best if trial.number == best.number else trial for trial in binary.evaluation.trials)
    made = build(changed(binary, best=best, trials=trials))
    assert "cut short: out of time after epoch 1" in verdict(made)
    assert f"1 trial ended early (trial {best.number}: out of time after epoch 1)" in words(made)
    assert "cut short" not in words(build(binary))


def test_the_expert_is_asked_about_the_columns_that_matter(binary: ReportInputs, regression: ReportInputs) -> None:
    text = words(build(binary))
    assert "Is every column known before the outcome is, above all “tenure”, “Contract” and “MonthlyCharges”?" in text
    assert "a missed “Yes” or a false alarm" in text
    assert "says nothing about this data" in words(build(regression))


def test_every_picture_can_be_drawn_and_is_told_in_words(binary_page: str, binary: ReportInputs) -> None:
    uris = re.findall(r'<img class="\w+" alt="[^"]{20,}" src="data:image/svg\+xml;base64,([^"]+)">', binary_page)
    assert len(uris) == binary_page.count("<img") == len(pictures(build(binary))) == 3 + 1 + 2 + 1 + 1
    for uri in uris:
        assert ElementTree.fromstring(base64.b64decode(uri)).tag == "{http://www.w3.org/2000/svg}svg"


def test_regression_shows_predictions_against_the_truth(regression: ReportInputs, regression_page: str) -> None:
    titles = {picture.title for picture in pictures(build(regression))}
    assert {"True against predicted", "Misses by prediction"} <= titles
    assert len(regression_page) < 1_500_000


def test_a_huge_run_stays_a_small_file(multiclass: ReportInputs) -> None:
    names = [f"column {i} " + "x" * 60_000 for i in range(1000)]
    points = [i / 20_000 for i in range(20_001)]
    labels = [f"class {i}" for i in range(100)]
    params = {f"parameter {i}": i * 0.123 for i in range(12)}
    huge = changed(
        multiclass,
        folds=(),
        target=Target(name="kind", task="multiclass", classes=tuple(labels)),
        trials=tuple(
            Trial(number=i, params={**params, "x": i}, status="finished", score=0.5 + i / 1e4) for i in range(1000)
        ),
        importance=tuple(Importance(column=name, drop=Interval(value=0.1, low=0.0, high=0.2)) for name in names),
        per_class={label: {"f1": 0.5, "rows": 10} for label in labels},
        confusion=tuple((3,) * 100 for _ in labels),
        curves={"roc": {label: {"x": points, "y": points} for label in labels}},
    )
    huge = dataclasses.replace(
        huge,
        columns=tuple(Column(id=f"c{i:03}", name=name, kind="numeric", why="numbers") for i, name in enumerate(names)),
        plan=tuple(PlanLine(column=name, kind="numeric", text="scaled", inputs=1) for name in names),
        schema_text="feature { }\n" * 200_000,
    )
    text = render(build(huge))
    assert len(text.encode()) < 1_500_000
    assert "the first 250 of 1,000" in text
    assert "more characters in the run folder" in text


def test_numbers_that_do_not_exist_are_dashes_and_break_nothing(binary: ReportInputs) -> None:
    nothing = Interval(value=float("nan"), low=float("nan"), high=float("nan"))
    evaluation = binary.evaluation
    odd = changed(
        binary,
        held_out={**evaluation.held_out, "mcc": nothing},
        undefined={"mcc": "one class only"},
        naive={},
        folds=(dataclasses.replace(evaluation.folds[0], train_curve=(), held_out_curve=(float("nan"), 0.5, 0.4)),),
        trials=(dataclasses.replace(evaluation.best, score=float("nan")),),
        importance=(Importance(column="a", drop=nothing),),
        environment={},
        seconds={},
    )
    made = build(odd)
    assert table(made, "Scores on held-out rows").rows[-1][:3] == ("Matthews correlation", "–", "none: one class only")
    assert not re.search(r"\bnan\b", re.sub(r"base64,[^\"]+", "", render(made)))


def test_pictures_ignore_the_users_settings_which_stay(binary: ReportInputs) -> None:
    picture = pictures(build(binary))[-1]
    with style():
        drawn = svg(picture)
    with matplotlib.rc_context({"text.usetex": True, "font.size": 30, "axes.facecolor": "black"}):
        with style():
            assert svg(picture) == drawn
        assert matplotlib.rcParams["font.size"] == 30


def test_metrics_are_called_as_they_call_themselves() -> None:
    assert metric("mcc").label == METRICS["mcc"].label
    assert (metric("rmse").more_is_better, metric("r2").more_is_better) == (False, True)
    assert metric("no_such_metric").label == "No such metric"


@pytest.mark.usefixtures("no_pictures")
def test_write_leaves_a_whole_file_or_the_old_one(binary: ReportInputs, tmp_path: Path) -> None:
    report.write(tmp_path / "report.html", binary)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render(build(binary))
    with pytest.raises(FileError, match="must be writable"):
        report.write(tmp_path / "report.html" / "inside.html", binary)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_importing_the_report_loads_nothing_heavy() -> None:
    code = (
        "import sys, autoft.report.build, autoft.report.html, autoft.report.plots\n"
        "print({'matplotlib', 'jinja2', 'pandas', 'sklearn', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (0.99951, "1.000"),
        (1.0, "1.000"),
        (12.345, "12.3"),
        (999.6, "1,000"),
        (-0.00001234, "−0.0000123"),
    ],
)
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_the_ends_of_an_interval_are_rounded_alike() -> None:
    assert span(Interval(value=0.5, low=-0.0311, high=1.0)) == "−0.031 to 1.000"


def test_long_names_are_cut_and_empty_ones_are_named() -> None:
    assert clip("x" * 100_000) == "x" * 79 + "…"
    assert clip("") == "(empty)"
