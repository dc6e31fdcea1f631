"""Interrupts: what the first signal does follows from what there is to lose, the second ends the process."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

#: What a run that is asked to end still does, by the stage that it is in.
_STILL = {
    "evaluation": "the scores end within seconds, and the model is saved",
    "saving": "the model is found, and is saved",
    "report": "the model is saved, and the report is written",
}
#: Where a run was when it ended at once, by its stage.
_WHERE = {
    "reading": "while the table was read and checked",
    "baselines": "while the baselines were trained",
    "search": "in the search",
    "evaluation": "in the evaluation",
    "saving": "while the model was saved",
    "report": "while the report was written",
}
#: Seconds that a computation still has after a signal.
GRACE = 1.0
#: Seconds after which it is told to end again.
_AGAIN = 0.5


class Ended(KeyboardInterrupt):
    """The user has ended the run at once. (Python ends by itself, with a status of its own, where a KeyboardInterrupt
    came up in `exec`, as may be while modules are imported; it does not of this one.)"""


class _Late(BaseException):
    """Ends a computation that is out of time; no handler of errors may take it for one."""


class Interrupt:
    """Whether the user has asked the run to end, and what that does.

    Attributes:
        asked: Whether a signal came.
        stage: The stage that the run is in.
        keeps: Whether there is a result to keep. Before that the first signal raises `Ended`, which ends the
            run at once; from then on it sets `asked`, which the loops of the run look at.
    """

    def __init__(self) -> None:
        self.asked = self.keeps = self._computing = self._ringing = self._late = False
        self.stage = ""
        self._timer = threading.Timer(GRACE, self._ring)
        self._timer.daemon = True

    def in_time(self, compute: Callable[[], T], instead: Callable[[], T]) -> T:
        """What `compute` returns; what `instead` returns where a user who wants to end would wait too long for it.

        All computations together have `GRACE` seconds after a signal. Then an exception ends `compute` in its midst,
        so it must write nothing.
        """
        if not self._late:
            try:
                self._computing = True
                if self.asked:
                    self._start_timer()
                found = compute()
                self._computing = False
                return found
            except _Late:
                pass
            finally:
                self._computing = False
        return instead()

    def note(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: end at once, or answer it and let the run end with what it has."""
        if self._ringing:
            self._ringing = False
            if self._computing:
                raise _Late
        elif self.asked or not self.keeps:
            self.asked = True  # where code of others catches the exception, the search still ends
            raise Ended(self._end())
        else:
            self.asked = True
            self._answer()
            if self._computing:
                self._start_timer()

    def stop(self) -> None:
        """Stop the timer, which must not ring in the code of others."""
        if self._timer.ident is not None:
            self._timer.cancel()
            self._timer.join()

    def _start_timer(self) -> None:
        if self._timer.ident is None and signal.getsignal(signal.SIGINT) == self.note:
            self._timer.start()

    def _ring(self) -> None:
        self._late = True
        while self._computing:  # more than once: an exception in a finalizer is lost
            self._ringing = True
            _thread.interrupt_main()
            time.sleep(_AGAIN)

    def _end(self) -> str:
        if self.stage not in _WHERE:
            return ""
        kept = "the same command goes on with the trials that have finished"
        return f"{_WHERE[self.stage]}; {kept if self.keeps else 'no trial had finished: run the same command again'}"

    def _answer(self) -> None:
        """Say on the screen that the run ends. A signal may come in the middle of a `print`, which cannot begin another
        one, so it goes around Python's streams."""
        still = _STILL.get(self.stage, "trials that have finished are evaluated and saved")
        text = f"\nautoft: interrupted; {still}. Interrupt again to end at once.\n"
        with contextlib.suppress(OSError):
            os.write(2, text.encode())

    def __bool__(self) -> bool:
        return self.asked


@contextlib.contextmanager
def listening(interrupt: Interrupt) -> Iterator[None]:
    """While the block runs, `interrupt` handles SIGINT and SIGTERM; only the main thread can catch them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, interrupt.note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        interrupt.stop()
        for number, handler in before.items():
            # None: it was set by other than Python code, which nothing can bring back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
