"""The journal of a run: one checksummed JSON line per fact, appended and synced, never rewritten.

Resume is memory: the search looks (parameters -> result) up here and trains only what is missing. The
first line is the key of the run (data, schema, settings that change results); another key is another run.
A torn last line, as a kill in the middle of a write leaves it, is set aside; a damaged line in the middle
costs that line only.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoft import files
from autoft.errors import JournalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a journal says: its facts in order, and what was wrong with the file."""

    facts: tuple[Mapping[str, Any], ...]
    damaged_lines: tuple[int, ...]
    torn_bytes: bytes
    whole_bytes: int

    @property
    def key(self) -> Mapping[str, Any] | None:
        """The key of the run, None for an empty journal."""
        return self.facts[0]["key"] if self.facts and self.facts[0].get("type") == "key" else None

    def trials(self) -> dict[str, Mapping[str, Any]]:
        """The last line of each finished or failed trial, by its parameters as canonical JSON."""
        return {f["memory"]: f for f in self.facts if f["type"] == "trial"}

    def deaths(self, memory: str) -> int:
        """How often a trial was started and never ended: each time the process died in it."""
        starts = sum(1 for f in self.facts if f["type"] == "started" and f["memory"] == memory)
        ends = sum(1 for f in self.facts if f["type"] in ("trial", "abandoned") and f["memory"] == memory)
        return max(0, starts - ends)


def encode(fact: Mapping[str, Any]) -> bytes:
    """One line: eight hexadecimal digits of CRC-32, a blank, JSON, a newline."""
    body = files.canonical_json(fact).encode("utf-8")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _decode(line: bytes) -> Mapping[str, Any] | None:
    if len(line) < 10 or line[8:9] != b" ":
        return None
    try:
        if int(line[:8], 16) != zlib.crc32(line[9:]):
            return None
        fact = json.loads(line[9:])
    except ValueError:  # also UnicodeDecodeError and JSONDecodeError
        return None
    return fact if isinstance(fact, dict) and "type" in fact else None


def read(path: str | Path) -> Contents:
    """The journal's contents, without changing the file; an absent file is an empty journal."""
    path = Path(path)
    raw = path.read_bytes() if path.exists() else b""
    whole = raw.rfind(b"\n") + 1
    facts, damaged = [], []
    for number, line in enumerate(raw[:whole].split(b"\n")[:-1], start=1):
        fact = _decode(line)
        if fact is None:
            damaged.append(number)
        else:
            facts.append(fact)
    return Contents(facts=tuple(facts), damaged_lines=tuple(damaged), torn_bytes=raw[whole:], whole_bytes=whole)


class Journal:
    """An open journal. Use it under the run folder's lock (`files.locked`).

    Args:
        path: The file; it is created if absent.
        key: Key of the run; written as the first line of a new journal.

    Raises:
        JournalError: If the file belongs to a run with another key.
        FileError: If it cannot be written.
    """

    def __init__(self, path: str | Path, key: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.contents = read(self.path)
        if self.contents.torn_bytes:
            self._set_tail_aside()
        if self.contents.key is None:
            if self.contents.facts or self.contents.damaged_lines:
                raise JournalError(
                    f"Journal '{self.path}'",
                    "begin with the key of its run",
                    "its first line is damaged",
                    "move the file away and run again",
                )
            self.append({"type": "key", "key": key})
        elif dict(self.contents.key) != dict(key):
            raise JournalError(
                f"Journal '{self.path}'",
                "belong to this run",
                f"another run wrote it ({difference(self.contents.key, key)})",
                "choose another folder",
            )

    def append(self, fact: Mapping[str, Any]) -> None:
        """Add a fact; when this returns it is on the disk."""
        line = encode(fact)
        try:
            with open(self.path, "ab") as file:
                file.write(line)
                files.flush_to_disk(file)
        except OSError as error:
            # A part of the line may stand there; cut it off, so that a later append starts a line of its own.
            with contextlib.suppress(OSError):
                os.truncate(self.path, self.contents.whole_bytes)
            done = len(self.contents.trials())
            raise files.writing_error(self.path, error, f"{done} trials are safe in the journal") from error
        self.contents = Contents(
            facts=(*self.contents.facts, json.loads(line[9:])),
            damaged_lines=self.contents.damaged_lines,
            torn_bytes=b"",
            whole_bytes=self.contents.whole_bytes + len(line),
        )

    def _set_tail_aside(self) -> None:
        """Move a half-written last line away, so that the next one begins at the start of a line."""
        with open(self.path.with_suffix(".torn"), "ab") as torn:
            torn.write(self.contents.torn_bytes + b"\n")
        with open(self.path, "r+b") as file:
            file.truncate(self.contents.whole_bytes)
            files.flush_to_disk(file)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """In words, what differs between two keys.

    >>> difference({"data": "aa", "seed": 1}, {"data": "aa", "seed": 2})
    'seed: 1 before, 2 now'
    """

    def short(value: Any) -> str:
        return str(value)[:12]

    changed = [k for k in sorted({*old, *new}) if old.get(k) != new.get(k)]
    return "; ".join(f"{k}: {short(old.get(k))} before, {short(new.get(k))} now" for k in changed)
