"""Search loop: ask, look up or train, journal, tell. It knows budgets, failures and signals, but no Keras."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autoft.errors import AutoFTError, InterruptedRunError, SearchError, printable
from autoft.networks.family import family_of
from autoft.records.trials import Progress, TrialResult, Trials
from autoft.search.budget import Budget
from autoft.search.interrupt import Interrupt
from autoft.search.ledger import DEATHS, Ledger
from autoft.search.proposer import Proposer
from autoft.search.pruning import Prune, pruning_reason
from autoft.search.setup import Proposal
from autoft.search.space import comparable
from autoft.search.store import memory_key, restore_weights

#: So many proposals in a row that were tried before mean that the space is exhausted.
_REPEATS = 50
#: So many proposals in a row for which there is no time mean that there is time for none.
_PASSED_OVER = 30
#: Times as long as a trial is expected to take, which make time for one that an earlier run passed over.
_PLENTY = 3


#: Trains configurations of one shape side by side, see `autoft.training.trainer.Trainer.train_all`.
Train = Callable[[Sequence[Mapping[str, Any]], Callable[[], bool], int | None, Prune | None], list[TrialResult]]


#: Proposals by the name under which their results are remembered (`store.memory_key`).
_Batch = Mapping[str, Proposal]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPolicy:
    """How trials are batched and stopped.

    Attributes:
        together: Number of trials that train side by side, by their parameters and the number of earlier trials.
        expect: Seconds that a trial is expected to take by its parameters; by the earlier ones where there is none.
    """

    together: Callable[[Mapping[str, Any], int], int] = lambda params, trials: 1
    pruning: bool = True
    expect: Callable[[Mapping[str, Any]], float] | None = None


@dataclass(slots=True, kw_only=True)
class SearchLoop:
    """One search in one run folder."""

    proposer: Proposer
    train: Train
    ledger: Ledger
    budget: Budget
    interrupt: Interrupt
    progress: Callable[[Progress], None]
    policy: LoopPolicy = field(default_factory=LoopPolicy)
    _repeats: int = 0
    _passed_over: int = 0
    _trained: int = 0
    _cut: bool = False
    _exhausted: bool = False

    def run(self) -> Trials:
        """Search until trials, time, space or the user's patience are used up.

        A configuration for which there is no time left is passed over for a cheaper one.

        Raises:
            SearchError: If no trial finished.
        """
        self.ledger.open()
        while self.budget.allowed(len(self.ledger.trials)) > 0 and self._repeats < _REPEATS:
            batch, repeated = self._ask()
            if not batch or not (self._all(batch) or self._pass_over(batch)):
                self._exhausted = not batch
                break
            for proposal in repeated:
                self.proposer.tell(proposal, self.ledger.score_of(self._memory(proposal)))
        return self._found()

    def _ask(self) -> tuple[_Batch, list[Proposal]]:
        """The next configurations of one shape, and repetitions among them.

        All are asked for before any is looked up: a run that remembers some asks the same questions as one that
        trains them all.
        """
        batch: dict[str, Proposal] = {}
        repeated: list[Proposal] = []
        first, wanted = None, 1
        while len(batch) < wanted and self._repeats < _REPEATS:
            proposal = self.proposer.ask(first)
            if proposal is None:
                break
            memory = self._memory(proposal)
            if memory in self.ledger:
                self._repeats += 1
                self.proposer.tell(proposal, self.ledger.score_of(memory))
            elif memory in batch:
                self._repeats += 1
                repeated.append(proposal)
            else:
                self._repeats = 0
                batch[memory] = proposal
            if first is None and batch:
                first, trials = proposal.params, len(self.ledger.trials)
                wanted = self.budget.allowed(trials, self.policy.together(first, trials))
        return batch, repeated

    def _all(self, batch: _Batch) -> bool:
        """Configurations, remembered or trained; False if some are neither, because the search has to end."""
        left = self.budget.left(len(self.ledger.trials))
        known = {memory: self.ledger.recall(memory, left) for memory in batch}
        missing = {memory: proposal for memory, proposal in batch.items() if known[memory] is None}
        fitting = {} if self.interrupt else dict(itertools.islice(missing.items(), self._fit(missing)))
        with self.ledger.guarding():
            done = self._train_some(fitting) if fitting else {}
            for memory, proposal in batch.items():
                outcome = done.get(memory) or known[memory]
                if outcome is not None:
                    self._note(memory, proposal, outcome, new=memory in done)
        self._passed_over = 0 if any(memory in self.ledger for memory in batch) else self._passed_over
        return len(done) == len(missing)

    def _pass_over(self, batch: _Batch) -> bool:
        """Whether the search goes on without those of a batch for which there is no time: a cheaper one may fit.

        They are told as failed, which leads the algorithm away from what is as expensive.
        """
        left = self.budget.left(len(self.ledger.trials) + 1)
        over = left is None or (left <= 0 and not self.ledger.remembers_more)
        if self.interrupt or self.policy.expect is None or over:
            return False
        for memory, proposal in batch.items():
            if memory not in self.ledger:
                self._passed_over += 1
                self.ledger.pass_over(memory)
                self.proposer.tell(proposal, None)
        return self._passed_over < _PASSED_OVER

    def _train_some(self, due: _Batch) -> dict[str, TrialResult]:
        """Results by memory; none where the user has asked to end. What crashed the process before trains alone."""
        self._show(len(self.ledger.trials), None)
        self._cut = False
        deaths = {memory: self.ledger.deaths(memory) for memory in due}
        done = {memory: _deadly(due[memory]) for memory, times in deaths.items() if times >= DEATHS}
        groups = [[memory] for memory, times in deaths.items() if 0 < times < DEATHS]
        groups.append([memory for memory, times in deaths.items() if not times])
        for memories in filter(None, groups):
            self.ledger.start(memories)
            outcomes = self._train([due[memory] for memory in memories])
            if self._cut:
                self.ledger.abandon(memories)
                break
            done |= dict(zip(memories, outcomes, strict=True))
        return done

    def _memory(self, proposal: Proposal) -> str:
        limit = self._epochs(proposal)
        return memory_key(proposal.params if limit is None else {**proposal.params, "epochs_limit": limit})

    def _epochs(self, proposal: Proposal) -> int | None:
        """Most epochs of a trial: the oracle's (Hyperband) or the plan's, which is made for networks; None for the
        recipe's."""
        planned = None if family_of(proposal.params).trees else self.budget.epochs
        limits = [limit for limit in (proposal.epochs, planned) if limit is not None]
        return min(limits, default=None)

    def _fit(self, wanted: _Batch) -> int:
        """How many of some trials there is time for (there is always a first one); where an earlier run had none, there
        must be plenty."""
        trials, expect = self.ledger.trials, self.policy.expect
        expected = expect(next(iter(wanted.values())).params) if expect and wanted else None
        fit = self.budget.fit(len(wanted), [t.seconds for t in trials if t.status != "failed"], expected)
        left = self.budget.left(len(trials) + 1)
        if expected is not None and left is not None and left <= _PLENTY * expected:
            again = (fit for fit, memory in enumerate(wanted) if self.ledger.passed_over(memory))
            fit = min(fit, next(again, fit))
        return fit if trials else max(fit, 1)

    def _train(self, due: Sequence[Proposal]) -> list[TrialResult]:
        """Train configurations; an error other than autoft's own makes a failed trial, not a failed search."""
        self._trained += len(due)
        params, epochs = [proposal.params for proposal in due], self._epochs(due[0])
        others, began = self.ledger.curves(params[0]), self.budget.clock()
        prunes = self.policy.pruning and all(comparable(params[0], own) for own in params)
        self.budget.begin()
        try:
            prune = (lambda curve: pruning_reason(curve, others)) if prunes else None
            return self.train(params, self._out_of_time, epochs, prune)
        except AutoFTError:
            raise
        except Exception as error:  # noqa: BLE001  (out of memory, or anything that a backend raises)
            if len(due) > 1:  # one of them may be to blame
                self._trained -= len(due)
                return [outcome for one in due if not self._cut for outcome in self._train([one])]
            first_line = printable((str(error).strip().splitlines() or [""])[0][:300])
            reason, seconds = f"{type(error).__name__}: {first_line}", self.budget.clock() - began
            return [TrialResult(params=params[0], status="failed", reason=reason, seconds=seconds)]

    def _out_of_time(self) -> bool:
        if self.interrupt:
            self._cut = True  # what ends now has not had its epochs: it is no result
            return True
        return self.budget.spent(len(self.ledger.trials) + 1)

    def _note(self, memory: str, proposal: Proposal, outcome: TrialResult, *, new: bool) -> None:
        """Count an outcome, tell the oracle and the user."""
        number = len(self.ledger.trials)
        score = self.ledger.note(memory, outcome, new=new)
        self.interrupt.keeps = self.ledger.best is not None
        self.budget.note(self.ledger.trials[number])
        self.proposer.tell(proposal, score)
        self._show(number, score, self.ledger.trials[number].status)

    def _show(self, number: int, score: float | None, message: str = "") -> None:
        done, trials = [t.seconds for t in self.ledger.trials], self.budget.trials
        # The search ends by the trials that are left, or by the deadline if that is sooner.
        by_trials = statistics.mean(done) * (trials - len(done)) if done and trials is not None else None
        known = [x for x in (by_trials, self.budget.left(len(done))) if x is not None]
        left, best = max(0.0, min(known)) if known else None, self.ledger.best
        step = Progress(stage="search", message=message, trial=number, trials=trials, score=score)
        best_score = None if best is None else self.ledger.trials[best].score
        self.progress(replace(step, best=best_score, seconds_left=left))

    def _found(self) -> Trials:
        """What was found, with the weights of the best trial."""
        ledger = self.ledger
        if ledger.best is None:
            raise self._nothing()
        found = Trials(
            trials=tuple(ledger.trials),
            outcomes=tuple(ledger.outcomes),
            best=ledger.best,
            interrupted=bool(self.interrupt),
            trained=self._trained,
            memories=ledger.memories,
            exhausted=self._exhausted or self._repeats >= _REPEATS,
        )
        return restore_weights(found, [ledger.best], self.train, journal=ledger.journal, folder=ledger.folder)

    def _nothing(self) -> SearchError:
        if self.interrupt:
            must, fix = "finish one trial before it is interrupted", "run the same command again"
            found = "it was interrupted before that"
            return InterruptedRunError("The search", must, found, f"{fix}; nothing but the journal was written")
        trials = self.ledger.trials
        reasons = Counter(t.reason for t in trials)
        reason, times = reasons.most_common(1)[0] if reasons else ("no trial was proposed", 0)
        found = f"all {len(trials)} failed, {times} of them so: {reason}"
        fix = "lower the learning rates in search: space:, or look at the findings about the data"
        return SearchError("The search", "have a trial that finishes", found, fix)


def _deadly(proposal: Proposal) -> TrialResult:
    reason = f"kills the process: it died {DEATHS} times while this configuration was trained"
    return TrialResult(params=proposal.params, status="failed", reason=reason)
