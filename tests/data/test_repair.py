"""Repairs: what is learned from a training table, and what it does to any table."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.data.repair import apply, findings, to_json
from autoft.data.repair_plan import CODES, learn
from autoft.data.table import read
from autoft.records.columns import Repair
from autoft.records.reading import read_record

ROWS = 200
RNG = np.random.default_rng


def dirty() -> pd.DataFrame:
    """A table with something of everything, cells as texts, as a CSV file has them."""
    rng = RNG(0)
    day = pd.Series(pd.date_range("2020-01-01", periods=ROWS, freq="D")).sample(frac=1, random_state=1)
    town = rng.choice(np.array(["Rome", "Pisa", "Bari"], dtype=object), ROWS)
    town[:3] = ["rome", "PISA", "Bari "]
    age = rng.integers(18, 80, ROWS).astype(object)
    age[:4] = ["999", "999", "?", "?"]
    height = rng.normal(172, 7, ROWS).round(1)
    height[10:40] = (height[10:40] / 2.54).round(1)
    day = day.dt.strftime("%Y-%m-%d").to_numpy().astype(object)
    day[5:9] = ["9999-12-31", "9999-12-31", "2091-05-05", "1019-01-01"]
    level = rng.integers(0, 4, ROWS)
    columns = {"town": town, "age": age, "height": height, "day": day, "level": level}
    columns |= {
        "code": np.array(list("pqrs"), dtype=object)[level],
        "copy": level,
        "id": [f"K{i:05d}" for i in range(ROWS)],
    }
    columns |= {"always": ["x"] * ROWS, "rest": rng.normal(size=ROWS), "y": rng.choice(["yes", "Yes", "no", "?"], ROWS)}
    frame = pd.DataFrame(columns).astype(str)
    return read(frame).frame


def test_everything_at_once():
    frame = dirty()
    before = frame.copy(deep=True)
    repairs = learn(frame, CODES, keep=["y"])
    done = apply(frame, repairs).frame
    pd.testing.assert_frame_equal(frame, before)
    assert list(done.columns) == ["town", "age", "height", "day", "level", "rest", "y"]
    assert set(done["town"]) == {"Rome", "Pisa", "Bari"}
    assert done["age"][:4].tolist() == [None] * 4
    assert done["height"].astype(float).between(130, 210).all()
    assert done["day"][5:9].tolist() == [None] * 4
    assert done["rest"].tolist() == frame["rest"].tolist()
    assert done["y"].tolist() == frame["y"].tolist()


def test_only_what_is_accepted_is_repaired():
    frame = dirty()
    done = apply(frame, learn(frame, ["spelling-variants"], keep=["y"]))
    assert [(change.code, change.column) for change in done.changes] == [("spelling-variants", "town")]
    pd.testing.assert_frame_equal(done.frame.drop(columns="town"), frame.drop(columns="town"))
    assert learn(frame, (), keep=["y"]) == ()


def test_a_clean_table_stays_as_it_is():
    rng = RNG(1)
    data = {"a": rng.normal(size=ROWS), "b": rng.choice(["x", "z"], ROWS), "c": rng.poisson(4, ROWS)}
    frame = read(pd.DataFrame(data)).frame
    done = apply(frame, learn(frame, CODES))
    assert done.changes == ()
    pd.testing.assert_frame_equal(done.frame, frame)


def test_the_target_has_no_say():
    """Whatever the answers are, the same repairs are learned."""
    frame = dirty()
    corrupted = frame.copy()
    corrupted.loc[ROWS // 2 :, "y"] = [f"z{i}" for i in range(ROWS - ROWS // 2)]
    gone = frame.assign(y=None)
    learned = learn(frame, CODES, keep=["y"])
    assert learn(corrupted, CODES, keep=["y"]) == learned
    assert learn(gone, CODES, keep=["y"]) == learned
    # And it would be noticed if it had one: without the word `keep`, its own spellings are unified.
    assert learn(frame, CODES) != learned


def test_another_table_is_repaired_as_the_training_table_was():
    repairs = learn(dirty(), CODES, keep=["y"])
    row = {"town": "ROME ", "age": "999", "height": "68", "day": "9999-12-31", "id": "K9", "rest": "999", "new": "?"}
    done = apply(read(pd.DataFrame([row, row])).frame, repairs, drop_rows=False)
    assert (
        done.frame.to_dict("records")
        == [{"town": "Rome", "age": None, "height": "172.72", "day": None, "rest": "999", "new": "?"}] * 2
    )
    assert {note.column for note in findings(done.changes, columns=False)} == {"town", "age", "height", "day"}
    assert all(note.severity == "info" and note.code == "repaired" for note in findings(done.changes))


@pytest.mark.parametrize("cells", [[68, 180.5, 999], ["68", "180.5", "999"]])
def test_numbers_are_repaired_in_tables_of_numbers_and_of_texts(cells: list[Any]):
    scale = Repair(code="mixed-units", column="h", action="scale", factor=2.54, cut=100.0)
    code = Repair(code="placeholder-values", column="h", action="numbers", numbers=(999.0,))
    done = apply(read(pd.DataFrame({"h": cells})).frame, [code, scale])
    assert pd.to_numeric(done.frame["h"]).tolist()[:2] == [172.72, 180.5]
    assert done.frame["h"].isna().tolist() == [False, False, True]
    assert [change.count for change in done.changes] == [1, 1]


def test_dates_are_repaired_in_tables_of_times():
    repair = Repair(code="far-dates", column="d", action="dates", high=pd.Timestamp("2030-01-01").timestamp())
    frame = read(pd.DataFrame({"d": pd.to_datetime(["2020-05-01", "2091-05-01"])})).frame
    assert apply(frame, [repair]).frame["d"].isna().tolist() == [False, True]


def test_cells_of_a_column_that_is_left_out_are_not_told_of():
    changes = apply(read(pd.DataFrame({"a": [" x", "x"], "b": [" x", "x"]})).frame, [*STRIPPED, LEFT_OUT]).changes
    assert [(change.action, change.column) for change in changes] == [
        ("strip", "a"),
        ("strip", "b"),
        ("drop-column", "b"),
    ]
    assert [note.column for note in findings(changes)] == ["a", "b"]
    assert "left out" in findings(changes)[1].found
    assert [note.column for note in findings(changes, columns=False)] == ["a"]


STRIPPED = [Repair(code="outer-blanks", column=name, action="strip") for name in "ab"]
LEFT_OUT = Repair(code="identical-columns", column="b", action="drop-column")


def test_rows_go_only_where_they_may():
    frame = read(pd.DataFrame({"a": ["1", "1", "2"], "b": ["x", "x", "x"]})).frame
    repairs = learn(frame, ["duplicate-rows"])
    assert apply(frame, repairs).frame["a"].tolist() == ["1", "2"]
    assert apply(frame, repairs).changes[0].count == 1
    assert apply(frame, repairs, drop_rows=False).frame["a"].tolist() == ["1", "1", "2"]


def test_declared_columns_are_not_left_out():
    frame = dirty()
    dropped = {r.column for r in learn(frame, ["identifier-dropped"], keep=["y"])}
    assert dropped == {"id"}
    assert learn(frame, ["identifier-dropped"], keep=["y"], kinds={"id": "categorical"}) == ()


def test_the_log_shows_at_most_two_examples():
    frame = dirty()
    for change in apply(frame, learn(frame, CODES, keep=["y"])).changes:
        assert len(change.examples) <= 2
        assert change.count > 0


def test_repairs_survive_json():
    repairs = learn(dirty(), CODES, keep=["y"])
    assert read_record(tuple[Repair, ...], json.loads(json.dumps(to_json(repairs), allow_nan=False))) == repairs


@pytest.mark.parametrize(
    "raw",
    [
        [{"code": "outer-blanks", "column": "a", "action": "erase"}],
        [{"code": "x", "column": "a", "action": "strip"}],
        [{"code": "outer-blanks", "column": "a", "action": "strip", "factor": "2"}],
        {"a": 1},
    ],
)
def test_strange_repairs_are_refused(raw: Any):
    with pytest.raises(ValueError, match="Input should be"):
        read_record(tuple[Repair, ...], raw)


def test_every_code_can_come_out():
    """Each code that can be accepted is one that a table leads to."""
    frame = dirty().assign(void=None, flag=["1"] + ["0"] * (ROWS - 1))
    frame["Name"] = [f"Anna {chr(65 + i % 26)}ee{i}" for i in range(ROWS)]
    frame["gauge"] = [str(v) for v in [5e6] * 12 + RNG(2).normal(50, 5, ROWS - 12).tolist()]
    # The order of `rest`, in other numbers.
    frame["risen"] = [str(float(value) ** 3) for value in frame["rest"]]
    frame["flag"] = ["1", "1"] + ["0"] * (ROWS - 2)
    found = {repair.code for repair in learn(frame, CODES, keep=["y"])}
    assert found == set(CODES)
