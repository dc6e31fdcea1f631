"""The run: recipe, folder, clock, interrupt, journal and findings, shared by all stages."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from autoft import files
from autoft.networks.families.own import Build
from autoft.pipeline.ownership import Existing, claim, mark_of, take
from autoft.recipe.recipe import Recipe
from autoft.records.findings import Finding, Severity
from autoft.records.reading import read_record
from autoft.records.trials import Progress
from autoft.search.interrupt import Interrupt
from autoft.search.journal import Journal


class Fact(Protocol):
    """A frozen dataclass that stands as a line in the journal, under the type `fact`."""

    fact: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


F = TypeVar("F", bound=Fact)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisional(Generic[T]):
    """A result that lack of time or memory has cut short: used by this run, but not remembered for the next one."""

    result: T


#: Seconds of the processor from which on they say how many of the clock they take.
_WORTH_COUNTING = 1.0


@dataclass(slots=True, kw_only=True)
class Run:
    """One run in one folder.

    Attributes:
        folder: The run folder, or the name of it that gets a number once the run is known (`existing`).
        interrupt: Raised when the user asks the search to end.
        clock: Monotonic seconds.
        started: When the run began, on `clock`.
        processor: Seconds of the processor that this process had used when the run began.
        earlier: Seconds that earlier, interrupted runs in the folder trained: a crash must not extend the minutes.
        seconds: Seconds by stage, as far as the run is.
        findings: What the stages found, besides the findings about the table.
        model: A user's function that makes the networks, None for autoft's own.
        existing: What to do where the folder holds another run.
    """

    recipe: Recipe
    folder: Path
    interrupt: Interrupt = field(default_factory=Interrupt)
    progress: Callable[[Progress], None] = lambda step: None
    clock: Callable[[], float] = time.monotonic
    started: float = field(default_factory=time.monotonic)
    processor: float = field(default_factory=time.process_time)
    earlier: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    model: Build | None = None
    existing: Existing = "refuse"
    _held: ExitStack = field(default_factory=ExitStack)
    _journal: Journal | None = None

    def tell(self, stage: str, message: str, trials: int | None = None) -> None:
        self.interrupt.stage = stage
        self.progress(Progress(stage=stage, message=message, trials=trials))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds of the block to a stage."""
        began = self.clock()
        try:
            yield
        finally:
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + self.clock() - began, 2)

    def deadline(self, stretch: float = 1.0) -> float:
        """When everything has to be over, on the clock: `stretch` times the minutes; infinite without a limit."""
        minutes = self.recipe.search.minutes
        return math.inf if minutes is None else self.started + minutes * stretch * 60 - self.earlier

    def contention(self) -> float:
        """Seconds of the clock for one of the processor since the run began, 1 at least: others take the rest."""
        used = time.process_time() - self.processor
        return max(1.0, (self.clock() - self.started) / used) if used > _WORTH_COUNTING else 1.0

    @property
    def journal(self) -> Journal:
        """The run's journal, once it is open."""
        assert self._journal is not None, "open_journal comes first"
        return self._journal

    @contextmanager
    def working(self) -> Iterator[None]:
        """Hold the folder's lock while the block runs; where it is still to be numbered, from `open_journal` on."""
        with self._held:
            if self.existing != "number":
                self._held.enter_context(files.locked(self.folder / ".lock"))
            yield

    def open_journal(self, key: Mapping[str, str], settings: Mapping[str, Any] = {}) -> None:
        """Choose the folder, where that depends on the run, make it the run's own, and open its journal.

        Args:
            settings: Those behind the key, for messages.

        Raises:
            JournalError: If the folder holds another run (other data or settings).
        """
        rest = self.recipe.model_dump(mode="json", exclude={"name", "search"})
        mark = mark_of(key, settings, files.fingerprint(files.canonical_json(rest).encode())[:16])
        with files.writing(self.folder):
            self.folder, where = claim(self.folder, mark, self.existing)
        if self.existing == "number":
            files.prepare_folder(self.folder)
            self._held.enter_context(files.locked(self.folder / ".lock"))
        self.tell("reading", where)
        take(self.folder, mark, self.existing)
        self._journal = journal = Journal(self.folder / "journal.jsonl", mark.key)
        if journal.contents.damaged_lines:
            lines = ", ".join(map(str, journal.contents.damaged_lines))
            self.tell("reading", f"journal line {lines} is damaged; what it said is trained again")
        self.earlier = sum(float(line["seconds"]) for line in journal.contents.trials().values())
        if journal.contents.torn_bytes:
            message = "the journal's last line was torn; it is in journal.torn, and its trial is trained again"
            self.tell("reading", message)

    def recall(self, kind: type[F], key: str | None = None) -> F | None:
        """The last record of a kind in the journal, of one key where that is given; None where there is none."""
        for line in reversed(self.journal.contents.facts):
            if line["type"] == kind.fact and (key is None or line["of"] == key):
                found: F = read_record(kind, {own.name: line[own.name] for own in fields(kind)})
                return found
        return None

    def note(self, record: Fact, key: str | None = None) -> None:
        """Append a record to the journal, under a key where one is given."""
        of = {} if key is None else {"of": key}
        self.journal.append({"type": record.fact, **of, **asdict(record)})

    def remember(self, kind: type[F], key: str, compute: Callable[[], F | Provisional[F]]) -> F:
        """The result that the journal holds under a key; else it is computed and, unless provisional, appended."""
        found = self.recall(kind, key)
        if found is not None:
            return found
        made = compute()
        if isinstance(made, Provisional):
            return made.result
        self.note(made, key)
        return made

    def skip(self, stage: Skippable, reason: str) -> None:
        """Add the one finding for a stage that was skipped or cut short for lack of time."""
        finding = skipped_finding(stage, reason)
        if all(other.code != finding.code for other in self.findings):
            self.findings.append(finding)


