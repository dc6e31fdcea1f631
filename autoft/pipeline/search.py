"""One run, stage by stage: folder and journal, baselines, search, evaluation, and what is written at the end."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import autoft
from autoft import files
from autoft.pipeline import effects, ensemble_gain, time_budget
from autoft.pipeline import space as spaces
from autoft.pipeline.hint_tests import stage as hint_trials
from autoft.pipeline.hint_tests.stage import Tested
from autoft.pipeline.machine import Machine
from autoft.pipeline.prepare import Prepared, Tell
from autoft.pipeline.run_folder import fingerprint_parts
from autoft.records import Finish, Progress
from autoft.search.budget import Budget
from autoft.search.interrupt import Interrupt
from autoft.search.journal import Journal, difference, read
from autoft.search.loop import Found, Search
from autoft.search.proposer import Proposer
from autoft.search.space import Dimension
from autoft.search.store import Outcome

if TYPE_CHECKING:
    from autoft.evaluation.folds import Member
    from autoft.recipe.recipe import Recipe
    from autoft.training.ensemble import Bag, Part
    from autoft.training.trainer import Trainer

Array = NDArray[Any]

#: What a run writes into its folder, the journal last.
_FILES = (
    *("model", "trials", "report.html", "evaluation.json", "findings.json", "context.json", "recipe.yaml"),
    *("schema.pbtxt", "journal.torn", "journal.jsonl"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """What the search has found, and what the evaluation needs of it.

    Attributes:
        found: Trials and outcomes.
        blend: Numbers of the trials in the deployed model, and their weights.
        space: What was searched.
        baselines: Held-out predictions of simple models.
        bag: The deployed model.
        gains: What the bag leaves of its members' distance to the best score, by metric; empty where not measured.
        finish: Calibration and threshold of the deployed model.
        tested: What the data say of the hints.
    """

    found: Found
    blend: tuple[tuple[int, float], ...]
    space: tuple[Dimension, ...]
    baselines: Mapping[str, Array]
    bag: Bag
    gains: Mapping[str, float]
    finish: Finish
    tested: Tested = field(default_factory=Tested)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every stage of a run shares.

    Attributes:
        recipe: What to do.
        folder: The run folder, locked.
        interrupt: Raised when the user asks the search to end.
        watch: Seconds by stage.
        tell: Told about every step.
    """

    recipe: Recipe
    folder: Path
    interrupt: Interrupt
    watch: Stopwatch
    tell: Tell


@dataclass(slots=True, kw_only=True)
class Stopwatch:
    """Seconds by stage, on a monotonic clock.

    Attributes:
        clock: Monotonic seconds.
        started: When the run began, on it.
        earlier: Seconds that earlier, interrupted runs in the folder trained: a crash must not extend the minutes.
        seconds: By stage.
    """

    clock: Callable[[], float] = time.monotonic
    started: float = field(default_factory=time.monotonic)
    earlier: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)

    def deadline(self, minutes: float) -> float:
        """When everything has to be over, on the clock."""
        return self.started + minutes * 60 - self.earlier

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        began = self.clock()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + self.clock() - began, 2)


def open_journal(context: Context, prepared: Prepared) -> Journal:
    """The run's journal; results of another run (other data or settings) in the folder are set aside first."""
    folder, tell = context.folder, context.tell
    key = fingerprint_parts(context.recipe, prepared, autoft.__version__)
    path = folder / "journal.jsonl"
    contents = read(path)
    if contents.key != key and (contents.facts or contents.damaged_lines):
        aside = _set_aside(folder)
        changed = difference(contents.key or {}, key)
        tell(Progress(stage="reading", message=f"the folder held another run ({changed}); it is now in {aside.name}"))
    journal = Journal(path, key)
    if journal.contents.damaged_lines:
        lines = ", ".join(map(str, journal.contents.damaged_lines))
        tell(Progress(stage="reading", message=f"journal line {lines} is damaged; what it said is trained again"))
    context.watch.earlier = sum(float(line["seconds"]) for line in journal.contents.trials().values())
    if journal.contents.torn_bytes:
        message = "the journal's last line was torn; it is in journal.torn, and its trial is trained again"
        tell(Progress(stage="reading", message=message))
    return journal


