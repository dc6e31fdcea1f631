"""Exporters: the protocol and the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from autoft.data.convert import Converted
from autoft.records.arrays import Array
from autoft.registry import Installable, Registry


class Exporter(Installable, Protocol):
    """Writes a saved model in a format of other programs, whose name is as in ``export(path, format="keras")``.

    An exporter reads the saved model and does not change it. Repairs of the training table are no part of what it
    writes: like the Keras model, the exported one takes tables that are repaired already.
    """

    def export(self, artifact: Path, path: Path) -> None:
        """Write the model of a verified `artifact` to `path`, which does not exist in a folder that does.

        Raises:
            AutoFTError: If the format does not allow this model or this path.
        """

    def answers(self, path: Path, artifact: Path, cells: Converted) -> Array:
        """Class probabilities ``[n, classes]`` or values ``[n, 1]`` of what `export` wrote from `artifact` to `path`,
        for `autoft.testing.check_exporter`."""


EXPORTERS: Registry[Exporter] = Registry("exporter", "autoft.exporters", own="autoft.serving.exporters")
