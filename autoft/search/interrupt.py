"""Interrupts: the first signal ends the search with what it has and is answered, the second ends the process."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

#: What a run that is asked to end still does, by the stage that it is in.
_STILL = {
    "evaluation": "the scores are computed, and the model is saved",
    "saving": "the model is found, and is saved",
    "report": "the model is saved, and the report is written",
}


class Interrupt:
    """Whether the user has asked the run to end, and the stage that the run is in."""

    def __init__(self) -> None:
        self.asked = False
        self.stage = ""

    def answer(self) -> None:
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
    """While the block runs, SIGINT and SIGTERM set the flag and are answered, in the main thread, which alone can catch
    them; a second signal raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        if interrupt.asked:
            raise KeyboardInterrupt
        interrupt.asked = True
        interrupt.answer()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: it was set by other than Python code, which nothing can bring back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
