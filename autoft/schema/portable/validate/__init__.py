"""Validation of statistics against a schema: TFDV's anomalies, with numpy alone.

Written from TFDV's public reference of anomalies and from observing TFDV 1.16.1; where the two disagree, what was
observed holds (docs/schema.md lists the oddities that were kept, and what is not checked).

Modules, from ground to roof:

distances    Distances between what a column holds in two tables
reasons      Reasons for anomalies, and the messages that are made of them
view         Statistics of one column as the checks read them, weighted where rows have weights
comparators  Drift (against an earlier table) and skew (against the table served) of one column, and of the numbe...
malformed    Constraints that cannot be meant, in the description of one column
numbers      Numbers outside their range, NaN and infinities, and texts that should be numbers
presence     Presence: environments, lifecycle stages, rows and values of a column
domains      Values outside a column's domain: categories, truth values, how many different ones
statistics   All checks, column by column, and their results as TFDV's ``Anomalies``
"""

from autoft.schema.portable.validate.statistics import validate_statistics

__all__ = ["validate_statistics"]
