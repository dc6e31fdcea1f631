"""Proposals: what one costs, and how good the search is that follows them.

``python -m benchmarks.proposals [--quick] [--only cost,hartmann,levy,rosenbrock,recorded] [--json FILE]``

*cost*: CPU seconds of a proposal after 10, 50 and 200 finished trials over 8 dimensions, one thread, the first call
and imports left out. The others: the lowest loss after 25 trials on one objective each, 20 seeds, of four searches:
autoft's Bayesian proposals, keras-tuner's oracle with its own number of random points (3 per dimension) and with
autoft's, and random search. Each begins at random points of its own. Wilcoxon's signed-rank test compares autoft with
each of the others over the seeds; p is two-sided.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from autoft.records.dimensions import Dimension
from autoft.search.oracles import START, hyperparameters
from autoft.search.proposer import Proposer
from autoft.search.setup import SearchSetup
from benchmarks import common
from benchmarks.objectives import OBJECTIVES, Objective, started

SIDES = ("autoft", "keras_tuner", f"keras_tuner_{START}", "random")
#: A proposal of the original takes seconds, so searches are short: keras-tuner's own defaults, which draw three points
#: per dimension at random, do not get beyond them here.
TRIALS, SEEDS, HISTORY, REPEATS = 12, 20, (10, 50, 200), 3
#: Seeds and trials of the quick version.
QUICK = (2, 7)
IMPORTS = ("numpy", "scipy.optimize", "scipy.special", "sklearn.ensemble", "sklearn.gaussian_process", "keras_tuner")

Values = dict[str, Any]


class Ours:
    """autoft's proposals."""

    def __init__(self, space: Sequence[Dimension], seed: int, algorithm: Any = "bayesian") -> None:
        setup = SearchSetup(space=tuple(space), maximize=False, seed=seed, epochs=1)
        self._proposer = Proposer(algorithm, setup)

    def ask(self) -> Values:
        proposal = self._proposer.ask()
        assert proposal is not None
        self._proposal = proposal
        return proposal.params

    def tell(self, loss: float) -> None:
        self._proposer.tell(self._proposal, loss)


class Original:
    """keras-tuner's Bayesian oracle as it is, but for its files."""

    def __init__(self, space: Sequence[Dimension], seed: int, initial: int | None) -> None:
        import keras_tuner as kt

        class InMemory(kt.oracles.BayesianOptimizationOracle):  # type: ignore[misc]
            def save(self) -> None:
                pass

            def _save_trial(self, trial: Any) -> None:
                pass

        self._oracle = InMemory(
            objective=kt.Objective("score", "min"),
            max_trials=None,
            hyperparameters=hyperparameters(space),
            num_initial_points=initial,
            seed=seed + 1,
        )
        self._oracle.verbose = 0

    def ask(self) -> Values:
        self._trial = self._oracle.create_trial("one")
        return dict(self._trial.hyperparameters.values)

    def tell(self, loss: float) -> None:
        self._oracle.update_trial(self._trial.trial_id, {"score": loss})
        self._trial.status = "COMPLETED"
        self._oracle.end_trial(self._trial)


def searcher(side: str, space: Sequence[Dimension], seed: int) -> Ours | Original:
    """One of `SIDES`, at its beginning."""
    if side == "keras_tuner":
        return Original(space, seed, None)
    if side.startswith("keras_tuner"):
        return Original(space, seed, START)
    return Ours(space, seed, "random" if side == "random" else "bayesian")


def search(side: str, objective: Objective, seed: int, trials: int) -> list[float]:
    """The lowest loss so far after each trial."""
    asked = searcher(side, started(objective, seed), seed)
    best: list[float] = []
    for _ in range(trials):
        loss = objective.loss(asked.ask())
        asked.tell(loss)
        best.append(min([loss, *best[-1:]]))
    return best


def parts(names: Sequence[str], quick: bool) -> Callable[[], list[common.Row]]:
    """The rows of some parts, computed in this process."""
    warnings.simplefilter("ignore")
    history, repeats = (HISTORY[:1], 1) if quick else (HISTORY, REPEATS)
    seeds, trials = QUICK if quick else (SEEDS, TRIALS)

    def work() -> list[common.Row]:
        return [
            row
            for name in names
            for row in (cost(history, repeats) if name == "cost" else compared(name, quality(name, seeds, trials)))
        ]

    return work


