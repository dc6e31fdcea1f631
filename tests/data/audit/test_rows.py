"""What the audit finds about rows: repeated and nearly repeated ones, order, time, groups, outliers."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.data.audit import AuditOptions, audit, duplicates, near_copies, outliers
from autoft.data.audit.values import keys
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.table import read
from autoft.records.columns import Column
from autoft.records.findings import Finding
from tests.data.audit.test_audit import proven

ROWS = 600


def table(rows: int = ROWS, **changes: Any) -> pd.DataFrame:
    """A harmless table: six measures, a colour, and a target that has something to do with two of them."""
    rng = np.random.default_rng(0)
    data = {f"m{k}": rng.normal(10 * k, 1 + k, rows) for k in range(6)}
    data["colour"] = rng.choice(["red", "green", "blue"], rows)
    data["y"] = np.where(data["m0"] + (data["m1"] - 10) / 2 + rng.normal(size=rows) > 0, "yes", "no")
    return pd.DataFrame({**data, **changes})


def run(made: pd.DataFrame, *, task: Any = "binary", **arguments: Any) -> dict[str, Finding]:
    """The findings by code; all evidence is JSON."""
    frame = read(made).frame
    columns, _ = infer_columns(frame, kinds={}, target="y")
    found = audit(frame, columns, convert(frame, columns), target="y", task=task, options=AuditOptions(**arguments))
    assert [finding.code for finding in found if not proven(finding)] == []
    json.dumps([asdict(finding) for finding in found], allow_nan=False)
    return {finding.code: finding for finding in found}


def only(found: dict[str, Finding], code: str) -> Finding:
    assert list(found) == [code], found
    return found[code]


def test_the_harmless_table_has_no_findings():
    assert run(table()) == {}


# Repeated rows


def test_repeated_rows_say_what_a_random_split_would_have_done():
    made = pd.concat([table(), table().head(60)], ignore_index=True)
    finding = only(run(made, folds=5), "duplicate-rows")
    assert finding.severity == "warning"
    # Each of 120 rows has its copy in another one of 5 folds with probability 4/5.
    assert "copies on both sides" in finding.found
    assert finding.evidence is not None
    assert finding.evidence.rows[:2] == (601, 602)
    assert finding.evidence.sketch is not None
    assert finding.evidence.sketch.y == (600, 60)


def test_a_repeated_row_or_two_is_a_note():
    made = pd.concat([table(), table().head(2)], ignore_index=True)
    assert only(run(made), "duplicate-rows").severity == "info"


def test_columns_of_few_values_repeat_by_chance():
    rng = np.random.default_rng(1)
    made = pd.DataFrame({name: rng.choice(list("pqr"), ROWS) for name in ("a", "b", "c")})
    found = run(made.assign(y=rng.choice(["no", "yes"], ROWS)))
    assert {finding.severity for finding in found.values()} == {"info"}
    assert set(found) == {"duplicate-rows", "conflicting-rows"}


def test_contradicting_rows_are_shown_with_both_targets():
    made = pd.concat([table(), table().head(30)], ignore_index=True)
    made.loc[ROWS:, "y"] = made.loc[ROWS:, "y"].map({"yes": "no", "no": "yes"})
    finding = only(run(made), "conflicting-rows")
    assert finding.severity == "warning"
    assert finding.evidence is not None
    row, given, equal, other = finding.evidence.examples[0]
    assert (row, equal, given) == (1, 601, made["y"][0])
    assert other == made["y"][600] != given


# Nearly repeated rows


def test_rows_that_differ_by_rounding_are_nearly_repeated():
    again = table().head(30)
    made = pd.concat([table(), again.assign(m1=again["m1"] + 1e-7, m2=again["m2"] - 1e-7)], ignore_index=True)
    finding = only(run(made), "near-duplicate-rows")
    assert finding.severity == "warning"
    assert "60 of 630 rows (10%)" in finding.found
    assert "in 30 groups" in finding.found
    assert "row 1 and row 601" in finding.found
    assert "same fold" in finding.fix
    assert finding.evidence is not None
    assert finding.evidence.rows[:2] == (1, 2)


def noisy(rows: int, copies: int, columns: int, noise: float) -> dict[str, np.ndarray]:
    """Columns of cases that are there several times, with noise, in a random order."""
    rng = np.random.default_rng(rows + columns)
    cells = np.repeat(rng.normal(50, 10, (rows, columns)), copies, axis=0)
    cells += rng.normal(0, 10 * noise, cells.shape)
    return {f"m{k}": cells[:, k] for k in range(columns)} | {"case": np.repeat(np.arange(rows), copies)}


@pytest.mark.parametrize("noise", [1e-9, 1e-6, 1e-3])
@pytest.mark.parametrize(("rows", "copies", "columns"), [(60, 4, 1), (60, 4, 10), (300, 2, 3), (40, 30, 100)])
def test_noisy_copies_are_found_and_kept_together(rows: int, copies: int, columns: int, noise: float):
    cells = noisy(rows, copies, columns, noise)
    case = cells.pop("case")
    features = tuple(Column(id=name, name=name, kind="numeric", why="") for name in cells)
    found = near_copies.find_near_copies(features, cells, np.arange(len(case)))
    assert found is not None
    together = pd.crosstab(case, found.group) > 0
    # Where one column has 240 rows, noise of a thousandth reaches from a case to the next.
    assert (together.sum(axis=1) == 1).mean() > 0.9
    assert len(found.rows) == len(case)
    assert columns == 1 or (together.sum(axis=0) == 1).all()


def test_copies_with_another_category_or_empty_cell_are_other_rows():
    cells = noisy(60, 4, 3, 1e-6)
    case = cells.pop("case")
    cells["m1"] = np.where(np.arange(240) % 4 == 3, np.nan, cells["m1"])
    cells["colour"] = np.array(["red", "red", "blue", "red"] * 60, dtype=object)
    kinds = {"colour": "categorical"}
    features = tuple(Column(id=name, name=name, kind=kinds.get(name, "numeric"), why="") for name in cells)
    found = near_copies.find_near_copies(features, cells, np.arange(240))
    assert found is not None
    assert set(found.rows % 4) == {0, 1}
    assert (case[found.rows[::2]] == case[found.rows[1::2]]).all()


def measured(rng: np.random.Generator, rows: int) -> Any:
    """A column of measures, counts, prices or a series."""
    return [
        lambda: rng.normal(5, 3, rows),
        lambda: rng.uniform(0, 100, rows).round(2),
        lambda: rng.integers(0, 1000, rows) * 1.0,
        lambda: rng.integers(1, 90, rows) - rng.choice([0, 0.01], rows),
        lambda: np.cumsum(rng.normal(size=rows)),
        lambda: np.where(rng.random(rows) < 0.7, 0.0, rng.gamma(2, 1000, rows)),
        lambda: rng.lognormal(0, 2, rows),
    ][int(rng.integers(7))]()


def test_rows_of_measures_and_grids_are_no_copies():
    alarms = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = int(50 * 40 ** rng.random())
        cells = {f"m{k}": measured(rng, rows) for k in range(1 + seed % 7)}
        features = tuple(Column(id=name, name=name, kind="numeric", why="") for name in cells)
        exact = pd.util.hash_pandas_object(pd.DataFrame(cells), index=False).to_numpy()
        if near_copies.find_near_copies(features, cells, exact) is not None:
            alarms.append(seed)
    assert alarms == []


@pytest.mark.parametrize("column", ["m0", "m3", "colour"])
def test_rows_that_differ_in_one_column_are_nearly_repeated(column):
    again = table().head(30)
    again[column] = "violet" if column == "colour" else again[column] + 5
    made = pd.concat([table(), again], ignore_index=True)
    finding = run(made)["near-duplicate-rows"]
    assert "60 of 630 rows" in finding.found
    assert finding.evidence is not None
    assert finding.evidence.examples[0][2] == column


def test_rows_that_differ_in_two_columns_are_other_rows():
    again = table().head(30)
    made = pd.concat([table(), again.assign(m0=again["m0"] + 5, m1=again["m1"] - 5)], ignore_index=True)
    assert "near-duplicate-rows" not in run(made)


def test_repeated_rows_are_not_called_nearly_repeated():
    assert "near-duplicate-rows" not in run(pd.concat([table(), table().head(60)], ignore_index=True))


def test_all_combinations_of_a_few_values_are_no_near_duplicates():
    grid = pd.MultiIndex.from_product([range(5)] * 4, names=list("abcd")).to_frame(index=False).astype(str)
    y = np.random.default_rng(2).choice(["no", "yes"], len(grid))
    assert "near-duplicate-rows" not in run(grid.assign(y=y))


def test_a_column_in_several_units_tells_rows_apart_once():
    kelvin = table()["m0"].to_numpy()
    made = pd.DataFrame({"kelvin": kelvin, "celsius": kelvin - 273.15, "fahrenheit": 1.8 * kelvin - 459.67})
    rng = np.random.default_rng(11)
    made = made.assign(colour=rng.choice(["red", "green"], ROWS), y=rng.choice(["no", "yes"], ROWS))
    assert "near-duplicate-rows" not in run(made)


def test_of_many_likely_rows_a_part_is_read_and_pairs_stay_whole(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_CANDIDATES", 40)
    again = table().head(200)
    made = pd.concat([table(), again.assign(m0=again["m0"] + 5)], ignore_index=True)
    finding = only(run(made), "near-duplicate-rows")
    assert "at least" in finding.found
    assert "one in 10" in finding.found
    assert finding.evidence is not None
    assert 2 <= finding.evidence.counts["nearly equal"] < 400


def test_equal_values_in_other_columns_do_not_make_rows_equal():
    frame = pd.DataFrame({"a": [1.0, 2.0, np.nan, 3.0], "b": [2.0, 1.0, 3.0, np.nan]})
    columns, _ = infer_columns(frame, kinds={"a": "numeric", "b": "numeric"}, target="y")
    assert len(set(keys(columns, convert(frame, columns)).exact)) == 4


# Order, time, groups


def test_a_file_sorted_by_its_classes():
    finding = only(run(table().sort_values("y", ignore_index=True)), "target-sorted")
    assert finding.severity == "info"
    assert finding.evidence is not None
    assert finding.evidence.sketch is not None
    assert {finding.evidence.sketch.y[0], finding.evidence.sketch.y[-1]} == {0.0, 1.0}


def test_a_file_sorted_by_numbers():
    y = np.sort(np.random.default_rng(3).normal(size=ROWS))
    assert only(run(table(y=y), task="regression"), "target-sorted").severity == "info"


def test_a_target_that_wanders_along_the_file():
    y = np.where(np.sin(np.arange(ROWS) / 30) + np.random.default_rng(4).normal(size=ROWS) / 2 > 0, "yes", "no")
    assert only(run(table(y=y)), "target-follows-order").severity == "info"
    shuffled = table(y=np.random.default_rng(4).permutation(y))
    assert run(shuffled) == {}


def days(rows: int = ROWS) -> pd.Series[Any]:
    return pd.Series(pd.Timestamp("2022-01-01") + pd.to_timedelta(np.arange(rows) // 3, unit="D"))


@pytest.mark.parametrize("order", ["in order", "shuffled"])
def test_a_target_that_drifts_along_a_date_asks_for_time_order(order):
    share = np.linspace(0.1, 0.9, ROWS)
    y = np.where(np.random.default_rng(5).random(ROWS) < share, "yes", "no")
    made = table(y=y, day=days())
    found = run(made if order == "in order" else made.sample(frac=1, random_state=0, ignore_index=True))
    finding = found["time-structure"]
    assert (finding.severity, finding.column) == ("warning", "day")
    assert "evaluate: time: 'day'" in finding.fix
    assert finding.evidence is not None
    assert finding.evidence.sketch is not None
    assert finding.evidence.sketch.y[0] < 0.4 < 0.6 < finding.evidence.sketch.y[-1] or (
        finding.evidence.sketch.y[0] > 0.6 > 0.4 > finding.evidence.sketch.y[-1]
    )
    assert "time-structure" not in run(made, timed=True)


def test_a_number_that_drifts_along_a_date():
    y = np.linspace(0, 2, ROWS) + np.random.default_rng(6).normal(size=ROWS)
    assert run(table(y=y, day=days()), task="regression")["time-structure"].severity == "warning"


def test_a_date_that_orders_the_file_is_a_note_a_mixed_one_not():
    made = table(day=days())
    assert only(run(made), "time-structure").severity == "info"
    rng = np.random.default_rng(0)
    assert run(made.assign(day=rng.permutation(made["day"]))) == {}


def test_a_time_of_the_day_orders_no_rows():
    minutes = np.arange(ROWS) * 2
    y = np.where(np.random.default_rng(5).random(ROWS) < np.linspace(0.3, 0.7, ROWS), "yes", "no")
    clock = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes]
    assert "time-structure" not in run(table(y=y, day=clock))


def patients(same_target: bool) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    patient = rng.permutation(np.repeat(np.arange(120), 5))
    age, weight, sick = rng.normal(50, 10, 120), rng.normal(80, 9, 120), rng.random(120) < 0.5
    y = sick[patient] if same_target else rng.random(ROWS) < 0.5
    sex = rng.choice(["f", "m"], 120)
    return pd.DataFrame(
        {
            "patient": [f"p{k:03d}" for k in patient],
            "age": age[patient],
            "weight": weight[patient] + rng.normal(0, 0.5, ROWS),
            "sex": sex[patient],
            "measured": rng.normal(size=ROWS),
            "y": np.where(y, "yes", "no"),
        }
    )


def test_rows_of_one_patient_ask_for_a_group():
    found = run(patients(same_target=True))
    finding = found["group-structure"]
    assert (finding.severity, finding.column) == ("warning", "patient")
    assert "evaluate: group: 'patient'" in finding.fix
    assert "group-structure" not in run(patients(same_target=True), grouped=True)


def test_groups_whose_target_differs_are_a_note():
    finding = run(patients(same_target=False))["group-structure"]
    assert (finding.severity, finding.column) == ("info", "patient")
    assert "75% of the other columns" in finding.found


def test_groups_of_a_number_to_predict():
    rng = np.random.default_rng(8)
    machine = rng.permutation(np.repeat(np.arange(100), 6))
    made = table(machine=machine.astype(float), y=rng.normal(0, 10, 100)[machine] + rng.normal(size=ROWS))
    finding = run(made, task="regression")["group-structure"]
    assert (finding.severity, finding.column) == ("warning", "machine")


def test_a_category_that_helps_is_no_group():
    rng = np.random.default_rng(9)
    town = rng.integers(0, 30, ROWS)
    y = np.where(rng.random(ROWS) < rng.uniform(0.2, 0.8, 30)[town], "yes", "no")
    assert "group-structure" not in run(table(town=[f"town {k}" for k in town], y=y))


# Classes


def test_a_rare_class_is_drawn_beside_the_others():
    y = [f"class {k}" for k in range(9) for _ in range(66)] + ["rare"] * 6
    finding = run(table(y=np.random.default_rng(12).permutation(y)), task="multiclass")["imbalanced-target"]
    assert finding.evidence is not None
    assert finding.evidence.sketch is not None
    assert len(finding.evidence.sketch.names) == 8
    assert (finding.evidence.sketch.names[7], finding.evidence.sketch.y[7]) == ("rare", 6)
    assert finding.evidence.sketch.marked == (7,)


# Outliers


def test_far_values_are_named_with_their_row_and_drawn():
    m1 = table()["m1"].to_numpy(copy=True)
    m1[[7, 300]] = 99, -4000
    finding = only(run(table(m1=m1)), "outlying-values")
    assert (finding.severity, finding.column) == ("info", "m1")
    assert "2 of 600 values" in finding.found
    assert "row 8, 99;" in finding.found
    assert finding.evidence is not None
    assert finding.evidence.rows == (301, 8)
    assert finding.evidence.sketch is not None
    assert finding.evidence.sketch.marks == (-4000.0, 99.0)


@pytest.mark.parametrize(
    "draw",
    [lambda r: r.exponential(3, ROWS), lambda r: r.lognormal(0, 1.5, ROWS), lambda r: r.poisson(0.05, ROWS) * 1.0],
    ids=["exponential", "lognormal", "mostly zero"],
)
def test_a_long_tail_is_no_outlier(draw):
    assert "outlying-values" not in run(table(m1=draw(np.random.default_rng(10))))


def rows_apart(made: pd.DataFrame, **arguments: Any) -> list[Finding]:
    frame = read(made).frame
    columns, _ = infer_columns(frame, kinds={}, target="y")
    return outliers.find_odd_rows(tuple(c for c in columns if c.name != "y"), convert(frame, columns), **arguments)


def test_rows_unlike_all_others_are_found_by_the_forest():
    made = table()
    made.loc[[41, 99], ["m0", "m1", "m2", "m3"]] = [[6.0, -2.0, 38.0, 54.0], [-6.0, 22.0, 38.0, 6.0]]
    (finding,) = rows_apart(made)
    assert finding.severity == "info"
    assert finding.evidence is not None
    assert set(finding.evidence.rows) == {42, 100}
    (shifted,) = rows_apart(made, kept=np.arange(ROWS) + 10)
    assert shifted.evidence is not None
    assert set(shifted.evidence.rows) == {52, 110}


def test_the_forest_finds_nothing_in_a_harmless_table():
    assert rows_apart(table()) == []


@pytest.mark.parametrize("noise", [1e-3, 1e-4])
def test_an_idle_machine_has_a_state_and_no_copies(noise):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    x[:240] = 0.5 + noise * rng.normal(size=(240, 3))
    cells = {f"m{k}": x[:, k] for k in range(3)}
    features = tuple(Column(id=name, name=name, kind="numeric", why="") for name in cells)
    assert near_copies.find_near_copies(features, cells, np.arange(400)) is None
