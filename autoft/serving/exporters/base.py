"""Exporters: the protocol and the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from autoft.data.convert import Converted
from autoft.records.arrays import Array
from autoft.registry import Registry


class Exporter(Protocol):
    """Writes a saved model in a format of other programs.

    An exporter reads the saved model and does not change it. Repairs of the training table are no part of what it
    writes: like the Keras model, the exported one takes tables that are repaired already.
    """

    @property
    def name(self) -> str:
        """The format, as in ``export(path, format="tf_saved_model")``."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modules that have to be installed."""

    @property
    def install(self) -> str:
        """How to install them, for the error where they are missing."""

    def export(self, artifact: Path, path: Path) -> None:
        """Write the model.

        Args:
            artifact: Folder of a saved model, which has been verified.
            path: File or folder to write. It does not exist; its parent does.

        Raises:
            AutoFTError: If the format does not allow this model or this path.
        """

    def answers(self, path: Path, artifact: Path, cells: Converted) -> Array:
        """Answers of an exported model, for `autoft.testing.check_exporter`.

        Args:
            path: What `export` wrote.
            artifact: The saved model that it was written from.
            cells: Rows of a table.

        Returns:
            Class probabilities ``[n, classes]``, or values ``[n, 1]``.
        """


EXPORTERS: Registry[Exporter] = Registry("exporter", "autoft.exporters", own="autoft.serving.exporters")
