"""Search: the trials of a plan, and the deployed ensemble of those that are chosen."""

from __future__ import annotations

from autoft.evaluation.blend import POOL
from autoft.evaluation.metrics import METRICS
from autoft.pipeline.context import Run
from autoft.pipeline.cost import TYPICAL_EPOCHS
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.results import SearchPlan, Selection
from autoft.pipeline.select import trial_score
from autoft.records.trials import OUT_OF_TIME, Trials
from autoft.search.ledger import Ledger
from autoft.search.loop import LoopPolicy, SearchLoop
from autoft.search.proposer import Proposer
from autoft.search.setup import SearchSetup
from autoft.search.weights import restore_weights
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
        proposer=Proposer(settings.algorithm, setup, plan.parallelism.programs),
        train=trainer.train_all,
        ledger=ledger,
        budget=plan.budget,
        interrupt=run.interrupt,
        progress=run.progress,
        policy=policy,
    )
    trials = loop.run()
    _note_shortage(plan, trials, run)
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


def assemble(trials: Trials, selection: Selection, trainer: TrialTrainer, run: Run) -> Ensemble:
    """The deployed model, not yet calibrated: the mean of the folds' networks of the chosen trials."""
    numbers = [number for number, _ in selection.blend]
    trials = restore_weights(trials, numbers, trainer.train_all, journal=run.journal, folder=run.folder / "trials")
    return trainer.ensemble(selection.parts(trials))
