"""Awkward tables by name. Each is a function of a folder of its own and returns what a user would hand to ``fit``."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS = 100
Make = Callable[[Path], Any]


def plain(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """A harmless table: two numbers, a category and a target without any relation between them."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(40, 10, rows).round(3),
            "height": rng.normal(170, 10, rows).round(3),
            "city": rng.choice(["Rome", "Oslo", "Łódź"], rows),
            "y": rng.permutation(np.resize(["no", "yes"], rows)),
        }
    )


def amounts(rows: int = ROWS) -> pd.DataFrame:
    """The same with numbers to predict."""
    return plain(rows).assign(y=np.random.default_rng(1).normal(1000, 100, rows))


def without_target(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="y")


# Files


def missing_file(folder: Path) -> Path:
    (folder / "customers.csv").write_text("a\n1\n")
    return folder / "custmers.csv"


def missing_folder(folder: Path) -> Path:
    return folder / "nowhere" / "d.csv"


def a_folder(folder: Path) -> Path:
    return folder


def address(folder: Path) -> str:
    return "https://example.org/d.csv"


def excel_file(folder: Path) -> Path:
    return _file(folder, "d.xlsx", b"PK\x03\x04")


def excel_called_csv(folder: Path) -> Path:
    return _file(folder, "d.csv", b"PK\x03\x04" + bytes(100))


def empty_file(folder: Path) -> Path:
    return _file(folder, "d.csv", b"")


def blank_lines(folder: Path) -> Path:
    return _file(folder, "d.csv", b"\n\n\n")


def header_only(folder: Path) -> Path:
    return _file(folder, "d.csv", b"age,city,y\n")


def web_page(folder: Path) -> Path:
    return _file(folder, "d.csv", b"<!DOCTYPE html>\n<html><body>Sign in to go on</body></html>")


def latin_1(folder: Path) -> Path:
    return _file(folder, "d.csv", _csv(plain().replace("Łódź", "Köln")).decode().encode("latin-1"))


def utf_16(folder: Path) -> Path:
    return _file(folder, "d.csv", _csv(plain()).decode().encode("utf-16"))


def nul_byte(folder: Path) -> Path:
    return _file(folder, "d.csv", _csv(plain()) + b"1,\0,no\n")


def ragged_row(folder: Path) -> Path:
    return _file(folder, "d.csv", _csv(plain()) + b"1,Rome\n")


def open_quote(folder: Path) -> Path:
    return _file(folder, "d.csv", _csv(plain()) + b'1,"Rome,no\n')


def broken_gzip(folder: Path) -> Path:
    return _file(folder, "d.csv.gz", gzip.compress(_csv(plain()))[:-20])


def broken_parquet(folder: Path) -> Path:
    return _file(folder, "d.parquet", b"PAR1" + bytes(50))


def doubled_names_in_a_file(folder: Path) -> Path:
    return _file(folder, "d.csv", b"age,age,y\n" + b"1,2,no\n3,4,yes\n" * 50)


def byte_order_mark(folder: Path) -> Path:
    return _file(folder, "d.csv", b"\xef\xbb\xbf" + _csv(plain()))


# Frames and arrays that no training can start from


def a_dictionary(folder: Path) -> Any:
    return {"age": 31, "y": 0}


def different_lengths(folder: Path) -> Any:
    return plain()[["age"]], plain()["y"][:-1]


def no_rows(folder: Path) -> pd.DataFrame:
    return plain().iloc[:0]


def too_few_rows(folder: Path) -> pd.DataFrame:
    return plain(19)


def doubled_names(folder: Path) -> pd.DataFrame:
    return plain().rename(columns={"city": "age"})


def doubled_names_by_spelling(folder: Path) -> pd.DataFrame:
    return plain().rename(columns={"age": "cafe\u0301", "city": "caf\u00e9"})


def target_misspelt(folder: Path) -> pd.DataFrame:
    return plain().rename(columns={"y": "churned"})


def one_class(folder: Path) -> pd.DataFrame:
    return plain().assign(y="no")


def target_with_gaps(folder: Path) -> pd.DataFrame:
    return plain().assign(y=plain()["y"].mask(plain().index.isin([2, 7])))


def target_never_there(folder: Path) -> pd.DataFrame:
    return plain().assign(y=np.nan)


def class_of_one(folder: Path) -> pd.DataFrame:
    return plain().assign(y=plain()["y"].mask(plain().index == 5, "maybe"))


def class_smaller_than_folds(folder: Path) -> pd.DataFrame:
    return plain().assign(y=plain()["y"].mask(plain().index < 2, "maybe"))


def infinite_target(folder: Path) -> pd.DataFrame:
    return amounts().assign(y=amounts()["y"].mask(plain().index == 3, np.inf))


def constant_amount(folder: Path) -> pd.DataFrame:
    return plain().assign(y=3.5)


def texts_for_a_regression(folder: Path) -> pd.DataFrame:
    return plain()


def only_an_identifier(folder: Path) -> pd.DataFrame:
    return plain()[["y"]].assign(id=range(ROWS))


def only_a_constant(folder: Path) -> pd.DataFrame:
    return plain()[["y"]].assign(unit="kg")


def only_the_target(folder: Path) -> pd.DataFrame:
    return plain()[["y"]]


def answer_in_a_column(folder: Path) -> pd.DataFrame:
    return plain().assign(code=plain()["y"].map({"no": "N", "yes": "J"}))


def several_mistakes(folder: Path) -> pd.DataFrame:
    return target_with_gaps(folder).assign(code=plain()["y"].map({"no": "N", "yes": "J"}))


