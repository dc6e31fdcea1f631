"""Tables and recipes that many tests share: every kind of column, and a search that takes a moment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column, Target

ROWS = 240


def mixed_table(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Every kind of column, some awkward cells, and a target that can be learned."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(50, 20, rows)
    city = rng.choice(["Rome", "Oslo", "Łódź", "[UNK]"], rows)
    shop = rng.choice([f"shop {k}" for k in range(20)], rows)
    member = rng.random(rows) < 0.5
    signal = (amount - 50) / 20 + (city == "Oslo") * 1.5 + member - 0.8 + rng.normal(0, 0.5, rows)
    amount[rng.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "customer": [f"C-{k:05d}" for k in rng.permutation(rows)],
            "amount": amount,
            "big/name <b>": rng.integers(1, 1000, rows) * 1_700_000_000.0,
            "city": np.where(rng.random(rows) < 0.05, None, city),
            "shop": shop,
            "member": np.where(member, "yes", "no"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
            "constant": "x",
            "outcome": np.where(signal > 0, "stays", "leaves"),
            "value": 1000 + 100 * signal,
            "grade": pd.cut(signal, [-np.inf, -0.7, 0.7, np.inf], labels=["low", "mid", "top"]).astype(object),
        }
    )


def tiny_recipe(**changes: object) -> Recipe:
    """One shape of network and few epochs: a trial takes a tenth of a second once the program is traced."""
    standard = {
        "trials": 3,
        "folds": 3,
        "search.epochs": 16,
        "search.patience": 6,
        "search.space": {"width": [16], "depth": [1], "batch_size": [32], "activation": ["relu"], "embedding": [4]},
        "evaluate.draws": 100,
        "schema.engine": "none",
    }
    return Recipe().with_changes(**{**standard, **changes})


def features(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """The table with one target and without the other two, which give it away."""
    return table.drop(columns=[c for c in ("outcome", "value", "grade") if c != target])


def described(layout: Any) -> tuple[Column, ...]:
    """The columns of an `InputLayout`, as a saved model describes them."""
    kinds = dict.fromkeys(layout.numeric, "numeric") | dict.fromkeys(layout.boolean, "boolean")
    kinds |= dict.fromkeys(layout.date, "date") | {c.id: "categorical" for c in layout.categories}
    kinds |= {text.id: "text" for text in layout.texts}
    return tuple(Column(id=id_, name=id_, kind=kind, why="") for id_, kind in kinds.items())


def target_of(task: Any) -> Target:
    """A target whose classes, if it has any, are 0, 1 ..."""
    classes = {"regression": (), "binary": (0, 1), "multiclass": (0, 1, 2)}[task]
    positive = 1 if task == "binary" else None
    return Target(name="y", task=task, classes=classes, positive=positive, dtype="int64" if classes else "float64")
