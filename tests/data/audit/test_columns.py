"""What autoft finds in columns and their values: each check has a table that triggers it and one that does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.data.audit import AuditOptions, audit, redundant_columns
from autoft.data.audit.values import sample
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.table import read
from autoft.records.columns import Column
from autoft.records.findings import Finding
from tests.data.audit.test_audit import proven

ROWS = 300
RNG = np.random.default_rng
DAYS = pd.Series(pd.date_range("2019-01-01", periods=ROWS, freq="D"))


def table(**columns: Any) -> pd.DataFrame:
    """Two harmless columns and a target that has a little to do with them, and what a test adds."""
    rng = RNG(0)
    signal = rng.normal(size=ROWS)
    data = {
        "size": signal + rng.normal(size=ROWS),
        "colour": rng.choice(["red", "green", "blue"], size=ROWS),
        "y": np.where(signal > 0, "yes", "no"),
    }
    return pd.DataFrame({**data, **columns})


def run(frame: pd.DataFrame, *, task: Any = "binary", **options: Any) -> list[Finding]:
    """All findings about a table whose kinds are inferred, as `autoft check` has them."""
    frame = read(frame).frame
    columns, findings = infer_columns(frame, target="y")
    return [
        *findings,
        *audit(frame, columns, convert(frame, columns), target="y", task=task, options=AuditOptions(**options)),
    ]


def codes(frame: pd.DataFrame, **options: Any) -> set[tuple[str, str | None]]:
    return {(line.code, line.column) for line in run(frame, **options)}


def one(frame: pd.DataFrame, code: str, **options: Any) -> Finding:
    found = [line for line in run(frame, **options) if line.code == code]
    assert len(found) == 1, found
    return found[0]


def choice(*values: Any, p: Any = None) -> Any:
    return RNG(3).choice(np.array(values, dtype=object), size=ROWS, p=p)


def with_value(value: float, rows: int, others: Any) -> Any:
    others = np.array(others, dtype=float)
    others[:rows] = value
    return others


AGES = RNG(4).integers(18, 95, size=ROWS)
COUNTS = RNG(5).poisson(6, size=ROWS)
PRESSURE = RNG(6).normal(120, 12, size=ROWS)
HEIGHT = RNG(7).normal(172, 8, size=ROWS)
INCHES = np.where(np.arange(ROWS) % 7 == 0, HEIGHT / 2.54, HEIGHT)
LEVEL = RNG(8).integers(0, 5, size=ROWS)
NAMES = [f"{('Anna', 'Kofi', 'Peter')[i % 3]} {chr(65 + i % 26)}{chr(97 + i // 26)}nning" for i in range(ROWS)]
BORN = pd.Series(pd.to_datetime("1950-01-01") + pd.to_timedelta(RNG(9).integers(0, 15_000, size=ROWS), unit="D"))

#: A column, what must be found in it.
TRIGGERS = {
    "case": (choice("Paris", "paris", "Rome", p=[0.5, 0.1, 0.4]), "spelling-variants"),
    "blanks inside": (choice("New  York", "New York", "Rome"), "spelling-variants"),
    "typeset": (choice("don’t", "don't", "so\u00ad lo", "solo", "نعـــم", "نعم"), "spelling-variants"),
    "-99.9 beside degrees": (with_value(-99.9, 9, PRESSURE - 120), "placeholder-values"),
    "accents": (choice("São Paulo", "Sao Paulo", "Rio"), "spelling-variants"),
    "blanks outside": (choice(" Private", " Public", " None at all"), "outer-blanks"),
    "999 beside ages": (with_value(999, 4, AGES), "placeholder-values"),
    "-1 beside counts": (with_value(-1, 60, COUNTS), "placeholder-values"),
    "-999 beside degrees": (with_value(-999, 2, PRESSURE - 120), "placeholder-values"),
    "0 for a pressure": (with_value(0, 3, PRESSURE), "placeholder-values"),
    "words": (choice("unknown", "single", "married"), "placeholder-values"),
    "end of time": (BORN.where(BORN.index > 5, "9999-12-31").astype(str), "placeholder-values"),
    "begin of time": (DAYS.where(DAYS.index > 5, pd.Timestamp("1970-01-01")), "placeholder-values"),
    "1234567 thirty times": (with_value(1_234_567, 30, PRESSURE), "outlying-constant"),
    "a wrong century": (DAYS.where(DAYS.index != 7, pd.Timestamp("2091-03-01")), "far-dates"),
    "before our time": (DAYS.astype(str).where(DAYS.index != 7, "1019-01-08"), "date-range"),
    "inches": (INCHES, "mixed-units"),
    "grams": (np.where(np.arange(ROWS) % 9 == 0, HEIGHT * 1000, HEIGHT), "mixed-units"),
    "names": (pd.Series(NAMES, name="Name"), "personal-data"),
    "addresses": ([f"user{i}@example.org" for i in range(ROWS)][:250] + ["none"] * 50, "personal-data"),
    "tokens": ([f"{i:04d}-QX" for i in range(ROWS)], "identifier-dropped"),
    "row numbers": (np.arange(1, ROWS + 1), "identifier-dropped"),
    "two others": (with_value(1, 2, np.zeros(ROWS)), "quasi-constant"),
    "a recoding": (np.array([10, 40, 20, 30, 0])[LEVEL], "one-to-one-columns"),
    "the same order": (np.exp(PRESSURE / 20), "correlated-copies"),
}

#: A column in which none of the codes above may be found.
CLEAN = {
    "categories": choice("Paris", "Rome", "New York", "São Paulo"),
    "ages to 99": with_value(99, 1, AGES),
    "rounded normal": np.round(RNG(10).normal(3, 2, size=ROWS)),
    "counts with zeros": COUNTS,
    "one large": with_value(5_000, 1, HEIGHT),
    "many zeros": np.where(RNG(11).random(ROWS) < 0.4, 0.0, RNG(12).lognormal(size=ROWS)),
    "log-normal": RNG(13).lognormal(3, 2, size=ROWS),
    "two kinds": np.where(RNG(14).random(ROWS) < 0.3, RNG(15).normal(10, 1, ROWS), RNG(16).normal(70, 5, ROWS)),
    "dates": DAYS.sample(frac=1, random_state=0).reset_index(drop=True),
    "births": BORN.astype(str),
    "a rare flag": with_value(1, 12, np.zeros(ROWS)),
    "related": PRESSURE + RNG(17).normal(0, 2, size=ROWS),
    "hearts": np.where(LEVEL > 2, 1, LEVEL),
    "words within texts": choice("unknown soldier", "na na na", "batman"),
}
NEW_CODES = {code for _, code in TRIGGERS.values()} | {"suspiciously-strong", "pair-leak", "target-capped"}


@pytest.mark.parametrize("name", TRIGGERS)
def test_what_is_wrong_with_a_column_is_found(name):
    cells, code = TRIGGERS[name]
    column = str(getattr(cells, "name", None) or "the column")
    frame = table(pressure=PRESSURE, level=LEVEL, **{column: cells})
    finding = one(frame, code)
    assert finding.column == column
    assert finding.fix
    assert proven(finding)


@pytest.mark.parametrize("name", CLEAN)
def test_nothing_is_found_in_a_clean_column(name):
    frame = table(pressure=PRESSURE, level=LEVEL, **{"the column": CLEAN[name]})
    assert not {code for code, column in codes(frame) if code in NEW_CODES and column == "the column"}


def test_evidence_shows_what_the_words_say():
    finding = one(table(town=TRIGGERS["case"][0]), "spelling-variants")
    assert finding.evidence is not None
    assert finding.evidence.examples[0][0] == "'Paris'"
    assert finding.evidence.sketch is not None
    assert finding.evidence.sketch.names[:2] == ("Paris", "paris")
    marked = one(table(age=with_value(999, 4, AGES)), "placeholder-values").evidence
    assert marked is not None
    assert marked.sketch is not None
    assert marked.sketch.marks == (999.0,)


def test_mixed_units_name_the_factor_and_the_rows():
    finding = one(table(height=INCHES), "mixed-units")
    assert "2.54" in finding.found
    assert "centimetres and inches" in finding.found
    assert finding.evidence is not None
    assert finding.evidence.rows == (1, 8, 15, 22, 29)


def test_equal_columns_are_told_of_once():
    frame = table(level=LEVEL, again=LEVEL)
    about = {code for code, column in codes(frame) if column == "again"}
    assert about == {"identical-columns"}


@pytest.mark.parametrize("wrong", [0, 1])
def test_columns_are_copies_in_all_rows_or_none(wrong):
    """Few rows tell which columns may be; the row in which they differ is not among them."""
    rows = redundant_columns.SCREENED + 500
    left_out = np.setdiff1d(np.arange(rows), sample(rows, redundant_columns.SCREENED))[0]
    a = RNG(50).integers(0, 9, rows).astype(float)
    b = a.copy()
    b[left_out] += wrong
    columns = tuple(Column(id=name, name=name, kind="numeric", why="") for name in "ab")
    assert redundant_columns.copies(columns, {"a": a, "b": b}) == ({} if wrong else {"b": "a"})


def test_an_identifier_is_no_recoding():
    unique = RNG(1).permutation(ROWS) * 1.5
    frame = table(a=unique, b=-(unique**2) + RNG(2).permutation(ROWS))
    assert "one-to-one-columns" not in {code for code, _ in codes(frame)}


def test_capped_target():
    price = np.round(RNG(20).gamma(3, 60_000, size=2_000), -2)
    frame = pd.DataFrame({"a": price + RNG(21).normal(0, 60_000, 2_000), "b": RNG(22).normal(size=2_000), "y": price})
    assert "target-capped" not in {code for code, _ in codes(frame, task="regression")}
    finding = one(frame.assign(y=price.clip(max=350_001)), "target-capped", task="regression")
    assert "350001" in finding.found.replace(",", "")
    assert finding.severity == "warning"
    # Rain is often nought, which is where rain ends.
    rain = np.where(RNG(23).random(2_000) < 0.4, 0.0, RNG(24).gamma(2, 3, size=2_000))
    assert "target-capped" not in {code for code, _ in codes(frame.assign(y=rain), task="regression")}


def calls(name: str, rows: int = 1_500) -> pd.DataFrame:
    """Customers, and how long they were on the phone: those who agree stay longer."""
    rng = RNG(30)
    wealth, age = rng.normal(size=rows), rng.normal(size=rows)
    agreed = rng.random(rows) < 1 / (1 + np.exp(1.5 - 0.9 * wealth - 0.6 * age))
    seconds = rng.gamma(2, 100, size=rows) + agreed * rng.gamma(4, 100, size=rows)
    other = {"income": wealth + rng.normal(size=rows), "savings": wealth + rng.normal(size=rows)}
    other |= {"age": age + 0.3 * wealth, "years": age + rng.normal(size=rows)}
    return pd.DataFrame({**other, name: seconds, "y": np.where(agreed, "yes", "no")})


def test_a_column_known_only_afterwards_is_suspected():
    finding = one(calls("duration"), "suspiciously-strong")
    assert finding.column == "duration"
    assert finding.severity == "warning"
    assert "only afterwards" in finding.fix
    assert finding.evidence is not None
    assert finding.evidence.sketch is not None
    # Without a telling name it is a note, and no word where the user knows it to be right.
    assert one(calls("x"), "suspiciously-strong").severity == "info"
    assert "suspiciously-strong" not in {code for code, _ in codes(calls("duration"), allow_leak=("duration",))}


def test_ordinary_strong_columns_are_not_suspected():
    assert "suspiciously-strong" not in {code for code, _ in codes(calls("duration").drop(columns="duration"))}
    # Strong, but related to what else is known.
    frame = calls("duration")
    frame["income"] += (frame["duration"] - 400) / 250
    assert "suspiciously-strong" not in {code for code, _ in codes(frame)}


PAIRS: dict[str, Any] = {
    "difference": lambda a, b: np.where(a - b > 0, "yes", "no"),
    "sum": lambda a, b: np.where(a + b > 4, "yes", "no"),
    "ratio": lambda a, b: np.where(a / b > 1.3, "yes", "no"),
    "product": lambda a, b: np.where(a * b > 3, "yes", "no"),
}


@pytest.mark.parametrize("how", PAIRS)
def test_two_numbers_that_separate_the_classes(how):
    a, b = RNG(40).gamma(4, 0.5, size=(2, 800))
    frame = pd.DataFrame({"a": a, "b": b, "c": RNG(41).normal(size=800), "y": PAIRS[how](a, b)})
    finding = one(frame, "pair-leak")
    assert finding.column == "a"
    assert "'b'" in finding.found
    assert how in finding.found
    assert "pair-leak" not in {code for code, _ in codes(frame, allow_leak=("b",))}
    noisy = frame.assign(y=PAIRS[how](a, b + RNG(42).normal(0, 0.1, size=800)))
    assert "pair-leak" not in {code for code, _ in codes(noisy)}


def test_two_numbers_that_make_the_target():
    casual, registered = RNG(43).gamma(2, 40, size=(2, 600))
    frame = pd.DataFrame({"casual": casual, "registered": registered, "y": casual + registered})
    finding = one(frame, "pair-leak", task="regression")
    assert finding.column == "casual"
    assert finding.evidence is not None
    assert finding.evidence.sketch is not None
    assert finding.evidence.sketch.names == ("casual", "registered", "together")
    price = frame.assign(y=casual * registered)
    assert "product or ratio" in one(price, "pair-leak", task="regression").found
    noisy = frame.assign(y=frame["y"] + RNG(44).normal(0, 3, size=600))
    assert "pair-leak" not in {code for code, _ in codes(noisy, task="regression")}


def test_two_columns_that_are_a_lookup_table():
    a, b = RNG(45).integers(0, 4, size=(2, 900))
    parity = np.where((a + b) % 2 == 0, "even", "odd")
    frame = pd.DataFrame({"a": list("pqrs"), "i": range(4)}).iloc[a].reset_index(drop=True)[["a"]]
    frame = frame.assign(b=b, c=RNG(46).normal(size=900), y=parity)
    finding = one(frame, "pair-leak")
    assert "combination of their values" in finding.found
    few_wrong = np.where(RNG(47).random(900) < 0.05, "odd", parity)
    assert "pair-leak" not in {code for code, _ in codes(frame.assign(y=few_wrong))}


def test_the_order_of_the_rows_makes_no_difference_to_columns():
    frame = table(height=INCHES, town=TRIGGERS["case"][0], age=with_value(999, 4, AGES), level=LEVEL)
    shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    assert codes(frame) == codes(shuffled)


# Sums, copies of the target, categories beyond those that are distinguished


def parts() -> dict[str, Any]:
    return {f"q{k}": RNG(30 + k).gamma(3, 20, size=ROWS).round(2) for k in range(1, 5)}


def test_a_total_of_features_is_a_note_with_its_parts():
    quarters = parts()
    finding = one(table(**quarters, total=sum(quarters.values())), "sum-of-columns")
    assert (finding.severity, finding.column) == ("info", "total")
    assert "'q1' + 'q2' + 'q3' + 'q4'" in finding.found
    price = quarters["q1"] + quarters["q2"]
    assert "'price' - 'q1'" in one(table(price=price, q1=quarters["q1"], tax=quarters["q2"]), "sum-of-columns").found


def test_a_target_that_is_a_sum_of_features_is_a_leak():
    quarters = parts()
    finding = one(table(**quarters, y=sum(quarters.values())), "sum-leak", task="regression")
    assert (finding.severity, finding.column) == ("warning", "y")
    assert "4 other columns" in finding.found
    noisy = table(**quarters, y=sum(quarters.values()) + RNG(40).normal(0, 20, size=ROWS))
    assert not {"sum-leak", "sum-of-columns"} & {line.code for line in run(noisy, task="regression")}
    allowed = table(**quarters, y=sum(quarters.values()))
    assert "sum-leak" not in {line.code for line in run(allowed, task="regression", allow_leak=("q2",))}


@pytest.mark.parametrize("form", ["class", "words", "gaps", "number", "cents"])
def test_a_copy_of_the_target_with_mistakes_is_found(form: str):
    wrong = RNG(41).random(ROWS) < (0.4 if form == "gaps" else 0.03)
    y = RNG(42).choice([0, 1], size=ROWS, p=[0.8, 0.2])
    hint: Any = np.where(wrong, 1 - y, y)
    task = "binary"
    if form == "words":
        hint = np.where(hint > 0, "paid", "open")
    if form == "gaps":
        hint = np.where(wrong, None, y)
    if form in ("number", "cents"):
        task, y = "regression", RNG(43).normal(100, 20, size=ROWS).round(2)
        hint = np.where(wrong, RNG(44).permutation(y), y) * (100 if form == "cents" else 1)
    finding = one(table(hint=hint, y=y), "suspiciously-strong", task=task)
    assert (finding.severity, finding.column) == ("warning", "hint")
    assert f"{1 - wrong.mean():.0%} of the rows" in finding.found


@pytest.mark.parametrize(("most", "severity"), [(200, None), (40, "info"), (20, "warning")])
def test_rows_of_categories_beyond_those_that_are_kept_are_counted(most: int, severity: str | None):
    users = [f"user {k % 50}" if k % 3 else f"user {k % 20}" for k in range(ROWS)]
    found = [line for line in run(table(user=users), max_categories=most) if line.code == "unknown-categories"]
    assert [line.severity for line in found] == ([severity] if severity else [])
    if found:
        counts = pd.Series(users).value_counts()
        assert f"{counts[most:].sum():,} of {ROWS:,} rows" in found[0].found
        assert "max_categories" in found[0].fix
    assert not [
        line
        for line in run(table(user=users), max_categories=most, encoded=("user",))
        if line.code == "unknown-categories"
    ]


# Blank rows, names


def test_columns_that_are_empty_together_have_one_finding():
    blank = np.arange(ROWS) % 5 < 2
    cells = {f"m{k}": np.where(blank, np.nan, RNG(50 + k).normal(size=ROWS)) for k in range(6)}
    made = pd.DataFrame(
        cells | {"town": pd.Series(choice("Rome", "Oslo")).mask(blank), "y": RNG(60).choice([0, 1], ROWS)}
    )
    assert codes(made) == {("missing-values", None)}
    assert "7 columns that are empty in the same rows, 120 of 300 rows (40%)" in one(made, "missing-values").found


@pytest.mark.parametrize("beside", [{}, {"sex": choice("m", "f")}])
def test_names_of_things_are_no_names_of_persons(beside: dict[str, Any]):
    games = [
        f"{a} of the {b} {k}"
        for k, (a, b) in enumerate(zip(choice("Rise", "Lord"), choice("Dead", "Sun"), strict=True))
    ]
    found = {column for code, column in codes(table(Name=games, **beside)) if code == "personal-data"}
    assert found == ({"Name"} if beside else set())


def test_equal_rows_that_a_name_tells_apart_are_a_note():
    made = table(m=RNG(61).normal(size=ROWS), n=RNG(62).normal(size=ROWS), p=RNG(63).normal(size=ROWS))
    made = pd.concat([made, made.head(30)], ignore_index=True)
    assert one(made, "duplicate-rows").severity == "warning"
    made["id"] = np.arange(len(made)) + 1
    finding = one(made, "duplicate-rows")
    assert (finding.severity, "all of them differ in a column that is no input" in finding.found) == ("info", True)
