"""Privacy: which cells of a table may be shown, and findings, documents and errors without the others.

A cell may be shown if at least `LEAST` rows of the table hold the same text or number. With ``report: {private: true}``
or ``--private`` no other one leaves a run, but in what the model itself needs (docs/security.md lists it). Without it a
finding shows at most one example.

Sentences are not searched for cells: errors and findings hold those that they name (`autoft.errors.Cell`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from autoft.data.table import number_text
from autoft.errors import HIDDEN, AutoFTError, Cell, printable, without_cells
from autoft.records.columns import Column
from autoft.records.evidence import Chart, Evidence
from autoft.records.findings import Finding
from autoft.records.hint_tests import Curve

if TYPE_CHECKING:
    import pandas as pd

#: Rows that hold a cell before it may be shown.
LEAST = 10

F = TypeVar("F", bound=Finding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What may be shown of one table.

    Attributes:
        shown: The texts and numbers that enough rows of a column hold, as the table and as messages write them.
        rare: All other texts, but names of columns.
    """

    shown: frozenset[str] = frozenset()
    rare: frozenset[str] = frozenset()

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Privacy:
        """The privacy of a canonical table.

        >>> import pandas as pd
        >>> from autoft.errors import cell
        >>> privacy = Privacy.of(pd.DataFrame({"town": ["Rome"] * 10 + ["Ustica"]}, dtype=object))
        >>> found = f"has {cell('Ustica')} beside {cell('Rome')}"
        >>> print(privacy.finding(Finding("x", "info", "town", "be in the north", found, "look")))
        Column 'town' has (hidden) beside 'Rome'. Look.
        """
        shown, every = set[str](), set[str]()
        for name in frame.columns:
            text = frame[name].dtype == object
            counts = Counter(frame[name].dropna().tolist()) if text else dict(frame[name].value_counts())
            often = [cell for cell, count in counts.items() if count >= LEAST]
            shown.update(map(str, often) if text else (number_text(n) for n in often if isinstance(n, float)))
            every.update(map(str, counts) if text else ())
        return cls(
            shown=frozenset({*shown, *map(printable, shown)}),
            rare=frozenset(every - shown - {*map(str, frame.columns)}),
        )

    def shows(self, cell: Cell) -> bool:
        """Whether a cell may be shown."""
        return cell.rows >= LEAST or cell.text in self.shown

    def word(self, text: str) -> str:
        """A text that may be a cell, or `HIDDEN` if it is one of too few rows."""
        return HIDDEN if text in self.rare else text

    def finding(self, finding: F) -> F:
        """The finding without cells of too few rows; of its evidence counts, rows and a coarse picture remain."""
        parts = self._parts(finding.cells, {part: getattr(finding, part) for part in ("must", "found", "fix")})
        evidence = None if finding.evidence is None else self._evidence(finding.evidence)
        must, found, fix = parts["must"], parts["found"], parts["fix"]
        return replace(finding, must=must, found=found, fix=fix, cells=(), evidence=evidence)

    def _parts(self, cells: Iterable[Cell], parts: Mapping[str, str]) -> dict[str, str]:
        hidden = [cell for cell in cells if not self.shows(cell)]
        return {
            part: without_cells(text, [cell for cell in hidden if cell.part == part]) for part, text in parts.items()
        }

    def _evidence(self, evidence: Evidence) -> Evidence:
        # Numbers other than whole ones may be cells.
        items = [(name, n) for name, n in evidence.counts.items() if isinstance(n, int)]
        counts = {HIDDEN if n < LEAST and name[-1:].isdigit() else name: n for name, n in items}
        sketch = None if evidence.sketch is None else self._chart(evidence.sketch)
        return replace(evidence, counts=counts, head=(), examples=(), sketch=sketch)

    def _chart(self, chart: Chart) -> Chart:
        """The picture on coarse axes; its marks are single values, mostly the odd ones."""
        names = chart.names
        if chart.shape == "bars" and chart.x_label.startswith("Rows"):  # others have columns as bars
            named = zip(names, chart.y, strict=True)
            names = tuple(name if rows >= LEAST or name in self.shown else HIDDEN for name, rows in named)
        x = chart.x if chart.shape == "line" else coarse(chart.x)
        y = coarse(chart.y) if chart.shape in ("line", "scatter") else chart.y
        return replace(chart, names=names, x=x, y=y, marks=())

    def column(self, column: Column) -> Column:
        """The column without words of too few rows."""
        false, true, order = (tuple(map(self.word, texts)) for texts in (column.false, column.true, column.order))
        why = "two values" if HIDDEN in (*false, *true) else column.why
        return replace(column, false=false, true=true, order=order, why=why)

    def curve(self, curve: Curve) -> Curve:
        """The curve without words of too few rows, and at coarse numbers."""
        if any(isinstance(point, str) for point in curve.grid):
            return replace(curve, grid=tuple(self.word(str(point)) for point in curve.grid))
        return replace(curve, grid=coarse(map(float, curve.grid)), cells=coarse(curve.cells))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Errors of the block without cells of too few rows."""
        try:
            yield
        except AutoFTError as error:
            parts = {part: getattr(error, part) for part in ("where", "must", "found", "fix")}
            shown = self._parts(error.cells, parts)
            if shown == parts:
                raise
            raise type(error)(**shown) from None


def coarse(values: Iterable[float]) -> tuple[float, ...]:
    """Numbers in steps of a 20th to a 200th of their range, so that no cell can be read off them.

    >>> coarse([12345.67, 23456.78, 98765.43])
    (12500.0, 23500.0, 99000.0)
    """
    numbers = np.array(list(values), dtype=np.float64)
    step = _step(numbers[np.isfinite(numbers)])
    return tuple(float(f"{number:.12g}") for number in (np.round(numbers / step) * step if step else numbers))


def coarse_range(low: float, high: float) -> tuple[float, float]:
    """The two ends in such steps, the low one rounded down and the high one up."""
    step = _step(np.array([low, high]))
    if not step:
        return low, high
    return float(f"{np.floor(low / step) * step:.12g}"), float(f"{np.ceil(high / step) * step:.12g}")


def _step(numbers: NDArray[np.float64]) -> float:
    size = float(np.ptp(numbers) or np.abs(numbers).max()) if len(numbers) else 0.0
    return float(10 ** np.floor(np.log10(size)) / 20) if np.isfinite(size) and size > 0 else 0.0


def presentable(findings: Iterable[Finding], privacy: Privacy | None) -> tuple[Finding, ...]:
    """Findings as they leave a run: without cells of too few rows, or with at most one example."""
    show: Callable[[Finding], Finding] = _with_one_example if privacy is None else privacy.finding
    return tuple(map(show, findings))


def _with_one_example(finding: Finding) -> Finding:
    evidence = finding.evidence
    if evidence is not None and len(evidence.examples) > 1:
        evidence = replace(evidence, examples=evidence.examples[:1])
    return replace(finding, evidence=evidence, cells=())
