"""Record real trials: random configurations of a small network on real customers, each with its held-out score.

``python -m benchmarks.record [--trials N]`` writes benchmarks/recorded/telco_churn.json: a search at random through
the front door (1,500 rows, 3 folds, 12 epochs). The benchmark of proposals asks a model of these records in the
place of trainings (Eggensperger et al., "Efficient Benchmarking of Hyperparameter Optimizers via Surrogates", 2015).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).parent / "recorded" / "telco_churn.json"
ROWS, FOLDS, EPOCHS, SEED = 1_500, 3, 12, 7


def record(trials: int) -> dict[str, Any]:
    """Train configurations at random; returns what the file holds."""
    import pandas as pd

    from autoft import AutoFineTuner
    from autoft.recipe.recipe import Recipe

    table = pd.read_csv(ROOT / "recipes" / "data" / "telco_churn.csv").sample(ROWS, random_state=SEED)
    recipe = Recipe().with_changes(
        **{
            "seed": SEED,
            "data.target": "Churn",
            "search.algorithm": "random",
            "search.trials": trials,
            "search.epochs": EPOCHS,
            "search.patience": EPOCHS,
            "evaluate.folds": FOLDS,
            "evaluate.objective": "roc_auc",
            "evaluate.draws": 50,
            "preprocess.categorical.embed_above": 3,  # so that the embedding's length is searched too: 8 dimensions
        }
    )
    began = time.process_time()
    tuner = AutoFineTuner(recipe=recipe).fit(table.reset_index(drop=True), progress=lambda step: None)
    found = [t for t in tuner.evaluation_.trials if t.score is not None]
    return {
        "data": "telco_churn.csv",
        "rows": ROWS,
        "folds": FOLDS,
        "epochs": EPOCHS,
        "objective": "roc_auc",
        "maximize": True,
        "cpu_seconds": round(time.process_time() - began, 1),
        "trials": [{"params": dict(t.params), "score": round(float(t.score or 0.0), 6)} for t in found],
    }


def main() -> None:
    """Record and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=150)
    trials = parser.parse_args().trials
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")  # read when TensorFlow is imported
    facts = record(trials)
    head = json.dumps({k: v for k, v in facts.items() if k != "trials"}, indent=1).removesuffix("\n}")
    lines = ",\n  ".join(json.dumps(t) for t in facts["trials"])
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(f'{head},\n "trials": [\n  {lines}\n ]\n}}\n', encoding="utf-8")
    scores = sorted(t["score"] for t in facts["trials"])
    print(f"{len(scores)} trials, {facts['objective']} {scores[0]:.4f} to {scores[-1]:.4f}: {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
