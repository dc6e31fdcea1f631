"""Cleaning of tables (``autoft clean``): a repaired copy and a log of every change; the table itself is not changed."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from autoft.data import repair
from autoft.data.repair import Change
from autoft.data.repair_plan import CODES, learn
from autoft.data.table import Table, read
from autoft.errors import FileError, RecipeError
from autoft.files import fingerprint, prepare_folder, refuse_other, write_atomic
from autoft.formatting import nearest
from autoft.records.columns import RepairCode


def codes(text: str) -> tuple[RepairCode, ...]:
    """The codes in a list with commas. Raises a RecipeError if one is not known, or there is none.

    >>> codes("outer-blanks, duplicate-rows")
    ('outer-blanks', 'duplicate-rows')
    """
    named = tuple(word.strip() for word in text.split(",") if word.strip())
    unknown = next((word for word in named if word not in CODES), None)
    if unknown is not None or not named:
        found = f"'{unknown}' is not" if unknown else "it names none"
        fix = nearest(unknown or "", CODES) or "choose from what 'autoft clean DATA' lists"
        raise RecipeError("--accept", f"name codes that can be repaired ({', '.join(CODES)})", found, fix)
    return tuple(code for code in get_args(RepairCode) if code in named)


def offer(data: str | os.PathLike[str], *, target: str | None = None) -> tuple[Change, ...]:
    """What would change if every repair were accepted; the target stays as it is, and nothing is written."""
    table = _read(data, target)
    repairs = learn(table.frame, CODES, keep=(target,))
    return repair.apply(table.frame, repairs).changes


def clean(
    data: str | os.PathLike[str], out: Path, accept: Collection[RepairCode], *, target: str | None = None
) -> tuple[Change, ...]:
    """Write a repaired copy of a table as CSV, and beside it what was changed (`log_path`).

    Cells that no repair touches stay as they are, except that texts for missing cells become empty ones.

    Raises:
        FileError: `out` is the table itself, a file that this function did not write so, or cannot be written.
        TableError: The table cannot be read.
    """
    if os.path.realpath(out) == os.path.realpath(data):
        raise FileError(f"'{out}'", "not be the table itself", "DATA and -o name one file", "choose another -o")
    if out.is_dir() or out.suffix.lower() != ".csv":
        found = "it is a folder" if out.is_dir() else f"it ends in '{out.suffix}'"
        raise FileError(f"'{out}'", "be a file whose name ends in .csv", found, "choose another -o")
    log = _read_log(log_path(out))
    for path, what in ((out, "a table that 'autoft clean' wrote, its log beside it"), (log_path(out), "such a log")):
        refuse_other(path, lambda _: log is not None, what)
    if log and out.exists() and log.get("written") != fingerprint(out.read_bytes()):
        found = "it was changed since, or its log was"
        raise FileError(f"'{out}'", "be as 'autoft clean' wrote it", found, "choose another -o, or remove the file")
    table = _read(data, target)
    repairs = learn(table.frame, accept, keep=(target,))
    prepare_folder(out.parent)
    done = repair.apply(table.frame, repairs)
    text = done.frame.to_csv(index=False, lineterminator="\n")
    write_atomic(out, text)
    log = {
        "autoft": version("autoft"),
        "source": table.source,
        "fingerprint": table.fingerprint,
        "written": fingerprint(text.encode()),
        "accepted": list(accept),
        "rows": {"before": len(table.frame), "after": len(done.frame)},
        "changes": [asdict(change) for change in done.changes],
        "repairs": repair.to_json(repairs),
    }
    write_atomic(log_path(out), json.dumps(log, indent=1, ensure_ascii=False))
    return done.changes


def _read_log(path: Path) -> Mapping[str, Any] | None:
    """The log at a path; None where there is none."""
    with contextlib.suppress(OSError, ValueError):
        log = json.loads(path.read_bytes())
        if isinstance(log, dict) and {"autoft", "accepted", "changes"} <= log.keys():
            return log
    return None


def log_path(out: Path) -> Path:
    """Where the log of a cleaned table lies: ``clean.repairs.json`` beside ``clean.csv``."""
    return out.with_suffix(".repairs.json")


def _read(data: str | os.PathLike[str], target: str | None) -> Table:
    table = read(str(data))
    names = [str(name) for name in table.frame.columns]
    if target is not None and target not in names:
        fix = nearest(target, names) or "correct the name"
        raise RecipeError(f"--target '{target}'", "name a column of the table", "there is no such column", fix)
    return table
