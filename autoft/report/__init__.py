"""The report: one self-contained HTML file with a chapter for each of the five mistakes."""

from autoft.report.html import write

__all__ = ["write"]
