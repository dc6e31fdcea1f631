"""Suite for exporters: an exported model answers as the saved model does."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from autoft.files import digest_folder
from autoft.serving.artifact import Meta, find, load
from autoft.serving.exporters import Exporter
from autoft.serving.predictor import Predictor
from autoft.tuner import AutoFineTuner

ROWS = 60
#: Largest difference of two answers, relative to the larger one (or to 1): both compute in float32.
TOLERANCE = 1e-5


def check_exporter(exporter: Exporter, *artifacts: Path, name: str = "model") -> None:
    """Export models and ask them about awkward rows: missing cells, unseen categories, numbers out of range.

    Args:
        artifacts: Run folders or saved models; without any, a small one of each task is trained.
    """
    assert exporter.name.isidentifier(), f"the name '{exporter.name}' must consist of letters, digits and _"
    with tempfile.TemporaryDirectory() as folder:
        if not artifacts:
            artifacts = tuple(_trained(task, Path(folder)) for task in ("binary", "multiclass", "regression"))
        for number, artifact in enumerate(artifacts):
            _check(exporter, find(artifact), Path(folder) / f"{number}_{name}")


def _check(exporter: Exporter, artifact: Path, path: Path) -> None:
    before = digest_folder(artifact)
    exporter.export(artifact, path)
    assert path.exists(), f"{exporter.name} must write '{path}'"
    assert digest_folder(artifact) == before, f"{exporter.name} must not change the saved model"
    model, meta = load(artifact)
    predictor, rows = Predictor(model, meta, artifact), _rows(meta)
    expected, _ = predictor.answers(rows)
    found = exporter.answers(path, artifact, predictor.monitor.compare(rows).converted).reshape(expected.shape)
    distance = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    far = f"row {int(np.argmax(distance)) // max(1, distance[0].size) + 1} differs by {distance.max():.1e}"
    assert distance.max() <= TOLERANCE, f"{exporter.name} must answer as the saved model does, but {far}"


def _rows(meta: Meta) -> pd.DataFrame:
    """Raw rows as a table to predict may have them, in every column of the model some that training had not."""
    rng = np.random.default_rng(0)
    table: dict[str, object] = {}
    for column in meta.columns:
        known: list[object] = ["never seen before"]
        if column.kind in ("categorical", "text"):
            known += [*meta.vocabularies.get(column.id, ()), *column.order, *meta.words.get(column.id, ())[:5]]
        elif column.kind == "boolean":
            known = [*column.false, *column.true]
        elif column.kind == "date":
            known = ["00:00", "14:30"] if column.clock else ["1970-01-01", "2021-06-30", "2035-12-31"]
            known = [f"{day}T10:00Z" for day in known] if column.zoned else known
        elif column.kind == "numeric":
            low, high = meta.ranges.get(column.id, (0.0, 1.0))
            known = [low, high, (low + high) / 2, low - 1e6, high + 1e6]
        cells = np.array([known[k] for k in rng.integers(0, len(known), ROWS)], dtype=object)
        cells[rng.random(ROWS) < 0.2] = None
        table[column.name] = cells
    return pd.DataFrame(table).infer_objects()


def _trained(task: str, folder: Path) -> Path:
    """A small model on columns of every kind."""
    rng = np.random.default_rng(1)
    amount, city = rng.normal(0, 1, 120), rng.choice(["Rome", "Oslo", "Łódź"], 120)
    signal = amount + (city == "Oslo") + rng.normal(0, 0.3, 120)
    answers = {
        "binary": np.where(signal > 0, "yes", "no"),
        "multiclass": np.select([signal < -0.5, signal < 0.5], ["low", "mid"], "top"),
        "regression": 100 * signal,
    }
    columns = {
        "amount": np.where(rng.random(120) < 0.1, np.nan, amount),
        "city (home)": city,
        "member": rng.choice(["n", "y"], 120),
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 120), unit="D"),
    }
    table = pd.DataFrame({**columns, "answer": answers[task]})
    tuner = AutoFineTuner(target="answer", task=task, trials=1, folds=3, directory=folder / task)  # type: ignore[arg-type]
    tuner.fit(table)
    return folder / task
