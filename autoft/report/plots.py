"""Pictures of a report, drawn by matplotlib as SVG."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

from autoft.report import blocks
from autoft.report.wording import clip, right_to_left

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACCENT, INK, GREY, FAINT = "#0b6e99", "#222222", "#8a8a8a", "#dddddd"
#: Tones and dashes that stay apart without colour, in the order of the classes.
STYLES: tuple[tuple[str, Any], ...] = (
    *((ACCENT, "-"), (INK, (0, (4, 1.5))), (GREY, "-")),
    *((ACCENT, (0, (1, 1.2))), (INK, (0, (1, 1.2))), (GREY, (0, (4, 1.5)))),
)


_RC = {
    "svg.fonttype": "path",
    "svg.hashsalt": "autoft",
    # A column may be called "$x$" or "$\frac": it is a name, not a formula.
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "path.simplify": True,
}


def _moves(picture: blocks.CurveBlock) -> Figure:
    """Mean bold, networks dashed, rows thin; ticks inside the axis are deciles, bars the shares of texts."""
    turned = sum(map(len, picture.names)) > 34
    figure, plot = _axes(3.35, 2.45 if turned else 2.1, picture.title)
    curve = picture.curve
    for line in curve.lines:
        plot.plot(picture.x, line, color=GREY, linewidth=0.5, alpha=0.55)
    for line in curve.members:
        plot.plot(picture.x, line, color=INK, linewidth=0.7, linestyle=(0, (3, 1.5)), alpha=0.8)
    marker, width = "o" if picture.names else None, 2.4 if curve.ordered else 0
    plot.plot(picture.x, curve.mean, color=ACCENT, linewidth=width, marker=marker, markersize=5, zorder=4)
    across = plot.get_xaxis_transform()
    if picture.names:
        heights = [0.16 * share for share in curve.cells]
        plot.bar(picture.x, heights, width=0.5, color=GREY, alpha=0.35, transform=across)
        names = [_drawable(clip(name, 14), f"no. {i + 1}") for i, name in enumerate(picture.names)]
        plot.set_xticks(picture.x, names, rotation=35 if turned else 0, ha="right" if turned else "center")
    else:
        low, high = picture.x[0], picture.x[-1]
        inside = [cell for cell in curve.cells if low <= cell <= high]
        plot.vlines(inside, 0, 0.045, color=INK, linewidth=1.1, transform=across)
        _scale(plot, picture)
    if picture.effect:
        arrow = "▲ declared: rises" if picture.effect == "rising" else "▼ declared: falls"
        plot.text(0.98, 0.96, arrow, transform=plot.transAxes, ha="right", va="top", color=ACCENT, fontsize=8)
    _plain_ticks(plot.yaxis, 5)
    plot.set_xlabel(_drawable(picture.x_label, "Value"))
    plot.set_ylabel(_drawable(picture.y_label, "Answer"))
    return figure


def _scale(plot: Axes, picture: blocks.CurveBlock) -> None:
    if picture.curve.kind != "date":
        _plain_ticks(plot.xaxis, 5)
        return
    from datetime import UTC, datetime, timedelta

    from matplotlib.ticker import FuncFormatter, MaxNLocator

    clock = all(0 <= value < 86_400 for value in picture.x)  # times of the day

    def day(value: float, _: int) -> str:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
        return f"{moment:%H:%M}" if clock else f"{moment:%Y-%m}"

    plot.xaxis.set_major_locator(MaxNLocator(nbins=4))
    plot.xaxis.set_major_formatter(FuncFormatter(day))


def svg(picture: blocks.Picture) -> bytes:
    """The picture as an SVG document; to be called within :func:`style`."""
    draw: dict[type, Callable[[Any], Figure]] = {
        blocks.LearningCurve: _learning,
        blocks.TrialHistory: _history,
        blocks.Lines: _lines,
        blocks.Cloud: _cloud,
        blocks.Intervals: _intervals,
        blocks.EvidenceBlock: _proof,
        blocks.CurveBlock: _moves,
        blocks.CostCurve: _cost,
    }
    buffer = io.BytesIO()
    figure = draw[type(picture)](picture)
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return buffer.getvalue()


def style() -> AbstractContextManager[None]:
    """Matplotlib's defaults with ours on top, whatever the user's matplotlibrc says, and back again afterwards."""
    from matplotlib import style

    return style.context(_RC, after_reset=True)


def _axes(width: float, height: float, title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(_drawable(title, "picture"))
    axes.grid(color=FAINT, linewidth=0.6)
    return figure, axes


def _labelled(axes: Axes, x_label: str, y_label: str, ticks: tuple[int, int] = (7, 7), integer: bool = False) -> None:
    """Labels and round ticks of both axes, at most `ticks` of them; `integer`: whole numbers across."""
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    _plain_ticks(axes.xaxis, ticks[0], integer)
    _plain_ticks(axes.yaxis, ticks[1])


def _named_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [_drawable(name, f"no. {i + 1}") for i, name in enumerate(names)])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _plain_ticks(axis: Any, most: int, integer: bool = False) -> None:
    """Few round ticks, written as people write numbers (48,000 and not 4.8e4)."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=most, integer=integer, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))


