"""Statistics of tables in TFDV's messages, with numpy and pandas only."""

from autoft.schema.portable.statistics.generate import generate_statistics

__all__ = ["generate_statistics"]
