"""Suite for schema engines: the schema of a table, departures from it, and files that come back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from autoft.data.table import read
from autoft.errors import SchemaError
from autoft.records.columns import Column, Kind
from autoft.records.findings import Finding, Severity
from autoft.schema.engine import Engine, Environment

ROWS = 60
KINDS: dict[str, Kind] = {
    "age": "numeric",
    "height": "numeric",
    "sick": "boolean",
    "member": "boolean",
    "city": "categorical",
    "shop": "categorical",
    "id": "identifier",
    "note": "text",
    "since": "date",
    "country": "constant",
    "nothing": "empty",
    "y": "categorical",
}


@dataclass(frozen=True, slots=True)
class Departure:
    """A change of the table after which it does not fit its schema: the column that is found (None: the whole table),
    TFDV's name of the anomaly, and its severity for a table to train on and for one to predict."""

    change: Callable[[pd.DataFrame], pd.DataFrame]
    column: str | None
    anomaly: str
    training: Severity = "error"
    serving: Severity = "warning"


_CATEGORIES = "ENUM_TYPE_UNEXPECTED_STRING_VALUES"
DEPARTURES = {
    "missing used column": Departure(lambda f: f.drop(columns="age"), "age", "SCHEMA_MISSING_COLUMN", serving="error"),
    "new column": Departure(lambda f: f.assign(extra=1.0), "extra", "SCHEMA_NEW_COLUMN", training="warning"),
    "text for numbers": Departure(
        lambda f: f.assign(age=f["age"].astype(str).where(np.arange(len(f)) > 15, "old")),
        "age",
        "UNEXPECTED_DATA_TYPE",
        serving="error",
    ),
    "fractions": Departure(lambda f: f.assign(age=f["age"] + 0.5), "age", "UNEXPECTED_DATA_TYPE"),
    "numbers for dates": Departure(
        lambda f: f.assign(since=np.arange(len(f)) / 2), "since", "UNEXPECTED_DATA_TYPE", serving="error"
    ),
    "neither yes nor no": Departure(lambda f: f.assign(sick=f["sick"].replace("No", "never")), "sick", _CATEGORIES),
    "unseen category": Departure(lambda f: f.replace({"city": {"Rome": "Lima"}}), "city", _CATEGORIES),
    "neither 0 nor 1": Departure(lambda f: f.assign(member=f["member"] * 2), "member", "BOOL_TYPE_BIG_INT"),
    "empty cells": Departure(
        lambda f: f.assign(age=f["age"].where(f["age"] > 20)), "age", "FEATURE_TYPE_LOW_FRACTION_PRESENT"
    ),
    "empty column": Departure(lambda f: f.assign(age=np.nan), "age", "FEATURE_TYPE_NOT_PRESENT"),
    "no rows": Departure(lambda f: f.head(0), None, "DATA_MISSING"),
}
#: Changes after which a table fits its schema all the same.
ALLOWED: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "ids, texts, dates": lambda f: f.assign(id="new-" + f["id"], note="never said", since=pd.Timestamp("2031-05-05")),
    "rare category": lambda f: f.assign(shop="shop 99"),
    "constant and empty": lambda f: f.assign(country="DE", nothing=3.5),
    "unused gone": lambda f: f.drop(columns=["id", "country", "nothing"]),
    "whole numbers": lambda f: f.assign(height=170.0),
    "numbers as texts": lambda f: f.assign(age=f["age"].map(str), height=f["height"].map(str)),
    "other words": lambda f: f.assign(sick=(f["sick"] == "Yes") * 1.0, member=f["member"].map({0.0: "no", 1.0: "yes"})),
    "infinite": lambda f: f.assign(age=f["age"].where(f["age"] > 20, np.inf)),
    "order": lambda f: f.iloc[::-1, ::-1],
}


