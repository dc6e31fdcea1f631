"""False alarms: warnings on healthy tables, in `autoft check` and of the monitor at predict.

    python -m benchmarks.false_alarms [--quick] [--only adult,games] [--json FILE] [--shared FOLDER]

Every table of a shared folder is split 75/25 at random, and once more by time or by group where it has one. The larger
part is checked; the rest is compared with it as at predict (no network is trained). Four made tables have names of
things (games, beers, monsters) and a block of blank rows.

A warning or an error is false unless it is listed in `TRUE`, with the reason: somebody has looked at the column. Each
table counts by its false warnings per 20 columns (of fewer columns as if it had 20), the figure is the mean over the
splits. Wanted are at most one in `check` and one at predict, on average and on every table.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import audit
from benchmarks.common import Row, finish, options, progress
from benchmarks.machine import ROOT

if TYPE_CHECKING:
    import pandas as pd

    from autoft.records.findings import Finding

#: File and target of each table.
SETS: Mapping[str, tuple[str, str]] = {
    **audit.SETS,
    "sms_spam": ("sms_spam.csv", "label"),
    "movie_reviews": ("movie_reviews.csv.gz", "label"),
    "ag_news_7600": ("ag_news_7600.csv.gz", "label"),
    "beijing_pm25": ("beijing_pm25.csv.gz", "pm2.5"),
    "hotel_bookings": ("hotel_bookings.csv.gz", "is_canceled"),
    "ozone_eighthr": ("ozone_eighthr.csv.gz", "ozone_day"),
    "parkinsons_telemonitoring": ("parkinsons_telemonitoring.csv.gz", "total_UPDRS"),
    "mice_protein": ("mice_protein.csv.gz", "class"),
    "amazon_access": ("amazon_access.csv.gz", "ACTION"),
    "videogame_sales": ("videogame_sales.csv.gz", "Global_Sales"),
    "airbnb_nyc": ("airbnb_nyc.csv.gz", "price"),
    "fine_foods": ("fine_foods.csv.gz", "score"),
    "madelon": ("madelon.csv.gz", "class"),
    "cnae9": ("cnae9.csv.gz", "class"),
    "leukemia": ("leukemia.csv.gz", "CLASS"),
    "banking77": ("banking77.csv.gz", "label"),
    "financial_phrasebank": ("financial_phrasebank.csv.gz", "label"),
}
#: Tables with another fair split than a random one: in the order of the rows, or by a column that groups them.
FAIR = {
    "beijing_pm25": "time",
    "hotel_bookings": "time",
    "ozone_eighthr": "time",
    "parkinsons_telemonitoring": "subject#",
    "mice_protein": "mouse",
}
MADE = ("games", "beers", "monsters", "blank_rows")
QUICK = ("titanic", "penguins", *MADE)
FIRST = "Old Golden Black Devil's Hop Red Winter Lazy River Iron Saint Lucky Wild Copper Night"
LAST = "Ale Porter Stout IPA Lager Saison Pilsner Bock Dubbel Session Rye Harvest Reserve"
SYLLABLES = "bul ba saur char man der pik ra chu eev ee mew squir tle gen gar sno lax"
#: Columns for which one false warning may come.
COLUMNS = 20
TRAINING = 0.75
#: By table or table/split: patterns of "code column" (- for the whole table), and why they are right.
TRUE: Mapping[str, Mapping[str, str]] = {
    "adult": {
        "placeholder-values capital_gain": "99999 stands for 'at least 99999' in the census file",
        "one-to-one-columns education_num": "education in numbers",
    },
    "bank_marketing": {
        "placeholder-values pdays": "999 means never contacted",
        "one-to-one-columns cons.conf.idx": "both are monthly figures: each month has one pair",
        "suspiciously-strong duration": "known only after the call",
    },
    "telco_churn": {"identifier-dropped customerID": "the customer's number"},
    "titanic": {
        "personal-data Name": "names of the passengers",
        "rare-categories *": "most tickets and cabins are one passenger's",
        "missing-values Cabin": "empty in three of four rows",
    },
    "wine_quality": {
        "duplicate-rows -": "18 % of the rows are repeated (README of the shared folder)",
        "imbalanced-target quality": "27 of 4,873 wines have quality 3",
        "class-*": "five wines in all have quality 9",
        "near-duplicate-rows -": "one wine analysed twice: all but one of its figures agree",
    },
    "car_evaluation": {
        "mixed-types doors": "'5more' is a number to a person",
        "mixed-types persons": "so is 'more'",
        "imbalanced-target acceptability": "4 % are good",
    },
    "covertype_10k": {"quasi-constant Soil_Type*": "one to eight rows of 7,500 have this soil"},
    "diamonds": {
        "placeholder-values [xyz]": "a stone is not 0 mm long",
        "out-of-range [yz]": "58.9 and 31.8 mm are mistakes: the stone weighs 2 carat",
    },
    "california_housing": {"target-capped median_house_value": "capped at 500001"},
    "bike_sharing": {"*time* *": "twice as many riders in the second year"},
    "sms_spam": {"duplicate-rows -": "the same text sent twice (README)"},
    "beijing_pm25": {"rows-in-time -": "an hour resembles the hour before"},
    "beijing_pm25/time": {
        "out-of-range year": "a year later",
        "drift year": "a year later",
        "drift month": "ten months of the last year",
        "out-of-range DEWP": "no earlier year was so humid",
        "tfdv:UNEXPECTED_DATA_TYPE TEMP": "the station began to report fractions",
    },
    "hotel_bookings": {
        "duplicate-rows -": "22 % of the rows are repeated (README)",
        "conflicting-rows -": "one of two equal bookings cancelled",
        "missing-values company": "empty in nine of ten rows",
        "rows-in-time -": "the bookings of a day resemble one another",
    },
    "hotel_bookings/time": {
        "drift *": "other months, other guests: summer after winter",
        "drift-missing *": "fewer bookings through companies, more through agents",
        "tfdv:ENUM_TYPE_UNEXPECTED_STRING_VALUES arrival_date_month": "August was not in the training rows",
        "out-of-range arrival_date_week_number": "later weeks",
        "unseen-categories country": "new countries in more rows than before",
    },
    "ozone_eighthr": {"*time* *": "ozone days become fewer"},
    "ozone_eighthr/time": {
        "drift WSR*": "winds became weaker over the years (medians 3.3 and 2.7)",
        "drift *": "the last years were others; medians have moved",
        "drift-missing -": "the station failed less often",
        "out-of-range *": "see drift",
    },
    "parkinsons_telemonitoring": {
        "correlated-copies *": "by definition three times the other one",
        "rows-in-groups subject#": "140 rows of each subject",
    },
    "parkinsons_telemonitoring/subject#": {
        "out-of-range *": "another person's voice",
    },
    "mice_protein": {
        "identifier-dropped MouseID": "the number of the row",
        "identical-columns pS6_N": "the source has this column twice",
        "target-leak mouse": "a mouse has one class",
        "*group* mouse": "15 rows of each mouse",
        "missing-values BCL2_N": "empty in 31 % of the cells",
    },
    "videogame_sales": {"spelling-variants Publisher": "one publisher in two spellings"},
    "amazon_access": {"one-to-one-columns ROLE_CODE": "the code of the title"},
    "fine_foods": {"identifier-dropped product": "the product's number"},
    "cnae9": {
        "duplicate-rows -": "2.6 % of the rows are repeated (README)",
        "quasi-constant -": "words that one or two texts have: one warning, not one for each",
        "identical-columns -": "words of the same one or two texts: one warning",
        "one-to-one-columns w*": "two words of the same few texts, counted otherwise",
        "unreadable-values *": "a count of 2 where training had 0 and 1 only: the model takes it for missing",
    },
    "leukemia": {"wider-than-rows -": "7,129 genes of 54 people"},
    "games": {"rare-categories Name": "hardly a title comes twice"},
    "beers": {"rare-categories name": "hardly a name comes twice", "identifier-dropped id": "a number for each row"},
    "monsters": {
        "rare-categories Name": "every name once",
        "identifier-dropped #": "numbers the rows",
    },
    "blank_rows": {"missing-values -": "400 blank rows: one warning, not one for each column"},
}


def made_table(name: str, shared: Path) -> tuple[pd.DataFrame, str]:
    """A table of things that have names, or of blank rows, and its target."""
    import numpy as np
    import pandas as pd

    rng, rows = np.random.default_rng(MADE.index(name)), 1_200
    if name == "games":
        sold = pd.read_csv(shared / "data" / "videogame_sales.csv.gz").sample(rows, random_state=0)
        frame = sold[["Name", "Genre", "Year"]].reset_index(drop=True)
        return frame.assign(reviews=rng.poisson(40, rows), score=rng.normal(70, 9, rows).round(1)), "score"
    if name == "beers":
        words = [
            " ".join((*rng.choice(FIRST.split(), 2, replace=False), rng.choice(LAST.split()))) for _ in range(rows)
        ]
        frame = pd.DataFrame({"id": rng.permutation(rows) + 1, "name": words, "style": rng.choice(LAST.split(), rows)})
        frame["abv"], frame["ibu"] = rng.normal(0.06, 0.01, rows).round(3), rng.gamma(4, 11, rows).round()
        return frame.assign(ounces=rng.choice([12.0, 16.0], rows), rating=rng.normal(3.6, 0.4, rows)), "rating"
    if name == "blank_rows":
        frame = pd.DataFrame({f"part {k}": rng.normal(k, 1 + k, rows).round(3) for k in range(16)})
        frame["line"] = rng.choice(["A", "B", "C"], rows)
        frame.loc[rows - 400 :] = np.nan
        frame = frame.sample(frac=1, random_state=0, ignore_index=True)
        return frame.assign(passed=rng.choice(["yes", "no"], rows)), "passed"
    words = ["".join(rng.choice(SYLLABLES.split(), rng.integers(2, 5))).capitalize() + f" {k}" for k in range(rows)]
    frame = pd.DataFrame({"#": np.arange(rows) + 1, "Name": words, "Type": rng.choice(["Fire", "Water", "Bug"], rows)})
    frame = frame.assign(**{stat: rng.integers(4, 30, rows) * 5 for stat in ("HP", "Attack", "Defense", "Speed")})
    frame.iloc[-15:, 2:] = frame.iloc[:15, 2:].to_numpy()  # forms of one monster
    return frame.assign(Legendary=rng.random(rows) < 0.2), "Legendary"


def parts(frame: pd.DataFrame, how: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training rows and the rest: at random, in the order of the rows (`time`), or whole groups of a column."""
    import numpy as np

    rng, rows = np.random.default_rng(0), len(frame)
    if how in ("random", "time"):
        order = rng.permutation(rows) if how == "random" else np.arange(rows)
        training = order < round(rows * TRAINING)
    else:
        groups = frame[how].unique()
        rest = rng.permutation(len(groups))[: round(len(groups) * (1 - TRAINING))]
        training = ~frame[how].isin(groups[rest]).to_numpy()
    return frame[training].reset_index(drop=True), frame[~training].reset_index(drop=True)


