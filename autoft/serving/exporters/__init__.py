"""Exporters: saved models in the formats of other programs, one file a format."""

from autoft.serving.exporters.base import EXPORTERS, Exporter
from autoft.serving.exporters.keras import KerasExporter
from autoft.serving.exporters.tf_saved_model import SavedModelExporter

EXPORTERS.register(KerasExporter)
EXPORTERS.register(SavedModelExporter)

__all__ = ["EXPORTERS", "Exporter"]
