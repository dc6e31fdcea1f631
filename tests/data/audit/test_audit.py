"""What autoft finds in a table by itself, before training."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.data.audit import AuditOptions, audit, leaks
from autoft.data.convert import convert
from autoft.data.table import read
from autoft.formatting import nearest
from autoft.records.columns import Column, Kind
from autoft.records.findings import Finding

ROWS = 200


def table(**changes: Any) -> pd.DataFrame:
    """A harmless table of 200 rows: two features that have something, but not all, to do with `y`."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=ROWS)
    data = {
        "size": signal + rng.normal(size=ROWS),
        "colour": rng.choice(["red", "green", "blue"], size=ROWS),
        "y": np.where(signal > 0, "yes", "no"),
    }
    return pd.DataFrame({**data, **changes})


#: What is said of the whole table, or of a target that forbids training: there is nothing to draw.
PLAIN = {"too-few-rows", "few-rows", "no-features", "single-feature", "wider-than-rows"}
PLAIN |= {"target-absent", "target-constant", "target-extreme", "positive-absent"}


def proven(finding: Finding) -> bool:
    """Whether a finding has numbers and a picture, if one can be expected."""
    proof = finding.evidence
    return finding.code in PLAIN or (proof is not None and bool(proof.counts) and proof.sketch is not None)


def run(frame: pd.DataFrame, *, task: Any = "binary", kinds: dict[str, Kind] | None = None, **arguments: Any) -> Any:
    """The findings by code; the kind of a column follows its dtype unless `kinds` says otherwise."""
    frame = read(frame).frame
    columns = tuple(
        Column(
            id=f"c{position:03d}",
            name=name,
            kind=(kinds or {}).get(name, "numeric" if frame[name].dtype.kind in "fi" else "categorical"),
            why="the test says so",
            distinct=frame[name].nunique(),
            missing=int(frame[name].isna().sum()),
        )
        for position, name in enumerate(frame.columns)
    )
    before = frame.copy(deep=True)
    findings = audit(frame, columns, convert(frame, columns), target="y", task=task, options=AuditOptions(**arguments))
    pd.testing.assert_frame_equal(frame, before)
    assert all("  " not in str(finding) and " must " not in str(finding) for finding in findings)
    assert [finding.code for finding in findings if not proven(finding)] == []
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    return by_code


def only(found: dict[str, list[Finding]], code: str) -> Finding:
    assert list(found) == [code], found
    assert len(found[code]) == 1
    return found[code][0]


def test_a_harmless_table_has_no_findings():
    assert run(table()) == {}


def test_missing_target_cells_are_an_error_with_the_first_row():
    frame = table()
    frame.loc[[4, 7], "y"] = None
    finding = only(run(frame), "target-missing-values")
    assert finding.severity == "error"
    assert "2 of 200 cells (1%)" in finding.found
    assert "first: row 5" in finding.found


def test_missing_target_cells_may_be_dropped():
    frame = table()
    frame.loc[[4, 7], "y"] = None
    assert only(run(frame, drop_missing_target=True), "target-missing-values").severity == "warning"


def test_absent_target_gets_the_nearest_name():
    finding = only(run(table().rename(columns={"y": "Y"})), "target-absent")
    assert finding.severity == "error"
    assert "perhaps 'Y' is meant" in finding.fix


def test_one_class_is_an_error_that_names_it():
    finding = only(run(table(y=["yes"] * ROWS)), "target-constant")
    assert finding.severity == "error"
    assert "'yes' in every row" in finding.found


def test_class_with_one_row_is_an_error_that_names_it():
    frame = table()
    frame.loc[0, "y"] = "C"
    finding = run(frame, task="multiclass")["class-too-small"][0]
    assert finding.severity == "error"
    assert "1 row of class 'C'" in finding.found


def test_class_smaller_than_the_folds_is_a_warning():
    frame = table()
    frame.loc[[0, 1, 2], "y"] = "C"
    found = run(frame, task="multiclass", folds=5)
    assert found["class-smaller-than-folds"][0].severity == "warning"
    assert "3 rows of class 'C'" in found["class-smaller-than-folds"][0].found
    assert "at most 3 folds" in found["class-smaller-than-folds"][0].fix
    assert "class-smaller-than-folds" not in run(frame, task="multiclass", folds=3)


def test_a_class_is_rare_beside_an_even_share():
    even = np.arange(ROWS) % 25  # 4 % of the rows each
    assert "imbalanced-target" not in run(table(y=even.astype(str)), task="multiclass")
    some = np.where((even == 3) & (np.arange(ROWS) > 25), 4, even)
    assert "imbalanced-target" in run(table(y=some.astype(str)), task="multiclass")


def test_imbalance_names_a_better_metric():
    y = np.where(np.arange(ROWS) < 6, "yes", "no")
    finding = only(run(table(y=y)), "imbalanced-target")
    assert finding.severity == "warning"
    assert "97.0%" in finding.found
    assert "pr_auc" in finding.fix


