"""Review of a finished run: hints that its curves, importance and cells suggest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from autoft.data.cells import numbers
from autoft.errors import ArtifactError, printable
from autoft.formatting import number
from autoft.knowledge.orders import evident_order
from autoft.knowledge.trend import strength
from autoft.pipeline.run_folder import read_evaluation, read_profile
from autoft.recipe.recipe import Recipe, read_recipe
from autoft.recipe.yaml import Dumper
from autoft.records.columns import Column
from autoft.records.evaluation import Evaluation
from autoft.records.hint_tests import Curve
from autoft.report.inputs import Profile

#: A column is important if its smallest measured loss is this many times the median column's largest.
_FAR = 3.0
#: Most columns that are called important.
_MOST_HIGH = 3
#: A scale is logarithmic if the upper limit of nine tenths of the values is this many times that of one tenth,
_RATIO = 10.0
#: and Bowley's skewness of the tenths is at least this, and the logarithm halves it.
_SKEW = 0.4

_HEADER = """\
## What the run in {run} suggests an expert to say of its columns. Nothing here is in force by itself.
## Strike what is wrong. To accept a proposal remove the "# " before its lines (and before the lines "knowledge:" and
## "features:" above it), and move the section into the recipe. The data show what goes together, not what causes what.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HintProposal:
    """One hint that could be given.

    Attributes:
        field: ``effect``, ``order``, ``scale`` or ``importance``.
        values: What would stand below the column: the field, and what belongs to it (``label``).
        evidence: What it rests on, one sentence.
    """

    column: str
    field: str
    values: Mapping[str, Any]
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Proposals, and what the recipe says already, by column."""

    proposals: tuple[HintProposal, ...]
    hinted: Mapping[str, Mapping[str, Any]]


def read(run: Path) -> Review:
    """The review of a run folder; nothing is trained, and no model is loaded.

    Raises:
        ArtifactError: If it is no run folder, the run is not finished, or its files are not what autoft wrote.
        RecipeError: If its recipe is not what autoft wrote.
    """
    if not run.is_dir():
        found = "it is a file" if run.exists() else "it does not exist"
        raise ArtifactError(f"'{run}'", "be a run folder", found, "give the folder that 'autoft fit' wrote")
    if not (run / "evaluation.json").is_file():
        unfinished = (run / "journal.jsonl").is_file()
        found = "its run is not finished" if unfinished else "there is no evaluation.json in it"
        fix = "run 'autoft fit' again (finished trials are kept)" if unfinished else "give a folder of 'autoft fit'"
        raise ArtifactError(f"'{run}'", "be the folder of a finished run", found, fix)
    columns, profile = read_profile(run)
    return review(read_evaluation(run), columns, profile, read_recipe(run / "recipe.yaml"))


def review(evaluation: Evaluation, columns: tuple[Column, ...], profile: Profile, recipe: Recipe) -> Review:
    """Proposals for the columns that the recipe says nothing of, in the order of the table."""
    features = recipe.knowledge.features
    hinted = {name: hint.model_dump(mode="json", exclude_none=True) for name, hint in features.items()}
    orders = _orders(profile)
    effects = _effects(evaluation, orders)
    found = [*orders.values(), *effects.values(), *_scales(profile), *_importance(evaluation, set(effects))]
    place = {column.name: i for i, column in enumerate(columns)}
    found = [one for one in found if one.column in place and one.column not in hinted]
    return Review(proposals=tuple(sorted(found, key=lambda one: place[one.column])), hinted=hinted)


_dump = partial(yaml.dump, Dumper=Dumper, allow_unicode=True, width=10**9)


def to_yaml(found: Review, run: Path) -> str:
    """The review as a section of a recipe: hints of the recipe as they are, proposals behind ``# ``."""

    def dumped(value: Any) -> str:
        return str(_dump(value, sort_keys=False, default_flow_style=False))

    def indented(text: str, depth: int) -> list[str]:
        return [f"{' ' * depth}{line}" for line in text.splitlines()]

    off = "" if found.hinted else "# "
    lines = [f"{off}knowledge:", f"{off}  features:"] if found.hinted or found.proposals else []
    for name, hint in found.hinted.items():
        lines += indented(dumped({name: dict(hint)}), 4)
    for column in dict.fromkeys(one.column for one in found.proposals):
        lines += [f"# {line}" for line in indented(dumped({column: None}).replace(": null\n", ":"), 4)]
        for one in found.proposals:
            if one.column == column:
                told = [f"# {printable(one.evidence)}", *_flat(one.values)]
                lines += [f"# {line}" for line in indented("\n".join(told), 6)]
    return _HEADER.format(run=printable(run)) + "\n".join([*lines, ""])


