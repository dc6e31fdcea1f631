"""autoft's own search and trainer on a table of numbers, for the benchmarks that measure them."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import numeric_table
from benchmarks.ordinary import Configuration, divide

if TYPE_CHECKING:
    from autoft.pipeline.dataset import Dataset
    from autoft.recipe.recipe import Recipe
    from autoft.records.trials import TrialResult, Trials
    from autoft.search.proposer import Proposer
    from autoft.search.setup import Proposal
    from autoft.training.stack import Stack
    from autoft.training.trainer import Trainer

#: What a search imports sooner or later; benchmarks import it before the clock starts.
MODULES = (
    *(
        "autoft.recipe.sections",
        "autoft.search.journal",
        "autoft.preprocessing.encoder",
        "autoft.evaluation.scores",
    ),
    *(
        "autoft.pipeline.search",
        "autoft.search.loop",
        "autoft.search.oracles",
        "autoft.search.proposer",
        "autoft.networks.layers.stacked",
    ),
    *(
        "autoft.training.engine_tensorflow",
        "autoft.training.trainer",
        "sklearn.model_selection",
        "sklearn.neural_network",
    ),
)


def search(
    rows: int,
    columns: int,
    folds: int,
    epochs: int,
    configurations: Sequence[Configuration],
    seed: int = 0,
    pruning: bool = False,
) -> Callable[[], dict[str, Any]]:
    """The piece to measure: one search with as many trials as there are configurations.

    Arguments and what the work returns are those of `benchmarks.ordinary.search`; with `pruning`, trials are stopped
    as they are by default, and the losses are those of the epochs that were trained.
    """
    x, y = numeric_table(rows, columns)

    def work() -> dict[str, Any]:
        trainer = make_trainer(x, y, folds, epochs=epochs, patience=None if pruning else epochs + 1, seed=seed)
        proposer = Given(numbers_only(seed, epochs), configurations)
        with tempfile.TemporaryDirectory() as folder:
            found = run_search(proposer, trainer, Path(folder), trials=len(configurations), pruning=pruning)
        curves = [trial.curves["held_out"] for trial in found.trials]
        return {
            "losses": [min(sum(losses) / len(losses) for losses in curve) for curve in curves],
            "epochs": folds * sum(map(len, curves)),
        }

    return work


def trial(
    rows: int, columns: int, folds: int, width: int, depth: int, batch: int, epochs: int = 2, seed: int = 0
) -> Callable[[], dict[str, Any]]:
    """The piece to measure: one trial, from the numbers of the table to the held-out predictions, and a second one.

    The work returns CPU seconds of the `encode`, of the `first` trial (it compiles) and of the `second` of the same
    shape, and the wall seconds of the first two together.
    """
    x, y = numeric_table(rows, columns)
    params = {
        **{"width": width, "depth": depth, "activation": "relu", "batch_size": batch},
        **{"learning_rate": 2e-3, "dropout": 0.2, "l2": 3e-5},
    }

    def work() -> dict[str, Any]:
        cpu, began = [time.process_time()], time.perf_counter()
        trainer = make_trainer(x, y, folds, epochs=epochs, patience=epochs + 1, seed=seed)
        cpu.append(time.process_time())
        trained = [len(trainer.train(params, lambda: False).curves["held_out"])]
        wall = time.perf_counter() - began
        cpu.append(time.process_time())
        trained.append(len(trainer.train(params, lambda: False).curves["held_out"]))
        cpu.append(time.process_time())
        assert trained == [epochs, epochs], trained
        encode, first, second = (after - before for before, after in itertools.pairwise(cpu))
        return {"encode": encode, "first": first, "second": second, "wall": wall}

    return work


def blends(rows: int, columns: int, folds: int, trials: int, seed: int = 0) -> Callable[[], dict[str, Any]]:
    """The piece to measure: a search with all that it has by default, and what it would deploy after each trial.

    The work returns the held-out `losses` (log-loss) of the blend of the trials until then, and the CPU `seconds` since
    the table was given: its checks, the plan and the trials.
    """
    import pandas as pd

    x, y = numeric_table(rows, columns)
    frame = pd.DataFrame(x).add_prefix("x").assign(y=pd.Series(y).map("class {}".format))

    def work() -> dict[str, Any]:
        from autoft.pipeline.context import Run
        from autoft.pipeline.fit import prepare_dataset
        from autoft.pipeline.run_folder import journal_key, key_settings
        from autoft.pipeline.search import search as find
        from autoft.pipeline.time_budget import plan_search
        from autoft.pipeline.trainers import make_trainer as trainer_of
        from autoft.recipe.recipe import Recipe

        began, seconds = time.process_time(), list[float]()
        changes = {"target": "y", "objective": "log_loss", "seed": seed, "evaluate.folds": folds, "trials": trials}
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "run").mkdir()
            run = Run(recipe=Recipe().with_changes(**changes), folder=Path(folder) / "run")
            run.progress = lambda step: seconds.append(time.process_time() - began) if step.score is not None else None
            dataset = prepare_dataset(run.recipe, frame)
            run.open_journal(journal_key(run.recipe, dataset), key_settings(run.recipe, dataset))
            trainer = trainer_of(run, dataset, dataset.members)
            found = find(dataset, plan_search(dataset, trainer, run), trainer, run)
        losses = [loss_of_blend(dataset, found, run.recipe, n) for n in range(1, len(found.trials) + 1)]
        return {"losses": losses, "seconds": seconds}

    return work


def loss_of_blend(dataset: Dataset, found: Trials, recipe: Recipe, trials: int) -> float:
    """Held-out log-loss of what would be deployed after so many trials."""
    from sklearn.metrics import log_loss

    from autoft.evaluation.selection import Replay, candidates_of, mixed
    from autoft.pipeline.effects import selection_rule

    candidates = candidates_of(found.trials[:trials], found.outcomes[:trials])
    chosen = Replay(dataset.truth, candidates, dataset.problem, selection_rule(recipe, dataset)).on_all_rows()
    return float(log_loss(dataset.y, mixed(candidates, chosen)))


def make_data(x: Any, y: Any, folds: int, *, seed: int) -> Stack:
    """The table as a run would train on it: every column numeric, the folds those of the ordinary way."""
    import numpy as np

    from autoft.preprocessing.encode import encode
    from autoft.preprocessing.layout import make_layout
    from autoft.records.columns import Column
    from autoft.training.stack import StackTarget, stack_data

    columns = [Column(id=f"c{j:03}", name=f"x{j}", kind="numeric", why="numbers") for j in range(x.shape[1])]
    plan = make_layout(columns, {})
    encoded = encode(plan, {column.id: x[:, j] for j, column in enumerate(columns)}, len(x))
    splits = divide(y, folds, seed)
    return stack_data(
        plan,
        encoded,
        StackTarget(y=np.asarray(y, dtype=np.int64), task="binary", classes=2),
        train=[train for train, _ in splits],
        held_out=[held_out for _, held_out in splits],
    )


def make_trainer(
    x: Any, y: Any, folds: int, *, epochs: int | None = None, patience: int | None = None, seed: int = 0
) -> Trainer:
    """The trainer of a run; None for epochs or patience is what a recipe has by default."""
    from autoft.recipe.sections import Search as Defaults
    from autoft.training.trainer import Trainer
    from autoft.training.trial_trainer import Limits

    defaults = Defaults()
    limits = Limits(
        epochs=defaults.epochs if epochs is None else epochs,
        patience=defaults.patience if patience is None else patience,
    )
    return Trainer(make_data(x, y, folds, seed=seed), folds=folds, limits=limits, seed=seed)


def numbers_only(seed: int, epochs: int) -> Proposer:
    """Bayesian proposals over learning rate, dropout and L2, with the limits of the standard space."""
    from autoft.search.proposer import Proposer
    from autoft.search.setup import SearchSetup
    from autoft.search.space import make_space

    searched = ("learning_rate", "dropout", "l2")
    space = [d for d in make_space(1_000, embedded=False, changes={}) if d.name in searched]
    return Proposer("bayesian", SearchSetup(space=tuple(space), maximize=True, seed=seed, epochs=epochs))


class Given:
    """A proposer whose proposals are asked for, paid for, told the scores, and replaced by given configurations."""

    def __init__(self, proposer: Proposer, configurations: Sequence[Configuration]) -> None:
        self.proposer, self.left = proposer, [dict(chosen) for chosen in configurations]

    def ask(self, like: Mapping[str, Any] | None = None) -> Proposal | None:
        """The next configuration that is left; None if there is none."""
        proposal = self.proposer.ask(like) if self.left else None
        return proposal and replace(proposal, params=self.left.pop(0))

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Say how a configuration did."""
        self.proposer.tell(proposal, score)