def quality(name: str, seeds: int, trials: int) -> dict[str, Any]:
    """Every side's search on one objective, seed after seed."""
    objective = OBJECTIVES[name]()
    found: dict[str, Any] = {}
    for side in SIDES:
        began = time.process_time()
        curves = [search(side, objective, seed, trials) for seed in range(seeds)]
        found[side] = {"curves": curves, "cpu_s_per_trial": (time.process_time() - began) / (seeds * trials)}
    return found


def cost(history: Sequence[int], repeats: int) -> list[common.Row]:
    """CPU seconds of a proposal by number of finished trials."""
    objective = OBJECTIVES["recorded"]()
    space = started(objective, 0)

    def after(asked: Ours | Original, trials: int) -> list[float]:
        seconds = []
        for number in range(trials + repeats):
            began = time.process_time()
            values = asked.ask()
            if number >= trials:
                seconds.append(time.process_time() - began)
            asked.tell(objective.loss(values))
        return seconds

    makers: dict[str, Callable[[int], Ours | Original]] = {
        "autoft": lambda trials: Ours(space, 0),
        # Random until the trial that is measured: 200 of its own proposals would take minutes.
        "keras_tuner": lambda trials: Original(space, 0, trials),
    }
    rows: list[common.Row] = []
    for side, make in makers.items():
        after(make(START), START)  # first calls
        for trials in history:
            seconds = after(make(trials), trials)
            mean, most = sum(seconds) / len(seconds), max(seconds)
            rows.append({"part": "cost", "search": side, "finished": trials, "cpu_s": mean, "cpu_s_most": most})
    return rows


def compared(name: str, found: dict[str, Any]) -> list[common.Row]:
    """A row for every side: its lowest losses over the seeds, and how autoft's compare with them."""
    import numpy as np
    from scipy.stats import wilcoxon

    ours = np.array([curve[-1] for curve in found["autoft"]["curves"]])
    rows: list[common.Row] = []
    for side, each in found.items():
        last = np.array([curve[-1] for curve in each["curves"]])
        differ = side != "autoft" and bool(np.any(last != ours))
        rows.append(
            {
                "part": name,
                "search": side,
                "mean": float(last.mean()),
                "median": float(np.median(last)),
                "autoft_better": None if side == "autoft" else int((ours < last).sum()),
                "autoft_worse": None if side == "autoft" else int((ours > last).sum()),
                "p": float(wilcoxon(ours, last).pvalue) if differ else None,
                "cpu_s_per_trial": each["cpu_s_per_trial"],
                "curves": [[float(f"{value:.6g}") for value in curve] for curve in each["curves"]],
            }
        )
    return rows


def summed(rows: Sequence[common.Row]) -> dict[str, Any]:
    """The most that a proposal of autoft's cost, and on how many objectives it is better or worse (p < 0.05)."""
    summary: dict[str, Any] = {}
    most = [row["cpu_s_most"] for row in rows if row["part"] == "cost" and row["search"] == "autoft"]
    if most:
        summary["cpu_s_most"] = max(most)
    for side in SIDES[1:]:
        told = [row for row in rows if row["part"] != "cost" and row["search"] == side]
        sure = [row for row in told if row["p"] is not None and row["p"] < 0.05]
        better = sum(row["autoft_better"] > row["autoft_worse"] for row in sure)
        summary[f"against_{side}"] = f"better on {better}, worse on {len(sure) - better}, of {len(told)} objectives"
    return summary


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the parts, print the table, write the JSON."""
    given = common.options("proposals", (__doc__ or "").splitlines()[0], argv, only=("cost", *OBJECTIVES))
    names = [name for name in ("cost", *OBJECTIVES) if given.wants(name)]
    rows: list[common.Row] = []
    cpu = 0.0
    # Imports take longer than the whole quick version: one process for all of it.
    for group in [names] if given.quick else [[name] for name in names]:
        arguments = {"names": group, "quick": given.quick}
        measured = common.measure("benchmarks.proposals:parts", arguments, imports=IMPORTS, timeout_s=7200)
        rows += measured.value
        cpu += measured.cpu_s
        common.save("proposals", given, rows, {**summed(rows), "cpu_s": cpu})
        common.progress(f"{', '.join(group)}: {measured.cpu_s:.0f} CPU s")
    seeds, trials = QUICK if given.quick else (SEEDS, TRIALS)
    return common.finish("proposals", given, rows, {**summed(rows), "trials": trials, "seeds": seeds, "cpu_s": cpu})


if __name__ == "__main__":
    main()
