"""Exporters: saved models in the formats of other programs, one file a format."""

# In the order in which they are listed.
from autoft.serving.exporters import keras, tf_saved_model  # noqa: F401
from autoft.serving.exporters.base import EXPORTERS, Exporter

__all__ = ["EXPORTERS", "Exporter"]
