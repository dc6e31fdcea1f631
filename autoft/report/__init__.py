"""The report: one self-contained HTML file with a chapter for each of the five mistakes."""

from autoft.report.html import is_report, write

__all__ = ["is_report", "write"]
