"""One run, stage by stage: folder and journal, baselines, search, evaluation, and what is written at the end."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import autoft
from autoft import artifact, files
from autoft.journal import Journal, difference, read
from autoft.prepare import Prepared, Tell, fingerprint_parts
from autoft.records import Evaluation, Progress
from autoft.search.interrupt import Interrupt
from autoft.search.loop import Budget, Found, Search
from autoft.search.outcome import Outcome
from autoft.search.propose import Proposer
from autoft.search.space import Dimension, make_space

if TYPE_CHECKING:
    from autoft.evaluate.score import Candidate, Verdict
    from autoft.recipe import Recipe
    from autoft.training.bag import Bag
    from autoft.training.trial import Trainer

Array = NDArray[Any]

#: Share of the time budget that is kept for what follows the search, and its limits in seconds.
_RESERVE, _LEAST, _MOST = 0.15, 3.0, 45.0

#: What a run writes into its folder, the journal last.
_FILES = (
    *("model", "trials", "report.html", "evaluation.json", "findings.json", "context.json", "recipe.yaml"),
    *("schema.pbtxt", "journal.torn", "journal.jsonl"),
)

#: Packages whose versions belong to a result.
_PACKAGES = ("keras", "tensorflow", "keras-tuner", "tensorflow-data-validation", "scikit-learn", "numpy", "pandas")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Searched:
    """What the search has found, and what the evaluation needs of it."""

    found: Found
    space: tuple[Dimension, ...]
    baselines: Mapping[str, Array]
    bag: Bag


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
    """Seconds by stage, on a monotonic clock."""

    clock: Callable[[], float] = time.monotonic
    started: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)

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
    from autoft.training.bag import build_bag

    simple = _baselines(context, prepared)
    recipe, k = context.recipe, prepared.split.k
    with context.watch.stage("search"):
        context.tell(Progress(stage="search", message="building the training program", trials=recipe.search.trials))
        trainer = _trainer(context, prepared)
        rows = min(len(m.train) for m in prepared.members)
        changes = recipe.search.space.model_dump()
        space = make_space(rows, embedded=bool(prepared.plan.embedded), changes=changes)
        found = _search(context, prepared, journal, trainer, space)
        best = found.outcomes[found.best]
        bag = build_bag(trainer.data, trainer.architecture(best.params), best.weights, k)
    return Searched(found=found, space=space, baselines=simple, bag=bag)


def _baselines(context: Context, prepared: Prepared) -> Mapping[str, Array]:
    """Held-out predictions of simple models on the same folds."""
    from autoft.evaluate import baselines

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
        )


def _trainer(context: Context, prepared: Prepared) -> Trainer:
    """The rows of the stack, encoded, and what trains on them."""
    from autoft.training.data import stack_data
    from autoft.training.trial import Limits, Trainer

    recipe = context.recipe
    data = stack_data(
        prepared.plan,
        prepared.encoded,
        prepared.y,
        task=prepared.target.task,
        classes=len(prepared.target.classes),
        train=[m.train for m in prepared.members],
        held_out=[m.held_out for m in prepared.members],
    )
    limits = Limits(epochs=recipe.search.epochs, patience=recipe.search.patience)
    return Trainer(data, folds=prepared.split.k, limits=limits, seed=recipe.seed, clock=context.watch.clock)


def _search(
    context: Context, prepared: Prepared, journal: Journal, trainer: Trainer, space: tuple[Dimension, ...]
) -> Found:
    from autoft.evaluate.metrics import METRICS

    recipe, watch = context.recipe, context.watch
    maximize = METRICS[prepared.objective].direction == "max"
    proposer = Proposer(
        recipe.search.algorithm,
        space,
        maximize=maximize,
        seed=recipe.seed,
        epochs=recipe.search.epochs,
    )
    deadline = None
    if recipe.search.minutes is not None:
        total = recipe.search.minutes * 60
        # What earlier, interrupted runs have used counts: a crash must not extend the budget.
        spent = sum(float(line["seconds"]) for line in journal.contents.trials().values())
        deadline = watch.started + total - spent - min(max(_RESERVE * total, _LEAST), _MOST)
    return Search(
        proposer=proposer,
        train=trainer.train,
        score=lambda outcome: _score(prepared, outcome),
        maximize=maximize,
        journal=journal,
        folder=context.folder / "trials",
        budget=Budget(trials=recipe.search.trials, deadline=deadline, clock=watch.clock),
        interrupt=context.interrupt,
        progress=context.tell,
    ).run()


def _score(prepared: Prepared, outcome: Outcome) -> float:
    """The objective on the pooled held-out predictions at the trial's number of epochs."""
    from autoft.evaluate.weighted import weighted_scores

    rows = np.flatnonzero(prepared.split.blocks >= 0)
    predictions = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    scored = weighted_scores(
        prepared.y[rows],
        predictions[rows],
        np.ones((1, len(rows)), dtype=np.uint8),
        task=prepared.target.task,
        positive_index=prepared.target.positive_index,
        names=(prepared.objective,),
    )
    return float(scored[prepared.objective][0])