def warnings_of(training: pd.DataFrame, rest: pd.DataFrame, target: str) -> tuple[list[Finding], list[Finding], int]:
    """Warnings and errors of `autoft check`, those at predict, and the number of columns. Columns that forbid a
    training are left out before the rest is compared."""
    from autoft import files
    from autoft.pipeline.describe import inspect_table
    from autoft.pipeline.split import lay_out_inputs
    from autoft.recipe.recipe import Recipe
    from autoft.serving.monitor import TableMonitor

    recipe = Recipe().with_changes(target=target)
    seen = inspect_table(recipe, training)
    found = [line for line in seen.findings if line.severity != "info"]
    width = len(seen.columns)
    refused = [line.column for line in found if line.severity == "error" and line.column is not None]
    if refused:
        recipe = recipe.with_changes(**{"data.drop": refused})
        seen = inspect_table(recipe, training)
    features, layout = lay_out_inputs(recipe, seen)
    with tempfile.TemporaryDirectory() as folder:
        files.write_atomic(Path(folder) / "schema.pbtxt", seen.contract.text)
        files.write_atomic(Path(folder) / "statistics.pb", seen.contract.statistics)
        monitor = TableMonitor(_meta(seen, features, layout), Path(folder))
        compared = monitor.compare(rest.drop(columns=[target, *refused]))
    return found, [line for line in compared.findings if line.severity != "info"], width


