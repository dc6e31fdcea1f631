"""Interrupts: the first signal ends the search with what it has, the second ends the process."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupt:
    """Whether the user has asked the run to end."""

    def __init__(self) -> None:
        self.asked = False

    def __bool__(self) -> bool:
        return self.asked


@contextlib.contextmanager
def listening(interrupt: Interrupt) -> Iterator[None]:
    """While the block runs, SIGINT and SIGTERM set the flag, in the main thread, which alone can catch them; a second
    signal raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        if interrupt.asked:
            raise KeyboardInterrupt
        interrupt.asked = True

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: it was set by other than Python code, which nothing can bring back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
