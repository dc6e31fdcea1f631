"""One run, stage by stage: folder and journal, baselines, search, evaluation, and what is written at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from autoft.pipeline import ensemble_gain, time_budget
from autoft.pipeline import space as spaces
from autoft.pipeline.baselines import _baselines
from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Dataset, HintTests, SearchResult
from autoft.pipeline.hint_tests import stage as hint_trials
from autoft.pipeline.parallelism import sharing, together
from autoft.pipeline.select import _by_weight, _choice, _score
from autoft.pipeline.trainers import trainer
from autoft.records import DecisionRule, Progress
from autoft.records.trials import TrialResult, Trials
from autoft.search.budget import Budget
from autoft.search.journal import Journal
from autoft.search.ledger import Ledger
from autoft.search.loop import LoopPolicy, SearchLoop
from autoft.search.proposer import Proposer
from autoft.search.setup import SearchSetup
from autoft.search.space import Dimension

if TYPE_CHECKING:
    from autoft.training.ensemble import EnsemblePart
    from autoft.training.trainer import Trainer


def search(context: Context, dataset: Dataset, journal: Journal) -> SearchResult:
    """Baselines, then the search."""
    simple = _baselines(context, dataset)
    return replace(search_only(context, dataset, journal), baselines=simple)


def search_only(context: Context, dataset: Dataset, journal: Journal) -> SearchResult:
    """The search without baselines."""
    from autoft.training.ensemble import build_ensemble

    recipe, k = context.recipe, dataset.split.k
    with context.watch.stage("search"):
        context.tell(Progress(stage="search", message="building the training program", trials=recipe.search.trials))
        stack = trainer(context, dataset, dataset.members)
        rows = min(len(m.train) for m in dataset.members)
        space = spaces.space_for(recipe, dataset, rows)
        budget, space, first = time_budget.budget(context, dataset, journal, stack, space)
        searching = _search(context, dataset, journal, stack, space, first, budget)
        chosen, finish = _choice(recipe, dataset, searching.run())
        found = searching.with_weights([number for number, _ in chosen])
        parts = [(found.outcomes[number], share) for number, share in chosen]
        bag = build_ensemble(stack.data, [_part(stack, *part) for part in parts], k)
        last = time_budget.last_seconds(budget, found)
        tested = _tested(context, dataset, journal, stack, chosen, found, finish, last)
        del stack, searching  # the rows need not stand beside those that follow
        trained = partial(trainer, context, dataset)
        gains, finish = ensemble_gain.gains(context, dataset, journal, parts, finish, trained, last=last)
    bag = replace(bag, calibration=finish.calibration)
    return SearchResult(
        found=found, blend=chosen, space=space, baselines={}, bag=bag, gains=gains, finish=finish, tested=tested
    )


def _tested(
    context: Context,
    dataset: Dataset,
    journal: Journal,
    stack: Trainer,
    chosen: Sequence[tuple[int, float]],
    found: Trials,
    finish: DecisionRule,
    last: float,
) -> HintTests:
    """What the data say of the hints, by a trial of the deployed model."""
    end = ensemble_gain.end(context, last)  # before the bag's gain: what is left of the time is that one's
    outcome = hint_trials.tested_trial(dataset, _by_weight(dataset, chosen, found), end - context.watch.clock())
    anew = partial(trainer, context)
    return hint_trials.test(context, dataset, journal, stack, outcome, anew, threshold=finish.threshold, end=end)


def _part(stack: Trainer, outcome: TrialResult, share: float) -> EnsemblePart:
    from autoft.training.ensemble import EnsemblePart

    return EnsemblePart(architecture=stack.architecture(outcome.params), weights=outcome.weights, share=share)


def _search(
    context: Context,
    dataset: Dataset,
    journal: Journal,
    stack: Trainer,
    space: tuple[Dimension, ...],
    first: Sequence[Mapping[str, Any]],
    budget: Budget,
) -> SearchLoop:
    from autoft.evaluation.blend import POOL
    from autoft.evaluation.metrics import METRICS

    recipe = context.recipe
    maximize = METRICS[dataset.objective].direction == "max"
    epochs = recipe.search.epochs
    setup = SearchSetup(space=space, maximize=maximize, seed=recipe.seed, epochs=epochs, first=tuple(first))
    ledger = Ledger(
        journal=journal,
        folder=context.folder / "trials",
        score=lambda outcome: _score(dataset, outcome),
        maximize=maximize,
        keep=POOL if recipe.search.blend > 1 else 1,
    )
    policy = LoopPolicy(
        together=together(recipe, stack),
        # Pruning looks at all blocks; nested evaluation promises that what judges a block has not.
        pruning=recipe.search.pruning == "median" and dataset.strategy != "nested",
        expect=time_budget.expectation(dataset, journal),
    )
    return SearchLoop(
        proposer=Proposer(recipe.search.algorithm, setup, sharing(dataset, space, first[0], epochs)),
        train=stack.train_all,
        ledger=ledger,
        budget=budget,
        interrupt=context.interrupt,
        progress=context.tell,
        policy=policy,
    )
