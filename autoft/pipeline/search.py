"""Search: trials of a plan, the choice among the trials, and the deployed ensemble."""

from __future__ import annotations

import numpy as np

from autoft.evaluation.blend import POOL
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.selection import Candidate, Replay, candidates_of, mixed
from autoft.formatting import counted
from autoft.pipeline.context import Run
from autoft.pipeline.cost import TYPICAL_EPOCHS
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.effects import selection_rule
from autoft.pipeline.results import SearchPlan, Selection
from autoft.recipe.recipe import Recipe
from autoft.records.trials import OUT_OF_TIME, TrialResult, Trials
from autoft.search.ledger import Ledger
from autoft.search.loop import LoopPolicy, SearchLoop
from autoft.search.proposer import Proposer
from autoft.search.setup import SearchSetup
from autoft.search.store import restore_weights
from autoft.training.ensemble import Ensemble
from autoft.training.trial_trainer import TrialTrainer


def search(dataset: Dataset, plan: SearchPlan, trainer: TrialTrainer, run: Run) -> Trials:
    """Train trials until their number, the time, the space or the user's patience is used up.

    Raises:
        SearchError: If no trial finished.
    """
    settings, maximize = run.recipe.search, METRICS[dataset.objective].direction == "max"
    setup = SearchSetup(
        space=plan.space, maximize=maximize, seed=run.recipe.seed, epochs=settings.epochs, first=plan.first
    )
    ledger = Ledger(
        journal=run.journal,
        folder=run.folder / "trials",
        score=lambda result: trial_score(dataset, result),
        maximize=maximize,
        keep=POOL if settings.blend > 1 else 1,
    )
    policy = LoopPolicy(
        together=plan.parallelism.side_by_side(trainer.together),
        # Pruning looks at all blocks; in nested evaluation, networks for a block must not depend on it.
        pruning=settings.pruning == "median" and dataset.strategy != "nested",
        expect=plan.expected_seconds,
    )
    loop = SearchLoop(
        proposer=Proposer(settings.algorithm, setup, plan.parallelism),
        train=trainer.train_all,
        ledger=ledger,
        budget=plan.budget,
        interrupt=run.interrupt,
        progress=run.progress,
        policy=policy,
    )
    trials = loop.run()
    _note_shortage(plan, trials, run)
    if trials.exhausted and settings.minutes is not None:
        note_rest(trials, run)
    return trials


def _note_shortage(plan: SearchPlan, trials: Trials, run: Run) -> None:
    """A warning where the minutes were too few for the epochs that trials need."""
    search, first, epochs = run.recipe.search, trials.trials[0], plan.budget.epochs
    if len(trials.trials) == 1 and first.reason.startswith(OUT_OF_TIME):
        over = f"training stopped after epoch {len(first.curves['train'])} of the first trial"
    elif epochs is not None and epochs < min(search.epochs, TYPICAL_EPOCHS):
        over = f"trials could have {epochs} epochs only"
    else:
        return
    before = sum(run.seconds.get(stage, 0.0) for stage in ("preparing", "baselines"))
    spent = f" ({before:.0f} s of them were spent before the search)"
    run.skip("epochs", f"had {search.minutes:g} minute{'' if search.minutes == 1 else 's'}{spent}; {over}")


def note_rest(trials: Trials, run: Run) -> None:
    """A finding where the space is exhausted before the minutes are."""
    tried, left = counted(len(trials.trials), "configuration"), run.deadline() - run.clock()
    found = f"had tried all of its space that there was time for ({tried}) with {left:.0f} s of its minutes left"
    run.tell("search", f"the space is exhausted: {tried} tried")
    run.skip("space", found)


def assemble(trials: Trials, selection: Selection, trainer: TrialTrainer, run: Run) -> Ensemble:
    """The deployed model, not yet calibrated: the mean of the folds' networks of the chosen trials."""
    numbers = [number for number, _ in selection.blend]
    trials = restore_weights(trials, numbers, trainer.train_all, journal=run.journal, folder=run.folder / "trials")
    return trainer.ensemble(selection.parts(trials))


def select(dataset: Dataset, trials: Trials, recipe: Recipe) -> Selection:
    """The choice on all rows: some trials and their weights, calibration and threshold."""
    candidates = candidates_of(trials.trials, trials.outcomes)
    replay = Replay(dataset.truth, candidates, dataset.problem, selection_rule(recipe, dataset))
    chosen = replay.on_all_rows()
    rule = replay.rule_fitter.on_all_rows(mixed(candidates, chosen, replay.rows))
    return Selection(blend=tuple((candidates[c].trial, share) for c, share in chosen), rule=rule)


def trial_score(dataset: Dataset, result: TrialResult) -> float:
    """The objective on the pooled held-out predictions at the trial's number of epochs, at its best threshold."""
    rows = np.flatnonzero(dataset.split.blocks >= 0)
    pooled = result.held_out[result.checkpoints.index(result.epochs)]
    candidate = Candidate(trial=0, epochs=result.epochs, predictions=pooled)
    replay = Replay(dataset.truth, [candidate], dataset.problem, rows=rows)
    value, _ = replay.objectives(np.ones((1, len(rows)), dtype=np.uint8), [0])
    return float(replay.metric.better(value[0])[0])
