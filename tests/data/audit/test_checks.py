"""Every registered check passes the suite, and a foreign one takes part from the recipe to the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner
from autoft.data.audit import CHECKS, OWN, AuditOptions, Check, TableView, audit, check
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.table import read
from autoft.errors import SetupError
from autoft.records.findings import Finding
from autoft.testing import check_audit
from tests.tables import features, tiny_recipe

ROWS = 300
RNG = np.random.default_rng(0)
SIGNAL = RNG.normal(size=ROWS)
BASE = {
    "size": SIGNAL + RNG.normal(size=ROWS),
    "level": RNG.normal(120, 12, ROWS),
    "colour": RNG.choice(["red", "green", "blue"], ROWS),
    "y": np.where(SIGNAL > 0, "yes", "no"),
}
DAYS = pd.Series(pd.date_range("2019-01-01", periods=ROWS))
HEIGHT = RNG.normal(172, 8, ROWS)
PERSONS = [f"{('Anna', 'Kofi')[k % 2]} {chr(65 + k % 26)}{chr(97 + k // 26)}nning" for k in range(ROWS)]


def base(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({**BASE, **columns})


def first_rows(value: object, rows: int, others: Any) -> pd.Series:
    return pd.Series(others).mask(np.arange(ROWS) < rows, value)


def repeated(**changes: Any) -> pd.DataFrame:
    more = base(**{f"m{k}": np.random.default_rng(k).normal(size=ROWS) for k in range(4)})
    return pd.concat([more, more.head(30).assign(**changes)], ignore_index=True)


#: By check a table in which it finds something, what it looks for, and how the problem differs from the usual one.
PLANTED: dict[str, tuple[pd.DataFrame, str, dict[str, Any]]] = {
    "target-missing-values": (base(y=first_rows(None, 3, BASE["y"])), "target-missing-values", {}),
    "too-few-rows": (base().head(12), "too-few-rows", {}),
    "target-values": (base(y=first_rows(1e6, 3, SIGNAL)), "target-heavy-tail", {"task": "regression"}),
    "target-classes": (base(y=first_rows("maybe", 3, BASE["y"])), "class-smaller-than-folds", {"task": "multiclass"}),
    "target-spelling": (base(y=first_rows("Yes.", 9, BASE["y"])), "target-spelling", {"task": "multiclass"}),
    "no-features": (base()[["y"]], "no-features", {}),
    "duplicate-rows": (repeated(), "duplicate-rows", {}),
    "near-duplicate-rows": (repeated(level=7.0), "near-duplicate-rows", {}),
    "missing-values": (base(level=first_rows(None, 9, BASE["level"])), "missing-values", {}),
    "infinite-values": (base(level=first_rows(np.inf, 1, BASE["level"])), "infinite-values", {}),
    "rare-categories": (base(code=[f"t{k}" if k > 90 else "common" for k in range(ROWS)]), "rare-categories", {}),
    "placeholder-values": (base(age=first_rows(999, 4, RNG.integers(18, 95, ROWS))), "placeholder-values", {}),
    "placeholder-dates": (base(day=first_rows(pd.Timestamp("1970-01-01"), 4, DAYS)), "placeholder-values", {}),
    "placeholder-words": (base(kind=RNG.choice(["unknown", "single"], ROWS)), "placeholder-values", {}),
    "quasi-constant": (base(flag=first_rows(1.0, 2, np.zeros(ROWS))), "quasi-constant", {}),
    "mixed-units": (base(height=np.where(np.arange(ROWS) % 7, HEIGHT, HEIGHT / 2.54)), "mixed-units", {}),
    "far-dates": (base(day=first_rows(pd.Timestamp("2091-03-01"), 1, DAYS)), "far-dates", {}),
    "spelling-variants": (base(town=RNG.choice(["Rome", "ROME", "Oslo"], ROWS)), "spelling-variants", {}),
    "personal-data": (base(Name=PERSONS), "personal-data", {}),
    "unknown-categories": (
        base(user=[f"user {k // 5}" for k in range(ROWS)]),
        "unknown-categories",
        {"options": AuditOptions(max_categories=20)},
    ),
    "sum-of-columns": (base(rest=BASE["level"] - BASE["size"]), "sum-of-columns", {}),
    "identical-columns": (base(copy=BASE["level"]), "identical-columns", {}),
    "outlying-values": (base(level=first_rows(9_000, 2, BASE["level"])), "outlying-values", {}),
    "target-leak": (base(hint=np.where(SIGNAL > 0, 7.0, 3.0)), "target-leak", {}),
    "group-structure": (base(case=[f"c{k // 5}" for k in range(ROWS)], y=np.arange(ROWS) // 15), "group-structure", {}),
    "time-structure": (base(day=DAYS), "time-structure", {}),
}


@pytest.mark.parametrize("one", OWN, ids=lambda one: one.name)
def test_own_checks_pass_the_suite(one: Check, root: Path) -> None:
    made, code, problem = PLANTED[one.name]
    found = check_audit(one, fires_on=made, target="y", documentation=root / "docs" / "schema.md", **problem)
    assert code in {line.code for line in found}


def test_own_checks_come_first_and_all_are_listed() -> None:
    assert set(CHECKS.names()) == {one.name for one in OWN}
    assert set(PLANTED) == set(CHECKS.names())


def fives(view: TableView) -> Iterator[Finding]:
    """Numbers that are multiples of five only, as if they were estimated."""
    for column, values in view.columns("numeric"):
        if (values[np.isfinite(values)] % 5 == 0).all():
            fix = "ask how it was measured"
            yield Finding("lab:rounded", "warning", column.name, "be measured", "has multiples of five only", fix)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`check`, whose registrations end with the test."""
    monkeypatch.setattr(CHECKS, "_things", {name: CHECKS[name] for name in CHECKS.names()})
    return check


