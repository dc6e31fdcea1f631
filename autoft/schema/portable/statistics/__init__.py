"""Statistics of tables in TFDV's messages, with numpy and pandas only.

Modules, from ground to roof:

columns     Columns of a table as flat values, with missing cells, values per cell and types
histograms  Histograms of sorted values: ten buckets of equal width, and ten of equal share
features    Statistics of one column as a ``FeatureNameStatistics`` message
generate    Statistics of a table, equal to TFDV's
"""

from autoft.schema.portable.statistics.generate import generate_statistics

__all__ = ["generate_statistics"]
