"""Ownership of folders: a run works in a folder that is empty or a run's, and a folder belongs to one run.

A run is known by the key of its journal. The marker ``autoft-run.json`` holds the key too, and settings for messages.
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from autoft import files
from autoft.errors import FileError, JournalError
from autoft.records.reading import read_record
from autoft.search import journal
from autoft.search.store import is_stored
from autoft.serving import artifact

#: What to do where the folder holds another run: an error, the next free number behind its name, or replace that run.
#: ``resume`` goes on with its trials where only objective, evaluation or report differ; else, or without one, an error.
Existing = Literal["refuse", "resume", "number", "overwrite"]

_MARKER, _JOURNAL = "autoft-run.json", "journal.jsonl"
#: Files that a run writes into its folder, besides the folders ``model`` and ``trials``; the journal goes last.
_FILES = (
    *("report.html", "evaluation.json", "findings.json", "context.json", "recipe.yaml", "schema.pbtxt"),
    *("journal.torn", _MARKER, _JOURNAL),
)
_DIGEST = "sha256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMark:
    """What tells runs apart.

    Attributes:
        key: The key of the journal.
        settings: Settings behind the key's fingerprint of them; of those that are no single value a fingerprint.
        result: Fingerprint of all settings but those of the search; empty where it is not known.
    """

    key: Mapping[str, str]
    settings: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    result: str = ""

    def difference(self, other: RunMark) -> str:
        """In words, what this run has and another one has not."""
        if not other.key:
            return "its journal's first line is damaged"
        words = [f"{name}: {text}" for name, text in _changes(self.settings, other.settings) if other.settings]
        named = {"data": "other data", "columns": "other columns or kinds", "model": "another function 'model'"}
        for name, text in _changes(self.key, other.key):
            if name in named:
                words.insert(0, named[name])
            elif name != "settings" or not words:
                words.append(f"{name}: {text}")
        return "; ".join(words) or "another objective, or other settings of evaluation or report"

    def replaces(self, other: RunMark) -> bool:
        """Whether this run would use the other one's trials, but put another model, evaluation or report in place."""
        return bool(other.result) and self.result != other.result


def _changes(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, "changed" if _DIGEST in text else text) for name, text in journal.changes(before, now)]


def mark_of(key: Mapping[str, str], settings: Mapping[str, Any], result: str = "") -> RunMark:
    """The mark of a run, with all of its settings."""
    plain = {
        name: value
        if isinstance(value, str | int | float | bool | None)
        else _DIGEST + files.fingerprint(files.canonical_json(value).encode())[:8]
        for name, value in settings.items()
    }
    return RunMark(key=key, settings=plain, result=result)


def refuse_others(folder: Path) -> None:
    """Refuse, before anything is computed or written, a folder that is neither empty nor a run's.

    Raises:
        FileError: If it holds what autoft did not write, or is a saved model.
        ArtifactError: If there is something else in the place of the model.
    """
    if (folder / "manifest.json").is_file():
        raise FileError(f"'{folder}'", "be a run folder", "it is a saved model", "choose another directory")
    if folder.exists() and not folder.is_dir():
        raise FileError(f"'{folder}'", "be a folder", "it is a file", "choose another folder")
    if not is_free(folder) and not is_run(folder):
        found = f"it holds '{min(_names(folder))}', and no run of autoft" if folder.is_dir() else "it is a link"
        raise FileError(f"'{folder}'", "be an empty folder or that of a run", found, "choose another folder")
    artifact.refuse_other_model(folder / "model")
    for name in (*_FILES, "trials"):
        path = folder / name
        if path.exists() and path.is_dir() != (name == "trials"):
            found = "it is a folder" if path.is_dir() else "it is a file"
            raise FileError(f"'{path}'", "be as autoft writes it", found, "move it away, or choose another folder")


def is_free(folder: Path) -> bool:
    """Whether there is no folder, or nothing in it but what a run that was killed at its beginning leaves."""
    return not (folder.exists() or folder.is_symlink()) or (folder.is_dir() and not _names(folder))


def is_run(folder: Path) -> bool:
    """Whether a run of autoft works or has worked in the folder."""
    return folder.is_dir() and owner(folder) is not None


