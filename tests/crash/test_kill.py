"""The kill loop: a real search dies at a named point and is run again, and nobody can tell from the result.

What a process leaves that is killed at a point is what its folder holds at that moment. So most points are tested on
copies of the folder of one run, made at those points; real deaths of processes, which each start TensorFlow anew, are
one in the default run and all others among the slow tests.

Run as a script, this file is the process that dies: ``test_kill.py FOLDER POINT N``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner, files
from autoft.errors import FileError
from autoft.pipeline import search as stage
from autoft.recipe.recipe import Recipe
from autoft.records.trials import Progress
from autoft.search import journal, store
from autoft.search.journal import Journal, read

TRIALS = 5


def fit(folder: Path, progress: Callable[[Progress], None] | None = None) -> AutoFineTuner:
    """A search of five small trials on a table of its own."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(size=(120, 3)), columns=["a", "b", "c"])
    table["y"] = np.where(table["a"] + 0.5 * table["b"] + rng.normal(size=120) * 0.5 > 0, "yes", "no")
    recipe = Recipe().with_changes(
        **{
            "target": "y", "trials": TRIALS, "folds": 2, "search.epochs": 4, "evaluate.draws": 50,
            "search.space": {
                "width": [8], "depth": [1], "batch_size": [32], "activation": ["relu"], "learning_rate": [1e-3, 0.1],
            },
            "schema.engine": "none",
        }
    )  # fmt: skip
    return AutoFineTuner(recipe=recipe, directory=folder, seed=3).fit(table, progress=progress)


# The process that dies


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_around(owner: Any, name: str, when: str, n: int, counts: Callable[..., bool] = lambda *a, **k: True) -> None:
    """Die before or after the n-th call that counts."""
    real, calls, end = getattr(owner, name), Counter[str](), die

    def patched(*args: Any, **kwargs: Any) -> Any:
        calls[name] += counts(*args, **kwargs)
        hit = calls[name] == n and counts(*args, **kwargs)
        if hit and when == "before":
            end()
        result = real(*args, **kwargs)
        if hit and when == "after":
            end()
        return result

    setattr(owner, name, patched)


def die_in_a_line(n: int) -> None:
    """Write half of the n-th line of the journal, and die."""
    real, calls, end = journal._write_all, Counter[str](), die

    def write(file: Any, data: bytes) -> None:
        calls["lines"] += 1
        if calls["lines"] == n:
            half = len(data) // 2
            real(file, data[:half])
            end()
            data = data[half:]
        real(file, data)

    journal._write_all = write


def appends(kind: str) -> Callable[..., bool]:
    return lambda journal, *facts: facts[0]["type"] == kind


def blending(trials: int) -> Any:
    """The most trials that a blend may draw on: others lose their weights while the search goes on."""
    stage.POOL = trials
    return store


POINTS: dict[str, Callable[[int], None]] = {
    "in a trial": lambda n: die_around(Journal, "append", "after", n, appends("started")),
    "arrays written, line not": lambda n: die_around(store, "store", "after", n),
    "in a line": die_in_a_line,
    "line written, oracle not told": lambda n: die_around(Journal, "append", "after", n, appends("trial")),
    "winner known, old weights there": lambda n: die_around(blending(1), "forget_weights", "before", n),
    "model written, not in place": lambda n: die_around(files, "_swap", "before", n),
    "model in place, scores not written": lambda n: die_around(files, "_swap", "after", n),
    "in a file": lambda n: die_around(os, "replace", "before", n),
}