def check_engine(engine: Engine) -> None:
    """Hold a schema engine to its contract. A table fits the schema that was inferred from it, with the target and, to
    predict, without. Each of `DEPARTURES` is one finding about the right column and of the right severity; each of
    `ALLOWED` is none. Schema and statistics come back from text and bytes, and a file that is no schema is a
    SchemaError that names it."""
    schema: Any = engine.infer(engine.statistics(table(), columns_of(table())), target="y")
    again: Any = engine.from_text(engine.to_text(schema), "the suite")
    for environment in ("TRAINING", "SERVING"):
        frame = table() if environment == "TRAINING" else table().drop(columns="y")
        for which in (schema, again):
            found = validate(engine, which, frame, environment)
            assert not found, f"{engine.name}: the table does not fit its own schema ({environment}): {found[0]}"
        for name, change in ALLOWED.items():
            found = validate(engine, schema, change(frame), environment)
            assert not found, f"{engine.name}: '{name}' is allowed, but ({environment}): {found[0]}"
        for name, departure in DEPARTURES.items():
            severity = departure.training if environment == "TRAINING" else departure.serving
            found = validate(engine, schema, departure.change(frame), environment)
            given = [(finding.column, finding.severity) for finding in found]
            assert given == [(departure.column, severity)], f"{engine.name}: '{name}' ({environment}) gives {given}"
    _check_files(engine, schema)


def _check_files(engine: Engine, schema: Any) -> None:
    statistics = engine.statistics(table(), columns_of(table()))
    data = engine.dump_statistics(statistics)
    back = engine.dump_statistics(engine.load_statistics(data, "the suite"))
    assert back == data, f"{engine.name}: statistics do not come back from bytes"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schema.pbtxt"
        engine.write(schema, path)
        assert path.read_text(encoding="utf-8") == engine.to_text(schema), f"{engine.name}: a file differs from to_text"
        same: Any = engine.read(path)
        assert validate(engine, same, table(), "TRAINING") == [], f"{engine.name}: a schema does not come back"
        for number, content in enumerate((b"", b"\xff\xfe\x00", b"feature {", None)):
            damaged = Path(folder) / f"damaged{number}.pbtxt"
            if content is not None:
                damaged.write_bytes(content)
            where = None
            try:
                engine.read(damaged)
            except SchemaError as error:
                where = error.where
            assert where is not None, f"{engine.name}: {content!r} is read as a schema"
            assert damaged.name in where, f"{engine.name}: an error does not name the file: {where}"


def validate(engine: Engine, schema: Any, frame: pd.DataFrame, environment: Environment) -> list[Finding]:
    """Findings of an engine about a table that is understood as the suite's."""
    frame = read(frame, allow_empty=True).frame
    statistics = engine.statistics(frame, columns_of(table()))
    return list(engine.validate(statistics, schema, environment=environment))


def table() -> pd.DataFrame:
    """A table with a column of every kind."""
    count = np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "age": count % 50 + 20.0,
            "height": 150 + count / 4,
            "sick": np.where(count % 3 == 0, "Yes", "No"),
            "member": count % 2 * 1.0,
            "city": np.array(["Rome", "Oslo", "Łódź\n"])[count % 3],
            "shop": [f"shop {k % 30}" for k in count],
            "id": [f"{k:04d}-X" for k in count],
            "note": [f"the customer said {k} things" for k in count],
            "since": pd.date_range("2024-01-01", periods=ROWS),
            "country": "PL",
            "nothing": pd.Series([None] * ROWS, dtype=object),
            "y": np.where(count % 2 == 0, "stay", "leave"),
        }
    )
    frame.loc[5, "height"] = np.nan
    return frame


def columns_of(frame: pd.DataFrame, kinds: dict[str, Kind] = KINDS) -> tuple[Column, ...]:
    return tuple(
        Column(
            id=f"c{position:03d}",
            name=name,
            kind=kinds[name],
            why="the test says so",
            missing=int(frame[name].isna().sum()),
            distinct=frame[name].nunique(),
            integral=name in ("age", "member"),
            false=("No",) if name == "sick" else ("0",),
            true=("Yes",) if name == "sick" else ("1",),
        )
        for position, name in enumerate(frame.columns)
        if name in kinds
    )