def test_numeric_labels_are_shown_as_the_user_wrote_them():
    y = np.where(np.arange(ROWS) < 6, 1.0, 0.0)
    assert "'1' in only 6 of 200 rows (3%)" in only(run(table(y=y)), "imbalanced-target").found


def test_unknown_positive_class_is_an_error_with_the_choices():
    finding = only(run(table(), positive="Yes"), "positive-absent")
    assert finding.severity == "error"
    assert "'yes'" in finding.fix
    assert run(table(), positive="yes") == {}


@pytest.mark.parametrize(("rows", "code", "severity"), [(12, "too-few-rows", "error"), (40, "few-rows", "warning")])
def test_too_few_rows(rows, code, severity):
    found = run(table().head(rows), folds=5)
    assert found[code][0].severity == severity
    assert str(rows) in found[code][0].found


def test_regression_target_must_be_finite_different_numbers():
    y = np.random.default_rng(9).permutation(np.arange(ROWS, dtype=float) % 17)
    assert run(table(y=y), task="regression") == {}
    assert only(run(table(y=np.where(y == 3, np.inf, y)), task="regression"), "target-infinite").severity == "error"
    for factor in (1e200, 1e-200):
        assert only(run(table(y=(y + 1.5) * factor), task="regression"), "target-extreme").severity == "error"
    assert only(run(table(y=np.full(ROWS, 2.5)), task="regression"), "target-constant").severity == "error"
    finding = run(table(), task="regression")["target-not-numeric"][0]
    assert finding.severity == "error"
    assert "row 1, " in finding.found


def test_heavy_tailed_regression_target_is_recorded():
    y = np.exp(np.random.default_rng(1).normal(size=ROWS) * 2.5) * 1e100
    assert only(run(table(y=y), task="regression"), "target-heavy-tail").severity == "info"


@pytest.mark.parametrize(("share", "severity"), [(0.1, "info"), (0.5, "warning")])
def test_missing_cells_are_counted_per_column(share, severity):
    frame = table()
    frame.loc[: ROWS * share - 1, ["size", "colour"]] = None
    found = run(frame)["missing-values"]
    assert [finding.column for finding in found] == ["size", "colour"]
    assert {finding.severity for finding in found} == {severity}
    assert f"{ROWS * share:.0f} of 200 cells ({100 * share:.0f}%)" in found[0].found


def test_infinite_values_are_counted():
    size = table()["size"]
    size[3] = np.inf
    assert "1 of 200" in only(run(table(size=size)), "infinite-values").found


def test_repeated_and_contradicting_rows_are_counted():
    frame = table()
    twice = pd.concat([frame, frame.head(30)], ignore_index=True)
    assert "30 of 230 rows (13%)" in only(run(twice), "duplicate-rows").found
    twice.loc[ROWS : ROWS + 4, "y"] = twice.loc[ROWS : ROWS + 4, "y"].map({"yes": "no", "no": "yes"})
    found = run(twice)
    assert "25 of 230" in found["duplicate-rows"][0].found
    assert "10 of 230" in found["conflicting-rows"][0].found


def test_rows_that_differ_only_in_an_unused_column_repeat():
    frame = pd.concat([table(), table().head(30)], ignore_index=True).assign(id=[f"k{k}" for k in range(ROWS + 30)])
    assert "30 of 230" in only(run(frame, kinds={"id": "identifier"}), "duplicate-rows").found


def test_identical_columns_are_named():
    frame = table()
    frame.insert(0, "größe/2", frame["size"])
    finding = only(run(frame), "identical-columns")
    assert finding.column == "size"
    assert "'größe/2'" in finding.found


def test_categories_that_never_come_back():
    codes = [f"t{k}" if k > 60 else "common" for k in range(ROWS)]
    finding = only(run(table(ticket=codes)), "rare-categories")
    assert finding.severity == "warning"
    assert "139 of 200" in finding.found


def test_no_one_and_too_many_features():
    assert only(run(table()[["y"]]), "no-features").severity == "error"
    assert "single-feature" in run(table()[["size", "y"]])
    rng = np.random.default_rng(3)
    wide = pd.DataFrame(rng.normal(size=(60, 70)), columns=[f"x{k}" for k in range(70)])
    assert only(run(wide.assign(y=np.arange(60) % 2), folds=5), "wider-than-rows").severity == "warning"


