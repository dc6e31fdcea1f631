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
from autoft.pipeline.dataset import Prepared, Searched, Tested
from autoft.pipeline.hint_tests import stage as hint_trials
from autoft.pipeline.parallelism import sharing, together
from autoft.pipeline.select import _by_weight, _choice, _score
from autoft.pipeline.trainers import trainer
from autoft.records import Finish, Progress
from autoft.records.trials import Found, Outcome
from autoft.search.budget import Budget
from autoft.search.journal import Journal
from autoft.search.loop import Search
from autoft.search.proposer import Proposer
from autoft.search.space import Dimension

if TYPE_CHECKING:
    from autoft.training.ensemble import Part
    from autoft.training.trainer import Trainer


def search(context: Context, prepared: Prepared, journal: Journal) -> Searched:
    """Baselines, then the search."""
    simple = _baselines(context, prepared)
    return replace(search_only(context, prepared, journal), baselines=simple)


def search_only(context: Context, prepared: Prepared, journal: Journal) -> Searched:
    """The search without baselines."""
    from autoft.training.ensemble import build_bag

    recipe, k = context.recipe, prepared.split.k
    with context.watch.stage("search"):
        context.tell(Progress(stage="search", message="building the training program", trials=recipe.search.trials))
        stack = trainer(context, prepared, prepared.members)
        rows = min(len(m.train) for m in prepared.members)
        space = spaces.space_for(recipe, prepared, rows)
        budget, space, first = time_budget.budget(context, prepared, journal, stack, space)
        searching = _search(context, prepared, journal, stack, space, first, budget)
        chosen, finish = _choice(recipe, prepared, searching.run())
        found = searching.with_weights([number for number, _ in chosen])
        parts = [(found.outcomes[number], share) for number, share in chosen]
        bag = build_bag(stack.data, [_part(stack, *part) for part in parts], k)
        last = time_budget.last_seconds(budget, found)
        tested = _tested(context, prepared, journal, stack, chosen, found, finish, last)
        del stack, searching  # the rows need not stand beside those that follow
        trained = partial(trainer, context, prepared)
        gains, finish = ensemble_gain.gains(context, prepared, journal, parts, finish, trained, last=last)
    bag = replace(bag, calibration=finish.calibration)
    return Searched(
        found=found, blend=chosen, space=space, baselines={}, bag=bag, gains=gains, finish=finish, tested=tested
    )


def _tested(
    context: Context,
    prepared: Prepared,
    journal: Journal,
    stack: Trainer,
    chosen: Sequence[tuple[int, float]],
    found: Found,
    finish: Finish,
    last: float,
) -> Tested:
    """What the data say of the hints, by a trial of the deployed model."""
    end = ensemble_gain.end(context, last)  # before the bag's gain: what is left of the time is that one's
    outcome = hint_trials.tested_trial(prepared, _by_weight(prepared, chosen, found), end - context.watch.clock())
    anew = partial(trainer, context)
    return hint_trials.test(context, prepared, journal, stack, outcome, anew, threshold=finish.threshold, end=end)


def _part(stack: Trainer, outcome: Outcome, share: float) -> Part:
    from autoft.training.ensemble import Part

    return Part(architecture=stack.architecture(outcome.params), weights=outcome.weights, share=share)


def _search(
    context: Context,
    prepared: Prepared,
    journal: Journal,
    stack: Trainer,
    space: tuple[Dimension, ...],
    first: Sequence[Mapping[str, Any]],
    budget: Budget,
) -> Search:
    from autoft.evaluation.blend import POOL
    from autoft.evaluation.metrics import METRICS

    recipe = context.recipe
    maximize = METRICS[prepared.objective].direction == "max"
    proposer = Proposer(
        recipe.search.algorithm,
        space,
        maximize=maximize,
        seed=recipe.seed,
        epochs=recipe.search.epochs,
        first=first,
        **sharing(prepared, space, first[0], recipe.search.epochs),
    )
    return Search(
        proposer=proposer,
        train=stack.train_all,
        score=lambda outcome: _score(prepared, outcome),
        maximize=maximize,
        journal=journal,
        folder=context.folder / "trials",
        budget=budget,
        expect=time_budget.expectation(prepared, journal),
        interrupt=context.interrupt,
        progress=context.tell,
        together=together(recipe, stack),
        # Pruning looks at all blocks; nested evaluation promises that what judges a block has not.
        pruning=recipe.search.pruning == "median" and prepared.strategy != "nested",
        keep=POOL if recipe.search.blend > 1 else 1,
    )