def run(made: pd.DataFrame, **options: Any) -> list[Finding]:
    frame = read(made).frame
    columns, _ = infer_columns(frame, target="y")
    chosen = AuditOptions(**options)
    return list(audit(frame, columns, convert(frame, columns), target="y", task="binary", options=chosen))


def test_a_foreign_check_passes_the_suite(registered: Any) -> None:
    foreign = registered("lab:rounded", scope="columns")(fives)
    made = base(dose=RNG.integers(1, 99, ROWS) * 5.0)
    assert [line.column for line in check_audit(foreign, fires_on=made, target="y")] == ["dose"]
    assert [line.code for line in run(made)][-1] == "lab:rounded"


@pytest.mark.slow  # tests/test_foreign_package.py has it in a run with other things
def test_a_foreign_check_is_seen_in_fit_and_in_its_files(registered: Any, table: pd.DataFrame, tmp_path: Path) -> None:
    registered("lab:rounded", scope="columns")(fives)
    recipe = tiny_recipe(target="outcome", trials=1, **{"evaluate.strategy": "holdout"})
    made = features(table, "outcome").assign(dose=np.arange(len(table)) % 13 * 5)
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(made)
    assert ("lab:rounded", "dose") in {(line.code, line.column) for line in tuner.findings_}
    documents = json.loads((tmp_path / "run" / "findings.json").read_text(encoding="utf-8"))
    assert "has multiples of five only" in {line["found"] for line in documents}
    assert "has multiples of five only" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_a_check_that_fails_is_named_with_its_package(registered: Any) -> None:
    @registered("lab:broken", scope="rows")
    def broken(view: TableView) -> Iterator[Finding]:
        raise KeyError("dose")

    with pytest.raises(SetupError, match=r"audit check 'lab:broken' of the package '.+' .*raises KeyError: 'dose'"):
        run(base())


def test_a_code_has_to_be_declared(registered: Any) -> None:
    registered("lab:other", scope="columns")(fives)
    with pytest.raises(SetupError, match="declare its codes, but gives a finding 'lab:rounded'"):
        run(base(dose=RNG.integers(1, 99, ROWS) * 5.0))


def test_two_checks_of_one_name_are_refused(registered: Any) -> None:
    with pytest.raises(SetupError, match="have one meaning"):
        registered("duplicate-rows", scope="rows")(fives)


def test_the_suite_finds_a_noisy_and_a_silent_check(registered: Any) -> None:
    def noisy(view: TableView) -> list[Finding]:
        """Always."""
        return [Finding("lab:noisy", "warning", None, "be calm", "is there", "leave it")]

    with pytest.raises(AssertionError, match="not silent on clean tables"):
        check_audit(registered("lab:noisy", scope="rows")(noisy), fires_on=base(), target="y")
    with pytest.raises(AssertionError, match="finds nothing"):
        check_audit(registered("lab:rounded", scope="columns")(fives), fires_on=base(), target="y")


def test_a_finding_reads_as_sentences() -> None:
    frame = read(base(customerID=[f"{k:04d}-QX" for k in range(ROWS)])).frame
    (line,) = infer_columns(frame, target="y")[1]
    assert str(line) == (
        "Column 'customerID' looks like an identifier (every value is unique). "
        "It was left out; declare its kind under data.columns to use it."
    )
