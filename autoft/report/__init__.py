"""The report: one self-contained HTML file with a chapter for each of the five mistakes.

Modules, from ground to roof:

blocks          Blocks of a report: headings, paragraphs, tables and pictures as plain data, ready to be drawn
inputs          Inputs of a report
wording         Wording of numbers, names and counts in the report
curves          Curves in chapter 5 of the report: predictions by single columns, each with a question to an expert
decision_costs  Decisions in chapter 5 of the report: their costs beside simpler rules, or their minimum
hints_chapter   Hints in the report: verdicts, gains, and the groups in which an effect does not hold
plots           The picture of how answers move with one column
proofs          Evidence of findings in the report: a small picture of each, and the rows that they name
scores_chapter  Chapter 4 of the report: metrics, classes, curves and baselines
search_chapter  Chapters 1 and 3 of the report: learning curves, and the search
slices_chapter  Slices and groups in chapter 5 of the report: scores, weak slices, gaps
data_chapter    Chapters 2 and 5 of the report: findings and columns, and domain knowledge
html            A report as one HTML document: no script, nothing loaded from elsewhere, every text escaped
build           Content of a report from the records of a run (pure: no files, no drawing, no HTML)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from autoft.report.inputs import ReportInputs

__all__ = ["write"]


def write(path: str | PathLike[str], inputs: ReportInputs) -> None:
    """Writes the report of one run: the whole file or, where writing fails, nothing.

    Raises:
        FileError: The file cannot be written.
    """
    from pathlib import Path

    from autoft.files import write_atomic
    from autoft.report.build import build
    from autoft.report.html import render

    write_atomic(Path(path), render(build(inputs)))
