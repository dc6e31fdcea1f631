"""Numbers in two units: some rows hold inches where the others hold centimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import finding, of
from autoft.data.audit.placeholders import sampled
from autoft.records import Finding
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence

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
#: Each unit needs so many rows, as a share and as distinct values.
SHARE, DISTINCT = 0.005, 5
#: The gap between the two, and the deviation within each, as shares of the logarithm of the factor.
GAP, WITHIN = 0.2, 0.35
#: Probability of the two distributions being so different by chance, below which they are not one (Kolmogorov-Smirnov).
ALIKE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """Two units in one column.

    Attributes:
        cut: Values below it are in one unit, the others in the other.
        factor: What the rarer values are to be multiplied with.
        above: Whether the rarer ones are those above the cut.
        units: What they may be.
    """

    cut: float
    factor: float
    above: bool
    units: str

    def rarer(self, values: Array) -> Array:
        """Which values are in the rarer unit."""
        return np.asarray((values >= self.cut) if self.above else (values > 0) & (values < self.cut))


def mixed(values: Array) -> Mixed | None:
    """The two units of a column of positive numbers, if it has two.

    Its values must fall into two groups with a gap between them, whose distributions agree once one of them is
    multiplied by a factor between common units. A sample is looked at in long columns.

    >>> centimetres = np.linspace(150.0, 190.0, 80)
    >>> mixed(np.append(centimetres, centimetres[::4] / 2.54)).factor
    2.54
    """
    known = sampled(values[np.isfinite(values)])
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
    # The medians' standard error is 1.25 deviations by the root of the number; few rows may be off by more.
    error = 1.25 * np.hypot(low.std() / np.sqrt(len(low)), high.std() / np.sqrt(len(high)))
    if abs(shift - step) > min(max(0.02, 3 * error), 0.1):
        return False
    if min(len(np.unique(low)), len(np.unique(high))) < DISTINCT:
        return False
    from scipy.stats import ks_2samp

    return bool(ks_2samp(low + step, high, method="asymp").pvalue > ALIKE)


def check(column: str, values: Array) -> list[Finding]:
    """A warning if a column seems to hold two units."""
    found = mixed(values)
    if found is None:
        return []
    rarer = found.rarer(values)
    rows, total = int(rarer.sum()), int(np.isfinite(values).sum())
    side = "above" if found.above else "below"
    ratio = found.factor if found.factor > 1 else 1 / found.factor
    text = (
        f"{of(rows, total, 'values')} lie {side} {found.cut:.3g} and are like the others but for a factor of "
        f"{ratio:.6g} ({found.units}?)"
    )
    fix = f"if so, accept mixed-units to multiply them by {found.factor:.6g}, or correct the source; else ignore this"
    evidence = Evidence(
        counts={"rows": rows, "values": total, "factor": found.factor},
        rows=tuple(int(row) + 1 for row in np.flatnonzero(rarer)[:5]),
        sketch=charts.histogram(np.log10(sampled(values)), x_label=f"log10 of {column}", marks=[np.log10(found.cut)]),
    )
    return [finding("mixed-units", "warning", column, "be in one unit", text, fix, evidence)]
