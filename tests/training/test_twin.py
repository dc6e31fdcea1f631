"""The programs on TensorFlow and on JAX, side by side: the same numbers, and JAX without TensorFlow."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from autoft import load

TASKS = ("binary", "multiclass", "regression")
KINDS = ("linear", "mlp", "realmlp", "tabm", "tabm-mini")
pytestmark = pytest.mark.skipif(
    find_spec("jax") is None or keras.backend.backend() != "tensorflow", reason="needs TensorFlow and JAX"
)

#: Trains on JAX in a process that cannot import TensorFlow, two trials side by side.
SCRIPT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Absent())
sys.path[:0] = sys.argv[2:]
import numpy as np
import keras
assert keras.backend.backend() == "jax"
from conftest import PARAMS, make_data
from test_twin import outcomes
np.savez(sys.argv[1], **outcomes(make_data, PARAMS))
assert "tensorflow" not in sys.modules
"""


def outcomes(make: Callable[..., Any], params: dict[str, Any]) -> dict[str, np.ndarray]:
    """Held-out predictions and mean losses after one epoch of two trials of each architecture, dropout and L2 on."""
    from autoft.records.hints import Effect, Hints
    from autoft.training.trainer import Trainer
    from autoft.training.trial_trainer import Limits

    found = {}
    for task in TASKS:
        trainer = Trainer(make(task), folds=3, limits=Limits(epochs=1, patience=1), seed=1)
        for kind in KINDS if task == "binary" else ("mlp", "tabm-mini"):  # JAX compiles each anew
            own = {**params, "architecture": kind, "numbers": "piecewise", "dropout": 0.3, "l2": 1e-3}
            trials = [{**own, "learning_rate": rate} for rate in (0.01, 0.001)]
            for number, outcome in enumerate(trainer.train_all(trials, lambda: False)):
                found[f"{task} {kind} {number} losses"] = np.array(outcome.curves["held_out"])
                scale = max(1.0, float(trainer.data.scale.max()))
                found[f"{task} {kind} {number} predictions"] = outcome.held_out / scale
    hints = Hints(effects=(Effect(column="n0", sign=-1),), apart=(("n1", "c1"),), importance={"d0": "low"})
    trainer = Trainer(make("binary"), folds=3, limits=Limits(epochs=1, patience=1), seed=1, hints=hints)
    own = {**params, "architecture": "tabm-mini", "dropout": 0.3, "l2": 1e-3}
    for number, outcome in enumerate(trainer.train_all([own, {**own, "without": ["n0: effect"]}], lambda: False)):
        found[f"hinted {number} predictions"] = outcome.held_out
    return found


def test_jax_without_tensorflow_gives_the_scores_of_tensorflow(make, params: dict[str, Any], tmp_path: Path):
    here = Path(__file__).parent
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "jax.npz"), str(here), str(here.parents[1])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = np.load(tmp_path / "jax.npz")
    for name, ours in outcomes(make, params).items():
        np.testing.assert_allclose(theirs[name], ours, atol=1e-4, err_msg=name)


#: Fits, predicts, saves and loads on JAX, in a process that cannot import TensorFlow.
FIT = (
    SCRIPT.split("import numpy as np")[0]
    + """
import pandas as pd
from autoft import AutoFineTuner, load
table = pd.read_csv(sys.argv[1] + "/table.csv")
tuner = AutoFineTuner(target="outcome", trials=2, folds=3, seed=1, directory=sys.argv[1] + "/run").fit(table)
assert tuner.evaluation_.metrics["roc_auc"].value > 0.7, tuner.evaluation_.metrics
again = load(tuner.save(sys.argv[1] + "/saved"))
assert (again.predict_proba(table) == tuner.predict_proba(table)).all()
pd.DataFrame(tuner.predict_proba(table)).to_csv(sys.argv[1] + "/answers.csv", index=False)
assert "tensorflow" not in sys.modules
"""
)


def test_a_model_fitted_without_tensorflow_answers_with_it(table, tmp_path: Path):
    data = table.drop(columns=["value", "grade"])
    data.to_csv(tmp_path / "table.csv", index=False)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", FIT, str(tmp_path), str(Path(__file__).parents[2])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = pd.read_csv(tmp_path / "answers.csv").to_numpy()
    ours = load(tmp_path / "run").predict_proba(pd.read_csv(tmp_path / "table.csv"))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
