"""A small table of all kinds of columns, encoded for a stack."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from autoft.preprocessing.encode import encode
from autoft.preprocessing.layout import LayoutOptions, make_layout
from autoft.records.columns import Column

if TYPE_CHECKING:
    from autoft.training.stack import Stack

ROWS, FOLDS = 90, 3

#: Hyperparameters of a trial that takes a moment.
PARAMS = {
    "width": 8,
    "depth": 2,
    "activation": "relu",
    "embedding": 4,
    "batch_size": 16,
    "learning_rate": 0.01,
    "dropout": 0.0,
    "l2": 0.0,
}


@cache
def make_data(task: str = "binary", *, kinds: str = "ncd", pairs: bool = False, center: float = 0.0) -> Stack:
    """Rows of a stack: n(umeric), c(ategorical, one-hot and embedded) and d(ate) columns."""
    from autoft.training.stack import StackTarget, stack_data

    rng = np.random.default_rng(0)
    signal = rng.normal(size=ROWS)
    cells: dict[str, tuple[str, Any]] = {
        "n0": ("numeric", signal + rng.normal(0, 0.3, ROWS)),
        "n1": ("numeric", np.where(rng.random(ROWS) < 0.2, np.nan, rng.exponential(1e6, ROWS))),
        "c0": ("categorical", rng.choice(np.array(["a", "b", None], dtype=object), ROWS)),
        "c1": ("categorical", rng.choice(np.array([f"v{k}" for k in range(7)], dtype=object), ROWS)),
        "d0": ("date", rng.uniform(1.5e9, 1.7e9, ROWS)),
    }
    cells = {name: cell for name, cell in cells.items() if name[0] in kinds}
    values = {name: array for name, (_, array) in cells.items()}
    columns = [
        Column(id=name, name=name, kind=kind, why="", missing=sum(x is None or x != x for x in array))
        for name, (kind, array) in cells.items()
    ]
    plan = make_layout(columns, values, LayoutOptions(outliers="clip", max_categories=50, embed_above=4))
    y = {
        "binary": (signal > 0.3).astype(np.int64),
        "multiclass": np.digitize(signal, [-0.5, 0.5]).astype(np.int64),
        "regression": center + 10 * signal,
    }[task]
    block = rng.integers(0, FOLDS, ROWS)
    left_out: list[tuple[int, ...]] = [(k,) for k in range(FOLDS)]
    left_out += [(0, 1), (0, 2), (1, 2)] if pairs else []
    return stack_data(
        plan,
        encode(plan, values, ROWS),
        StackTarget(y=y, task=task, classes=3 if task == "multiclass" else 2),  # type: ignore[arg-type]
        train=[np.flatnonzero(~np.isin(block, out)) for out in left_out],
        held_out=[np.flatnonzero(np.isin(block, out)) for out in left_out],
    )


@pytest.fixture(scope="session")
def make() -> Callable[..., Stack]:
    """Builds such a stack, each only once (`make.__wrapped__` builds it anew)."""
    return make_data


@pytest.fixture(scope="session")
def params() -> dict[str, Any]:
    return dict(PARAMS)