def owner(folder: Path) -> RunMark | None:
    """The mark of the run in a folder, None where there is none."""
    mark: RunMark | None = None
    with suppress(OSError, ValueError, LookupError, TypeError):  # absent, damaged, or not ours
        mark = read_record(RunMark, json.loads((folder / _MARKER).read_bytes())["run"])
    contents = journal.read(folder / _JOURNAL)
    if mark is not None and contents.key in (None, mark.key):
        return mark
    return RunMark(key=dict(contents.key or {})) if contents.facts else None


def claim(folder: Path, mark: RunMark, existing: Existing) -> tuple[Path, str]:
    """The folder for a run, to be locked before anything is written, and a sentence that names it.

    Raises:
        JournalError: If the folder holds another run, and `existing` does not say what to do then.
        FileError: If there is nothing to go on with.
    """
    there = owner(folder)
    if existing == "resume" and there is None:
        fix = "leave out --resume (in Python existing='resume')"
        raise FileError(f"'{folder}'", "hold a run to go on with", "it holds none", fix)
    if existing == "number":
        place = _numbered(folder, mark)
        if place != folder:
            held = "what autoft did not write" if there is None else f"another run ({mark.difference(there)})"
            return place, f"{folder} holds {held}; this one is in {place}"
    elif there is not None and dict(there.key) != dict(mark.key) and existing != "overwrite":
        must, found = "hold the run of these data and settings", f"it holds another one ({mark.difference(there)})"
        fix = "choose another folder, or replace that run with --overwrite (in Python existing='overwrite')"
        raise JournalError(f"'{folder}'", must, found, fix)
    elif there is not None and existing == "refuse" and mark.replaces(there):
        must, found = "hold the run of these settings", f"it holds another one ({mark.difference(there)})"
        fix = "choose another folder, or replace its model and report with --resume (in Python existing='resume')"
        raise JournalError(f"'{folder}'", must, found, fix)
    if there is None or (dict(there.key) != dict(mark.key)):
        return folder, f"the run is in {folder}"
    return folder, f"goes on with the run in {folder}"


def take(folder: Path, mark: RunMark, existing: Existing) -> None:
    """Make a locked folder that was claimed the run's own; what killed processes have left goes, and another run's
    files, if they are to be overwritten.

    Raises:
        JournalError: If another run came between.
    """
    claim(folder, mark, "refuse" if existing == "number" else existing)
    there = owner(folder)
    with files.writing(folder):
        if there is not None and dict(there.key) != dict(mark.key):
            _remove(folder)
        files.remove_leftovers(folder, {*_FILES, "model"}.__contains__)
        text = json.dumps({"format": files.FORMAT, "run": asdict(mark)}, indent=1)
        if not (folder / _MARKER).is_file() or (folder / _MARKER).read_text(encoding="utf-8") != text:
            files.write_atomic(folder / _MARKER, text)


def _numbered(folder: Path, mark: RunMark) -> Path:
    """The first of ``NAME``, ``NAME-2`` ... that is free or holds this run."""
    names = itertools.chain([folder.name], (f"{folder.name}-{number}" for number in itertools.count(2)))
    for place in map(folder.with_name, names):
        if is_free(place):
            return place
        there = owner(place) if place.is_dir() else None
        if there is not None and dict(there.key) == dict(mark.key) and not mark.replaces(there):
            refuse_others(place)
            return place
    raise AssertionError("numbers do not end")


def _names(folder: Path) -> list[str]:
    """What is in a folder besides the lock and unfinished files of a run."""
    names = [path.name for path in folder.iterdir()]
    return [name for name in names if name != ".lock" and files.unfinished(name) not in {*_FILES, "model"}]


def _remove(folder: Path) -> None:
    """Remove a run's files, and nothing else; the journal goes last: a kill on the way is made good by the next run."""
    artifact.refuse_other_model(folder / "model")
    shutil.rmtree(folder / "model", ignore_errors=True)
    if (folder / "trials").is_dir():
        for path in (folder / "trials").iterdir():
            if is_stored(path.name):
                path.unlink()
        with suppress(OSError):  # it holds something of others
            (folder / "trials").rmdir()
    for name in _FILES:
        (folder / name).unlink(missing_ok=True)
