"""Store of trial results: their arrays on the disk."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft import files
from autoft.records.trials import TrialFacts, TrialResult

#: What a journal's line keeps of a result besides its arrays.
FACTS = tuple(fact.name for fact in fields(TrialFacts))

_STORED = re.compile(r"[0-9a-f]{16}(\.weights)?\.npz")


def memory_key(params: Mapping[str, Any]) -> str:
    """Parameters as canonical text: the name under which a result is remembered."""
    return files.canonical_json(dict(params))


def store(folder: Path, memory: str, outcome: TrialResult, *, weights: bool) -> dict[str, str]:
    """Write an outcome's arrays and, where asked, its trained weights; their names and SHA-256 for the journal.

    Raises:
        FileError: If they cannot be written.
    """
    with files.writing(folder):
        folder.mkdir(exist_ok=True)
    facts = _write(folder, "file", f"{_stem(memory)}.npz", {"held_out": outcome.held_out, "pairs": outcome.pairs})
    if weights:
        facts |= _write(folder, "weights", _weights_name(memory), outcome.weights)
    return facts


def forget_weights(folder: Path, memory: str) -> None:
    """Remove the weights of a trial that a better one has made useless."""
    (folder / _weights_name(memory)).unlink(missing_ok=True)


def tidy(folder: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Remove what a kill has left: halves of files, and files that no line of the journal speaks of; no other files."""
    if not folder.is_dir():
        return
    files.remove_leftovers(folder, is_stored)
    known = {line.get(role) for line in lines for role in ("file", "weights")}
    for path in folder.iterdir():
        if is_stored(path.name) and path.name not in known:
            path.unlink(missing_ok=True)


def is_stored(name: str) -> bool:
    """Whether a file has a name that `store` gives."""
    return _STORED.fullmatch(name) is not None


def _stem(memory: str) -> str:
    return files.fingerprint(memory.encode())[:16]


def _weights_name(memory: str) -> str:
    return f"{_stem(memory)}.weights.npz"


def _write(folder: Path, role: str, name: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    buffer = io.BytesIO()
    np.savez(buffer, **dict(arrays))  # probabilities hardly shrink, and compressing them took longer than all else
    files.write_atomic(folder / name, buffer.getvalue())
    return {role: name, f"{role}_sha256": files.fingerprint(buffer.getvalue())}


def _read(folder: Path, line: Mapping[str, Any], role: str) -> dict[str, NDArray[Any]] | None:
    """Arrays of a stored file; None if it is missing, damaged or not the one that the line speaks of."""
    if role not in line:
        return None
    try:
        raw = (folder / str(line[role])).read_bytes()
    except OSError:
        return None
    if files.fingerprint(raw) != line[f"{role}_sha256"]:
        return None
    with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def restore(folder: Path, line: Mapping[str, Any]) -> TrialResult | None:
    """The outcome that a journal line speaks of, with weights if they were kept; None if it must be trained again."""
    arrays: dict[str, Any] | None = _read(folder, line, "file")
    if line["status"] != "failed" and arrays is None:
        return None
    kept = {name: line[name] for name in (*FACTS, "limit")} | {"checkpoints": tuple(line["checkpoints"])}
    return TrialResult(**kept, weights=_read(folder, line, "weights") or {}, **(arrays or {}))