def tick(value: float) -> str:
    """The label of a tick.

    >>> tick(48000.0), tick(0.30000000000000004), tick(2.5e6), tick(-0.1)
    ('48,000', '0.3', '2.5 M', '−0.1')
    """
    size = abs(value)
    if size >= 1e12 or 0 < size < 1e-5:
        text = f"{value:.3g}"
    elif size >= 1e6:
        text = f"{value / 1e6:,.6g} M"
    else:
        text = f"{value:,.10g}"
    return text.replace("-", "−")


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def _drawable(text: str, otherwise: str) -> str:
    """The text, or something to say instead where the font lacks its letters or would set them backwards."""
    fits = all(ord(letter) in _glyphs() for letter in text) and not right_to_left(text)
    return text if fits else otherwise


def _learning(picture: blocks.LearningCurve) -> Figure:
    figure, axes = _axes(2.05, 1.55, picture.title)
    axes.axvline(picture.epochs, color=GREY, linewidth=0.8)
    for values, color, dashes in ((picture.train, GREY, (0, (3, 1.2))), (picture.held_out, ACCENT, "-")):
        marker = "o" if len(values) == 1 else None  # a line of one point is invisible
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, color=color, linestyle=dashes, linewidth=1.4, marker=marker, markersize=4)
    axes.set_ylim(picture.low, picture.high)
    _labelled(axes, "", "", (5, 6), integer=True)
    return figure


def _history(picture: blocks.TrialHistory) -> Figure:
    figure, axes = _axes(5.6, 2.3, picture.title)
    low, high = _robust_range(picture.scores)
    shown = [min(max(score, low), high) for score in picture.scores]
    axes.scatter(picture.numbers, shown, s=14, color=GREY, linewidths=0, zorder=3)
    axes.step(picture.numbers, picture.best, where="post", color=ACCENT, linewidth=1.6, zorder=4)
    room = 0.08 * (high - low) or 0.05 * abs(low) or 0.5
    axes.set_ylim(low - room, high + room)
    if picture.failed:
        at = [low - 0.6 * room] * len(picture.failed)
        axes.scatter(picture.failed, at, s=22, marker="x", color=INK, linewidths=1, zorder=3)
    _labelled(axes, "Trial", _drawable(picture.label, "Score"), (10, 7), integer=True)
    return figure


def _robust_range(values: tuple[float, ...]) -> tuple[float, float]:
    """The range of the values without far outliers: one trial that exploded must not flatten all others."""
    import numpy as np

    scores = np.asarray(values)
    first, third = np.percentile(scores, [25, 75])
    reach = 4 * (third - first) or 4 * float(np.ptp(scores))
    return float(max(scores.min(), first - reach)), float(min(scores.max(), third + reach))


def _lines(picture: blocks.Lines) -> Figure:
    figure, axes = _axes(3.7, 3.3, picture.title)
    if picture.chance:
        axes.plot([0, 1], picture.chance, color=GREY, linewidth=0.8)
    drawn, names = [], []
    for i, line in enumerate(picture.series):
        color, dashes = STYLES[i % len(STYLES)]
        drawn += axes.plot(line.x, line.y, color=color, linestyle=dashes, linewidth=1.6)
        names.append(_drawable(line.name, f"class no. {i + 1}"))
    # Handles and names are given: a legend that collects them by itself leaves out names that begin with "_".
    axes.legend(drawn, names, loc=picture.legend)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.02)
    _labelled(axes, picture.x_label, picture.y_label)
    return figure


