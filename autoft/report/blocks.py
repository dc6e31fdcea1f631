"""Blocks of a report: headings, paragraphs, tables and pictures as plain data, ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from autoft.records.evidence import Chart
from autoft.records.hint_tests import Curve
from autoft.records.scores import Interval

Tone = Literal["plain", "strong", "quiet"]
Width = Literal["mini", "small", "half", "wide"]
Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text; `strong` is what must not be overlooked, `quiet` explains."""

    form: ClassVar[str] = "paragraph"
    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; `boxes` shows an empty box to tick before each item."""

    form: ClassVar[str] = "bullets"
    items: tuple[str, ...]
    boxes: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """Long text behind a line that opens it."""

    form: ClassVar[str] = "fold"
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table of texts.

    Attributes:
        align: One letter a column: ``l`` text, ``r`` number, ``w`` running text that may wrap.
        shades: Empty, or for every cell of `rows` a level from 0 (plain) to 9.
    """

    form: ClassVar[str] = "table"
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    marked: frozenset[int] = frozenset()
    shades: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A named line or cloud of points."""

    name: str
    x: Numbers
    y: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Titled:
    """A picture: its title, and in words what it shows."""

    title: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurve(_Titled):
    """Loss of one fold by epoch, on the rows it was trained on and on the rows held out."""

    width: ClassVar[Width] = "mini"
    train: Numbers
    held_out: Numbers
    epochs: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialHistory(_Titled):
    """Score of each finished trial, the best score up to it, and the numbers of the failed trials."""

    width: ClassVar[Width] = "wide"
    numbers: Numbers
    scores: Numbers
    best: Numbers
    failed: Numbers
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines(_Titled):
    """Lines in the unit square (ROC and precision-recall curves); `chance` is the height of guessing at both ends."""

    width: ClassVar[Width] = "half"
    series: tuple[Series, ...]
    x_label: str
    y_label: str
    chance: tuple[float, float] | None
    legend: Literal["lower left", "lower right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud(_Titled):
    """Points; the reference is the diagonal or the line at zero."""

    width: ClassVar[Width] = "half"
    points: Series
    x_label: str
    y_label: str
    reference: Literal["diagonal", "zero"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals(_Titled):
    """Names with their intervals, from top to bottom; the first `marked` are drawn in the accent colour."""

    width: ClassVar[Width] = "half"
    scored: Sequence[tuple[str, Interval]]
    x_label: str
    marked: int = 1
    zero: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCurve(_Titled):
    """Cost of decisions over their threshold, with a line at the chosen one."""

    width: ClassVar[Width] = "half"
    thresholds: Numbers
    costs: Numbers
    chosen: float
    x_label: str
    y_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBlock(_Titled):
    """Evidence of a finding, drawn small; the texts in the chart come from the data."""

    width: ClassVar[Width] = "small"
    chart: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveBlock(_Titled):
    """How answers move with one column: the mean bold, single rows thin, the column's own cells along the axis.

    Attributes:
        x: Positions of the grid; names of its texts, or none for numbers.
    """

    width: ClassVar[Width] = "small"
    curve: Curve
    x: Numbers
    names: tuple[str, ...]
    effect: Literal["rising", "falling", ""]
    x_label: str
    y_label: str
    question: str


Picture = LearningCurve | TrialHistory | Lines | Cloud | Intervals | EvidenceBlock | CurveBlock | CostCurve


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures beside one another, with a caption that says how to read them."""

    form: ClassVar[str] = "pictures"
    caption: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Blocks side by side where the page is wide enough."""

    form: ClassVar[str] = "beside"
    blocks: tuple[Pictures | TableBlock, ...]


Block = Paragraph | Bullets | Fold | TableBlock | Pictures | Beside


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: an anchor for links, a heading, one line that says what the mistake is, and its blocks."""

    anchor: str
    heading: str
    blurb: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """The whole report: what the first page says, then the chapters."""

    title: str
    facts: tuple[tuple[str, str], ...]
    summary: tuple[Block, ...]
    sections: tuple[Chapter, ...]