def _set_aside(folder: Path) -> Path:
    """Move another run's files, and nothing else, into a folder of their own.

    The journal goes last: a crash on the way is made good by the next run.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = itertools.chain([f"earlier-{stamp}"], (f"earlier-{stamp}-{n}" for n in itertools.count(2)))
    aside = next(folder / name for name in names if not (folder / name).exists())
    with files.writing(folder):
        aside.mkdir()
        for name in _FILES:
            if (folder / name).exists():
                (folder / name).rename(aside / name)
    return aside


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


def _by_weight(prepared: Prepared, chosen: Sequence[tuple[int, float]], found: Found) -> list[Outcome]:
    """Outcomes of the deployed model, the heaviest first, then those of all other whole trials, the best first."""
    from autoft.evaluation.metrics import METRICS

    shares, sign = dict(chosen), -1 if METRICS[prepared.objective].direction == "max" else 1
    whole = [
        (-shares.get(trial.number, 0.0), sign * trial.score, one)
        for trial, one in zip(found.trials, found.outcomes, strict=True)
        if one.status == "finished" and trial.score is not None
    ]
    return [one for _, _, one in sorted(whole, key=lambda one: one[:2])]


def _part(stack: Trainer, outcome: Outcome, share: float) -> Part:
    from autoft.training.ensemble import Part

    return Part(architecture=stack.architecture(outcome.params), weights=outcome.weights, share=share)


def _choice(recipe: Recipe, prepared: Prepared, found: Found) -> tuple[tuple[tuple[int, float], ...], Finish]:
    """The choice on all rows: numbers of trials and their weights, calibration and threshold."""
    from autoft.evaluation.selection import Replay, candidates_of, common_rows, mixed

    candidates = candidates_of(found.trials, found.outcomes)
    problem = {**prepared.problem, "objective": prepared.objective, "members": recipe.search.blend}
    replay = Replay(prepared.y, candidates, common_rows(candidates), **problem)
    chosen = replay.on_all_rows()
    finisher = replay.finisher(prepared.split.clusters[replay.rows], effects.calibration(recipe, prepared))
    finish = finisher.on_all_rows(mixed(candidates, chosen, replay.rows))
    return tuple((candidates[c].trial, share) for c, share in chosen), finish


def _baselines(context: Context, prepared: Prepared) -> Mapping[str, Array]:
    """Held-out predictions of simple models on the same folds."""
    from autoft.evaluation import baselines
    from autoft.preprocessing.statistics import tfidf

    with context.watch.stage("baselines"):
        context.tell(Progress(stage="baselines", message="training the baselines on the same folds"))
        features, categorical = _plain_features(prepared)
        return baselines.run(
            features,
            categorical=categorical,
            y=prepared.y,
            members=prepared.members[: prepared.split.k],
            task=prepared.target.task,
            seed=context.recipe.seed,
            boosting=spaces.boosting_fits(context.recipe, prepared, Machine.measure()),
            words=partial(tfidf, prepared.plan, prepared.encoded) if prepared.plan.texts else None,
            row_weights=prepared.weights,
            quantile=prepared.trained_quantile,
        )


def trainer(context: Context, prepared: Prepared, members: Sequence[Member]) -> Trainer:
    """The rows of a stack of these members, encoded, and what trains on them."""
    from autoft.training.stack import stack_data
    from autoft.training.trainer import Limits, Trainer

    recipe = context.recipe
    data = stack_data(
        prepared.plan,
        prepared.encoded,
        prepared.y,
        task=prepared.target.task,
        classes=len(prepared.target.classes),
        train=[m.train for m in members],
        held_out=[m.held_out for m in members],
        weights=prepared.weights,
        quantile=prepared.trained_quantile,
    )
    limits = Limits(epochs=recipe.search.epochs, patience=recipe.search.patience)
    return Trainer(
        data,
        folds=prepared.split.k,
        limits=limits,
        seed=recipe.seed,
        clock=context.watch.clock,
        hints=prepared.inspected.hints,
    )


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
        **time_budget.sharing(prepared, space, first[0], recipe.search.epochs),
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
        together=time_budget.together(recipe, stack),
        # Pruning looks at all blocks; nested evaluation promises that what judges a block has not.
        pruning=recipe.search.pruning == "median" and prepared.strategy != "nested",
        keep=POOL if recipe.search.blend > 1 else 1,
    )


def _score(prepared: Prepared, outcome: Outcome) -> float:
    """The objective on the pooled held-out predictions at the trial's number of epochs, and its best threshold."""
    from autoft.evaluation.selection import Candidate, Replay

    rows = np.flatnonzero(prepared.split.blocks >= 0)
    pooled = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    candidate = Candidate(trial=0, epochs=outcome.epochs, predictions=pooled)
    replay = Replay(prepared.y, [candidate], rows, objective=prepared.objective, **prepared.problem)
    value, _ = replay.objectives(np.ones((1, len(rows)), dtype=np.uint8), [0])
    return float(replay.metric.better(value[0])[0])


def _plain_features(prepared: Prepared) -> tuple[Array, Array]:
    """Numbers and category codes side by side for the baselines, NaN where missing."""
    from autoft.preprocessing.encode import MISSING
    from autoft.preprocessing.statistics import with_derived

    codes = prepared.encoded.codes.astype(np.float64)
    codes[prepared.encoded.codes == MISSING] = np.nan
    categorical = np.repeat([False, True], [len(prepared.plan.measured), len(prepared.plan.categories)])
    return np.hstack([with_derived(prepared.plan, prepared.encoded.numbers), codes]), categorical
