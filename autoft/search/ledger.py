"""Ledger of a search: its trials and their results, what the journal remembers, and which trial is the best."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autoft.errors import AutoFTError
from autoft.records.trials import OUT_OF_TIME, Trial, TrialResult
from autoft.search import store
from autoft.search.journal import Journal
from autoft.search.space import comparable

#: A trial during which the process died so often is not tried again.
DEATHS = 2


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Trials in the order in which they were noted; each is on the disk before it counts.

    Attributes:
        score: The objective of an outcome on its pooled held-out predictions.
        keep: Number of best trials whose weights are kept, in memory and on the disk: they are large.
    """

    journal: Journal
    folder: Path
    score: Callable[[TrialResult], float]
    maximize: bool
    keep: int = 1
    trials: list[Trial] = field(default_factory=list)
    outcomes: list[TrialResult] = field(default_factory=list)
    _ranked: list[int] = field(default_factory=list)
    _seen: dict[str, float | None] = field(default_factory=dict)
    _known: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _passed_over: set[str] = field(default_factory=set)
    _open: set[str] = field(default_factory=set)

    def open(self) -> None:
        """Read what earlier runs have left, and remove what a kill has."""
        self._known, self._passed_over = self.journal.contents.trials(), self.journal.contents.passed_over()
        store.tidy(self.folder, self._known.values())

    def __contains__(self, memory: str) -> bool:
        """Whether this run has noted it already."""
        return memory in self._seen

    def score_of(self, memory: str) -> float | None:
        """Score of a trial; None if it failed or was passed over."""
        return self._seen.get(memory)

    @property
    def memories(self) -> tuple[str, ...]:
        """Names under which the trials are remembered."""
        return tuple(self._seen)

    @property
    def best(self) -> int | None:
        """Position of the best trial, None while there is none."""
        return self._ranked[0] if self._ranked else None

    def curves(self, like: Mapping[str, Any]) -> list[list[float]]:
        """Mean held-out curves of the trials so far that can be compared with one of these parameters."""
        trials = (trial for trial in self.trials if trial.status != "failed" and comparable(trial.params, like))
        curves = (trial.curves.get("held_out") for trial in trials)
        return [[sum(losses) / len(losses) for losses in epochs] for epochs in curves if epochs]

    def recall(self, memory: str, left: float | None) -> TrialResult | None:
        """The outcome that an earlier run has left, None if it must be trained (again): a trial that the clock cut
        short may get more of the seconds that are left."""
        line = self._known.get(memory)
        more = line is not None and (left is None or left > 3 * float(line["seconds"]) + 5)
        if line is None or (more and str(line["reason"]).startswith(OUT_OF_TIME)):
            return None
        return store.restore(self.folder, line)

    @property
    def remembers_more(self) -> bool:
        """Whether an earlier run has left trials that this one has not come to."""
        return any(memory not in self._seen for memory in self._known)

    def pass_over(self, memory: str) -> None:
        """Note that there was no time left for it, while cheaper trials may follow."""
        if memory not in self._passed_over:
            self._passed_over.add(memory)
            self.journal.append({"type": "passed over", "memory": memory})

    def passed_over(self, memory: str) -> bool:
        """Whether an earlier run or this one had no time for it: a run that goes on asks the same questions."""
        return memory in self._passed_over

    def deaths(self, memory: str) -> int:
        """How often the process died while this was trained."""
        return self.journal.contents.deaths(memory)

    def start(self, memories: Sequence[str]) -> None:
        """Log the start of a training. A start without an end means that the process died."""
        self.journal.append(*({"type": "started", "memory": memory} for memory in memories))
        self._open.update(memories)

    def abandon(self, memories: Sequence[str]) -> None:
        """Note that what was started is no result."""
        if memories:
            self.journal.append(*({"type": "abandoned", "memory": memory} for memory in memories))
            self._open.difference_update(memories)

    @contextlib.contextmanager
    def guarding(self) -> Iterator[None]:
        """If an error ends the block, what was started is abandoned: it did not kill the process."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(AutoFTError):  # a full disk: the error on its way says so
                self.abandon(sorted(self._open))
            raise

    def note(self, memory: str, outcome: TrialResult, *, new: bool) -> float | None:
        """Score an outcome, make it durable, and count it; its score, or None if it has failed."""
        number = len(self.trials)
        outcome, score = self._scored(outcome)
        place = self.keep if score is None else self._place(score)
        good = place < self.keep
        if new:
            self._make_durable(memory, outcome, number, score, good)
        self.trials.append(Trial(number=number, score=score, **{name: getattr(outcome, name) for name in store.FACTS}))
        self.outcomes.append(outcome if good else replace(outcome, weights={}))
        self._seen[memory] = score
        self._open.discard(memory)
        if good:
            self._ranked.insert(place, number)
            for fallen in self._ranked[self.keep :]:
                store.forget_weights(self.folder, self.memories[fallen])
                self.outcomes[fallen] = replace(self.outcomes[fallen], weights={})
            del self._ranked[self.keep :]
        return score

    def _scored(self, outcome: TrialResult) -> tuple[TrialResult, float | None]:
        """The outcome and its score; without finite numbers it has failed."""
        losses = [loss for curve in outcome.curves.values() for epoch in curve for loss in epoch]
        score = self.score(outcome) if outcome.status != "failed" else None
        if all(map(math.isfinite, losses)) and (score is None or math.isfinite(score)):
            return outcome, score
        reason = outcome.reason or "diverged: its losses or its score are not finite"
        return TrialResult(params=outcome.params, status="failed", reason=reason, seconds=outcome.seconds), None

    def _place(self, score: float) -> int:
        """How many of the ranked trials are at least as good."""
        sign = 1.0 if self.maximize else -1.0
        known = [self.trials[number].score for number in self._ranked]
        return sum(1 for other in known if other is not None and sign * other >= sign * score)

    def _make_durable(self, memory: str, outcome: TrialResult, number: int, score: float | None, best: bool) -> None:
        """Arrays first, then the line that speaks of them."""
        line = {"type": "trial", "memory": memory, "number": number, "score": score}
        line |= {name: getattr(outcome, name) for name in (*store.FACTS, "limit")}
        line |= {"params": dict(outcome.params), "seconds": round(outcome.seconds, 4)}
        if outcome.status != "failed":
            with self.journal.writing(self.folder):
                line |= store.store(self.folder, memory, outcome, weights=best)
        self.journal.append(line)
        self._known[memory] = line