def _meta(seen: Any, features: Any, layout: Any) -> Any:
    """What a saved model of this table would say of its columns."""
    import numpy as np

    from autoft.serving.artifact import Meta

    cells = {column.id: seen.converted.values[column.id] for column in features if column.kind == "numeric"}
    finite = {one: values[np.isfinite(values)] for one, values in cells.items()}
    return Meta(
        columns=features,
        target=seen.target,
        version="0",
        engine=seen.engine.name,
        ranges={one: (float(values.min()), float(values.max())) for one, values in finite.items() if len(values)},
        vocabularies={one.id: one.vocabulary for one in layout.categories} | dict(layout.orders),
        repairs=seen.repairs,
    )


def false_ones(found: Sequence[Finding], table: str, how: str) -> list[str]:
    """Those that `TRUE` does not list, as "code column"."""
    right = {**TRUE.get(table, {}), **TRUE.get(f"{table}/{how}", {})}
    told = [f"{line.code} {line.column or '-'}" for line in found]
    return [one for one in told if not any(fnmatchcase(one, pattern) for pattern in right)]


def rows_of(table: str, shared: Path) -> Iterator[Row]:
    """A row for each split of a table."""
    import pandas as pd

    if table in MADE:
        frame, target = made_table(table, shared)
    else:
        file, target = SETS[table]
        frame = pd.read_csv(shared / "data" / file)
    for how in ("random", *([FAIR[table]] if table in FAIR else [])):
        progress(f"false alarms: {table}, {how}")
        checked, predicted, columns = warnings_of(*parts(frame, how), target)
        row: Row = {"table": table, "split": how, "columns": columns}
        for name, found in (("check", checked), ("predict", predicted)):
            wrong = false_ones(found, table, how)
            row |= {f"{name}": len(found), f"{name}_false": len(wrong), f"{name}_wrong": wrong}
        yield row


