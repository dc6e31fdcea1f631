"""The report: one self-contained HTML file with a chapter for each of the five mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from autoft.report.inputs import ReportInputs

__all__ = ["write"]


def write(path: str | PathLike[str], inputs: ReportInputs) -> None:
    """Writes the report of one run, the whole file or nothing; raises FileError where it cannot be written."""
    from pathlib import Path

    from autoft.files import write_atomic
    from autoft.report.build import build
    from autoft.report.html import render

    write_atomic(Path(path), render(build(inputs)))
