"""A run, stage by stage: each stage is a function from records to a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from autoft.data.table import Table
from autoft.pipeline import cost
from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.describe import audit_table, describe, enforce_schema, errors_of, presented, read_table
from autoft.pipeline.ensemble_gain import measure_ensemble_gain
from autoft.pipeline.evaluate import correct_score, evaluate, train_baselines
from autoft.pipeline.hint_tests.stage import test_hints
from autoft.pipeline.machine import Machine
from autoft.pipeline.own_model import code_hash, refuse_with_model
from autoft.pipeline.refit import refit
from autoft.pipeline.results import FittedModel, SearchResult
from autoft.pipeline.run_folder import journal_key, key_settings
from autoft.pipeline.save import save
from autoft.pipeline.search import assemble, search, select
from autoft.pipeline.split import note_odd_rows, split
from autoft.pipeline.time_budget import end_of_training, plan_search
from autoft.pipeline.trainers import make_trainer
from autoft.recipe.recipe import Recipe
from autoft.schema.contract import refuse
from autoft.training.ensemble import prove_ensemble


def fit(source: Any, run: Run) -> FittedModel:
    """Everything from a table (path, DataFrame or ``(X, y)``; None for the recipe's own data) to a saved model.

    Raises:
        AutoFTError: If data or recipe do not allow a training; finished trials are kept in the folder.
    """
    with run.timed("preparing"):
        run.tell("reading", "reading and checking the table")
        dataset = prepare_dataset(run.recipe, source, look=partial(_forecast, run=run))
    if run.model is not None:
        refuse_with_model(run.model, run.recipe, dataset)
    own = {} if run.model is None else {"model": code_hash(run.model)}
    run.open_journal(journal_key(run.recipe, dataset) | own, key_settings(run.recipe, dataset))
    baselines = train_baselines(dataset, run)
    with run.timed("search"):
        found = replace(find_model(dataset, run), baselines=baselines)
    with run.timed("evaluation"):
        answers = found.ensemble.answers(dataset.encoded)
        whole_answers = answers if found.refitted is None else found.refitted.answers(dataset.encoded)
        score = correct_score(dataset, found, whole_answers, run)
        whole = partial(evaluate, dataset, found, answers, score, run)
        evaluation = run.interrupt.in_time(whole, partial(whole, short=True))
    with run.timed("saving"):
        prove_ensemble(found.deployed, dataset.description.hints)
    return save(dataset, found, evaluation, run)


def _forecast(table: Table, run: Run) -> None:
    """Say that the minutes are short, where all but the search takes longer."""
    if (minutes := run.recipe.search.minutes) is None:
        return
    rows, columns = table.frame.shape
    if (seconds := cost.least_seconds(rows, columns, Machine.measure())) > minutes * 60:
        text = f"{minutes:g} min are short: to check {rows:,} x {columns:,} cells and to save a model takes about "
        run.tell("reading", f"{text}{seconds:.0f} s; a single configuration is trained, for a few seconds")


def prepare_dataset(recipe: Recipe, source: Any, look: Callable[[Table], None] = lambda table: None) -> Dataset:
    """The table read, understood, checked and divided; `look` is called with it once it is read.

    Raises:
        SchemaError: With every reason for which the table cannot be trained on.
        AutoFTError: If data or recipe cannot be understood.
    """
    table = read_table(recipe, source)
    look(table)
    with errors_of(recipe, table):
        description = describe(recipe, table)
        description = audit_table(recipe, description)
        description = presented(recipe, enforce_schema(recipe, description, write=True))
        refuse(description.findings)
        return note_odd_rows(split(recipe, description))


def find_model(dataset: Dataset, run: Run) -> SearchResult:
    """The deployed model: trials, the choice among them, tests of hints, and the gain of the ensemble."""
    run.tell("search", "building the training program", trials=run.recipe.search.most_trials)
    make = partial(make_trainer, run)
    trainer = make(dataset, dataset.members)
    plan = plan_search(dataset, trainer, run)
    trials = search(dataset, plan, trainer, run)
    selection = select(dataset, trials, run.recipe)
    ensemble = assemble(trials, selection, trainer, run)
    end = end_of_training(plan, trials, run)
    hints = test_hints(dataset, trials, selection, trainer, make, run, end=end)
    del trainer  # free its rows before another trainer allocates its own
    gain = measure_ensemble_gain(dataset, trials, selection, make, run, end=end)
    again = refit(dataset, trials, selection, make, run, end=end)
    return SearchResult(
        space=plan.space,
        trials=trials,
        selection=selection,
        ensemble=replace(ensemble, calibration=gain.calibration),
        hints=hints,
        gain=gain,
        refitted=None if again is None else replace(again, calibration=gain.calibration),
    )