LEAKS = {
    "recode": lambda y: np.where(y == "yes", 7.0, 3.0),
    "text": lambda y: np.where(y == "yes", "won", "lost"),
    "only filled in afterwards": lambda y: np.where(y == "yes", np.nan, np.arange(ROWS)),
    "beyond float32": lambda y: np.where(y == "yes", 1.7e12, 1.7e12 + 500) + np.arange(ROWS),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_leak_of_classes_is_an_error(kind):
    frame = table()
    frame["hint"] = LEAKS[kind](frame["y"])
    finding = run(frame)["target-leak"][0]
    assert (finding.severity, finding.column) == ("error", "hint")
    assert "schema.allow_leak" in finding.fix


def test_in_a_long_table_few_rows_tell_which_columns_may_leak(monkeypatch):
    monkeypatch.setattr(leaks, "SCREENED", 600)
    rows, rng, auc, looked = 3_000, np.random.default_rng(11), leaks._auc, list[tuple[int, ...]]()
    monkeypatch.setattr(leaks, "_auc", lambda o, t, h: looked.append(o.shape) or auc(o, t, h))
    shop = rng.integers(0, 60, rows)
    y = np.where(rng.random(60) < 0.5, "yes", "no")[shop]
    frame = pd.DataFrame(
        {"a": rng.normal(size=rows), "shop": [f"s{k}" for k in shop], "b": rng.normal(size=rows), "y": y}
    )
    assert run(frame)["target-leak"][0].column == "shop"
    assert looked == [(3, 600), (1, 3_000)]
    # A class of few rows needs all of them.
    looked.clear()
    run(frame.assign(y=np.where(np.arange(rows) % 200 == 0, "maybe", y)), task="multiclass")
    assert looked == [(3, 3_000)]


def test_leak_that_is_allowed_is_a_warning():
    frame = table()
    frame["hint"] = np.where(frame["y"] == "yes", 7.0, 3.0)
    assert only(run(frame, allow_leak=("hint",)), "target-leak").severity == "warning"


def test_leak_of_several_classes():
    frame = table()
    frame["y"] = np.random.default_rng(2).choice(list("pqrs"), size=ROWS)
    frame["hint"] = frame["y"].map({"p": "2", "q": "9", "r": "1", "s": "5"})
    assert only(run(frame, task="multiclass"), "target-leak").column == "hint"


@pytest.mark.parametrize("rows", [60, 3000])
@pytest.mark.parametrize("recode", [lambda y: 1.8 * y + 32, lambda y: -np.log(y)])
def test_leak_of_numbers(rows, recode):
    rng = np.random.default_rng(4)
    y = rng.gamma(2.0, size=rows)
    frame = pd.DataFrame({"near": y + 0.05 * rng.normal(size=rows), "hint": recode(y), "y": y})
    found = run(frame, task="regression")
    assert [finding.column for finding in found.pop("target-leak")] == ["hint"]
    assert {finding.column for findings in found.values() for finding in findings} <= {"near"}


def test_strong_but_honest_features_are_no_leaks():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, size=ROWS)
    noise = rng.normal(size=ROWS)
    assert run(pd.DataFrame({"a": y + 0.4 * noise, "b": rng.normal(size=ROWS), "y": y})) == {}
    nearly = run(pd.DataFrame({"a": y + 0.25 * noise, "b": rng.normal(size=ROWS), "y": y}))
    assert only(nearly, "suspiciously-strong").severity == "warning"


def test_a_tiny_table_may_be_separated_by_luck():
    y = np.array(["yes", "no"])[np.arange(40) % 2]
    assert "target-leak" not in run(table().head(40).assign(y=y, hint=(y == "yes") * 1.0))


@pytest.mark.parametrize(("rows", "shift"), [(60, 4.0), (110, 2.5)])
def test_of_many_columns_some_separate_few_rows_by_luck(rows, shift):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    frame = pd.DataFrame(rng.normal(size=(rows, 150)).round(3)).add_prefix("gene ")
    frame.iloc[:, :40] += shift * y[:, None]  # each alone, or each pair, errs in some rows of others
    found = run(frame.assign(code=3 - y, y=y))
    # What names the classes is a leak still.
    assert only({"target-leak": found["target-leak"]}, "target-leak").column == "code"
    assert "pair-leak" not in found
    assert len(found.get("suspiciously-strong", [])) == (rows == 60)


def test_rows_recorded_many_times_are_no_leak():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"a": rng.normal(size=100), "b": rng.normal(size=100), "y": rng.integers(0, 2, size=100)})
    assert "target-leak" not in run(pd.concat([frame] * 30, ignore_index=True))


def test_a_large_table_is_audited_quickly():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.normal(size=(7000, 20)), columns=[f"x{k}" for k in range(20)])
    frame["y"] = rng.integers(0, 2, size=7000)
    start = time.process_time()
    assert run(frame) == {}
    assert time.process_time() - start < 6  # about 1 s on a quiet machine


def test_nearest_forgives_case_and_typing():
    assert nearest("tenur", ["tenure", "Churn"]) == "perhaps 'tenure' is meant"
    assert nearest("xyz", ["tenure", "Churn"]) == ""