def cells_of_lists(folder: Path) -> pd.DataFrame:
    return plain().assign(tags=[["a", "b"]] * ROWS)


def cells_of_bytes(folder: Path) -> pd.DataFrame:
    return plain().assign(tags=b"a")


def cells_of_objects(folder: Path) -> pd.DataFrame:
    return plain().assign(tags=[object() for _ in range(ROWS)])


def complex_numbers(folder: Path) -> pd.DataFrame:
    return plain().assign(z=1j)


def terminal_escapes(folder: Path) -> pd.DataFrame:
    return plain().assign(**{"\x1b]0;owned\x07": plain()["y"]})


# Frames that are handled


def harmless(folder: Path) -> pd.DataFrame:
    return plain()


def all_missing(folder: Path) -> pd.DataFrame:
    return plain().assign(note=np.nan)


def half_missing(folder: Path) -> pd.DataFrame:
    return plain().assign(age=plain()["age"].mask(plain().index % 2 == 0))


def infinities(folder: Path) -> pd.DataFrame:
    return plain().assign(age=plain()["age"].mask(plain().index % 10 == 0, np.inf))


def nearly_all_numbers(folder: Path) -> pd.DataFrame:
    return plain().assign(age=[*map(str, plain()["age"][:-1]), "unknown"])


def numbers_and_texts(folder: Path) -> pd.DataFrame:
    return plain().assign(size=np.resize(["12", "13", "14", "large"], ROWS))


def amounts_with_separators(folder: Path) -> pd.DataFrame:
    return plain().assign(price=[f"{n:,}" for n in np.random.default_rng(2).integers(1000, 9_000_000, ROWS)])


def constant_column(folder: Path) -> pd.DataFrame:
    return plain().assign(unit="kg")


def repeated_rows(folder: Path) -> pd.DataFrame:
    return pd.concat([plain(), plain()], ignore_index=True)


def contradicting_rows(folder: Path) -> pd.DataFrame:
    return pd.concat([plain(), plain().assign(y=plain()["y"].map({"no": "yes", "yes": "no"}))], ignore_index=True)


def repeated_column(folder: Path) -> pd.DataFrame:
    return plain().assign(years=plain()["age"])


def identifier(folder: Path) -> pd.DataFrame:
    return plain().assign(id=[f"C-{n:05d}" for n in np.random.default_rng(3).permutation(ROWS)])


def rare_class(folder: Path) -> pd.DataFrame:
    return plain(400).assign(y=np.where(np.arange(400) < 6, "yes", "no"))


def every_city_once(folder: Path) -> pd.DataFrame:
    return plain().assign(city=[f"City {n}" for n in range(ROWS)])


def dates_to_come(folder: Path) -> pd.DataFrame:
    return plain().assign(until=np.resize(["2024-05-01", "2024-06-01", "9999-12-31"], ROWS))


def short_years(folder: Path) -> pd.DataFrame:
    return plain().assign(until=[f"{n % 28 + 1}/12/{n % 90 + 10}" for n in range(ROWS)])


def few_rows(folder: Path) -> pd.DataFrame:
    return plain(25)


def one_feature(folder: Path) -> pd.DataFrame:
    return plain()[["age", "y"]]


def wider_than_rows(folder: Path) -> pd.DataFrame:
    wide = pd.DataFrame(np.random.default_rng(4).normal(size=(ROWS, 110))).add_prefix("f")
    return wide.assign(y=plain()["y"])


def heavy_tail(folder: Path) -> pd.DataFrame:
    return amounts().assign(y=np.exp(np.random.default_rng(5).normal(0, 3, ROWS)))


def strange_names(folder: Path) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    names = [
        "",
        "日本",
        "a/b",
        "../up",
        "<script>",
        "x" * 300,
        "new\nline",
        "__proto__",
        "AGE",
        "age ",
        "=1+1",
    ]
    return plain().assign(**{name: rng.normal(size=ROWS) for name in names})


def strange_categories(folder: Path) -> pd.DataFrame:
    texts = ["[UNK]", "", " Rome", "cafe\u0301", "caf\u00e9", "🦊", "שלום", "x" * 65_536, "\x1b[31m", "\ud800", "NA"]
    return plain().assign(city=pd.Series(np.resize(np.array(texts, dtype=object), ROWS), dtype=object))


def large_numbers(folder: Path) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return plain().assign(age=1.7e12 + rng.integers(0, 10**9, ROWS), size=rng.normal(size=ROWS) * 1e300)


def modern_dtypes(folder: Path) -> pd.DataFrame:
    frame = plain()
    made = pd.DataFrame(
        {
            "half": frame["age"].astype("float16"),
            "small": pd.array([None if n % 7 == 0 else n % 3 for n in range(ROWS)], dtype="Int8"),
            "city": frame["city"].astype("category"),
            "town": frame["city"].astype("string"),
            "sparse": pd.arrays.SparseArray(np.where(np.arange(ROWS) % 5, 0, 7)),
            "month": pd.period_range("2020-01", periods=ROWS, freq="M"),
            "wait": pd.to_timedelta(np.random.default_rng(8).integers(0, 1000, ROWS), unit="s"),
            "y": pd.array(frame["y"] == "yes", dtype="boolean"),
        }
    )
    return made.set_index(pd.MultiIndex.from_arrays([frame["city"], frame["y"]]))


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _csv(frame: pd.DataFrame) -> bytes:
    return bytes(frame.to_csv(index=False).encode())
