"""Trials: train configurations of one shape on all members, watch their mean held-out curves, end each in its time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from autoft.knowledge import variants
from autoft.knowledge.bounds import weight_bounds
from autoft.networks.architecture import MIXED, Architecture
from autoft.networks.family import FAMILIES, architecture_of, family_of, initial_weights
from autoft.networks.weight_bounds import WeightBounds
from autoft.records.arrays import Array
from autoft.records.hints import Hints
from autoft.records.trials import OUT_OF_MEMORY, OUT_OF_TIME, TrialResult
from autoft.training.ensemble import EnsemblePart, NetworkPart
from autoft.training.program import Program, Rows, out_of_memory, return_memory
from autoft.training.stack import PREDICTED_ROWS, batches, padded
from autoft.training.step import EXTRAS, Settings
from autoft.training.trial_trainer import Ends, OutOfTime, Params, Record, TrialTrainer

#: Trials that train side by side, by the operations of an epoch of one: where there is little arithmetic, they share
#: the other costs of a step (measured at commit 778b769). An accelerator has room for more.
_TOGETHER = ((2e8, 4), (4e8, 2))
_TOGETHER_ACCELERATED = 8
#: The smallest batch that a lack of memory leads to.
_SMALLEST_BATCH = 8


class Trainer(TrialTrainer):
    """Trains trials of registered families, those of one shape side by side in one compiled program."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._start = self.data.start(self.seed)
        self._rows = Rows(self.data)
        self.data = self._rows.data
        #: For how many trials side by side, which batch and which chunk the memory was enough, by shape.
        self._fits: dict[tuple[Architecture, int], tuple[int, int, int]] = {}

    def _train_all(self, params: Sequence[Params], ends: Ends) -> list[TrialResult]:
        """Train configurations side by side; each gets what it would get alone, but for rounding.

        Where the device lacks memory for it, half as many train at a time, and one alone with half the batch; the
        outcome's `reason` says so. `params` are those of the family, ``batch_size`` and the names of `Settings`.
        """
        key = self._key(params[0])
        wanted = key[1]
        done: list[TrialResult] = []
        while len(done) < len(params):
            trials, batch, chunk = self._fits.get(key, (len(params), wanted, PREDICTED_ROWS))
            part = params[len(done) : len(done) + trials]
            try:
                outcomes = self._together(part, batch, chunk, ends)
            except Exception as error:
                if not out_of_memory(error) or (len(part) == 1 and batch <= _SMALLEST_BATCH):
                    raise
                outcomes = []
            if outcomes:
                note = f"{OUT_OF_MEMORY} with batches of {wanted}: trained with {batch}" if batch < wanted else ""
                done += [replace(o, reason="; ".join(filter(None, (o.reason, note)))) for o in outcomes]
            elif len(part) > 1:
                self._fits[key] = (len(part) // 2, batch, chunk)
            else:
                self._fits[key] = (1, max(batch // 2, _SMALLEST_BATCH), max(chunk // 2, 1))
        return_memory()
        return done

    def answers_after(self, params: Params, epochs: int, horizon: int, out_of_time: OutOfTime) -> list[Array] | None:
        batch = self._key(params)[1]
        program = self._started([params], batch, PREDICTED_ROWS, horizon)
        for epoch in range(1, epochs + 1):
            if out_of_time():
                return None
            program.epoch(*self._order(batch, epoch), number=epoch)
        return self.data.held_out_answers(program.logits(padded(self.data.held_out)))

    def together(self, params: Params) -> int:
        if self._key(params) in self._fits:
            return self._fits[self._key(params)][0]
        if self.accelerated:
            return _TOGETHER_ACCELERATED
        operations = self._rows.shape(*self._key(params)).operations
        return next((trials for limit, trials in _TOGETHER if operations < limit), 1)

    def part(self, outcome: TrialResult, share: float) -> NetworkPart:
        return EnsemblePart(architecture=self.architecture(outcome.params), weights=outcome.weights, share=share)

    def architecture(self, params: Params) -> Architecture:
        """The part of a trial's parameters that fixes shapes."""
        activation = MIXED if self.hints.effects else None
        return architecture_of(params, self._start.inputs, self.data.fewest, activation=activation)

    def _key(self, params: Params) -> tuple[Architecture, int]:
        return self.architecture(params), min(int(params["batch_size"]), self.data.fewest)

    def _started(self, params: Sequence[Params], batch: int, chunk: int, horizon: int) -> Program:
        """A program for some trials of one shape, with their first weights; schedules are laid out over `horizon`."""
        architecture, bounds = self.architecture(params[0]), self._bounds(params)
        settings, extras = self._settings(params)
        program = Program(architecture, batch, self._rows, trials=len(params), chunk=chunk, extras=extras)
        program.start(self._initial(architecture, bounds), settings, epochs=horizon, seed=self.seed, bounds=bounds)
        return program

    def _together(self, params: Sequence[Params], batch: int, chunk: int, ends: Ends) -> list[TrialResult]:
        """One stack of trials, from first weights to outcomes."""
        began, traces = self.clock(), 0
        limit = min(ends.limit, FAMILIES[self.architecture(params[0]).kind].traits.epochs)
        program = self._started(params, batch, chunk, limit)
        traced = program.traces
        # Under cycles of the learning rate a curve rises before it falls to its lowest: no patience ends it.
        patience = self.limits.patience if program.shape.family.traits.schedule == "steady" else limit
        records = [Record(self.data, self.folds, limit, patience, p, self._sample) for p in params]
        places = list(range(len(params)))  # which trial stands at each place of the stack
        for epoch in range(1, limit + 1):
            program.epoch(*self._order(batch, epoch), number=epoch, watched=self._watched)
            each = np.split(program.logits(self._watched), len(places))
            for place, trial in enumerate(places):
                if not records[trial].ended:
                    held_out, train = np.split(each[place], [self._held], axis=1)
                    records[trial].add(epoch, held_out, train, partial(program.weights, place), ends.prune)
            running = [t for t in places if not records[t].ended]
            now = self.clock()
            for trial in running or places:
                records[trial].seconds += (now - began) / len(running or places)
            began = now
            if running and ends.out_of_time():
                reason = f"{OUT_OF_TIME} after epoch {epoch}"
                for trial in running:
                    records[trial].end(reason, partial(program.weights, places.index(trial)))
                running = []
            if not running:
                break
            size = 2 ** math.ceil(math.log2(len(running)))
            if size < program.trials:
                # Few sizes, so that narrower programs are met again; the ended ones fill up.
                stay = [*running, *(t for t in places if t not in running)][:size]
                traces += program.traces - traced
                program = program.narrowed([places.index(t) for t in stay])
                places, traced = stay, program.traces
        traces += program.traces - traced
        return [record.outcome(traces=0 if t else traces) for t, record in enumerate(records)]

    def _settings(self, params: Sequence[Params]) -> tuple[list[Settings], frozenset[str]]:
        """Settings of trials of one shape, with what their family sets where they do not, and the extras they use."""
        decay = family_of(params[0]).traits.weight_decay
        full = [{**({"weight_decay": decay} if decay else {}), **p} for p in params]
        extras = EXTRAS.intersection(set().union(*full))
        return [Settings.of(p) for p in full], extras | self._extras(params)

    def _extras(self, params: Sequence[Params]) -> frozenset[str]:
        """Extras for hints, the same for trials that do without some of them."""
        every = [self._rules(self.architecture(params[0]), self.hints), *self._bounds(params)]
        used = {"bounds": [own.low for own in every], "importance": [own.penalty for own in every]}
        return frozenset(name for name, weights in used.items() if any(weights))

    def _bounds(self, params: Sequence[Params]) -> list[WeightBounds]:
        architecture = self.architecture(params[0])
        return [self._rules(architecture, variants.without(self.hints, p.get(variants.WITHOUT, ()))) for p in params]

    def _rules(self, architecture: Architecture, hints: Hints) -> WeightBounds:
        return weight_bounds(hints, self.data.plan, architecture, self.data.outputs)

    def _order(self, batch: int, epoch: int) -> tuple[Array, Array]:
        return batches(self.data.train, batch, seed=self.seed, epoch=epoch, given=self.data.weights)

    def _initial(self, architecture: Architecture, bounds: Sequence[WeightBounds]) -> dict[str, Array]:
        """First weights of all trials, or of one where no trial has bounds."""
        first = initial_weights(architecture, self._start)
        if not any(own.low for own in bounds):
            return first
        family = FAMILIES[architecture.kind]
        each = [family.bounded_weights(architecture, self._start, first, own) for own in bounds]
        return {name: np.concatenate([own[name] for own in each]) for name in first}
