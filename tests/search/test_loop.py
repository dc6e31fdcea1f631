"""The loop under every kind of trouble, with a proposer and a training that are made up: no Keras, no waiting."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoft.errors import FileError, SearchError, TrainingError
from autoft.records.trials import OUT_OF_TIME, TrialResult, Trials
from autoft.search import store as outcomes
from autoft.search.budget import Budget
from autoft.search.interrupt import Interrupt
from autoft.search.journal import Journal, read
from autoft.search.ledger import Ledger
from autoft.search.loop import LoopPolicy, SearchLoop
from autoft.search.setup import Proposal

KEY = {"data": "aa"}


@dataclass
class Listed:
    """Proposes what is on a list."""

    values: list[Any]
    epochs: list[int | None] | None = None
    told: list[tuple[Any, float | None]] = field(default_factory=list)
    asked: int = 0

    def ask(self, like: Any = None) -> Proposal | None:
        k = self.asked
        if k >= len(self.values):
            return None
        self.asked += 1
        return Proposal(params={"x": self.values[k]}, epochs=self.epochs[k] if self.epochs else None, ticket=k)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        self.told.append((proposal.params["x"], score))


def side_by_side(train: Callable[..., TrialResult]) -> Callable[..., list[TrialResult]]:
    """Trains some trials as one does."""
    return lambda params, out_of_time, epochs, prune: [train(p, out_of_time, epochs) for p in params]


@dataclass
class Bench:
    """One run folder and what is used in it; `run` is one run of the program."""

    folder: Path
    seconds: float = 1.0
    now: float = 0.0
    trained: list[Any] = field(default_factory=list)
    during: Callable[[Any, Callable[[], bool]], None] = lambda x, out_of_time: None

    def train(self, params: Any, out_of_time: Callable[[], bool], epochs: int | None) -> TrialResult:
        """Ten epochs of held-out predictions that are x everywhere, one weight that is x."""
        x, limit = params["x"], epochs or 10
        self.trained.append(x)
        self.during(x, out_of_time)
        ended, stop = 0, False
        while ended < limit and not stop:
            self.now += self.seconds / limit
            ended, stop = ended + 1, out_of_time()
        return TrialResult(
            params=params,
            status="finished",
            epochs=ended,
            checkpoints=tuple(sorted({1, ended})),
            held_out=np.full((len({1, ended}), 4), x, dtype=np.float32),
            curves={"train": [[0.5]] * ended, "held_out": [[0.6]] * ended},
            weights={"kernel": np.full(3, x)},
            seconds=self.seconds,
        )

    def run(self, values: Any, trials: int = 100, **changes: Any) -> Trials:
        interrupt, proposer = changes.pop("interrupt", Interrupt()), changes.pop("proposer", Listed(list(values)))
        deadline, progress = changes.pop("deadline", None), changes.pop("progress", lambda step: None)
        self.trained.clear()
        own = {name: changes.pop(name) for name in ("score", "maximize", "keep") if name in changes}
        return SearchLoop(
            proposer=proposer,
            train=changes.pop("train_all", None) or side_by_side(changes.pop("train", self.train)),
            ledger=self.ledger(**own),
            budget=Budget(trials=trials, deadline=deadline, clock=lambda: self.now),
            interrupt=interrupt,
            progress=progress,
            policy=LoopPolicy(**changes),
        ).run()

    def ledger(self, **changes: Any) -> Ledger:
        score = changes.pop("score", lambda outcome: float(outcome.held_out[-1, 0]))
        return Ledger(
            journal=Journal(self.folder / "journal.jsonl", KEY),
            folder=self.folder / "trials",
            score=score,
            **{"maximize": True, **changes},
        )

    def facts(self, kind: str) -> list[Any]:
        return [fact for fact in read(self.folder / "journal.jsonl").facts if fact["type"] == kind]

    def kept(self, ending: str) -> list[str]:
        return sorted(p.name for p in (self.folder / "trials").iterdir() if p.name.endswith(ending))


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


class Died(BaseException):
    """The process is no more."""


@contextlib.contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, at: Callable[[Any], bool]) -> Iterator[None]:
    """The process dies just before it writes a certain fact, and writes nothing after that."""
    real, dead = Journal.append, []

    def append(journal: Journal, *facts: Any) -> None:
        if dead or at(facts[0]):
            dead.append(True)
            raise Died
        real(journal, *facts)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", append)
        with pytest.raises(Died):
            yield


def scores(found: Trials) -> list[float | None]:
    return [trial.score for trial in found.trials]


# Budget


def test_trials_are_honoured(bench):
    found = bench.run([1, 3, 2, 9], trials=3)
    assert scores(found) == [1, 3, 2]
    assert (found.best, found.trained, found.interrupted) == (1, 3, False)
    assert found.outcomes[1].weights["kernel"].tolist() == [3, 3, 3]


def test_lower_can_be_better(bench):
    assert bench.run([2, 1, 3], maximize=False).best == 1


def test_deadline_is_honoured(bench):
    found = bench.run(range(1, 100), deadline=4.75)
    assert scores(found) == [1, 2, 3, 4, 5]
    assert bench.now == pytest.approx(4.75, abs=0.11)
    assert found.trials[-1].epochs < 10


def test_a_trial_with_less_than_half_its_time_is_not_begun(bench):
    assert bench.run(range(1, 100), deadline=3.4).best == 2
    assert bench.now == pytest.approx(3.0)


@pytest.mark.parametrize("deadline", [0.0, -100.0])
def test_the_first_trial_is_always_trained_if_only_for_one_epoch(bench, deadline):
    found = bench.run([1, 2], deadline=deadline)
    assert (scores(found), found.trials[0].epochs) == ([1], 1)


def test_a_trial_cut_short_is_trained_again_when_there_is_time(bench):
    def cut(params, out_of_time, epochs):
        outcome = bench.train(params, out_of_time, epochs)
        return outcome if outcome.epochs == 10 else replace(outcome, reason=f"{OUT_OF_TIME} after epoch 1")

    bench.run([1, 2], deadline=0.0, train=cut)
    assert bench.run([1, 2], deadline=bench.now + 1.0, train=cut).trials[0].epochs == 1  # no more than it had
    found = bench.run([1, 2], train=cut)
    assert (found.trials[0].epochs, bench.trained) == (10, [1])
    assert bench.run([1, 2], train=cut).trained == 0


def test_failing_trials_do_not_extend_the_deadline(bench):
    def fails(x, out_of_time):
        bench.now += 1
        raise RuntimeError("out of memory")

    bench.during = fails
    with pytest.raises(SearchError, match="all 3 failed"):
        bench.run(range(100), deadline=2.5)


def test_clock_of_the_wall_does_not_matter(bench):
    assert len(bench.run(range(1, 4), deadline=1e9).trials) == 3


# Failures


def test_a_raising_trial_is_recorded_and_the_search_goes_on(bench):
    def fails(x, out_of_time):
        if x == 2:
            raise MemoryError("no room for\nthe tensor \x1b[31m\udce4")

    bench.during = fails
    proposer = Listed([1, 2, 3])
    found = bench.run([], proposer=proposer)
    assert scores(found) == [1, None, 3]
    assert (found.trials[1].status, found.trials[1].reason) == ("failed", "MemoryError: no room for")
    assert proposer.told == [(1, 1), (2, None), (3, 3)]
    assert [f["status"] for f in bench.facts("trial")] == ["finished", "failed", "finished"]


def test_a_reason_in_any_characters_can_be_recorded(bench):
    def fails(x, out_of_time):
        if x == 2:
            raise OSError("cannot open '\x1b[31m\udce4'")

    bench.during = fails
    reason = bench.run([1, 2]).trials[1].reason
    assert reason == "OSError: cannot open '\\x1b[31m\\udce4'"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_a_failed_trial(bench, bad):
    found = bench.run([1, 2, 3], score=lambda o: bad if o.params["x"] == 1 else float(o.held_out[-1, 0]))
    assert scores(found) == [None, 2, 3]
    assert "not finite" in found.trials[0].reason
    assert found.best == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_losses_that_are_no_numbers_are_a_failed_trial(bench, bad):
    def train(params, out_of_time, epochs):
        done = bench.train(params, out_of_time, epochs)
        return done if params["x"] != 2 else TrialResult(**{**_fields(done), "curves": {"held_out": [[bad]]}})

    assert scores(bench.run([1, 2, 3], train=train)) == [1, None, 3]
    assert scores(bench.run([1, 2, 3])) == [1, None, 3]
    assert bench.trained == []


def _fields(done: TrialResult) -> dict[str, Any]:
    return {name: getattr(done, name) for name in TrialResult.__slots__}


def test_when_all_fail_the_commonest_reason_is_told(bench):
    def fails(x, out_of_time):
        raise ValueError("odd" if x % 2 else "even")

    bench.during = fails
    with pytest.raises(SearchError, match="all 5 failed, 3 of them so: ValueError: even"):
        bench.run(range(5))
    assert len(bench.facts("trial")) == 5


def test_an_error_of_our_own_ends_the_search_and_is_no_death(bench):
    def broken(x, out_of_time):
        raise TrainingError("The network", "be built", "it is not", "install a backend")

    bench.during = broken
    for _ in range(3):
        with pytest.raises(TrainingError):
            bench.run([1])
    bench.during = lambda x, out_of_time: None
    assert scores(bench.run([1])) == [1]


def test_nothing_proposed(bench):
    with pytest.raises(SearchError, match="no trial was proposed"):
        bench.run([])


# Memory


def test_a_second_run_trains_nothing_and_finds_the_same(bench):
    first = bench.run([1, 3, 2])
    lines = (bench.folder / "journal.jsonl").read_bytes()
    second = bench.run([1, 3, 2])
    assert bench.trained == []
    assert second.trained == 0
    assert (second.best, second.trials) == (first.best, first.trials)
    assert second.outcomes[1].weights["kernel"].tolist() == [3, 3, 3]
    for a, b in zip(first.outcomes, second.outcomes, strict=True):
        np.testing.assert_array_equal(a.held_out, b.held_out)
    assert (bench.folder / "journal.jsonl").read_bytes() == lines


def test_more_trials_later_train_only_the_new_ones(bench):
    bench.run([1, 5, 2, 7, 3], trials=3)
    found = bench.run([1, 5, 2, 7, 3], trials=5)
    assert bench.trained == [7, 3]
    assert (found.best, found.trained, scores(found)) == (3, 2, [1, 5, 2, 7, 3])


def test_fewer_trials_later_bring_an_earlier_winner_back(bench):
    bench.run([1, 5, 2, 7], trials=4)
    found = bench.run([1, 5, 2, 7], trials=3)
    assert found.best == 1
    assert found.outcomes[1].weights["kernel"].tolist() == [5, 5, 5]
    assert bench.trained == [5]
    bench.run([1, 5, 2, 7], trials=3)
    assert bench.trained == []


def test_remembered_failures_are_not_tried_again(bench):
    def fails(x, out_of_time):
        if x == 2:
            raise RuntimeError

    bench.during = fails
    bench.run([1, 2])
    assert scores(bench.run([1, 2])) == [1, None]
    assert bench.trained == []


def test_remembered_trials_count_after_the_end_or_an_interrupt(bench):
    bench.run([1, 2, 3])
    stop = Interrupt()
    stop.asked = True
    found = bench.run([1, 2, 3, 4], interrupt=stop, deadline=-1.0)
    assert (scores(found), found.interrupted, bench.trained) == ([1, 2, 3], True, [])


def test_repeated_proposals_are_not_trained_twice(bench):
    proposer = Listed([1, 2, 1, 1, 3, 2, 4])
    found = bench.run([], trials=4, proposer=proposer)
    assert (bench.trained, scores(found)) == ([1, 2, 3, 4], [1, 2, 3, 4])
    assert proposer.told[2] == (1, 1)


def test_a_proposer_that_only_repeats_itself_ends_the_search(bench):
    assert len(bench.run([1] * 1000).trials) == 1


def test_other_epochs_are_another_trial(bench):
    """Hyperband trains the same parameters again, for longer; both results stay, and the right weights."""
    epochs: list[int | None] = [1, 1, 3, 9]

    def run() -> Trials:
        longer = lambda o: float(o.held_out[-1, 0]) + o.epochs / 100  # noqa: E731
        return bench.run([], proposer=Listed([1, 2, 2, 2], epochs), score=longer)

    found = run()
    assert bench.trained == [1, 2, 2, 2]
    assert scores(found) == [1.01, 2.01, 2.03, 2.09]
    assert found.best == 3
    assert len(bench.kept(".weights.npz")) == 1
    again = run()
    assert bench.trained == []
    assert again.trials == found.trials
    assert again.outcomes[3].weights["kernel"].tolist() == [2, 2, 2]


# Files


def test_only_the_best_trial_keeps_weights(bench):
    bench.run([1, 3, 2, 4])
    assert len(bench.kept(".weights.npz")) == 1
    assert len(bench.kept(".npz")) == 5
    found = bench.run([1, 3, 2, 4])
    assert [bool(o.weights) for o in found.outcomes] == [False, False, False, True]


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_lost_weights_of_the_winner_are_trained_again_once(bench, damage):
    bench.run([1, 3, 2])
    path = bench.folder / "trials" / bench.kept(".weights.npz")[0]
    path.unlink() if damage == "missing" else path.write_bytes(path.read_bytes()[:-9])
    found = bench.run([1, 3, 2])
    assert (bench.trained, found.trained, found.best) == ([3], 1, 1)
    assert found.outcomes[1].weights["kernel"].tolist() == [3, 3, 3]
    bench.run([1, 3, 2])
    assert bench.trained == []


def test_weights_come_back_from_the_epochs_that_the_trial_had(bench):
    """A trial that its deadline cut short is trained again to that very epoch, not to its limit."""
    first = bench.run([1], deadline=0.55)
    assert first.trials[0].epochs == 6
    (bench.folder / "trials" / bench.kept(".weights.npz")[0]).unlink()
    again = bench.run([1])
    assert again.trials == first.trials
    assert again.outcomes[0].weights["kernel"].tolist() == [1, 1, 1]


def test_weights_that_do_not_come_back_the_same_are_an_error(bench):
    bench.run([1])
    (bench.folder / "trials" / bench.kept(".weights.npz")[0]).unlink()
    with pytest.raises(SearchError, match="training again stopped at 4 epochs, not 10"):
        bench.run([1], train=lambda params, out_of_time, epochs: bench.train(params, out_of_time, 4))


@pytest.mark.parametrize("damage", ["missing", "damaged", "empty"])
def test_a_damaged_outcome_is_trained_again_once(bench, damage):
    bench.run([1, 3, 2])
    stem = bench.facts("trial")[2]["file"]
    path = bench.folder / "trials" / stem
    path.unlink() if damage == "missing" else path.write_bytes(b"" if damage == "empty" else path.read_bytes()[:-9])
    found = bench.run([1, 3, 2])
    assert (bench.trained, scores(found), found.best) == ([2], [1, 3, 2], 1)
    for _ in range(3):  # and is whole from then on: damage does not count as a death either
        assert scores(bench.run([1, 3, 2])) == [1, 3, 2]
        assert bench.trained == []


def test_all_files_lost(bench):
    first = bench.run([1, 3, 2])
    for path in (bench.folder / "trials").iterdir():
        path.unlink()
    (bench.folder / "trials").rmdir()
    found = bench.run([1, 3, 2])
    assert (bench.trained, found.trials) == ([1, 3, 2], first.trials)


def test_leftovers_of_a_killed_write_are_removed(bench):
    bench.run([1])
    before = bench.kept("")
    stem, theirs = "0123456789abcdef", ("own.npz", ".own.tmp", f".{'0' * 16}.npz.{os.getppid()}.x1234567.tmp")
    for name in (f".{stem}.npz.999999999.x1234567.tmp", f"{stem}.npz", f"{stem}.weights.npz", *theirs):
        (bench.folder / "trials" / name).write_bytes(b"half")
    bench.run([1])
    assert sorted(set(bench.kept("")) - set(before)) == sorted(theirs)  # the user's, and those of a living process
    assert bench.trained == []


def test_full_disk_while_arrays_are_written(bench, monkeypatch):
    """The error says what is safe; and however often it comes, it is not mistaken for a trial that kills."""
    bench.run([1])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for _ in range(3):
        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(FileError, match="trials' must be writable, but the disk is full; 1 trials are safe in the"):
            bench.run([1, 2])
        monkeypatch.undo()
        assert bench.kept(".tmp") == []
    assert scores(bench.run([1, 2])) == [1, 2]
    assert bench.trained == [2]


def test_a_file_in_the_place_of_the_folder(bench):
    (bench.folder / "trials").write_text("mine")
    with pytest.raises(FileError, match="must be writable"):
        bench.run([1])


def test_arrays_without_a_line_are_written_anew(bench, monkeypatch):
    """A kill between the arrays and the line that speaks of them."""
    with dying(monkeypatch, lambda fact: fact["type"] == "trial" and fact["params"] == {"x": 3}):
        bench.run([1, 3, 2])
    assert len(bench.kept(".weights.npz")) == 2
    found = bench.run([1, 3, 2])
    assert (bench.trained, found.best) == ([3, 2], 1)
    assert len(bench.kept(".weights.npz")) == 1


# Signals and deaths


def interrupting(at: int, interrupt: Interrupt):
    def during(x, out_of_time):
        interrupt.asked = interrupt.asked or x == at

    return during


def test_an_interrupt_ends_with_the_best_so_far(bench):
    interrupt = Interrupt()
    bench.during = interrupting(5, interrupt)
    found = bench.run([1, 3, 2, 5, 9], interrupt=interrupt)
    assert (found.best, found.interrupted, scores(found)) == (1, True, [1, 3, 2])
    assert bench.trained == [1, 3, 2, 5]
    assert [f["memory"] for f in bench.facts("abandoned")] == ['{"x":5}']
    assert bench.run([1, 3, 2, 5, 9]).best == 4
    assert bench.trained == [5, 9]


def test_an_interrupt_after_the_last_epoch_keeps_the_trial(bench):
    interrupt = Interrupt()

    def train(params, out_of_time, epochs):
        done = bench.train(params, out_of_time, epochs)
        interrupt.asked = params["x"] == 2
        return done

    found = bench.run([1, 2, 3], interrupt=interrupt, train=train)
    assert (scores(found), found.interrupted) == ([1, 2], True)
    assert bench.facts("abandoned") == []


def test_an_interrupt_before_any_result(bench):
    interrupt = Interrupt()
    bench.during = interrupting(1, interrupt)
    with pytest.raises(SearchError, match="it was interrupted before that"):
        bench.run([1, 2], interrupt=interrupt)
    assert [len(bench.facts(kind)) for kind in ("started", "abandoned", "trial")] == [1, 1, 0]
    bench.during = lambda x, out_of_time: None
    found = bench.run([1, 2])  # what was cut short is no result: it is trained in full
    assert [t.epochs for t in found.trials] == [10, 10]


def test_a_second_interrupt_leaves_at_once_and_is_no_death(bench):
    def during(x, out_of_time):
        if x == 2:
            raise KeyboardInterrupt

    bench.during = during
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            bench.run([1, 2])
    bench.during = lambda x, out_of_time: None
    assert scores(bench.run([1, 2])) == [1, 2]


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_configuration_that_killed_twice_is_skipped(bench, monkeypatch, deaths):
    for _ in range(deaths):
        with dying(monkeypatch, lambda fact: fact["type"] == "trial" and fact["params"] == {"x": 2}):
            bench.run([1, 2, 3])
    found = bench.run([1, 2, 3])
    if deaths == 1:
        assert (bench.trained, scores(found)) == ([2, 3], [1, 2, 3])
    else:
        assert (bench.trained, scores(found)) == ([3], [1, None, 3])
        assert "kills the process: it died 2 times" in found.trials[1].reason
        assert scores(bench.run([1, 2, 3])) == [1, None, 3]


def test_progress_tells_every_trial(bench):
    steps = []
    bench.run([1, 3], progress=steps.append)
    assert [(s.trial, s.message, s.score, s.best) for s in steps] == [
        (0, "", None, None),
        (0, "finished", 1, 1),
        (1, "", None, 1),
        (1, "finished", 3, 3),
    ]
    assert steps[-1].trials == 100


def test_store_and_restore_are_inverse(tmp_path):
    outcome = TrialResult(
        params={"x": 1}, status="finished", epochs=2, checkpoints=(1, 2), held_out=np.array([[1, np.nan]], np.float32),
        pairs=np.zeros((1, 2, 3), np.float32), weights={"a/kernel": np.arange(3.0)},
    )  # fmt: skip
    line = {
        "params": {"x": 1}, "status": "finished", "epochs": 2, "checkpoints": [1, 2], "curves": {}, "reason": "",
        "seconds": 0.0, "traces": 0, "limit": 0, **outcomes.store(tmp_path / "trials", "m", outcome, weights=True),
    }  # fmt: skip
    back = outcomes.restore(tmp_path / "trials", line)
    for name in ("held_out", "pairs"):
        np.testing.assert_array_equal(getattr(back, name), getattr(outcome, name))
        assert getattr(back, name).dtype == np.float32
    np.testing.assert_array_equal(back.weights["a/kernel"], outcome.weights["a/kernel"])
    assert (back.epochs, back.checkpoints) == (2, (1, 2))


# Side by side


@dataclass
class Batched(Listed):
    """Proposals of which neighbours with the same first letter have a shape in common."""

    likes: list[Any] = field(default_factory=list)

    def ask(self, like: Any = None) -> Proposal | None:
        self.likes.append(like and like["x"])
        if like is not None and self.asked < len(self.values) and self.values[self.asked] // 10 != like["x"] // 10:
            return None
        return super().ask(like)


def test_trials_of_a_shape_train_side_by_side(bench):
    groups: list[list[Any]] = []

    def train(params, out_of_time, epochs, prune):
        groups.append([p["x"] for p in params])
        return [bench.train(p, out_of_time, epochs) for p in params]

    proposer = Batched([11, 12, 13, 14, 21, 31, 32])
    with_groups = bench.run([], proposer=proposer, train_all=train, together=lambda params, trials: 3)
    assert groups == [[11, 12, 13], [14], [21], [31, 32]]
    assert proposer.told == [(x, x) for x in (11, 12, 13, 14, 21, 31, 32)]
    assert [t.params["x"] for t in with_groups.trials] == [11, 12, 13, 14, 21, 31, 32]
    assert [f["number"] for f in bench.facts("trial")] == list(range(7))


def test_a_batch_never_exceeds_the_trials_that_are_left(bench):
    assert (
        len(bench.run([], trials=4, proposer=Batched([11, 12, 13, 14, 15]), together=lambda params, trials: 3).trials)
        == 4
    )


def test_a_run_that_remembers_part_of_a_batch_asks_the_same(bench):
    values = [11, 12, 13, 21, 22]
    first, again = Batched(values), Batched(values)
    bench.run([], trials=2, proposer=first, together=lambda params, trials: 3)
    found = bench.run([], proposer=again, together=lambda params, trials: 3)
    assert bench.trained == [13, 21, 22]
    assert scores(found) == values
    fresh = Batched(values)
    other = Bench(bench.folder / "fresh")
    other.folder.mkdir()
    other.run([], proposer=fresh, together=lambda params, trials: 3)
    assert again.likes == fresh.likes
    assert again.told == fresh.told


def test_repetitions_in_a_batch_get_the_score_of_the_first(bench):
    proposer = Batched([11, 11, 12])
    found = bench.run([], proposer=proposer, together=lambda params, trials: 3)
    assert bench.trained == [11, 12]
    assert scores(found) == [11, 12]
    assert sorted(proposer.told) == [(11, 11), (11, 11), (12, 12)]


def test_one_that_raises_does_not_take_its_neighbours_down(bench):
    def fails(x, out_of_time):
        if x == 12:
            raise OSError("broken")

    bench.during = fails
    found = bench.run([], proposer=Batched([11, 12, 13]), together=lambda params, trials: 3)
    assert scores(found) == [11, None, 13]
    assert found.trials[1].reason == "OSError: broken"


def test_an_interrupt_abandons_the_whole_batch(bench):
    interrupt = Interrupt()
    during = interrupting(12, interrupt)
    bench.during = during
    with pytest.raises(SearchError, match="interrupted before that"):
        bench.run([], proposer=Batched([11, 12, 13]), together=lambda params, trials: 3, interrupt=interrupt)
    assert len(bench.facts("abandoned")) == len(bench.facts("started")) == 3
    assert bench.facts("trial") == []


# Pruning


def pruning(bench: Bench, bad: int) -> Any:
    """Trains ten epochs, and asks after each whether to go on."""

    def train(params, out_of_time, epochs, prune):
        done = []
        for p in params:
            outcome = bench.train(p, out_of_time, epochs)
            loss = 0.9 if p["x"] == bad else 0.5
            reasons = [prune([loss] * epoch) if prune else "" for epoch in range(1, 11)]
            ended = next((k for k, reason in enumerate(reasons, 1) if reason), 10)
            curves = {"train": [[loss]] * ended, "held_out": [[loss, loss]] * ended}
            status = "pruned" if reasons[ended - 1] else "finished"
            done.append(replace(outcome, status=status, reason=reasons[ended - 1], curves=curves))
        return done

    return train


def test_a_pruned_trial_is_a_trial_with_a_score_and_a_reason(bench):
    found = bench.run(range(1, 8), train_all=pruning(bench, bad=6))
    assert [t.status for t in found.trials] == [*["finished"] * 5, "pruned", "finished"]
    assert found.trials[5].score == 6
    assert found.trials[5].reason.startswith("pruned after epoch 6: held-out loss 0.9, median of 5 other trials 0.5")
    assert bench.facts("trial")[5]["status"] == "pruned"
    assert bench.facts("trial")[5]["reason"] == found.trials[5].reason
    again = bench.run(range(1, 8), train_all=pruning(bench, bad=6))
    assert bench.trained == []
    assert [t.status for t in again.trials] == [t.status for t in found.trials]
    assert bench.run(range(1, 8), train_all=pruning(bench, bad=6), pruning=False).best == 6


def test_without_pruning_nobody_is_asked(bench):
    found = bench.run(range(1, 8), train_all=pruning(bench, bad=6), pruning=False)
    assert {t.status for t in found.trials} == {"finished"}


# What follows the search


def test_the_search_leaves_time_for_what_follows(bench):
    bench.seconds = 10.0
    found = SearchLoop(
        proposer=Listed(list(range(1, 20))),
        train=side_by_side(bench.train),
        ledger=bench.ledger(),
        budget=Budget(trials=20, deadline=100.0, clock=lambda: bench.now, reserve=lambda trials: 20.0 + 2 * trials),
        interrupt=Interrupt(),
        progress=lambda step: None,
    ).run()
    assert bench.now <= 100 - 20 - 2 * len(found.trials) + 1
    assert len(found.trials) == 7


def dear_above_ten(bench: Bench) -> dict[str, Any]:
    """Trials that take 40 seconds from 10 on, and 5 below, which is expected of them."""

    def seconds(params: Any) -> float:
        return 40.0 if params["x"] >= 10 else 5.0

    def during(x: Any, out_of_time: Callable[[], bool]) -> None:
        bench.seconds = seconds({"x": x})

    bench.during = during
    return {"expect": seconds, "deadline": 100.0}


def test_a_cheaper_configuration_uses_what_time_is_left(bench):
    proposer = Listed([10, 11, 12, 3, 13, 4, 5, 6, 7])
    found = bench.run([], proposer=proposer, **dear_above_ten(bench))
    assert scores(found) == [10, 11, 3, 4, 5, 6]
    assert [told for told in proposer.told if told[1] is None] == [(12, None), (13, None)]
    assert 95 <= bench.now <= 100
    assert not found.exhausted
    again = bench.run([10, 11, 12, 3, 13, 4, 5, 6, 7], **dear_above_ten(bench))
    assert scores(again) == scores(found)


def test_a_search_ends_where_there_is_time_for_nothing(bench):
    proposer = Listed([10, 11, *range(12, 200)])
    found = bench.run([], proposer=proposer, **dear_above_ten(bench))
    assert scores(found) == [10, 11]
    assert proposer.asked < 40
    assert not found.exhausted


def test_a_search_says_that_nothing_is_left_to_try(bench):
    assert bench.run([1, 2]).exhausted
    assert bench.run(itertools.repeat(1, 99)).exhausted
    assert not bench.run([1, 2, 3], trials=2).exhausted


def test_planned_epochs_limit_every_trial_and_its_memory(bench):
    def run(epochs: int | None) -> list[Any]:
        bench.trained.clear()
        SearchLoop(
            proposer=Listed([1, 2], epochs=[None, 2]),
            train=side_by_side(bench.train),
            ledger=bench.ledger(),
            budget=Budget(trials=2, deadline=None, clock=lambda: bench.now, epochs=epochs),
            interrupt=Interrupt(),
            progress=lambda step: None,
        ).run()
        return [(f["params"]["x"], f["epochs"]) for f in bench.facts("trial")]

    assert run(4) == [(1, 4), (2, 2)]
    assert run(4) == [(1, 4), (2, 2)]
    assert bench.trained == []
    assert run(None) == [(1, 4), (2, 2), (1, 10)]


def test_remembered_results_count_though_the_rest_is_interrupted(bench):
    bench.run([], trials=2, proposer=Batched([11, 12, 13]), together=lambda params, trials: 3)
    interrupt = Interrupt()
    bench.during = interrupting(13, interrupt)
    found = bench.run([], proposer=Batched([11, 12, 13]), together=lambda params, trials: 3, interrupt=interrupt)
    assert (scores(found), found.interrupted) == ([11, 12], True)


def test_what_died_once_trains_alone(bench, monkeypatch):
    def died_at_twelve(times: int) -> None:
        for _ in range(times):
            with dying(monkeypatch, lambda fact: fact["type"] in ("trial", "abandoned")):
                bench.run([], proposer=Batched([11, 12, 13]), together=lambda params, trials: 3)

    died_at_twelve(1)
    groups: list[list[Any]] = []

    def train(params, out_of_time, epochs, prune):
        groups.append([p["x"] for p in params])
        return [bench.train(p, out_of_time, epochs) for p in params]

    found = bench.run([], proposer=Batched([11, 12, 13]), train_all=train, together=lambda params, trials: 3)
    assert groups == [[11], [12], [13]]
    assert scores(found) == [11, 12, 13]


def test_only_as_many_train_side_by_side_as_there_is_time_for(bench):
    bench.seconds = 10.0
    found = bench.run([], proposer=Batched([11, 12, 21, 22, 23]), deadline=45, together=lambda params, trials: 3)
    assert bench.trained == [11, 12, 21, 22]
    assert len(found.trials) == 4


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:40])])
def test_a_damaged_outcome_of_a_pruned_trial_is_trained_again(bench, damage):
    bench.run(range(1, 8), train_all=pruning(bench, bad=6))
    damage(bench.folder / "trials" / bench.facts("trial")[5]["file"])
    found = bench.run(range(1, 8), train_all=pruning(bench, bad=6))
    assert bench.trained == [6]
    assert found.trials[5].status == "pruned"


def test_weights_of_another_training_are_not_the_winners(bench):
    bench.run([1])
    (bench.folder / "trials" / bench.kept(".weights.npz")[0]).unlink()

    def other(params, out_of_time, epochs):
        done = bench.train(params, out_of_time, epochs)
        return replace(done, held_out=done.held_out + 0.5)

    with pytest.raises(SearchError, match=r"predictions that are 0\.5 away"):
        bench.run([1], train=other)