def summary_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Mean false warnings per 20 columns, and the splits that have more than that."""
    summary: dict[str, Any] = {"splits": len(rows)}
    above = []
    for name in ("check", "predict"):
        rates = [COLUMNS * row[f"{name}_false"] / max(COLUMNS, row["columns"]) for row in rows]
        summary[f"{name}_false_per_20_columns"] = sum(rates) / max(1, len(rates))
        above += [f"{row['table']}/{row['split']} {name}" for row, rate in zip(rows, rates, strict=True) if rate > 1]
    worst = max(summary["check_false_per_20_columns"], summary["predict_false_per_20_columns"])
    summary |= {"false_warnings_per_20_columns": worst, "above": above}
    return summary | {"reached": worst <= 1 and not above}


def measure(shared: Path, tables: Sequence[str]) -> tuple[list[Row], dict[str, Any]]:
    """Rows and summary of some tables."""
    rows = [row for table in tables for row in rows_of(table, shared)]
    return rows, summary_of(rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    own, rest = parser.parse_known_args(argv)
    every = (*SETS, *MADE)
    given = options("false_alarms", __doc__.splitlines()[0], rest, only=every)
    chosen = [name for name in every if given.wants(name) and (not given.quick or given.only or name in QUICK)]
    rows, summary = measure(own.shared.resolve(), chosen)
    finish("false_alarms", given, rows, summary, title="false alarms on healthy tables")


if __name__ == "__main__":
    main()
