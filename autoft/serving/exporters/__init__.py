"""Exporters: saved models in the formats of other programs, one file a format."""

from autoft.serving.exporters.base import EXPORTERS, Exporter

__all__ = ["EXPORTERS", "Exporter"]
