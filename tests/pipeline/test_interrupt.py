"""A signal in each stage of a run: what it says, its exit status, and what is left. Nothing is trained."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autoft import AutoFineTuner, tuner
from autoft.cli import main
from autoft.pipeline import evaluate as evaluation
from autoft.pipeline import fit as stages
from autoft.pipeline.context import Run
from autoft.pipeline.results import EnsembleGain, HintTests
from autoft.recipe.recipe import Recipe
from autoft.records.problem import Draws
from autoft.search import interrupt as interrupts
from autoft.training import backend

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
READING = "interrupted while the table was read and checked; no trial had finished: run the same command again"
TRAINING = "interrupted in the search; no trial had finished: run the same command again"
ENDS = "interrupted; trials that have finished are evaluated and saved. Interrupt again to end at once."
SCORES = "interrupted; the scores end within seconds, and the model is saved. Interrupt again to end at once."


@dataclass(frozen=True)
class Scores:
    """Stands for an evaluation."""

    interrupted: bool = False
    short: bool = False


class Folder:
    """A run on the command line whose stages do nothing but what `at` says at their start."""

    def __init__(self, path: Path) -> None:
        self.path = path / "run"
        self.at: dict[str, Callable[[], Any]] = {}
        self.fitted: list[AutoFineTuner] = []

    def stage(self, name: str, result: Any) -> Callable[..., Any]:
        def stage(*given: Any, **named: Any) -> Any:
            self.at.get(name, lambda: None)()
            return result(*given, **named) if callable(result) else result

        return stage

    def fit(self) -> int:
        return main.main(["fit", "table.csv", "--target", "y", "-q", "--out", str(self.path)])

    @property
    def names(self) -> list[str]:
        return sorted(one.name for one in self.path.iterdir()) if self.path.exists() else []


def found(*given: Any) -> SimpleNamespace:
    given[-1].interrupt.keeps = True
    return SimpleNamespace(trials=())


def save(dataset: Any, model: Any, scores: Scores, run: Run) -> SimpleNamespace:
    run.tell("saving", "saving the model")
    (run.folder / "saved").touch()
    return SimpleNamespace(evaluation=scores, model=None, meta=None, findings=())


def correct(dataset: Any, model: Any, answers: Any, run: Run) -> None:
    run.tell("evaluation", "correcting the score")


RESULTS: dict[str, Any] = {
    **dict.fromkeys(("read_table", "describe", "audit_table", "enforce_schema", "split", "note_odd_rows")),
    **dict.fromkeys(("refuse", "train_baselines", "select", "prove_ensemble", "make_trainer", "refit")),
    "plan_search": SimpleNamespace(space=(), seconds_after=lambda trials: 0.0),
    "search": found,
    "assemble": lambda *_: Ensemble(),
    "test_hints": HintTests(),
    "measure_ensemble_gain": EnsembleGain(),
    "correct_score": correct,
    "evaluate": lambda *_, short=False: Scores(short=short),
    "save": save,
}


@dataclass
class Ensemble:
    calibration: Any = None

    def answers(self, encoded: Any) -> None:
        return None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    made = Folder(tmp_path)
    for name, result in RESULTS.items():
        monkeypatch.setattr(stages, name, made.stage(name, result))
    description = SimpleNamespace(hints=None)
    table = SimpleNamespace(findings=(), members=(), encoded=None, description=description)
    monkeypatch.setattr(stages, "note_odd_rows", made.stage("note_odd_rows", table))
    monkeypatch.setattr(stages, "presented", lambda *_: table)
    monkeypatch.setattr(stages, "errors_of", lambda *_: nullcontext())
    monkeypatch.setattr(stages, "journal_key", lambda *_: {"data": "a"})
    monkeypatch.setattr(stages, "key_settings", lambda *_: {})
    monkeypatch.setattr(backend, "prepare", made.stage("start", None))
    monkeypatch.setattr(AutoFineTuner, "_learn", lambda self, *_: made.fitted.append(self))
    monkeypatch.setattr(tuner, "report_inputs", lambda *_: None)
    monkeypatch.setattr(tuner.report, "write", made.stage("report", lambda path, _: path.touch()))
    monkeypatch.setattr(AutoFineTuner, "findings_", (), raising=False)
    monkeypatch.setattr("autoft.cli.fit.read_source", lambda options: (Recipe(), "table.csv"))
    return made


@SIGNALS
@pytest.mark.parametrize(
    ("stage", "status", "said"),
    [
        ("start", 130, READING),
        *((stage, 130, READING) for stage in ("read_table", "audit_table", "enforce_schema", "split")),
        ("make_trainer", 130, TRAINING),
        ("search", 130, TRAINING),
        *((stage, 3, ENDS) for stage in ("select", "assemble", "test_hints", "measure_ensemble_gain")),
        ("evaluate", 3, SCORES),
        ("report", 3, "interrupted; the model is saved, and the report is written. Interrupt again to end at once."),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_signal_in_each_stage(
    folder: Folder, stage: str, status: int, said: str, number: signal.Signals, capfd: pytest.CaptureFixture[str]
):
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    folder.at[stage] = lambda: os.kill(os.getpid(), number)
    assert folder.fit() == status
    assert capfd.readouterr().err.strip() == f"autoft: {said}"
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
    if status == 3:
        assert {"saved", "report.html"} <= {*folder.names}
        assert folder.fitted[0].evaluation_.interrupted
    else:
        assert folder.names == ([] if said is READING else [".lock", "autoft-run.json", "journal.jsonl"])
    folder.at.clear()
    assert folder.fit() == 0  # the same command, again


@SIGNALS
@pytest.mark.parametrize("stage", ["evaluate", "save", "report"])
def test_the_second_signal_leaves_at_once(
    folder: Folder, stage: str, number: signal.Signals, capfd: pytest.CaptureFixture[str]
):
    def twice() -> None:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)

    folder.at[stage] = twice
    assert folder.fit() == 130
    assert capfd.readouterr().err.endswith("; the same command goes on with the trials that have finished\n")
    assert ("saved" in folder.names) == (stage == "report")


def test_a_computation_that_takes_too_long_is_made_in_short(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    def long() -> None:
        if not tried:
            tried.append(os.kill(os.getpid(), signal.SIGTERM))
            try:
                while True:
                    pass
            except interrupts._Late:  # lost, as in a finalizer
                while True:
                    pass

    tried: list[None] = []
    monkeypatch.setattr(interrupts, "GRACE", 0.02)
    monkeypatch.setattr(interrupts, "_AGAIN", 0.02)
    folder.at["evaluate"] = long
    assert folder.fit() == 3
    assert folder.fitted[0].evaluation_ == Scores(interrupted=True, short=True)


def test_a_signal_from_a_pool_of_threads_reaches_the_run(folder: Folder):
    def send() -> None:
        with ThreadPoolExecutor(2) as pool:
            pool.submit(os.kill, os.getpid(), signal.SIGTERM).result()

    folder.at["train_baselines"] = send
    assert folder.fit() == 130


def test_outside_the_main_thread_a_run_needs_no_handler(folder: Folder):
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(folder.fit()))
    thread.start()
    thread.join()
    assert status == [0]


@pytest.mark.parametrize("error", [OSError(5, "broken"), RuntimeError("broken")], ids=["os", "runtime"])
def test_handlers_are_put_back_after_an_error(folder: Folder, error: Exception):
    def own(number: int, frame: Any) -> None:
        pass

    def fail() -> None:
        raise error

    before = signal.signal(signal.SIGTERM, own)
    try:
        folder.at["split"] = fail
        with pytest.raises(type(error)):
            AutoFineTuner(target="y", directory=folder.path).fit("table.csv")
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)


# Draws


class Clocked:
    """A score of draws that take a second each, on a clock of its own."""

    def __init__(self, draws: int, minutes: float | None) -> None:
        self.now = 0.0
        recipe = Recipe().with_changes(**{"evaluate.draws": draws, "minutes": minutes})
        self.run = Run(recipe=recipe, folder=Path("run"), clock=lambda: self.now, started=0.0)
        self.made: list[int] = []

    def score(self, draws: Draws) -> Any:
        self.made.append(draws.number)
        self.now += draws.number
        return SimpleNamespace(draws=draws)

    def draws(self, times: int = 1) -> int:
        return int(evaluation.draw_in_time(self.score, self.run, end=self.run.deadline(), times=times).draws.number)


@pytest.mark.parametrize(
    ("draws", "minutes", "times", "made"),
    [
        (500, 1.0, 1, 500),
        (300, None, 1, 300),
        (3_000, None, 1, 3_000),
        (3_000, 100.0, 1, 3_000),
        (3_000, 50.0, 1, 2_500),
        (3_000, 50.0, 4, 625),
        (3_000, 1.0, 1, 500),
    ],
    ids=["usual", "few", "no limit", "time", "less time", "less time for four", "no time"],
)
def test_draws_obey_the_minutes(draws: int, minutes: float | None, times: int, made: int):
    clocked = Clocked(draws, minutes)
    assert clocked.draws(times) == made
    said = [str(finding) for finding in clocked.run.findings]
    if made == draws:
        assert said == []
    else:
        assert said[0].startswith(
            f"The evaluation rests on {made:,} of {draws:,} draws, as there was no time for more."
        )


def test_an_interrupt_keeps_the_draws_that_were_made():
    clocked = Clocked(3_000, None)
    real = clocked.score

    def score(draws: Draws) -> Any:
        if draws.number > 500:
            clocked.run.interrupt._late = True
            raise interrupts._Late
        return real(draws)

    clocked.score = score  # type: ignore[method-assign]
    assert clocked.draws() == 500
    clocked.made.clear()
    assert clocked.draws() == 50  # too late for more
