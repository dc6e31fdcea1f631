"""Trend of a curve: direction and clearness of an effect, from the curves of the folds' networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autoft.records.hint_tests import Curve

#: Smallest share of a curve's total change that has one sign.
ONE_WAY = 0.95
#: Smallest share of rows whose own curves have that sign.
ROWS = 0.5
#: Probability that a column without an effect passes the test of its change.
CHANCE = 0.01
#: Smallest change, in spreads of the answers.
LEAST = 0.1
#: Fewer networks say too little about one another.
MEMBERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The effect in a curve.

    Attributes:
        change: Mean answer at the end of the grid minus that at its beginning.
        error: Standard error of `change`, by the delete-a-group jackknife over the folds' networks.
        share: Least share of its way that any network's mean curve goes in that direction.
        rows: Share of the rows whose own answers go that way (all but 5 % of their way).
        clear: Whether it is worth a proposal.
    """

    direction: Literal["increasing", "decreasing"]
    change: float
    error: float
    share: float
    rows: float
    clear: bool


def strength(curve: Curve) -> Trend:
    """The effect in a curve.

    It is clear where all networks' mean curves go one way (95 % of the way), so do the curves of most rows, and the
    change is both beyond the jackknife's error (Student's t, K - 1 degrees of freedom, 1 %) and worth a tenth of the
    spread of the answers. The networks share most training rows, so their plain standard deviation underestimates the
    error; the jackknife corrects that. Curves without an order are never clear.
    """
    from scipy import stats

    members = np.array(curve.members)
    changes = members[:, -1] - members[:, 0]
    k, change = len(changes), float(np.mean(changes))
    error = float(np.sqrt((k - 1) / k * np.sum((changes - change) ** 2)))
    up = change >= 0
    share = float(np.min(one_way(members if up else -members)))
    rows = curve.rising if up else curve.falling
    enough = k >= MEMBERS and abs(change) > LEAST * curve.spread and abs(change) > 0
    clear = enough and share >= ONE_WAY and rows >= ROWS and abs(change) > stats.t.ppf(1 - CHANCE / 2, k - 1) * error
    return Trend(
        direction="increasing" if up else "decreasing",
        change=change,
        error=error,
        share=share,
        rows=rows,
        clear=bool(clear and curve.ordered),
    )


def one_way(curves: Sequence[Sequence[float]] | NDArray[Any]) -> NDArray[Any]:
    """Share of the way of each curve that goes up, ``[n]`` of ``[n, grid]``; 0 where it goes nowhere.

    >>> one_way([[0.0, 1.0, 3.0], [0.0, 3.0, 2.0], [1.0, 1.0, 1.0]]).tolist()
    [1.0, 0.75, 0.0]
    """
    steps = np.diff(np.asarray(curves, dtype=float), axis=-1)
    way = np.abs(steps).sum(axis=-1)
    share: NDArray[Any] = np.divide(np.maximum(steps, 0).sum(axis=-1), way, out=np.zeros_like(way), where=way > 0)
    return share
