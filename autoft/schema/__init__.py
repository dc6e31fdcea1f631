"""What the data must look like: the kind of every column, its checks, and its cells as values."""

from autoft.schema.convert import Converted, align, convert
from autoft.schema.infer import infer_columns

__all__ = ["Converted", "align", "convert", "infer_columns"]
