"""The search loop: ask, look up or train, journal, tell. It knows budgets, failures and signals, but no Keras."""

from __future__ import annotations

import contextlib
import itertools
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from autoft import files
from autoft.errors import AutoFTError, SearchError, printable
from autoft.journal import Journal
from autoft.records import Progress, Trial
from autoft.search import outcome as outcomes
from autoft.search.interrupt import Interrupt
from autoft.search.outcome import Outcome
from autoft.search.propose import Proposal, Proposer

#: A trial during which the process died so often is not tried again.
_DEATHS = 2
#: So many proposals in a row that were tried before mean that the space is exhausted.
_REPEATS = 50


class Train(Protocol):
    """Trains one configuration; asks `out_of_time` after every epoch."""

    def __call__(self, params: Mapping[str, Any], out_of_time: Callable[[], bool], epochs: int | None) -> Outcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When the search has to end.

    Attributes:
        trials: Number of trials.
        deadline: On `clock`, None for no limit. The first trial is always trained, if need be for one epoch.
        clock: Monotonic seconds.
    """

    trials: int
    deadline: float | None
    clock: Callable[[], float]

    def left(self) -> float | None:
        """Seconds left, None without a limit."""
        return None if self.deadline is None else self.deadline - self.clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the search has found: trials and outcomes in the same order, and how it ended."""

    trials: tuple[Trial, ...]
    outcomes: tuple[Outcome, ...]
    best: int
    interrupted: bool
    trained: int


