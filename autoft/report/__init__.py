"""The report: one self-contained HTML file with a chapter for each of the five mistakes.

>>> from autoft.report.wording import number
>>> number(48213.0)
'48,200'

Modules, from ground to roof:

blocks          What a report consists of: headings, paragraphs, tables and pictures as plain data, ready to be d...
inputs          Inputs of a report
wording         Numbers, names and metrics in words: how everything in the report is spelled
curves          Chapter 5: how answers move with single columns, each with a question that an expert can say yes ...
decision_costs  Chapter 5, decisions: what they cost beside simpler rules, or whether they reach what they must
hints_chapter   What the data say of what experts know: the first thing that the chapter on domain knowledge says
plots           The picture of how answers move with one column
proofs          What findings rest on: a small picture of each, and the rows that they name
scores_chapter  Chapter 4: every metric, every class, every baseline; one number never tells the whole story
search_chapter  Chapters 1 and 3: how the networks learned, and how the best one was found
slices_chapter  Slices and groups in chapter 5: scores by group, the weakest slices, gaps between audited groups
data_chapter    Chapters 2 and 5: what was found in the data and done with it, and what only people can know abou...
html            A report as one HTML document: no script, nothing loaded from elsewhere, every text escaped
build           From the records of a run to the content of its report (pure: no files, no drawing, no HTML)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from autoft.report.inputs import ReportInputs

__all__ = ["write"]


def write(path: str | PathLike[str], inputs: ReportInputs) -> None:
    """Writes the report of one run: the whole file or, where writing fails, nothing.

    Args:
        path: The HTML file; an existing one is replaced.
        inputs: Everything that the report tells.

    Raises:
        FileError: The file cannot be written.
    """
    from pathlib import Path

    from autoft.files import write_atomic
    from autoft.report.build import build
    from autoft.report.html import render

    write_atomic(Path(path), render(build(inputs)))
