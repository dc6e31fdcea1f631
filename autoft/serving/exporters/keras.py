"""Exporter ``keras``: the Keras model alone, one file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from autoft.data.convert import Converted
from autoft.errors import ArtifactError
from autoft.preprocessing.registered_layers import registered_layers
from autoft.records.arrays import Array
from autoft.serving.artifact import as_tensors, load_meta
from autoft.serving.exporters.base import EXPORTERS
from autoft.serving.predictor import model_inputs


@EXPORTERS.register
class KerasExporter:
    """A copy of ``model.keras``, which a program with autoft installed reads.

    ``keras.models.load_model(path, custom_objects=registered_layers())``, with `registered_layers` of
    `autoft.preprocessing.registered_layers`. The inputs are named by the columns' ids in ``meta.json``, see
    `autoft.training.ensemble.Ensemble.raw_model`.
    """

    name = "keras"
    needs = ("keras",)
    install = "pip install keras"

    def export(self, artifact: Path, path: Path) -> None:
        """Copy the file. Raises ArtifactError if the name does not end in ``.keras``, as Keras asks for."""
        if path.suffix != ".keras":
            raise ArtifactError(f"'{path.name}'", "end in .keras", f"it ends in '{path.suffix}'", "rename it")
        shutil.copyfile(artifact / "model.keras", path)

    def answers(self, path: Path, artifact: Path, cells: Converted) -> Array:
        """Answers of the file, with inputs as the predictor makes them."""
        import keras

        model = keras.models.load_model(path, custom_objects=registered_layers(), compile=False)
        inputs = model_inputs(model, load_meta(artifact)[1], cells.values)
        return np.asarray(model(as_tensors(inputs), training=False), dtype=np.float64)
