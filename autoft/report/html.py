"""A report as one HTML document: no script, nothing loaded from elsewhere, every text escaped."""

from __future__ import annotations

import base64
from functools import cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from autoft.files import write_atomic
from autoft.report.blocks import Picture, ReportPage
from autoft.report.build import build
from autoft.report.inputs import ReportInputs

if TYPE_CHECKING:
    from jinja2 import Template

#: What stands in the head of every report.
_MARK = b'<meta name="generator" content="autoft">'
_FOLDER = Path(__file__).parent


def write(path: str | PathLike[str], inputs: ReportInputs) -> None:
    """Write the report of one run, the whole file or nothing. Raises FileError where it cannot be written."""
    write_atomic(Path(path), render(build(inputs)))


def is_report(path: Path) -> bool:
    """Whether a file is a report that autoft wrote."""
    with path.open("rb") as file:
        return _MARK in file.read(4096)


def render(report: ReportPage) -> str:
    """The HTML document, with style and pictures inside it. Nothing of the data can become markup: jinja2 escapes every
    text, pictures hold their text as paths, and the document's own content security policy forbids scripts and anything
    from outside."""
    from autoft.report.plots import style

    css = (_FOLDER / "style.css").read_text(encoding="utf-8")
    with style():
        return _template().render(report=report, css=css, picture_uri=_uri)


def _uri(picture: Picture) -> str:
    from autoft.report.plots import svg

    return "data:image/svg+xml;base64," + base64.b64encode(svg(picture)).decode("ascii")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string((_FOLDER / "template.html").read_text(encoding="utf-8"))
