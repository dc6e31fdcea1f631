"""Verdicts on hints: networks with and without each of them, compared on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from autoft.evaluation.hint_tests import MOSTLY, declared_share, gain_over_blocks, harmed, verdict_on
from autoft.evaluation.losses import row_losses
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import scores
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.hint_tests.jobs import hints_to_test, is_whole, reference_job
from autoft.pipeline.slices import search_conditions
from autoft.preprocessing import columns_of_rows
from autoft.recipe.recipe import Recipe
from autoft.records.arrays import Array
from autoft.records.decisions import DecisionRule
from autoft.records.hint_tests import HintSlice, HintTest
from autoft.records.hints import Effect
from autoft.records.scores import Interval
from autoft.records.trials import TrialResult
from autoft.training.ensemble import Ensemble
from autoft.training.trial_trainer import TrialTrainer

#: Hints that say how columns are read: networks may be better without them, though what they say is true.
_READING = ("order", "scale", "ratio", "interaction")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HintTester:
    """Shared inputs of all tests of hints of a run."""

    recipe: Recipe
    dataset: Dataset
    trainer: TrialTrainer
    result: TrialResult
    threshold: float

    def test(self, name: str, trained: Mapping[str, TrialResult]) -> HintTest:
        """The verdict on one hint.

        Args:
            trained: Outcomes of the trainings by name, as far as there was time.
        """
        without, other = trained.get(name), reference_job(self.dataset, name)
        reference = self.result if other is None else trained.get(other)
        for one in (without, reference):
            if one is None:
                return self.untested(name, "there was no time to train without it")
            if not is_whole(one):
                return self.untested(name, f"training without it ended early: {one.reason}")
        assert without is not None
        assert reference is not None
        effect = next((e for e in self.dataset.description.hints.effects if name == f"{e.column}: effect"), None)
        moves = None if effect is None else Response(self.dataset, self.trainer, without, effect)
        by_member = [] if moves is None else moves.by_member()
        gains, claim = self._differences(reference, without), name.rpartition(": ")[2] not in _READING
        tested = len(hints_to_test(self.dataset))
        word, gain = verdict_on(gains, share=_share(self.dataset), by_member=by_member, claim=claim, tested=tested)
        obeyed, about = float(np.mean(by_member)) if by_member else None, describe_hint(self.recipe, self.dataset, name)
        found = replace(about, verdict=word, gain=self._possible(gain), obeyed=obeyed)
        return found if moves is None or effect is None else self._in_part(found, effect.column, without, moves)

    def untested(self, name: str, why: str) -> HintTest:
        return replace(describe_hint(self.recipe, self.dataset, name), verdict="not tested", where=why)

    def _in_part(self, test: HintTest, of: str, without: TrialResult, moves: Response) -> HintTest:
        """The verdict on an effect, after a look at groups of rows (`autoft.evaluation.hint_tests`)."""
        dataset = self.dataset
        own = next((column.name for column in dataset.features if column.id == of), None)
        rows = np.sort(np.concatenate([member.held_out for member in dataset.folds]))
        truth = dataset.truth.take(rows)
        losses = [row_losses(truth.y, held_out(one)[rows], dataset.quantile) for one in (without, self.result)]
        groups = search_conditions(self.recipe, dataset, rows=rows)
        found = harmed(
            losses[0] - losses[1],
            [one for one in groups if one.column != own],  # along the column itself there is no all else equal
            truth,
            lambda inside: moves.by_member(rows[inside]),
            hints=len(dataset.description.hints.effects),
        )
        if not found:
            return test
        others = moves.by_member(rows[~np.any([one.inside for one in found], axis=0)])
        if test.verdict == "contradicted" and not (others and np.mean(others) >= MOSTLY):
            return test
        slices = (
            HintSlice(column=one.column, group=one.group, rows=int(one.inside.sum()), gain=one.gain, obeyed=one.obeyed)
            for one in found
        )
        return replace(test, verdict="contradicted in part", slices=tuple(slices))

    def gain(self, without: TrialResult) -> Interval:
        """Of all hints over the networks without any."""
        return self._possible(gain_over_blocks(self._differences(self.result, without), share=_share(self.dataset)))

    def _possible(self, gain: Interval) -> Interval:
        """The part of an interval in which a difference of the objective can lie."""
        low, high = METRICS[self.dataset.objective].bounds(self.dataset.problem)
        return gain.within(low - high, high - low)

    def _differences(self, hinted: TrialResult, without: TrialResult) -> list[float]:
        """Objective with the hint less the objective without, on each block; positive is better."""
        dataset = self.dataset
        metric, truth, rule = METRICS[dataset.objective], dataset.truth, DecisionRule(threshold=self.threshold)

        def score(one: TrialResult, rows: Array) -> float:
            found = scores(truth.take(rows), held_out(one)[rows], dataset.problem, rule=rule)
            return float(metric.better(np.array(found[dataset.objective])))

        blocks = [member.held_out for member in dataset.folds]
        return [score(hinted, rows) - score(without, rows) for rows in blocks]


def held_out(outcome: TrialResult) -> Array:
    """Answers of networks to the rows that they did not train on, ``[n, classes]`` or ``[n]``."""
    return np.asarray(outcome.held_out[outcome.checkpoints.index(outcome.epochs)])


def describe_hint(recipe: Recipe, dataset: Dataset, name: str) -> HintTest:
    """A hint in words, before it is tested."""
    hints = dataset.description.hints
    named = {column.id: column.name for column in dataset.features} | {ratio.id: ratio.name for ratio in hints.ratios}
    ids, _, what = name.partition(": ")
    columns = [named.get(one, one) for one in ids.split(", ")]
    own = recipe.knowledge.features.get(columns[0]) if len(columns) == 1 else None
    if what == "effect" and own is not None:
        about = f" (of '{own.label}')" if own.label is not None else ""
        what = f"effect {own.effect}{about}"
    elif what == "importance":
        what = f"importance {hints.importance[ids]}"
    elif what == "scale":
        what = "scale log"
    elif what == "apart":
        what = "no interaction"
    because = (own.because if own is not None else None) or ""
    return HintTest(hint=f"{', '.join(columns)}: {what}", because=because, verdict="not tested")


def _share(dataset: Dataset) -> float:
    """Rows of a block over rows that its network trains on."""
    return float(np.mean([len(m.held_out) / len(m.train) for m in dataset.folds]))


#: Rows on which networks are asked which way they move.
_ROWS = 400
#: Values of the column at which they are asked.
_GRID = 16


class Response:
    """How far networks that were trained without an effect go its way."""

    def __init__(self, dataset: Dataset, trainer: TrialTrainer, without: TrialResult, effect: Effect) -> None:
        self._dataset, self._trainer, self._without, self._effect = dataset, trainer, without, effect
        self._place = columns_of_rows.places(dataset.layout).get(effect.column)

    def by_member(self, rows: Array | None = None) -> list[float]:
        """Share of each network's movement that goes the declared way, along the values that the rows have.

        Args:
            rows: Positions; None for all. Each is asked of the network that did not train on it, and networks without
                such a row are left out.

        Returns:
            Nothing where the rows have one value.
        """
        dataset = self._dataset
        own = [m.held_out if rows is None else m.held_out[np.isin(m.held_out, rows)] for m in dataset.folds]
        if self._place is None or not any(map(len, own)):
            return []
        grid = _grid(columns_of_rows.of(dataset.layout, dataset.encoded, self._place)[np.concatenate(own)])
        if len(grid) < 2:
            return []
        return [
            float(declared_share(self._curves(member, some[: _ROWS // len(own)], grid), self._effect.sign))
            for member, some in enumerate(own)
            if len(some)
        ]

    @cached_property
    def _ensemble(self) -> Ensemble:
        return self._trainer.ensemble([(self._without, 1.0)])

    def _curves(self, member: int, rows: Array, grid: Array) -> Array:
        """Answers ``[rows, grid]`` of one member along the values of the column."""
        dataset = self._dataset
        assert self._place is not None
        asked = dataset.encoded.rows(np.repeat(rows, len(grid)))
        changed = columns_of_rows.set_to(dataset.layout, asked, self._place, np.tile(grid, len(rows)))
        found = self._ensemble.own_answers(changed, np.full(len(changed), member))
        output = found if self._effect.output is None else found[:, self._effect.output]
        return np.asarray(output).reshape(len(rows), len(grid))


def _grid(values: Array) -> Array:
    """Quantiles of a number, ascending."""
    known = values[np.isfinite(values)]
    quantiles = np.quantile(known, np.linspace(0.02, 0.98, _GRID)) if len(known) else known
    return np.asarray(np.unique(quantiles))
