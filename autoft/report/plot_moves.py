"""The picture of how answers move with one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoft.report.blocks import Moves
from autoft.report.plots import ACCENT, GREY, INK, _axes, _drawable, _plain_ticks
from autoft.report.words import clip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def moves(picture: Moves) -> Figure:
    """Mean bold, networks dashed, rows thin; ticks inside the axis are deciles, bars the shares of texts."""
    turned = sum(map(len, picture.names)) > 34
    figure, plot = _axes(3.35, 2.45 if turned else 2.1, picture.title)
    for line in picture.lines:
        plot.plot(picture.x, line, color=GREY, linewidth=0.5, alpha=0.55)
    for line in picture.members:
        plot.plot(picture.x, line, color=INK, linewidth=0.7, linestyle=(0, (3, 1.5)), alpha=0.8)
    marker, width = "o" if picture.names else None, 2.4 if picture.joined else 0
    plot.plot(picture.x, picture.mean, color=ACCENT, linewidth=width, marker=marker, markersize=5, zorder=4)
    across = plot.get_xaxis_transform()
    if picture.names:
        plot.bar(
            picture.x, [0.16 * share for share in picture.cells], width=0.5, color=GREY, alpha=0.35, transform=across
        )
        names = [_drawable(clip(name, 14), f"no. {i + 1}") for i, name in enumerate(picture.names)]
        plot.set_xticks(picture.x, names, rotation=35 if turned else 0, ha="right" if turned else "center")
    else:
        low, high = picture.x[0], picture.x[-1]
        inside = [cell for cell in picture.cells if low <= cell <= high]
        plot.vlines(inside, 0, 0.045, color=INK, linewidth=1.1, transform=across)
        _scale(plot, picture)
    if picture.effect:
        arrow = "▲ declared: rises" if picture.effect == "rising" else "▼ declared: falls"
        plot.text(0.98, 0.96, arrow, transform=plot.transAxes, ha="right", va="top", color=ACCENT, fontsize=8)
    _plain_ticks(plot.yaxis, 5)
    plot.set_xlabel(_drawable(picture.x_label, "Value"))
    plot.set_ylabel(_drawable(picture.y_label, "Answer"))
    return figure


def _scale(plot: Axes, picture: Moves) -> None:
    """Ticks of numbers or dates."""
    if not picture.dates:
        _plain_ticks(plot.xaxis, 5)
        return
    from datetime import UTC, datetime, timedelta

    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def day(value: float, _: int) -> str:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value):%Y-%m}"

    plot.xaxis.set_major_locator(MaxNLocator(nbins=4))
    plot.xaxis.set_major_formatter(FuncFormatter(day))
