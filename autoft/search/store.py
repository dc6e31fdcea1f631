"""Store of trial results: their arrays on the disk, and weights that are trained again where they are lost."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft import files
from autoft.errors import SearchError
from autoft.records.trials import TrialFacts, TrialResult, Trials
from autoft.search.journal import Journal

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


#: As `autoft.training.trial_trainer.TrialTrainer.train_all`.
TrainAll = Callable[..., list[TrialResult]]


def restore_weights(
    trials: Trials, numbers: Sequence[int], train: TrainAll, *, journal: Journal, folder: Path
) -> Trials:
    """The trials with the weights of some of them; equal parameters and epochs give equal weights again. The journal
    gets a new line for each trial that is trained again.

    Raises:
        SearchError: If a trial that is trained again is not the one that was scored.
    """
    results, trained = list(trials.outcomes), trials.trained
    for number in numbers:
        if results[number].weights:
            continue
        results[number] = replace(results[number], weights=_train_again(results[number], train).weights)
        memory = trials.memories[number]
        with journal.writing(folder):
            stored = store(folder, memory, results[number], weights=True)
        journal.append({**journal.contents.trials()[memory], **stored})
        trained += 1
    return replace(trials, outcomes=tuple(results), trained=trained)


def _train_again(winner: TrialResult, train: TrainAll) -> TrialResult:
    asked = itertools.count(1)

    def out_of_time() -> bool:
        """Whether it stopped here before: another limit of epochs would mean other checkpoints."""
        return next(asked) >= winner.checkpoints[-1]

    (again,) = train([winner.params], out_of_time, winner.limit or None, None)
    if difference := _difference(again, winner):
        raise SearchError(
            "The best trial's weights",
            "be the ones that were scored",
            f"their file is damaged, and training again {difference}",
            "delete the run folder and run the same command again",
        )
    return again


def _difference(again: TrialResult, winner: TrialResult) -> str:
    """In words, how a trial that was trained again differs from what it was; "" but for rounding."""
    if again.epochs != winner.epochs:
        return f"stopped at {again.epochs} epochs, not {winner.epochs}"
    now, then = (_predictions(one) for one in (again, winner))
    apart = float(np.nanmean(np.abs(now - then)))
    # Rounding grows while a network trains, to a thousandth or so; another batch size shows in the second digit.
    differs = apart > 0.01 * max(np.nanstd(then), 1e-12)
    return f"gave predictions that are {apart:.2g} away on average" if differs else ""


def _predictions(result: TrialResult) -> Any:
    return result.held_out[result.checkpoints.index(result.epochs)].astype(np.float64)
