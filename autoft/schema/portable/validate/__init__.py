"""Validation of statistics against a schema: TFDV's anomalies, with numpy and scipy alone.

Written from TFDV's public reference of anomalies and from observing TFDV 1.16.1; where the two disagree, what was
observed holds (docs/schema.md lists the oddities that were kept, and what is not checked).
"""

from autoft.schema.portable.validate.statistics import validate_statistics

__all__ = ["validate_statistics"]
