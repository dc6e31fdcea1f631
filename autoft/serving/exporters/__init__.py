"""Exporters: saved models in the formats of other programs, one file a format.

Modules, from ground to roof:

base            Exporters: the protocol and the registry
keras           Exporter ``keras``: the Keras model alone, one file
tf_saved_model  Exporter ``tf_saved_model``: a TensorFlow SavedModel whose signature takes the table's columns by...
"""

from autoft.serving.exporters.base import EXPORTERS, Exporter
from autoft.serving.exporters.keras import KerasExporter
from autoft.serving.exporters.tf_saved_model import SavedModelExporter

EXPORTERS.register(KerasExporter)
EXPORTERS.register(SavedModelExporter)

__all__ = ["EXPORTERS", "Exporter"]
