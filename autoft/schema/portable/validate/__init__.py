"""Validation of statistics against a schema: TFDV's anomalies, with numpy alone.

Written from TFDV's public reference of anomalies and from observing TFDV 1.16.1; where the two disagree, what was
observed holds (docs/schema.md lists the oddities that were kept, and what is not checked).

Modules, from ground to roof:

distances    Distances between the values of a column in two tables
reasons      Reasons for anomalies, and their messages
view         View of a column's statistics, weighted where the rows have weights
comparators  Drift (from an earlier table) and skew (from a serving table) of a column and of the number of rows
malformed    Constraints of a column that contradict themselves
numbers      Numbers outside their range, NaN and infinities, and texts that should be numbers
presence     Presence of a column: environments, life cycle, share of rows, values per row
domains      Values outside a column's domain: categories, truth values, number of distinct values
statistics   All checks of a table, column by column, with TFDV's ``Anomalies`` as the result
"""

from autoft.schema.portable.validate.statistics import validate_statistics

__all__ = ["validate_statistics"]