def _plain_features(prepared: Prepared) -> tuple[Array, Array]:
    """Numbers and category codes side by side for the baselines, NaN where missing."""
    from autoft.preprocess.encode import MISSING

    codes = prepared.encoded.codes.astype(np.float64)
    codes[prepared.encoded.codes == MISSING] = np.nan
    categorical = np.array([False] * len(prepared.plan.numbers) + [True] * len(prepared.plan.categories))
    return np.hstack([prepared.encoded.numbers, codes]), categorical


def evaluate(context: Context, prepared: Prepared, searched: Searched) -> Evaluation:
    """Scores by the honesty contract, baselines, folds, importance."""
    from autoft.evaluate import metrics, overfitting
    from autoft.evaluate.baselines import compare
    from autoft.evaluate.importance import permutation_importance

    recipe, watch = context.recipe, context.watch
    with watch.stage("evaluation"):
        context.tell(Progress(stage="evaluation", message="correcting the score for the choice among trials"))
        target, found = prepared.target, searched.found
        problem: dict[str, Any] = {"task": target.task, "positive_index": target.positive_index}
        scoring = {**problem, "objective": prepared.objective, "seed": recipe.seed}
        answers = searched.bag.answers(prepared.encoded)
        verdict = _verdict(recipe, prepared, found, answers, scoring)
        best, outcome = found.trials[found.best], found.outcomes[found.best]
        pooled = _at_best(outcome)
        rows = np.flatnonzero(prepared.split.blocks >= 0)
        details = metrics.details(prepared.y[rows], pooled[rows], **problem, classes=target.classes)
        folds = _fold_reports(prepared, answers, best, problem)
        direction = metrics.METRICS[prepared.objective].direction
        lines = compare(
            prepared.y,
            pooled if verdict.predictions is None else verdict.predictions,
            searched.baselines,
            clusters=prepared.split.clusters,
            draws=recipe.evaluate.draws,
            verdict=verdict,
            **scoring,
        )
        members = prepared.members[: prepared.split.k]
        importance = permutation_importance(
            searched.bag.answers, prepared.plan, prepared.features, prepared.encoded, prepared.y, members, **scoring
        )
    return Evaluation(
        task=target.task,
        objective=prepared.objective,
        strategy=prepared.strategy,
        target=target,
        rows=len(prepared.y),
        held_out=verdict.held_out,
        validation=verdict.validation,
        optimism=verdict.optimism,
        naive=verdict.naive,
        folds=folds,
        overfitting=overfitting.verdict(folds, direction, verdict.optimism),
        baselines=lines,
        trials=found.trials,
        best=best,
        per_class=details.per_class,
        confusion=details.confusion,
        curves=details.curves,
        importance=importance,
        seconds=dict(watch.seconds),
        environment=environment(),
        interrupted=found.interrupted,
    )


def _at_best(outcome: Outcome) -> Array:
    """Pooled held-out predictions at the trial's number of epochs."""
    return np.asarray(outcome.held_out[outcome.checkpoints.index(outcome.epochs)])


def _verdict(recipe: Recipe, prepared: Prepared, found: Found, answers: Array, scoring: Mapping[str, Any]) -> Verdict:
    """The score by the chosen strategy."""
    from autoft.evaluate import score

    split, y = prepared.split, prepared.y
    common = {**scoring, "clusters": split.clusters, "draws": recipe.evaluate.draws}
    candidates = _candidates(found)
    if prepared.strategy == "corrected":
        return score.corrected(y, candidates, **common)
    if prepared.strategy == "holdout":
        rows = np.flatnonzero(split.blocks < 0)
        return score.holdout(y, candidates, answers.mean(axis=0), rows=rows, **common)
    pair_blocks = [m.blocks for m in prepared.members[split.k :]]
    pairs = [
        score.PairCandidate(
            trial=trial.number,
            epochs=epochs,
            pairs={(b[0], b[1]): outcome.pairs[c, p] for p, b in enumerate(pair_blocks)},
        )
        for trial, outcome in zip(found.trials, found.outcomes, strict=True)
        for c, epochs in enumerate(outcome.checkpoints)
    ]
    return score.nested(y, pairs, candidates=candidates, blocks=split.blocks, **common)


def _candidates(found: Found) -> list[Candidate]:
    from autoft.evaluate.score import Candidate

    return [
        Candidate(trial=trial.number, epochs=epochs, predictions=outcome.held_out[c])
        for trial, outcome in zip(found.trials, found.outcomes, strict=True)
        for c, epochs in enumerate(outcome.checkpoints)
    ]