def _cost(picture: blocks.CostCurve) -> Figure:
    figure, axes = _axes(3.7, 2.6, picture.title)
    axes.axvline(picture.chosen, color=INK, linewidth=0.9)
    axes.plot(picture.thresholds, picture.costs, color=ACCENT, linewidth=1.6)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(bottom=0)
    _labelled(axes, picture.x_label, picture.y_label)
    return figure


def _cloud(picture: blocks.Cloud) -> Figure:
    figure, axes = _axes(3.7, 3.3, picture.title)
    x, y = picture.points.x, picture.points.y
    # Thousands of points as one small bitmap inside the SVG.
    axes.scatter(x, y, s=5, alpha=0.35, color=ACCENT, linewidths=0, rasterized=True)
    if picture.reference == "diagonal":
        axes.axline((0, 0), slope=1, color=INK, linewidth=0.9)
    else:
        axes.axhline(0, color=INK, linewidth=0.9)
    figure.set_dpi(160)
    _labelled(axes, _drawable(picture.x_label, "Predicted"), _drawable(picture.y_label, "True"), (5, 7))
    return figure


def _intervals(picture: blocks.Intervals) -> Figure:
    figure, axes = _axes(4.2, 0.9 + 0.22 * len(picture.scored), picture.title)
    for i, (_, score) in enumerate(picture.scored):
        color = ACCENT if i < picture.marked else GREY
        if math.isfinite(score.low) and math.isfinite(score.high):
            axes.plot([score.low, score.high], [i, i], color=color, linewidth=1.6, solid_capstyle="butt")
        axes.scatter([score.value], [i], s=22, color=color, zorder=3)
    if picture.zero:
        axes.axvline(0, color=GREY, linewidth=0.8)
    _named_rows(axes, [name for name, _ in picture.scored])
    axes.set_xlabel(_drawable(picture.x_label, "Score"))
    _plain_ticks(axes.xaxis, 6)
    return figure


def _proof(picture: blocks.EvidenceBlock) -> Figure:
    chart, title = picture.chart, picture.title
    figure, axes = _axes(3.35, 0.95 + 0.22 * len(chart.y) if chart.shape == "bars" else 1.9, title)
    colors = [ACCENT if i in chart.marked else GREY for i in range(len(chart.y))]
    if chart.shape == "bars":
        axes.barh(range(len(chart.y)), chart.y, color=colors, height=0.66)
        _named_rows(axes, [clip(name, 20) for name in chart.names])
        axes.grid(visible=False, axis="y")
        _plain_ticks(axes.xaxis, 4)
    else:
        if chart.shape == "histogram":
            axes.stairs(chart.y, chart.x, fill=True, color=GREY)
            for i in chart.marked:
                axes.stairs(chart.y[i : i + 1], chart.x[i : i + 2], fill=True, color=ACCENT)
        elif chart.shape == "line":
            axes.plot(chart.x, chart.y, color=ACCENT, linewidth=1.3)
        else:
            order = sorted(range(len(colors)), key=lambda i: colors[i] == ACCENT)  # the emphasised ones on top
            x, y = [chart.x[i] for i in order], [chart.y[i] for i in order]
            axes.scatter(x, y, s=7, alpha=0.7, color=[colors[i] for i in order], linewidths=0, rasterized=True)
            figure.set_dpi(160)
        if chart.reference is not None:
            axes.axhline(chart.reference, color=INK, linewidth=0.8)
        _point_at(axes, chart.marks)
        _plain_ticks(axes.xaxis, 4)
        _plain_ticks(axes.yaxis, 5)
        axes.set_ylabel(_drawable(clip(chart.y_label, 24), "Value"))
    axes.set_xlabel(_drawable(clip(chart.x_label, 40), "Value"))
    return figure


def _point_at(axes: Axes, marks: tuple[float, ...]) -> None:
    """An arrow down to each value; those beyond the picture are named at its edge."""
    low, high = axes.get_xlim()
    across = axes.get_xaxis_transform()
    inside = [mark for mark in marks if low <= mark <= high]
    axes.scatter(inside, [0.94] * len(inside), marker="v", s=26, color=ACCENT, transform=across, zorder=5)
    below, above = [mark for mark in marks if mark < low], [mark for mark in marks if mark > high]
    for outside, at, side, text in ((below, 0.02, "left", "← {}"), (above, 0.98, "right", "{} →")):
        if outside:
            more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
            named = text.format(f"{tick(outside[0])}{more}")
            axes.text(at, 0.9, named, ha=side, transform=axes.transAxes, color=ACCENT, fontsize=8)
    axes.set_xlim(low, high)
