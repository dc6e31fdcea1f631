"""What the audit finds: facts that are known of a shared folder's tables, and how quiet it is on clean tables.

    python -m benchmarks.audit [--quick] [--only adult,clean] [--json FILE] [--shared FOLDER]

`FOLDER` (by default `shared` beside the checkout) holds the tables in `data/`. Each of them has a row: what was found,
the facts that are known of it and missed, and CPU seconds with the reading. `clean` is 100 random tables without
anything to warn of (of `autoft.testing.checks`); wanted is at most one warning per 20 columns. `long` is the table of
`benchmarks.schema` with 1,000,000 rows and 30 columns, in memory; it is to show what the audit alone costs there
(`audit_cpu_s`, beside the reading and the understanding of the columns in `cpu_s`).
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import Row, finish, options, progress
from benchmarks.machine import ROOT

#: File and target of each table.
SETS: dict[str, tuple[str, str]] = {
    "adult": ("adult.csv.gz", "income"),
    "bank_marketing": ("bank_marketing.csv.gz", "y"),
    "telco_churn": ("telco_churn.csv", "Churn"),
    "german_credit": ("german_credit.csv", "class"),
    "titanic": ("titanic.csv", "Survived"),
    "heart_cleveland": ("heart_cleveland.csv", "disease"),
    "wine_quality": ("wine_quality.csv", "quality"),
    "car_evaluation": ("car_evaluation.csv", "acceptability"),
    "covertype_10k": ("covertype_10k.csv.gz", "Cover_Type"),
    "penguins": ("penguins.csv", "species"),
    "diamonds": ("diamonds.csv.gz", "price"),
    "california_housing": ("california_housing.csv.gz", "median_house_value"),
    "bike_sharing": ("bike_sharing.csv.gz", "cnt"),
    "taxis": ("taxis.csv", "fare"),
}
#: Findings that must be there: code and column.
FACTS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "adult": (("one-to-one-columns", "education_num"),),
    "bank_marketing": (("suspiciously-strong", "duration"), ("placeholder-values", "pdays")),
    "telco_churn": (("identifier-dropped", "customerID"), ("missing-values", "TotalCharges")),
    "titanic": (("identifier-dropped", "PassengerId"), ("rare-categories", "Ticket"), ("personal-data", "Name")),
    "heart_cleveland": (("missing-values", "ca"), ("missing-values", "thal")),
    "wine_quality": (("duplicate-rows", None),),
    "penguins": (("missing-values", "sex"), ("target-sorted", None)),
    "diamonds": tuple(("placeholder-values", edge) for edge in "xyz"),
    "california_housing": (("target-capped", "median_house_value"),),
    "bike_sharing": (("rows-in-time", None),),
}
TABLES, QUICK_TABLES, COLUMNS = 100, 10, 20
LONG, QUICK_LONG, WIDE = 1_000_000, 20_000, 30


def findings(data: Any, target: str, task: str = "auto") -> tuple[tuple[Any, ...], int]:
    """What autoft's own checks say of a table, and its number of columns."""
    from autoft.pipeline.describe import inspect_table
    from autoft.recipe.recipe import Recipe

    recipe = Recipe().with_changes(target=target, task=task)
    seen = inspect_table(recipe, data, enforce=False)
    return seen.findings, len(seen.columns)


def row_of(name: str, shared: Path) -> Row:
    """One shared table."""
    file, target = SETS[name]
    start = time.process_time()
    found, columns = findings(str(shared / "data" / file), target)
    spent = time.process_time() - start
    told, severities = {(line.code, line.column) for line in found}, Counter(line.severity for line in found)
    facts = FACTS.get(name, ())
    missed = [f"{code} {column or ''}".strip() for code, column in facts if (code, column) not in told]
    counts = {"errors": severities["error"], "warnings": severities["warning"], "notes": severities["info"]}
    known = {"facts": len(facts), "found": len(facts) - len(missed), "missed": ", ".join(missed) or None}
    codes = [f"{line.severity} {line.code} {line.column or ''}".strip() for line in found]
    return {"table": name, "columns": columns, **counts, **known, "cpu_s": spent, "findings": codes}


def row_of_clean(tables: int) -> Row:
    """Random clean tables, all together."""
    from autoft.testing.checks import clean_table

    start, columns, codes = time.process_time(), 0, list[str]()
    for seed in range(tables):
        made, task = clean_table(seed, 2_000)
        found, width = findings(made, "target", task)
        columns += width
        codes += [f"{seed}: {line.severity} {line.code} {line.column or ''}" for line in found]
    errors, warnings = (sum(f": {kind} " in code for code in codes) for kind in ("error", "warning"))
    counts = {"errors": errors, "warnings": warnings, "notes": len(codes) - errors - warnings}
    spent = time.process_time() - start
    return {"table": f"clean x {tables}", "columns": columns, **counts, "cpu_s": spent, "findings": codes}


def row_of_long(rows: int, columns: int) -> Row:
    """A long table, whose target has to do with one column."""
    import numpy as np

    from autoft.data.audit import audit
    from autoft.data.columns import infer_columns
    from autoft.data.convert import convert
    from autoft.data.table import read
    from benchmarks.schema import table

    frame = table(rows, columns)
    noise = np.random.default_rng(1).normal(size=rows)
    frame["target"] = np.where(np.log(frame["column 1"]) + noise > 0, "yes", "no")
    start = time.process_time()
    frame = read(frame).frame
    kinds, told = infer_columns(frame, target="target")
    converted = convert(frame, kinds)
    before = time.process_time()
    found = (*told, *audit(frame, kinds, converted, target="target", task="binary"))
    spent = time.process_time()
    severities = Counter(line.severity for line in found)
    counts = {"errors": severities["error"], "warnings": severities["warning"], "notes": severities["info"]}
    codes = [f"{line.severity} {line.code} {line.column or ''}".strip() for line in found]
    times = {"cpu_s": spent - start, "audit_cpu_s": spent - before}
    return {"table": f"long, {rows:,} rows", "columns": len(kinds), **counts, **times, "findings": codes}


def summary_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Facts found of those known, and warnings (errors included) per 20 columns of clean tables."""
    facts, found = (sum(row.get(key, 0) for row in rows) for key in ("facts", "found"))
    summary: dict[str, Any] = {"facts": facts, "found": found}
    for row in rows:
        if row["table"].startswith("clean"):
            summary["warnings_per_20_columns"] = COLUMNS * (row["errors"] + row["warnings"]) / row["columns"]
    return summary | {"reached": facts == found and summary.get("warnings_per_20_columns", 0.0) <= 1}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    own, rest = parser.parse_known_args(argv)
    given = options("audit", __doc__.splitlines()[0], rest, only=[*SETS, "clean", "long"])
    rows: list[Row] = []
    for name in SETS:
        if given.wants(name) and (not given.quick or given.only or name in ("titanic", "penguins")):
            progress(f"audit: {name}")
            rows.append(row_of(name, own.shared.resolve()))
    if given.wants("clean"):
        progress("audit: clean")
        rows.append(row_of_clean(QUICK_TABLES if given.quick else TABLES))
    if given.wants("long"):
        progress("audit: long")
        rows.append(row_of_long(QUICK_LONG if given.quick else LONG, WIDE))
    finish("audit", given, rows, summary_of(rows), title="what the audit finds")


if __name__ == "__main__":
    main()
