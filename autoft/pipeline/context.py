"""What all stages of a run share: recipe, folder, clock, interrupt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autoft.records import Progress
from autoft.search.interrupt import Interrupt

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every stage of a run shares.

    Attributes:
        recipe: What to do.
        folder: The run folder, locked.
        interrupt: Raised when the user asks the search to end.
        watch: Seconds by stage.
        tell: Told about every step.
    """

    recipe: Recipe
    folder: Path
    interrupt: Interrupt
    watch: Stopwatch
    tell: Tell


@dataclass(slots=True, kw_only=True)
class Stopwatch:
    """Seconds by stage, on a monotonic clock.

    Attributes:
        clock: Monotonic seconds.
        started: When the run began, on it.
        earlier: Seconds that earlier, interrupted runs in the folder trained: a crash must not extend the minutes.
        seconds: By stage.
    """

    clock: Callable[[], float] = time.monotonic
    started: float = field(default_factory=time.monotonic)
    earlier: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)

    def deadline(self, minutes: float) -> float:
        """When everything has to be over, on the clock."""
        return self.started + minutes * 60 - self.earlier

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        began = self.clock()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + self.clock() - began, 2)
