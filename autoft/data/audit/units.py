"""Mixed units: some rows hold inches where the others hold centimetres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import row_numbers, share_of
from autoft.data.audit.values import drawn_values
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Ratios of units that are mixed up, with what they may be.
FACTORS: tuple[tuple[float, str], ...] = (
    (1.609344, "kilometres and miles"),
    (2.20462, "pounds and kilograms"),
    (2.54, "centimetres and inches"),
    (3.28084, "feet and metres"),
    (3.785412, "litres and gallons"),
    (12.0, "months and years, or inches and feet"),
    (28.34952, "grams and ounces"),
    (60.0, "minutes and hours"),
    (100.0, "centimetres and metres, or per cent and shares"),
    (1000.0, "grams and kilograms, or a thousands separator"),
    (1e6, "ones and millions"),
)
#: Each unit needs this share of the rows, and at least this many distinct values.
SHARE, DISTINCT = 0.005, 5
#: Smallest gap between the two, and largest standard deviation within each, as shares of the logarithm of the factor.
GAP, WITHIN = 0.2, 0.35
#: Largest three standard errors of the logarithm of the ratio between the two. Five of the factors above are between
#: 1.6 and 3.8, so that a wide cluster of a few values is near one of them in any case (babies among the passengers).
NEAR = 0.1
#: p-value of a Kolmogorov-Smirnov test below which the two distributions differ by more than the factor.
ALIKE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """Two units in one column: values on one side of `cut` times `factor` are in the unit of the others."""

    cut: float
    factor: float
    above: bool
    units: str


def mixed(values: Array) -> Mixed | None:
    """The two units of a column of positive numbers, if it has two.

    Its values must fall into two groups with a gap between them, whose distributions agree once one of them is
    multiplied by a factor between common units. A sample is looked at in long columns.

    >>> centimetres = np.linspace(150.0, 190.0, 80)
    >>> mixed(np.append(centimetres, centimetres[::4] / 2.54)).factor
    2.54
    """
    known = drawn_values(values[np.isfinite(values)])
    if len(known) < 50 or known.min() <= 0:
        return None
    logs = np.sort(np.log(known))
    least = max(DISTINCT, int(SHARE * len(logs)))
    gaps = np.diff(logs)[least - 1 : len(logs) - least]
    if not len(gaps):
        return None
    split = int(np.argmax(gaps)) + least
    low, high = logs[:split], logs[split:]
    shift = float(np.median(high) - np.median(low))
    factor, units = min(FACTORS, key=lambda known: abs(shift - np.log(known[0])))
    if not _agree(low, high, shift, float(np.log(factor)), float(gaps.max())):
        return None
    above = len(high) < len(low)
    cut = float(np.exp((low[-1] + high[0]) / 2))
    return Mixed(cut=cut, factor=1 / factor if above else factor, above=above, units=units)


def _agree(low: Array, high: Array, shift: float, step: float, gap: float) -> bool:
    """Whether two groups of logarithms are one distribution, `step` apart."""
    if gap < GAP * step or max(low.std(), high.std()) > WITHIN * step:
        return False
    # The medians' standard error is 1.25 deviations by the root of the number; few rows may be off by more than 0.02.
    error = 1.25 * np.hypot(low.std() / np.sqrt(len(low)), high.std() / np.sqrt(len(high)))
    # Some factor is near any ratio: where the ratio is not known better than this, it says nothing.
    if 3 * error > NEAR or abs(shift - step) > max(0.02, 3 * error):
        return False
    if min(len(np.unique(low)), len(np.unique(high))) < DISTINCT:
        return False
    from scipy.stats import ks_2samp

    return bool(ks_2samp(low + step, high, method="asymp").pvalue > ALIKE)


@check("mixed-units", scope="columns")
def mixed_units(view: TableView) -> Iterator[Finding]:
    """Columns that seem to hold two units."""
    for column, values in view.columns("numeric"):
        units = mixed(values)
        if units is None:
            continue
        rarer = values >= units.cut if units.above else (values > 0) & (values < units.cut)
        rows, total = int(rarer.sum()), int(np.isfinite(values).sum())
        ratio = units.factor if units.factor > 1 else 1 / units.factor
        found = f"seems to mix two units ({units.units}?): {share_of(rows, total, 'values')} are "
        found += f"{'above' if units.above else 'below'} {units.cut:.3g} and differ from the others by a factor of "
        found += f"{ratio:.6g}"
        accept = f"accept mixed-units to multiply them by {units.factor:.6g}"
        fix = f"if so, {accept}, or correct the source; else ignore this"
        logs, mark = np.log10(drawn_values(values)), np.log10(units.cut)
        drawn = charts.histogram(logs, x_label=f"log10 of {column.name}", marks=[mark])
        counts = {"rows": rows, "values": total, "factor": units.factor}
        evidence = Evidence(counts=counts, rows=row_numbers(np.flatnonzero(rarer), 5), sketch=drawn)
        yield Finding("mixed-units", "warning", column.name, "be in one unit", found, fix, evidence)
