"""Console: safe text, progress, and tables of findings.

Names and cells come from the data: everything goes through :func:`safe`, which makes control characters visible
and never reads markup.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from autoft.errors import printable
from autoft.formatting import counted, number
from autoft.records.findings import Finding, Severity
from autoft.records.scores import Interval
from autoft.records.trials import Progress

#: Where commands print; progress goes to stderr.
SCREEN = Console(highlight=False)
STYLES: Mapping[Severity, str] = {"error": "bold red", "warning": "yellow", "info": "dim"}
_NOUNS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
#: More findings than this (errors excepted) are only counted.
MOST_SHOWN = 30


def safe(value: object, style: str = "") -> Text:
    """Text for rich that shows `value` as it is: no markup, no terminal escapes."""
    return Text(printable(value), style=style)


def text_table(title: str | Text, *headings: str, style: str = "") -> Table:
    """A table of texts, which wrap where they do not fit."""
    table = Table(title=title, title_style=style or None, title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def interval(value: Interval) -> str:
    """``0.857 [0.841, 0.871]``, or why there is none."""
    if math.isnan(value.low) or math.isnan(value.high):
        return f"{number(value.value)} (no interval: too few rows)"
    return f"{number(value.value)} [{number(value.low)}, {number(value.high)}]"


def duration(seconds: float) -> str:
    """Seconds as minutes and seconds: ``1:05``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02d}"


def describe(progress: Progress, waited: float = 0.0) -> str:
    """One step as a line; the seconds `waited` since it was reported are taken off the time left. Trials have the
    numbers of the report and ``evaluation.json``, from 0."""
    number_of, left = progress.trial, progress.seconds_left
    of = "" if number_of is None or not progress.trials else f" ({number_of + 1} of {progress.trials})"
    parts = (
        progress.stage,
        "" if number_of is None else f"trial {number_of}{of}",
        "" if progress.score is None else f"score {number(progress.score)}",
        "" if progress.best is None else f"best {number(progress.best)}",
        "" if left is None else f"{duration(left - waited)} left",
        progress.message,
    )
    return " | ".join(part for part in parts if part)


class ProgressScreen:
    """A run's progress, for ``fit(progress=...)``: a live line on a terminal, else a line per trial and stage."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._last = Progress(stage="starting")
        self._since = clock()
        self._silent: Progress | None = None
        self._live = Live(get_renderable=self._line, console=self._console, transient=True, refresh_per_second=2)

    def __enter__(self) -> ProgressScreen:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()
        self._flush()

    def __call__(self, progress: Progress) -> None:
        previous, self._last, self._since = self._last, progress, self._clock()
        if self._console.is_terminal:
            self._live.refresh()
            return
        # A trial that begins and one that failed look alike; only what stays without a score gets a line of its own.
        if (previous.stage, previous.trial) != (progress.stage, progress.trial):
            self._flush()
        self._silent = progress
        if progress.trial is None or progress.score is not None:
            self._flush()

    def _flush(self) -> None:
        if self._silent is not None:
            self._console.print(safe(describe(self._silent)), soft_wrap=True)
        self._silent = None

    def _line(self) -> Text:
        line = safe(describe(self._last, self._clock() - self._since))
        line.truncate(self._console.width, overflow="ellipsis")
        return line


def show_findings(findings: Iterable[Finding], console: Console = SCREEN) -> None:
    """Print findings as a table, errors first; beyond a screenful warnings and notes are only counted."""
    findings = tuple(findings)
    for severity, style in STYLES.items():
        chosen = [finding for finding in findings if finding.severity == severity]
        if not chosen:
            continue
        shown = chosen if severity == "error" else chosen[:MOST_SHOWN]
        title = counted(len(chosen), _NOUNS[severity])
        table = text_table(title, "about", "found", "fix", style=style)
        for finding in shown:
            table.add_row(safe(finding.about, style), safe(finding.found), safe(finding.fix))
        console.print(table)
        if len(shown) < len(chosen):
            console.print(safe(f"... and {len(chosen) - len(shown):,} more"))


def print_json(findings: Sequence[Finding], **more: Any) -> None:
    """Print findings, and what else there is, as JSON."""
    print(json.dumps({**more, "findings": [finding.document() for finding in findings]}, indent=2))


def show_all(findings: Sequence[Finding]) -> None:
    """Print findings and how many of each severity there are."""
    show_findings(findings)
    counts = Counter(finding.severity for finding in findings)
    print(", ".join(counted(counts[severity], _NOUNS[severity]) for severity in STYLES))
