"""What the data must look like: the kind of every column, its checks, and its cells as values."""

from autoft.data.columns import infer_columns
from autoft.data.convert import Converted, align, convert

__all__ = ["Converted", "align", "convert", "infer_columns"]