def _flat(values: Mapping[str, Any]) -> list[str]:
    """One line a value, whatever is in it."""

    def one(value: Any) -> str:
        return str(_dump(value, default_flow_style=True)).removesuffix("...\n").strip()

    return [f"{name}: {one(value)}" for name, value in values.items()]


def _orders(profile: Profile) -> dict[str, HintProposal]:
    found = {}
    for name, categories in profile.categories.items():
        order = evident_order(categories)
        # Bare numbers in a column of categories are codes: as amounts they would have been a numeric column.
        if order is not None and np.isnan(numbers(categories)).any():
            why = "order: the names of the categories rise"
            found[name] = HintProposal(column=name, field="order", values={"order": list(order)}, evidence=why)
    return found


def _effects(evaluation: Evaluation, orders: Mapping[str, HintProposal]) -> dict[str, HintProposal]:
    """Clear effects on one answer: that of two classes, the number, or the class that has most of them."""
    measured = {line.column: line.drop for line in evaluation.importance}
    clear: dict[str | None, list[Curve]] = {}
    for curve in evaluation.dependence:
        drop = measured.get(curve.column)
        given = curve.kind in ("numeric", "boolean") or curve.column in orders
        if given and strength(curve).clear and (drop is None or drop.low > 0):
            clear.setdefault(curve.label, []).append(curve)
    if not clear:
        return {}
    label = max(clear, key=lambda one: len(clear[one]))
    return {curve.column: _effect(curve, evaluation) for curve in clear[label]}


def _effect(curve: Curve, evaluation: Evaluation) -> HintProposal:
    found, target = strength(curve), evaluation.target
    values: dict[str, Any] = {"effect": found.direction}
    if evaluation.task == "multiclass":
        values["label"] = next(label for label in target.classes if str(label) == curve.label)
    answer = target.name if curve.label is None else f"the probability of {curve.label!r}"
    first, last = (str(end) if isinstance(end, str) else f"{end:g}" for end in (curve.grid[0], curve.grid[-1]))
    evidence = (
        f"effect: {answer} moves by {found.change:+.3g} (standard error {found.error:.2g}) from {first} to {last}, the "
        f"same way for {found.rows:.0%} of {curve.rows} rows and for all {len(curve.members)} models"
    )
    return HintProposal(column=curve.column, field="effect", values=values, evidence=evidence)


def _scales(profile: Profile) -> list[HintProposal]:
    found = []
    for name, deciles in profile.deciles.items():
        if len(deciles) != 11 or not deciles[0] > 0:
            continue
        low, middle, high = (np.array([deciles[i] for i in (1, 5, 9)])).tolist()
        if high < _RATIO * low:
            continue
        raw, logged = _bowley(low, middle, high), _bowley(*np.log([low, middle, high]).tolist())
        if raw >= _SKEW and abs(logged) <= raw / 2:
            evidence = (
                f"scale: all values are positive, a tenth lies below {number(low)}, half below {number(middle)}, and a "
                f"tenth above {number(high)}"
            )
            found.append(HintProposal(column=name, field="scale", values={"scale": "log"}, evidence=evidence))
    return found


def _bowley(low: float, middle: float, high: float) -> float:
    """How much wider the upper half is: -1 to 1, 0 where both are alike."""
    return (high + low - 2 * middle) / (high - low) if high > low else 0.0


def _importance(evaluation: Evaluation, effects: set[str]) -> list[HintProposal]:
    """Columns far above the rest, and those without any measurable loss."""
    lines = sorted(evaluation.importance, key=lambda line: -line.drop.value)
    if len(lines) < 3:
        return []
    usual = float(np.median([max(line.drop.high, 0.0) for line in lines]))
    found = []
    for rank, line in enumerate(lines):
        level = None
        if rank < _MOST_HIGH and line.drop.low > _FAR * usual and line.drop.low > 0:
            level, why = (
                "high",
                f"its smallest measured loss is more than {_FAR:g} times the median column's ({number(usual)})",
            )
        elif line.drop.low <= 0 and line.column not in effects:
            level, why = "low", "nothing measurable; columns that say the same share their importance"
        if level is not None:
            drop = f"{number(line.drop.value)} ({number(line.drop.low)} to {number(line.drop.high)})"
            lost = f"importance: {evaluation.objective} loses {drop} when it is shuffled: {why}"
            values = {"importance": level}
            found.append(HintProposal(column=line.column, field="importance", values=values, evidence=lost))
    return found