def _fold_reports(prepared: Prepared, answers: Array, best: Any, problem: Mapping[str, Any]) -> Any:
    from autoft.evaluate import metrics, overfitting

    members, y = prepared.members[: prepared.split.k], prepared.y

    def on(s: int, rows: Array) -> float:
        return metrics.scores(y[rows], answers[s][rows], **problem)[prepared.objective]

    return overfitting.fold_reports(
        best,
        train_rows=[len(m.train) for m in members],
        held_out_rows=[len(m.held_out) for m in members],
        train_scores=[on(s, m.train) for s, m in enumerate(members)],
        held_out_scores=[on(s, m.held_out) for s, m in enumerate(members)],
        direction=metrics.METRICS[prepared.objective].direction,
    )


def environment() -> dict[str, str]:
    """Versions that a result depends on."""
    found = {"python": sys.version.split()[0], "autoft": autoft.__version__}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def write(
    context: Context, prepared: Prepared, searched: Searched, evaluation: Evaluation
) -> tuple[Any, artifact.Meta, Evaluation]:
    """Model, scores, findings, schema, recipe; returns the raw model, its meta data and the evaluation."""
    from autoft.evaluate.document import to_document

    folder, watch, tell = context.folder, context.watch, context.tell
    with watch.stage("saving"):
        tell(Progress(stage="saving", message="saving the model and checking that it reads back the same"))
        texts = _texts(context.recipe, prepared, searched)
        model, meta = searched.bag.raw_model(), _meta(prepared)
        scores = {"evaluation.json": _json(to_document(evaluation))}
        artifact.save(folder / "model", model, meta, {**texts, **scores}, _probe(prepared))
    total = round(sum(watch.seconds.values()), 2)
    evaluation = replace(evaluation, seconds={**watch.seconds, "total": total})
    for name, text in {**texts, "evaluation.json": _json(to_document(evaluation))}.items():
        files.write_atomic(folder / name, text)
    tell(Progress(stage="report", message="writing the report"))
    return model, meta, evaluation


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _texts(recipe: Recipe, prepared: Prepared, searched: Searched) -> dict[str, str]:
    """What a run says about itself besides the scores, by file name; enough to write the report again."""
    context = {
        "plan": [asdict(line) for line in prepared.plan.lines],
        "columns": [asdict(c) for c in prepared.inspected.columns],
        "space": [[d.name, d.words()] for d in searched.space],
        "engine": prepared.inspected.engine.name if prepared.inspected.engine else "",
        "title": recipe.report.title or f"{recipe.name}: {prepared.target.name}",
        "notes": list(notes(recipe, prepared)),
    }
    schema = prepared.inspected.contract.text
    return {
        "findings.json": _json([asdict(f) for f in prepared.findings]),
        "recipe.yaml": recipe.to_yaml(),
        "context.json": _json(context),
    } | ({"schema.pbtxt": schema} if schema else {})


def notes(recipe: Recipe, prepared: Prepared) -> tuple[str, ...]:
    """What the user told autoft about the domain."""
    told = []
    if recipe.data.positive is not None:
        told.append(f"The positive class is '{prepared.target.positive}'.")
    told += [f"Column '{name}' is {kind}." for name, kind in recipe.data.columns.items()]
    told += [f"Column '{name}' is not to be used." for name in recipe.data.drop]
    told += [f"Column '{name}' may predict the target almost perfectly." for name in recipe.schema_.allow_leak]
    if recipe.evaluate.group:
        told.append(f"Rows with the same '{recipe.evaluate.group}' belong together.")
    if recipe.evaluate.time:
        told.append(f"Rows are ordered in time by '{recipe.evaluate.time}'.")
    return tuple(told)


def _meta(prepared: Prepared) -> artifact.Meta:
    numbers = prepared.encoded.numbers
    ranges = {}
    for j, column in enumerate(prepared.plan.numeric):
        known = numbers[:, j][np.isfinite(numbers[:, j])]
        if len(known):
            ranges[column] = (float(known.min()), float(known.max()))
    engine = prepared.inspected.engine
    return artifact.Meta(
        columns=prepared.features,
        target=prepared.target,
        version=autoft.__version__,
        engine=engine.name if engine else "",
        ranges=ranges,
        vocabularies={c.id: c.vocabulary for c in prepared.plan.categories},
    )


def _probe(prepared: Prepared, rows: int = 32) -> dict[str, Array]:
    """Inputs of the raw model for a few real rows."""
    from autoft.training.bag import model_inputs

    values = prepared.inspected.converted.values
    texts = {c.id: values[c.id][:rows] for c in prepared.plan.categories}
    return model_inputs(prepared.plan, prepared.encoded.rows(slice(0, rows)), texts)
