"""Does a run use its minutes and keep to them? Tables of 72 to 1,000,000 rows, a minute to half an hour.

    python -m benchmarks.anytime [--minutes 1,5,30] [--only madelon,long_300k] [--shared FOLDER] [--json FILE]

`FOLDER` (by default `shared` beside the checkout) holds the tables in `data/`. `wide_80` (2,344 rows, 80 numbers, five
classes), `long_300k` and `long_1m` (30 numbers, two classes) are made. Each run is a process of its own on two threads;
the libraries are imported before its clock starts, as the minutes are those of `fit`. Results are saved after every
run.

`used` is the seconds of the run as a share of its minutes, `over` what is beyond them; `search_s` are the seconds of
the search, its plan and the measurement of the ensemble's gain included. `said` lists the findings that say what there
was no time for, or that the space was exhausted. Wanted: `used` from .9 to 1.1 unless the space is exhausted, and five
trials in five minutes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import PieceFailed, Row, finish, measure, numeric_table, options, progress, save
from benchmarks.machine import ROOT

#: File, target and columns that are left out, because they give the answer away, of each table.
SETS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "leukemia": ("leukemia.csv.gz", "CLASS", ()),
    "heart_cleveland": ("heart_cleveland.csv", "disease", ()),
    "penguins": ("penguins.csv", "species", ()),
    "titanic": ("titanic.csv", "Survived", ()),
    "german_credit": ("german_credit.csv", "class", ()),
    "cnae9": ("cnae9.csv.gz", "class", ()),
    "mice_protein": ("mice_protein.csv.gz", "class", ("mouse", "MouseID")),
    "car_evaluation": ("car_evaluation.csv", "acceptability", ()),
    "ozone_eighthr": ("ozone_eighthr.csv.gz", "ozone_day", ()),
    "madelon": ("madelon.csv.gz", "class", ()),
    "fine_foods": ("fine_foods.csv.gz", "score", ()),
    "parkinsons": ("parkinsons_telemonitoring.csv.gz", "total_UPDRS", ()),
    "taxis": ("taxis.csv", "fare", ()),
    "wine_quality": ("wine_quality.csv", "quality", ()),
    "telco_churn": ("telco_churn.csv", "Churn", ()),
    "covertype_10k": ("covertype_10k.csv.gz", "Cover_Type", ()),
    "videogame_sales": ("videogame_sales.csv.gz", "Global_Sales", ()),
    "bike_sharing": ("bike_sharing.csv.gz", "cnt", ()),
    "california_housing": ("california_housing.csv.gz", "median_house_value", ()),
    "amazon_access": ("amazon_access.csv.gz", "ACTION", ()),
    "hotel_bookings": ("hotel_bookings.csv.gz", "is_canceled", ()),
    "bank_marketing": ("bank_marketing.csv.gz", "y", ()),
    "beijing_pm25": ("beijing_pm25.csv.gz", "pm2.5", ()),
    "adult": ("adult.csv.gz", "income", ()),
    "airbnb_nyc": ("airbnb_nyc.csv.gz", "price", ()),
    "diamonds": ("diamonds.csv.gz", "price", ()),
}
#: Rows, columns and classes of the tables that are made.
MADE: Mapping[str, tuple[int, int, int]] = {
    "wide_80": (2_344, 80, 5),
    "long_300k": (300_000, 30, 2),
    "long_1m": (1_000_000, 30, 2),
}
QUICK = ("penguins",)
MINUTES = (1.0, 5.0, 30.0)

#: Findings about what there was no time for, or time left.
_SAID = (
    "minutes-too-short",
    "search-exhausted",
    "boosting-left-out",
    "bag-gain-left-out",
    "curves-left-out",
    "fewer-draws",
)


def table(name: str, shared: str) -> tuple[Any, str]:
    """The table, and the name of its target."""
    import pandas as pd

    if name in MADE:
        rows, columns, classes = MADE[name]
        x, y = numeric_table(rows, columns)
        if classes > 2:
            _, other = numeric_table(rows, columns, seed=1)
            y = y + pd.qcut(x[:, 1] * x[:, 2] + other, classes - 1, labels=False, duplicates="drop")
        return pd.DataFrame(x).add_prefix("x").assign(y=pd.Series(y).map("class {}".format)), "y"
    file, target, left_out = SETS[name]
    frame = pd.read_csv(Path(shared) / "data" / file)
    return frame.drop(columns=[column for column in left_out if column in frame]), target


def piece(name: str, shared: str, minutes: float) -> Callable[[], dict[str, Any]]:
    """The piece: a whole fit within the minutes, and what it did with them."""
    data, target = table(name, shared)

    def work() -> dict[str, Any]:
        from autoft import AutoFineTuner

        tuner = AutoFineTuner(target=target, minutes=minutes).fit(data)
        found, codes = tuner.evaluation_, {finding.code for finding in tuner.findings_}
        return {
            "rows": found.rows,
            "columns": data.shape[1] - 1,
            "trials": len(found.trials),
            "families": Counter(str(trial.params.get("architecture")) for trial in found.trials),
            "seconds": dict(found.seconds),
            "said": [code for code in _SAID if code in codes],
        }

    return work


def run(name: str, shared: str, minutes: float) -> Row:
    """One run as a row; without figures where it failed."""
    row: Row = {"set": name, "minutes": minutes}
    try:
        arguments = {"name": name, "shared": shared, "minutes": minutes}
        measured = measure("benchmarks.anytime:piece", arguments, threads=2, timeout_s=minutes * 180 + 1_800)
    except PieceFailed as error:
        progress(f"{name}, {minutes:g} min failed: {error}")
        return row
    spent = measured.value
    used = measured.wall_s / (60 * minutes)
    row |= {"rows": spent["rows"], "columns": spent["columns"], "trials": spent["trials"], "used": round(used, 3)}
    row |= {"over": round(max(used - 1, 0.0), 3), "wall_s": round(measured.wall_s, 1)}
    row |= {"search_s": spent["seconds"].get("search"), "cpu_s": round(measured.cpu_s, 1)}
    row |= {"said": ", ".join(spent["said"]), "families": spent["families"], "seconds": spent["seconds"]}
    progress(f"{name}, {minutes:g} min: {used:.0%} used, {spent['trials']} trials")
    return row


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """What the rows say, against what is wanted.

    >>> found = summarize([{"set": "a", "minutes": 5.0, "used": 0.5, "trials": 2, "said": ""}])
    >>> found["unused"], found["few_trials"], found["over"]
    (['a 5'], ['a 5'], [])
    """

    def those(wanted: Callable[[Row], bool]) -> list[str]:
        return [f"{row['set']} {row['minutes']:g}" for row in done if wanted(row)]

    done = [row for row in rows if "used" in row]
    return {
        "runs": len(rows),
        "failures": len(rows) - len(done),
        "unused": those(lambda row: row["used"] < 0.9 and "search-exhausted" not in row["said"]),
        "over": those(lambda row: row["used"] > 1.1),
        "few_trials": those(lambda row: row["minutes"] >= 5 and row["trials"] < 5),
        "mean_used": sum(row["used"] for row in done) / len(done) if done else None,
    }


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, save."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=lambda text: tuple(map(float, text.split(","))), default=MINUTES)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    own, rest = parser.parse_known_args(argv)
    every = (*SETS, *MADE)
    given = options("anytime", "the share of its minutes that a run uses, and its trials", rest, only=every)
    names = [name for name in (QUICK if given.quick and not given.only else every) if given.wants(name)]
    rows: list[Row] = []
    for minutes in (0.3,) if given.quick else own.minutes:
        for name in names:
            rows.append(run(name, str(own.shared.resolve()), minutes))
            save("anytime", given, rows, summarize(rows))
    return finish("anytime", given, rows, summarize(rows))


if __name__ == "__main__":
    main()
