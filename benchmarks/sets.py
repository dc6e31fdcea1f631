"""The sets of a shared folder: file, target, task, and how a test part is fairly cut (its README says why).

`FOLDER` holds the tables (`data/`) and the one random split with its metrics (`bench/splits.py`).
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple


class Table(NamedTuple):
    """A set.

    Attributes:
        time: Column that orders the rows: the last fifth of them is the test part.
        group: Column whose rows belong together: the test part is all rows of a fifth of its values.
        texts: Columns of free text.
        log: The target is log(1 + x): a few amounts would decide the score.
        codes: Columns of numbers that name things, which every side is told.
        parts: Columns that `time` is made of, where the file has no such column.
    """

    file: str
    target: str
    task: str
    time: str | None = None
    group: str | None = None
    texts: tuple[str, ...] = ()
    log: bool = False
    codes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


#: What a computer's rights are given by: people, departments, roles.
_IDS = (
    *("RESOURCE", "MGR_ID", "ROLE_ROLLUP_1", "ROLE_ROLLUP_2", "ROLE_DEPTNAME"),
    *("ROLE_TITLE", "ROLE_FAMILY_DESC", "ROLE_FAMILY", "ROLE_CODE"),
)
#: The sets with which everything was compared from the beginning.
SETS: Mapping[str, Table] = {
    "adult": Table("adult.csv.gz", "income", "binary"),
    "bank_marketing": Table("bank_marketing.csv.gz", "y", "binary"),
    "telco_churn": Table("telco_churn.csv", "Churn", "binary"),
    "german_credit": Table("german_credit.csv", "class", "binary"),
    "titanic": Table("titanic.csv", "Survived", "binary"),
    "heart_cleveland": Table("heart_cleveland.csv", "disease", "binary"),
    "wine_quality": Table("wine_quality.csv", "quality", "multiclass"),
    "car_evaluation": Table("car_evaluation.csv", "acceptability", "multiclass"),
    "covertype_10k": Table("covertype_10k.csv.gz", "Cover_Type", "multiclass"),
    "penguins": Table("penguins.csv", "species", "multiclass"),
    "diamonds": Table("diamonds.csv.gz", "price", "regression"),
    "california_housing": Table("california_housing.csv.gz", "median_house_value", "regression"),
    "bike_sharing": Table("bike_sharing.csv.gz", "cnt", "regression"),
    "taxis": Table("taxis.csv", "fare", "regression"),
}
#: Rows that are not independent, hard columns, wide tables, texts.
NEW: Mapping[str, Table] = {
    "beijing_pm25": Table(
        "beijing_pm25.csv.gz", "pm2.5", "regression", time="time", parts=("year", "month", "day", "hour")
    ),
    "hotel_bookings": Table(
        "hotel_bookings.csv.gz",
        "is_canceled",
        "binary",
        time="arrival",
        parts=("arrival_date_year", "arrival_date_month", "arrival_date_day_of_month"),
    ),
    "ozone_eighthr": Table("ozone_eighthr.csv.gz", "ozone_day", "binary", time="Date"),
    "parkinsons_telemonitoring": Table(
        "parkinsons_telemonitoring.csv.gz", "total_UPDRS", "regression", group="subject#"
    ),
    "mice_protein": Table("mice_protein.csv.gz", "class", "multiclass", group="mouse"),
    "amazon_access": Table("amazon_access.csv.gz", "ACTION", "binary", codes=_IDS),
    "videogame_sales": Table("videogame_sales.csv.gz", "Global_Sales", "regression", log=True),
    "airbnb_nyc": Table("airbnb_nyc.csv.gz", "price", "regression", texts=("name",), log=True),
    "fine_foods": Table("fine_foods.csv.gz", "score", "binary", texts=("review",)),
    "madelon": Table("madelon.csv.gz", "class", "binary"),
    "cnae9": Table("cnae9.csv.gz", "class", "multiclass"),
    "leukemia": Table("leukemia.csv.gz", "CLASS", "binary"),
    "banking77": Table("banking77.csv.gz", "label", "multiclass", texts=("text",)),
    "financial_phrasebank": Table("financial_phrasebank.csv.gz", "label", "multiclass", texts=("text",)),
}
#: One column of text each.
TEXTS: Mapping[str, Table] = {
    "sms_spam": Table("sms_spam.csv", "label", "binary", texts=("text",)),
    "movie_reviews": Table("movie_reviews.csv.gz", "label", "binary", texts=("text",)),
    "ag_news_7600": Table("ag_news_7600.csv.gz", "label", "multiclass", texts=("text",)),
}
EVERY: Mapping[str, Table] = {**SETS, **NEW, **TEXTS}

METRIC = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}
TEST_SHARE = 0.2


@cache
def splits(shared: str) -> Any:
    """The module with the random split and the metrics."""
    spec = importlib.util.spec_from_file_location("splits", Path(shared) / "bench" / "splits.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tables(name: str, shared: str) -> tuple[Any, Any, Any, Any]:
    """Training features and target, test features and target."""
    own, module = EVERY[name], splits(shared)
    x, y = load(own, shared)
    if own.time:
        order = when(x[own.time]).to_numpy().argsort(kind="stable")
        cut = len(order) - round(TEST_SHARE * len(order))
        train, test = order[:cut], order[cut:]
    elif own.group:
        train, test = whole_groups(x[own.group], y, own.task, name)
    else:
        train, test = module.split_indices(y, own.task, name, test_share=TEST_SHARE)
    return (
        *(data.iloc[train].reset_index(drop=True) for data in (x, y)),
        *(data.iloc[test].reset_index(drop=True) for data in (x, y)),
    )


def load(own: Table, shared: str) -> tuple[Any, Any]:
    """Features and target of all rows, with the column of the time where the file has only its parts."""
    import numpy as np

    x, y = splits(shared).load(Path(shared) / "data" / own.file, own.target, own.task)
    if own.parts:
        x.insert(0, own.time, _joined(x, own.parts))
    return x, np.log1p(y) if own.log else y


def whole_groups(groups: Any, y: Any, task: str, name: str, share: float = TEST_SHARE) -> tuple[Any, Any]:
    """Positions of training and test rows: a share of the groups is held out, of each class its share.

    The class of a group is that of its first row.
    """
    import numpy as np

    names, first, own = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    strata = np.zeros(len(names), dtype=int)
    if task != "regression":
        strata = np.unique(np.asarray(y)[first].astype(str), return_inverse=True)[1]
    rng = np.random.RandomState(zlib.crc32(f"{name}:0".encode()))
    held_out = np.zeros(len(names), dtype=bool)
    for stratum in np.unique(strata):
        these = rng.permutation(np.flatnonzero(strata == stratum))
        held_out[these[: max(1, round(len(these) * share))]] = True
    return np.flatnonzero(~held_out[own]), np.flatnonzero(held_out[own])


def _joined(x: Any, parts: tuple[str, ...]) -> Any:
    """Year, month (a number or a name), day and perhaps hour as one text, such as 2017-01-06 or 2010-01-02 03:00."""
    import pandas as pd

    names = ("year", "month", "day", "hour")[: len(parts)]
    found = pd.DataFrame({name: x[part] for name, part in zip(names, parts, strict=True)})
    if not pd.api.types.is_numeric_dtype(found["month"]):
        found["month"] = pd.to_datetime(found["month"], format="%B").dt.month
    return pd.to_datetime(found).dt.strftime("%Y-%m-%d %H:%M" if "hour" in names else "%Y-%m-%d")


def when(texts: Any) -> Any:
    """The time of each row."""
    import pandas as pd

    return pd.to_datetime(texts)


def unlearned(name: str) -> AbstractContextManager[None]:
    """Within the block a search begins with the portfolio that was learned without a set."""
    from autoft.search import portfolio

    return portfolio.without(name) if name in SETS else nullcontext()


def settings(name: str) -> dict[str, Any]:
    """What a recipe says of a set: target, task, objective, how its rows belong together, which numbers are names.

    Where the test rows are drawn at random, so are the folds: rows that a file has in time order (bike_sharing) count
    as independent, and copies of a row stand in different folds (wine_quality), as they do in training and test rows.
    """
    own = EVERY[name]
    found: dict[str, Any] = {"target": own.target, "task": own.task, "objective": METRIC[own.task]}
    dependence = {f"evaluate.{key}": getattr(own, key) for key in ("time", "group") if getattr(own, key)}
    found |= dependence or {"evaluate.rows": "independent", "evaluate.copies": "apart"}
    return found | ({"data.columns": dict.fromkeys(own.codes, "categorical")} if own.codes else {})
