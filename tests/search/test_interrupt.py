"""Interrupts: the first one is answered on the screen, the second one ends."""

from __future__ import annotations

import os
import signal

import pytest

from autoft.search.interrupt import Interrupt, listening


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("search", "trials that have finished are evaluated and saved"),
        ("evaluation", "the scores are computed, and the model is saved"),
        ("saving", "the model is found, and is saved"),
        ("report", "the model is saved, and the report is written"),
    ],
    ids=["search", "evaluation", "saving", "report"],
)
def test_the_first_signal_is_answered_by_the_stage_and_the_second_ends(
    stage: str, said: str, number: signal.Signals, capfd: pytest.CaptureFixture[str]
):
    interrupt = Interrupt()
    interrupt.stage = stage
    before = signal.getsignal(number)
    with listening(interrupt):
        os.kill(os.getpid(), number)
        assert interrupt
        assert capfd.readouterr().err == f"\nautoft: interrupted; {said}. Interrupt again to end at once.\n"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_a_run_without_a_screen_goes_on(monkeypatch: pytest.MonkeyPatch):
    def closed(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")

    interrupt = Interrupt()
    monkeypatch.setattr(os, "write", closed)
    with listening(interrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert interrupt
