"""Trainings that hints are tested by: their names, their seconds, and the trial that they repeat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from autoft.knowledge import variants
from autoft.pipeline.dataset import Dataset, TableDescription
from autoft.pipeline.split import lay_out_inputs
from autoft.preprocessing.encode import encode
from autoft.recipe.recipe import Recipe
from autoft.records.trials import Trial, TrialResult

#: Name of the training without any hint.
ALL = ""
#: Seconds of a training with other inputs, as a multiple of a trial's: its rows are encoded, its program is traced.
OTHER_INPUTS_TIMES = 2.0
#: Fewest epochs of trainings that are shortened.
_FEWEST_EPOCHS = 5
#: Smallest share of a trial's epochs that they get.
_SMALLEST_SHARE = 0.125
#: Share of the time that shortened trainings fill.
_FILLED_SHARE = 0.9

AnyTrial = TypeVar("AnyTrial", TrialResult, Trial)


def hints_to_test(dataset: Dataset) -> tuple[str, ...]:
    """Names of all hints that are tested."""
    untested = crossed_orders(dataset)
    read = (name for name in reading_hints(dataset) if name not in untested)
    return (*variants.names(dataset.description.hints), *read)


def training_jobs(dataset: Dataset) -> tuple[str, ...]:
    """Names of the trainings: those of the hints, and ALL where there are several."""
    found = hints_to_test(dataset)
    return (*found, ALL) if len(found) > 1 else found


def needs_other_inputs(dataset: Dataset, job: str) -> bool:
    """Whether a training has other inputs than the trials."""
    read = reading_hints(dataset)
    return bool(read) if job == ALL else job in read


def jobs_seconds(dataset: Dataset, trial: float) -> float:
    """Seconds of all trainings, from those of a trial."""
    jobs = training_jobs(dataset)
    other = sum(needs_other_inputs(dataset, job) for job in jobs)
    return trial * (len(jobs) - other + OTHER_INPUTS_TIMES * other)


def fitting_epochs(dataset: Dataset, trial: TrialResult | Trial, left: float) -> int | None:
    """Epochs of a trial's trainings that fit; None for all that it had itself, 0 where too few would.

    With fewer of them, the training with all hints is one more, so that all are alike.
    """
    needed = jobs_seconds(dataset, trial.seconds)
    if needed <= left:
        return None
    had = len(trial.curves.get("held_out", ()))
    found = int(had * _FILLED_SHARE * left / max(needed + trial.seconds, 1e-3))
    return found if found >= max(_FEWEST_EPOCHS, _SMALLEST_SHARE * had) else 0


def reference_job(dataset: Dataset, name: str) -> str | None:
    """The training that one without a hint is compared with; None for that with all hints.

    Without its order a column can have no effect, so its order is judged by networks without that effect.
    """
    effect = f"{name.removesuffix(': order')}: effect"
    return effect if name.endswith(": order") and effect in hints_to_test(dataset) else None


def is_whole(trial: TrialResult | Trial) -> bool:
    """Whether a trial was trained to its end."""
    return trial.status == "finished" and not trial.reason


def choose_trial(dataset: Dataset, trials: Sequence[AnyTrial], left: float) -> AnyTrial:
    """The trial by which hints are tested: the first whose trainings without each hint fit, or else the cheapest.

    They fit if need be with fewer epochs (`fitting_epochs`). A worse trial trained for long is no better: a model that
    knows little leans on whatever stands in for what it does not see, and so contradicts true hints. A trial that the
    clock ended early cannot be compared with others: it is taken only if there is no whole one.

    Args:
        trials: Those of the deployed model, the heaviest first, then the other trials, the best first.
    """
    trials = [trial for trial in trials if is_whole(trial)] or list(trials)
    fitting = (trial for trial in trials if fitting_epochs(dataset, trial, left) != 0)
    return next(fitting, min(trials, key=lambda trial: trial.seconds))


#: Why an order is not tested where a wanted interaction has the column.
CROSSED = "its categories would make another interaction, too"


def reading_hints(dataset: Dataset) -> tuple[str, ...]:
    """Names of these hints by column id, those that cannot be tested among them (`crossed_orders`)."""
    logs = dataset.description.hints.logs
    return (*(f"{column}: order" for column in dataset.layout.orders), *(f"{column}: scale" for column in logs))


def crossed_orders(dataset: Dataset) -> tuple[str, ...]:
    """Names of orders of columns that take part in a wanted interaction: it would be another one without them."""
    joined = {column for pair in dataset.description.hints.crosses for column in pair}
    return tuple(f"{column}: order" for column in dataset.layout.orders if column in joined)


def read_without(recipe: Recipe, dataset: Dataset, off: Collection[str]) -> Dataset:
    """The same rows, divided as they are, read without some hints: categories one by one, numbers as they are."""
    description = dataset.description
    columns = tuple(replace(c, order=()) if f"{c.id}: order" in off else c for c in description.columns)
    logs = tuple(column for column in description.hints.logs if f"{column}: scale" not in off)
    description = replace(description, columns=columns, hints=replace(description.hints, logs=logs))
    return _read_again(recipe, dataset, description)


def read_plainly(recipe: Recipe, dataset: Dataset) -> Dataset:
    """The same rows, divided as they are, read as if nothing were known."""
    description = dataset.description
    columns = tuple(replace(column, order=()) for column in description.columns)
    # Effects stay, to be switched off by name: networks that train with effects have other activations.
    hints = replace(description.hints, logs=(), ratios=(), crosses=())
    return _read_again(recipe, dataset, replace(description, columns=columns, hints=hints))


def _read_again(recipe: Recipe, dataset: Dataset, description: TableDescription) -> Dataset:
    features, layout = lay_out_inputs(recipe, description)
    encoded = encode(layout, description.converted.values, len(dataset.y))
    return replace(dataset, description=description, features=features, layout=layout, encoded=encoded)