#: What a run may skip, or cut short.
Skippable = Literal["epochs", "space", "boosting", "curves", "ensemble_gain", "draws", "interrupted", "refit"]

#: Code, subject, what it must do, and the fix.
_PARTS: Mapping[Skippable, tuple[str, str, str, str]] = {
    "epochs": (
        "minutes-too-short",
        "The run",
        "have the minutes that a search needs",
        "the best that was found is the model; allow more minutes for a better one (autoft plan says how many)",
    ),
    "space": (
        "search-exhausted",
        "The search",
        "use its minutes",
        "give it a wider space (search: space:), or fewer minutes",
    ),
    "boosting": (
        "boosting-left-out",
        "The model",
        "be compared with gradient boosting on the same folds",
        "allow more minutes to see whether the model is worth its trouble",
    ),
    "curves": (
        "curves-left-out",
        "The report",
        "have curves of the most important columns",
        "allow more minutes to see how predictions change with them",
    ),
    "ensemble_gain": (
        "bag-gain-estimated",
        "The score",
        "count the gain of the mean of the folds' models as other models measure it",
        "its interval is wider by the error of the estimate; more minutes, or three folds, may have it measured",
    ),
    "refit": (
        "refit-left-out",
        "The model",
        "have learned from all rows, the newest included",
        "expect less of it on later rows than its score says; allow more minutes",
    ),
    "draws": (
        "fewer-draws",
        "The evaluation",
        "rest on the draws that the recipe asks for",
        "the intervals are a little less steady; allow more minutes, or ask for fewer draws",
    ),
    "interrupted": (
        "evaluation-cut-short",
        "The evaluation",
        "be whole",
        "run the same command again for all of it; finished trials are not trained again",
    ),
}


def skipped_finding(stage: Skippable, reason: str) -> Finding:
    """The finding for a skipped stage; too few epochs and a model that lacks rows are worth a warning.

    >>> print(skipped_finding("curves", "has no curve of age, as the time was over"))
    The report has no curve of age, as the time was over. Allow more minutes to see how predictions change with them.
    """
    code, subject, must, fix = _PARTS[stage]
    severity: Severity = "warning" if stage in ("epochs", "refit") else "info"
    return Finding(code, severity, None, must, reason, fix, subject=subject)