def start(folder: Path, point: str, n: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, __file__, str(folder), point, str(n)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def wait_for_death(process: subprocess.Popen[bytes]) -> None:
    said, _ = process.communicate(timeout=600)
    assert process.returncode == -signal.SIGKILL, said.decode(errors="replace")[-3000:]


# The tests


def summary(tuner: AutoFineTuner) -> dict[str, Any]:
    """All that a user sees of a result, but for the time that it took."""
    evaluation = tuner.evaluation_
    return {
        "best": (evaluation.best.number, dict(evaluation.best.params), evaluation.best.epochs),
        "scores": [t.score for t in evaluation.trials],
        "held_out": dict(evaluation.held_out),
        "validation": evaluation.validation,
        "optimism": evaluation.optimism,
    }


def count(folder: Path, kind: str) -> Counter[str]:
    return Counter(fact["memory"] for fact in read(folder / "journal.jsonl").facts if fact["type"] == kind)


def run_again(folder: Path) -> AutoFineTuner:
    """Run again after a death, and check that no trial that had finished is trained again."""
    finished, started = count(folder, "trial"), count(folder, "started")
    tuner = fit(folder)
    assert count(folder, "trial") == Counter(dict.fromkeys(count(folder, "trial"), 1))
    assert len(count(folder, "trial")) == TRIALS
    new = count(folder, "started") - started
    assert sum(new.values()) == TRIALS - len(finished)
    assert not new.keys() & finished.keys()
    assert (folder / "report.html").is_file()
    names = {path.name for path in folder.rglob("*")}
    assert not [name for name in names if name.endswith((".tmp", ".old"))]
    weights = [name for name in names if name.endswith(".weights.npz")]
    assert len(tuner.evaluation_.blend) <= len(weights) <= TRIALS  # of the trials that a blend may draw on
    return tuner


#: One that really dies, and two of which the folder is copied.
KILL = ("arrays written, line not", 3)
COPIES: dict[str, tuple[int, Any, str]] = {
    "in a line": (5, journal, "_write_all"),
    "model written, not in place": (1, files, "_swap"),
}


@pytest.fixture(scope="module")
def copies(tmp_path_factory) -> dict[str, Path]:
    """Where copies are put, by point."""
    return {point: tmp_path_factory.mktemp("copy") / "run" for point in COPIES}


@pytest.fixture(scope="module")
def uninterrupted(copies, tmp_path_factory) -> dict[str, Any]:
    """What comes of the run that does not die; folders are copied on the way."""
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    with pytest.MonkeyPatch.context() as patch:
        for point, (n, owner, name) in COPIES.items():
            patch.setattr(owner, name, getattr(owner, name))  # put back afterwards
            patch.setattr(sys.modules[__name__], "die", lambda point=point: shutil.copytree(folder, copies[point]))
            POINTS[point](n)
        found = summary(fit(folder))
    assert found["best"][0] != 0  # not the default, which comes first: finding it again says something
    return found


@pytest.mark.slow
def test_after_a_kill_the_same_trial_wins(uninterrupted, tmp_path):
    wait_for_death(start(tmp_path, *KILL))
    assert summary(run_again(tmp_path)) == uninterrupted


@pytest.mark.parametrize("point", COPIES)
def test_a_folder_of_such_a_moment_gives_the_same_numbers(copies, uninterrupted, point):
    assert summary(run_again(copies[point])) == uninterrupted


def test_ctrl_c_ends_with_a_report_and_the_next_run_goes_on(uninterrupted, tmp_path):
    def interrupt(step: Progress) -> None:
        if step.stage == "search" and step.trial == 2 and step.message == "":
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    tuner = fit(tmp_path, interrupt)
    assert signal.getsignal(signal.SIGINT) is before
    assert tuner.evaluation_.interrupted
    assert [t.score for t in tuner.evaluation_.trials] == uninterrupted["scores"][:2]
    assert (tmp_path / "report.html").is_file()
    assert json.loads((tmp_path / "evaluation.json").read_text())["best"]["interrupted"] is True
    assert sum(count(tmp_path, "abandoned").values()) == 1
    again = run_again(tmp_path)
    assert summary(again) == uninterrupted
    assert not again.evaluation_.interrupted


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["baselines", "evaluation", "saving", "report"])
def test_a_signal_in_another_stage_of_a_real_run(uninterrupted, tmp_path, stage):
    def interrupt(step: Progress) -> None:
        if step.stage == stage and not sent:
            sent.append(step.stage)
            os.kill(os.getpid(), signal.SIGTERM)

    sent: list[str] = []
    if stage == "baselines":
        with pytest.raises(KeyboardInterrupt, match="while the baselines were trained; no trial had finished"):
            fit(tmp_path, interrupt)
        assert not (tmp_path / "report.html").exists()
    else:
        assert fit(tmp_path, interrupt).evaluation_.interrupted
        assert (tmp_path / "report.html").is_file()
    assert sent == [stage]
    assert summary(run_again(tmp_path)) == uninterrupted


def test_two_runs_in_one_folder(tmp_path):
    with files.locked(tmp_path / ".lock"), pytest.raises(FileError, match=f"in use by process {os.getpid()}"):
        fit(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".lock"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "n"),
    [
        ("in a trial", 1),
        ("in a trial", 5),
        ("in a line", 1),
        ("in a line", 2),
        ("in a line", 5),
        ("model written, not in place", 1),
        ("arrays written, line not", 1),
        ("line written, oracle not told", 4),
        ("winner known, old weights there", 1),
        ("in a file", 1),
        ("in a file", 6),
        ("model in place, scores not written", 1),
    ],
)
def test_more_points(uninterrupted, tmp_path, point, n):
    wait_for_death(start(tmp_path, point, n))
    assert summary(run_again(tmp_path)) == uninterrupted


@pytest.mark.slow
def test_killed_again_and_again(uninterrupted, tmp_path):
    """Each time in another trial: the same one twice would count as a trial that kills."""
    points = (("arrays written, line not", 1), ("in a line", 4), ("in a trial", 3), ("model written, not in place", 1))
    for point, n in points:
        wait_for_death(start(tmp_path, point, n))
    assert summary(run_again(tmp_path)) == uninterrupted


if __name__ == "__main__":
    POINTS[sys.argv[2]](int(sys.argv[3]))
    fit(Path(sys.argv[1]))