def objective(y: Any) -> Callable[[TrialResult], float]:
    """ROC-AUC of a trial's pooled held-out predictions, computed as a run does it."""
    import numpy as np

    from autoft.evaluation.scores import weighted_scores
    from autoft.records.problem import Problem, Truth

    truth, problem = Truth(y=y), Problem(task="binary", objective="roc_auc")

    def score(outcome: TrialResult) -> float:
        predictions = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
        once = np.ones((1, len(y)), dtype=np.uint8)
        scored = weighted_scores(truth, predictions, once, problem, names=("roc_auc",))
        return float(scored["roc_auc"][0])

    return score


def run_search(proposer: Any, trainer: Trainer, folder: Path, *, trials: int, pruning: bool) -> Trials:
    """autoft's search loop, with its journal and the trials' arrays in `folder`."""
    from autoft.search.budget import Budget
    from autoft.search.interrupt import Interrupt
    from autoft.search.journal import Journal
    from autoft.search.ledger import Ledger
    from autoft.search.loop import LoopPolicy, SearchLoop

    journal = Journal(folder / "journal.jsonl", {"benchmark": "search"})
    score = objective(trainer.data.y)
    return SearchLoop(
        proposer=proposer,
        train=trainer.train_all,
        ledger=Ledger(journal=journal, folder=folder / "trials", score=score, maximize=True),
        budget=Budget(trials=trials, deadline=None, clock=time.monotonic),
        interrupt=Interrupt(),
        progress=lambda step: None,
        policy=LoopPolicy(pruning=pruning),
    ).run()