class Search:
    """One search in one run folder.

    Args:
        proposer: Who proposes.
        train: Who trains.
        score: The objective of an outcome on its pooled held-out predictions.
        maximize: Whether a higher score is better.
        journal: The run's journal.
        folder: Where outcomes' arrays are kept.
        budget: When to end.
        interrupt: Raised when the user asks to end.
        progress: Told about every trial.
    """

    def __init__(
        self,
        *,
        proposer: Proposer,
        train: Train,
        score: Callable[[Outcome], float],
        maximize: bool,
        journal: Journal,
        folder: Path,
        budget: Budget,
        interrupt: Interrupt,
        progress: Callable[[Progress], None],
    ) -> None:
        self.proposer, self.train, self.score, self.maximize = proposer, train, score, maximize
        self.journal, self.folder, self.budget = journal, folder, budget
        self.interrupt, self.progress = interrupt, progress
        self._known = journal.contents.trials()
        self._trials: list[Trial] = []
        self._outcomes: list[Outcome] = []
        self._asked: list[tuple[Proposal, str]] = []
        self._seen: dict[str, float | None] = {}
        self._best: int | None = None
        self._trained = 0
        self._cut = False

    def run(self) -> Found:
        """Search until trials, time, space or the user's patience are used up.

        Raises:
            SearchError: If no trial finished.
        """
        outcomes.tidy(self.folder, self._known.values())
        repeats = 0
        while len(self._trials) < self.budget.trials and repeats < _REPEATS:
            proposal = self.proposer.ask()
            if proposal is None:
                break
            memory = self._memory(proposal)
            if memory in self._seen:
                repeats += 1
                self.proposer.tell(proposal, self._seen[memory])
                continue
            repeats = 0
            if not self._one(proposal, memory):
                break
        return self._found()

    def _one(self, proposal: Proposal, memory: str) -> bool:
        """One configuration, remembered or trained; False if it is neither, because the search has to end."""
        remembered = self._recall(memory)
        if remembered is not None:
            self._note(proposal, memory, remembered, new=False)
            return True
        if self.interrupt or self._too_late():
            return False
        self._show(len(self._trials), None)
        if self.journal.contents.deaths(memory) >= _DEATHS:
            reason = f"kills the process: it died {_DEATHS} times while this configuration was trained"
            self._note(proposal, memory, Outcome(params=proposal.params, status="failed", reason=reason), new=True)
            return True
        with self._started(memory):
            outcome = self._train_one(proposal)
            if self._cut:
                self._abandon(memory)
                return False
            self._note(proposal, memory, outcome, new=True)
        return True

    def _memory(self, proposal: Proposal) -> str:
        limit = {} if proposal.epochs is None else {"epochs_limit": proposal.epochs}
        return outcomes.memory_key({**proposal.params, **limit})

    def _too_late(self) -> bool:
        """Whether the next trial would not get half the time that trials take (there is always a first one)."""
        left = self.budget.left()
        if left is None or not self._trials:
            return False
        done = [t.seconds for t in self._trials if t.status == "finished"]
        return left <= (0.5 * statistics.median(done) if done else 0.0)

    def _recall(self, memory: str) -> Outcome | None:
        line = self._known.get(memory)
        if line is None or self._deserves_more(line):
            return None
        return outcomes.restore(self.folder, line)

    def _deserves_more(self, line: Mapping[str, Any]) -> bool:
        """Whether a trial that the clock cut short would get clearly more time now than it had then."""
        if not str(line["reason"]).startswith(outcomes.OUT_OF_TIME):
            return False
        left = self.budget.left()
        return left is None or left > 3 * float(line["seconds"]) + 5

    @contextlib.contextmanager
    def _started(self, memory: str) -> Iterator[None]:
        """Note the start, and an end too if an error comes: what has no end killed the process."""
        self.journal.append({"type": "started", "memory": memory})
        try:
            yield
        except BaseException:
            with contextlib.suppress(AutoFTError):  # a full disk: the error on its way says so
                self._abandon(memory)
            raise

    def _abandon(self, memory: str) -> None:
        self.journal.append({"type": "abandoned", "memory": memory})

    def _train_one(self, proposal: Proposal) -> Outcome:
        """Train a configuration; an error other than autoft's own makes a failed trial, not a failed search."""
        self._cut = False
        self._trained += 1
        began = self.budget.clock()
        try:
            return self.train(proposal.params, self._out_of_time, proposal.epochs)
        except AutoFTError:
            raise
        except Exception as error:  # noqa: BLE001  (out of memory, or anything that a backend raises)
            first_line = printable((str(error).strip().splitlines() or [""])[0][:300])
            reason, seconds = f"{type(error).__name__}: {first_line}", self.budget.clock() - began
            return Outcome(params=proposal.params, status="failed", reason=reason, seconds=seconds)

    def _out_of_time(self) -> bool:
        if self.interrupt:
            self._cut = True  # what ends now has not had its epochs: it is no result
            return True
        left = self.budget.left()
        return left is not None and left <= 0

    def _judge(self, outcome: Outcome) -> tuple[Outcome, float | None]:
        """The outcome and its score; without finite numbers it has failed."""
        losses = [loss for curve in outcome.curves.values() for epoch in curve for loss in epoch]
        score = self.score(outcome) if outcome.status == "finished" else None
        if all(map(math.isfinite, losses)) and (score is None or math.isfinite(score)):
            return outcome, score
        reason = outcome.reason or "diverged: its losses or its score are not finite"
        return Outcome(params=outcome.params, status="failed", reason=reason, seconds=outcome.seconds), None

    def _note(self, proposal: Proposal, memory: str, outcome: Outcome, *, new: bool) -> None:
        """Score an outcome, make it durable, tell the oracle and the user."""
        number = len(self._trials)
        outcome, score = self._judge(outcome)
        best = score is not None and self._beats(score)
        if new:
            self._make_durable(memory, outcome, number, score, best)
        previous = self._best
        self._trials.append(
            Trial(
                number=number,
                params=outcome.params,
                status=outcome.status,
                score=score,
                epochs=outcome.epochs,
                checkpoints=outcome.checkpoints,
                curves=outcome.curves,
                reason=outcome.reason,
                seconds=outcome.seconds,
                traces=outcome.traces,
            )
        )
        # Weights are large; only those of the best trial so far are kept, in memory and on the disk.
        self._outcomes.append(outcome if best else replace(outcome, weights={}))
        self._asked.append((proposal, memory))
        if best:
            self._best = number
            if previous is not None:
                outcomes.forget_weights(self.folder, self._asked[previous][1])
                self._outcomes[previous] = replace(self._outcomes[previous], weights={})
        self._seen[memory] = score
        self.proposer.tell(proposal, score)
        self._show(number, score, ended=True)

    def _make_durable(self, memory: str, outcome: Outcome, number: int, score: float | None, best: bool) -> None:
        """Arrays first, then the line that speaks of them."""
        stored = self._store(memory, outcome, weights=best) if outcome.status == "finished" else {}
        line = {
            "type": "trial",
            "memory": memory,
            "number": number,
            "params": dict(outcome.params),
            "status": outcome.status,
            "score": score,
            "epochs": outcome.epochs,
            "checkpoints": list(outcome.checkpoints),
            "curves": dict(outcome.curves),
            "reason": outcome.reason,
            "seconds": round(outcome.seconds, 4),
            "traces": outcome.traces,
            **stored,
        }
        self.journal.append(line)
        self._known[memory] = line

    def _store(self, memory: str, outcome: Outcome, *, weights: bool) -> dict[str, str]:
        with files.writing(self.folder, f"{len(self.journal.contents.trials())} trials are safe in the journal"):
            return outcomes.store(self.folder, memory, outcome, weights=weights)

    def _beats(self, score: float) -> bool:
        if self._best is None:
            return True
        best = self._trials[self._best].score
        assert best is not None
        return score > best if self.maximize else score < best

    def _show(self, number: int, score: float | None, *, ended: bool = False) -> None:
        best = None if self._best is None else self._trials[self._best].score
        message = "" if not ended else ("failed" if score is None else "finished")
        self.progress(
            Progress(
                stage="search",
                message=message,
                trial=number,
                trials=self.budget.trials,
                score=score,
                best=best,
                seconds_left=self._seconds_left(),
            )
        )

    def _seconds_left(self) -> float | None:
        """Until the search ends: by the trials that are left, or by the deadline if that is sooner."""
        done = [t.seconds for t in self._trials]
        by_trials = statistics.mean(done) * (self.budget.trials - len(done)) if done else None
        known = [x for x in (by_trials, self.budget.left()) if x is not None]
        return max(0.0, min(known)) if known else None

    def _found(self) -> Found:
        if self._best is None:
            raise self._nothing()
        if not self._outcomes[self._best].weights:  # its file was lost, damaged, or not needed in an earlier run
            self._retrain(self._best)
        return Found(
            trials=tuple(self._trials),
            outcomes=tuple(self._outcomes),
            best=self._best,
            interrupted=bool(self.interrupt),
            trained=self._trained,
        )

    def _retrain(self, best: int) -> None:
        """Get the winner's weights back: the same parameters and epochs give them again."""
        winner, (proposal, memory) = self._outcomes[best], self._asked[best]
        asked = itertools.count(1)
        # Stopped where it stopped then, by the question after every epoch: another limit would mean other checkpoints.
        again = self.train(winner.params, lambda: next(asked) >= winner.checkpoints[-1], proposal.epochs)
        if again.epochs != winner.epochs:
            raise SearchError(
                "The best trial's weights",
                "be the ones that were scored",
                f"their file is damaged, and training again stopped at {again.epochs} epochs, not {winner.epochs}",
                "delete the run folder and run the same command again",
            )
        self._trained += 1
        self._outcomes[best] = replace(winner, weights=again.weights)
        self.journal.append({**self._known[memory], **self._store(memory, self._outcomes[best], weights=True)})

    def _nothing(self) -> SearchError:
        if self.interrupt:
            return SearchError(
                "The search",
                "finish one trial before it is interrupted",
                "it was interrupted before that",
                "run the same command again; nothing but the journal was written",
            )
        reasons = Counter(t.reason for t in self._trials)
        commonest = reasons.most_common(1)[0] if reasons else ("no trial was proposed", 0)
        return SearchError(
            "The search",
            "have a trial that finishes",
            f"all {len(self._trials)} failed, {commonest[1]} of them so: {commonest[0]}",
            "lower the learning rates in search: space:, or look at the findings about the data",
        )
