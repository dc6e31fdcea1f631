"""Statistics of tables in TFDV's messages, with numpy and pandas only.

Modules, from ground to roof:

columns     The columns of a table as flat values: what is missing, how many values a cell has, and of which type...
histograms  The histograms of statistics, from values in ascending order: ten buckets of equal width, and ten of ...
features    The statistics of one column as a ``FeatureNameStatistics`` message, the numbers and texts that TFDV ...
generate    Statistics of a whole table, equal to TFDV's
"""

from autoft.schema.portable.statistics.generate import generate_statistics

__all__ = ["generate_statistics"]
