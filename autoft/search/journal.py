"""The journal of a run: one checksummed JSON line per fact, appended and synced, never rewritten.

The search looks (parameters -> result) up here and trains only what is missing. The first line is the key of the run
(data, schema, settings that change results), and so is the second: without it all others would be worthless. A torn
last line, as a kill leaves it, is set aside; a damaged line in the middle costs that line only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from autoft import files
from autoft.errors import JournalError

#: Types of the facts about single trials.
_OF_TRIALS = ("trial", "started", "abandoned", "passed over")
_BEGINNING = re.compile(rb"[0-9a-f]{8} \{")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a journal says: its facts in order, and what was wrong with the file when it was read."""

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

    def passed_over(self) -> set[str]:
        """Trials for which there was no time left, while cheaper ones were trained."""
        return {f["memory"] for f in self.facts if f["type"] == "passed over"}

    def deaths(self, memory: str) -> int:
        """How often a trial was started and never ended: each time the process died in it."""
        counts = Counter(f["type"] for f in self.facts if f.get("memory") == memory)
        return max(0, counts["started"] - counts["trial"] - counts["abandoned"])


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
    except (ValueError, RecursionError):  # also UnicodeDecodeError and JSONDecodeError
        return None
    return fact if _is_fact(fact) else None


def _is_fact(fact: Any) -> bool:
    """Whether a line of the right sum says what it must: a sum shows damage, and not who wrote the line."""
    if not isinstance(fact, dict) or not isinstance(fact.get("type"), str):
        return False
    if fact["type"] == "key":
        return isinstance(fact.get("key"), dict)
    return fact["type"] not in _OF_TRIALS or isinstance(fact.get("memory"), str)


def _facts(line: bytes) -> list[Mapping[str, Any]]:
    """The fact of a line; two if only the newline between them was damaged; none if it is not to be trusted."""
    whole = _decode(line)
    if whole is not None:
        return [whole]
    for beginning in _BEGINNING.finditer(line, 1):
        first, second = _decode(line[: beginning.start() - 1]), _decode(line[beginning.start() :])
        if first is not None and second is not None:
            return [first, second]
    return []


def read(path: str | Path) -> Contents:
    """The journal's contents, without changing the file; an absent file is an empty journal.

    Raises:
        JournalError: If there is something that cannot be read.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raw = b""
    except OSError as error:
        why, fix = error.strerror or "it is not", "correct that, or choose another folder"
        raise JournalError(f"Journal '{path}'", "be readable", why, fix) from error
    whole = raw.rfind(b"\n") + 1
    facts: list[Mapping[str, Any]] = []
    damaged: list[int] = []
    for number, line in enumerate(raw[:whole].split(b"\n")[:-1], start=1):
        found = _facts(line)
        facts += found
        if not found:
            damaged.append(number)
    return Contents(facts=tuple(facts), damaged_lines=tuple(damaged), torn_bytes=raw[whole:], whole_bytes=whole)


class Journal:
    """An open journal. Use it under the run folder's lock (`files.locked`).

    Raises:
        JournalError: If the file belongs to a run with another key.
        FileError: If it cannot be written.
    """

    def __init__(self, path: str | Path, key: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.contents = read(self.path)
        if self.contents.torn_bytes:
            self._set_tail_aside()
        where = f"Journal '{self.path}'"
        if self.contents.key is None:
            if self.contents.facts or self.contents.damaged_lines:
                must, found = "begin with the key of its run", "its first line is damaged"
                raise JournalError(where, must, found, "move the file away and run again")
            fact = {"type": "key", "key": key}
            self.append(fact, fact)
        elif dict(self.contents.key) != dict(key):
            found = f"another run wrote it ({'; '.join(': '.join(one) for one in changes(self.contents.key, key))})"
            raise JournalError(where, "belong to this run", found, "choose another folder")

    def append(self, *facts: Mapping[str, Any]) -> None:
        """Add facts; when this returns they are on the disk.

        Raises:
            FileError: If they cannot be written; the journal then holds what it held before. Also if it was removed.
        """
        lines = [encode(fact) for fact in facts]
        new = not self.contents.facts
        with self.writing(self.path):
            with open(self.path, "ab" if new else "r+b", buffering=0) as file:  # only a new one is created
                end = file.seek(0, os.SEEK_END)
                try:
                    _write_all(file, b"".join(lines))
                    os.fsync(file.fileno())
                except BaseException:
                    # A part of a line may stand there; cut it off, so that a later one starts a line of its own.
                    with contextlib.suppress(OSError):
                        file.truncate(end)
                    raise
            if new:
                files.sync_folder(self.path.parent)
        facts = (*self.contents.facts, *(json.loads(line[9:]) for line in lines))
        self.contents = replace(self.contents, facts=facts, whole_bytes=end + sum(map(len, lines)))

    def writing(self, path: Path) -> contextlib.AbstractContextManager[None]:
        """`files.writing` to a file of the run; its errors say how many trials are safe."""
        return files.writing(path, self._safe)

    def _safe(self) -> str:
        if self.contents.facts and not self.path.exists():
            return "the run's folder was removed or moved while it ran, and its trials with it"
        return f"{len(self.contents.trials())} trials are safe in the journal"

    def _set_tail_aside(self) -> None:
        """Move a half-written last line away, so that the next one begins at the start of a line."""
        aside = self.path.with_suffix(".torn")
        with self.writing(aside):
            with open(aside, "ab") as torn:
                torn.write(self.contents.torn_bytes + b"\n")
                files.flush_to_disk(torn)
            with open(self.path, "r+b") as file:
                file.truncate(self.contents.whole_bytes)
                files.flush_to_disk(file)


def _write_all(file: IO[bytes], data: bytes) -> None:
    """Write everything: without a buffer, a disk that is nearly full takes a part and says so in its answer only."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and, in words, values that differ between two keys.

    >>> changes({"data": "aa", "seed": 1}, {"data": "aa", "seed": 2})
    [('seed', '1 before, 2 now')]
    """
    both = [(name, old.get(name), new.get(name)) for name in sorted({*old, *new})]
    return [(name, f"{str(then)[:20]} before, {str(now)[:20]} now") for name, then, now in both if then != now]
