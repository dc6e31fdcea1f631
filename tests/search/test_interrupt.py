"""Interrupts: the first one is answered on the screen, the second one ends."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from autoft.search.interrupt import Interrupt, listening


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("search", "trials that have finished are evaluated and saved"),
        ("evaluation", "the scores end within seconds, and the model is saved"),
        ("saving", "the model is found, and is saved"),
        ("report", "the model is saved, and the report is written"),
    ],
    ids=["search", "evaluation", "saving", "report"],
)
def test_the_first_signal_is_answered_by_the_stage_and_the_second_ends(
    stage: str, said: str, number: signal.Signals, capfd: pytest.CaptureFixture[str]
):
    interrupt = Interrupt()
    interrupt.keeps = True
    interrupt.stage = stage
    before = signal.getsignal(number)
    with listening(interrupt):
        os.kill(os.getpid(), number)
        assert interrupt
        assert capfd.readouterr().err == f"\nautoft: interrupted; {said}. Interrupt again to end at once.\n"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_where_nothing_is_kept_the_first_signal_ends_and_says_where():
    interrupt = Interrupt()
    interrupt.stage = "baselines"
    said = "^while the baselines were trained; no trial had finished: run the same command again$"
    with listening(interrupt), pytest.raises(KeyboardInterrupt, match=said):
        os.kill(os.getpid(), signal.SIGTERM)
    assert interrupt  # so that code that catches the exception does not go on for long


def test_a_timer_of_an_interrupt_does_not_ring_after_the_run():
    before = signal.getsignal(signal.SIGINT)
    interrupt = Interrupt()
    interrupt.keeps = True
    with listening(interrupt):
        interrupt.in_time(lambda: os.kill(os.getpid(), signal.SIGTERM), lambda: None)
        assert threading.active_count() > 1
    assert [one for one in threading.enumerate() if isinstance(one, threading.Timer)] == []
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_without_a_screen_goes_on(monkeypatch: pytest.MonkeyPatch):
    def closed(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")

    interrupt = Interrupt()
    interrupt.keeps = True
    monkeypatch.setattr(os, "write", closed)
    with listening(interrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert interrupt
