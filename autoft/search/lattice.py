"""Lattice: the space as a unit cube whose discrete dimensions have steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoft.networks.family import FAMILIES
from autoft.records.arrays import Array
from autoft.records.dimensions import Choice, Dimension
from autoft.search.space import relevant, rounded

#: Values of some dimensions, the same ones in each.
Shapes = Sequence[Mapping[str, Any]]

#: A space of so few points is listed instead of drawn from.
_LISTED = 4_096


class Lattice:
    """Configurations as points ``[n, d]`` of the unit cube, d dimensions in the order of the space.

    A choice's value is its position among the choices, evenly spaced from 0 to 1; a range's is linear or logarithmic.
    """

    def __init__(self, space: Sequence[Dimension]) -> None:
        self.space = tuple(space)
        self._steps = np.array([len(d.values) - 1 if isinstance(d, Choice) else 0 for d in space])
        self._discrete = np.array([isinstance(d, Choice) for d in space])
        # A category with three or more values has no order: a column for each, as far apart as 0 and 1 are.
        self._wide = [isinstance(d, Choice) and isinstance(d.default, str) and len(d.values) > 2 for d in space]
        spans = [len(d.values) if w and isinstance(d, Choice) else 1 for d, w in zip(space, self._wide, strict=True)]
        #: ``[f]`` dimension of each column of `columns`.
        self.groups = np.repeat(np.arange(len(self.space)), spans)

    def encode(self, configurations: Shapes) -> Array:
        """Points of configurations; what an architecture does not use stands at its default."""
        known = (relevant(c, self.space) for c in configurations)
        points = [[_share(d, c.get(d.name, d.default)) for d in self.space] for c in known]
        return np.array(points).reshape(-1, len(self.space))

    def decode(self, point: Array) -> dict[str, Any]:
        """The configuration at a point."""
        return relevant({d.name: _value(d, float(u)) for d, u in zip(self.space, point, strict=True)}, self.space)

    def columns(self, points: Array) -> Array:
        """``[n, f]`` columns between which distances make sense."""
        parts = []
        for k, wide in enumerate(self._wide):
            place = np.rint(points[:, k] * self._steps[k])
            whole = place[:, None] == np.arange(self._steps[k] + 1)
            parts.append(whole / math.sqrt(2) if wide else points[:, k : k + 1])
        return np.hstack(parts)

    def listed(self, shapes: Shapes | None) -> Array | None:
        """All points (of the given shapes), if they are few; None where they are not."""
        if not self._discrete.all() or math.prod(int(n) + 1 for n in self._steps) > _LISTED:
            return None
        values = [d.values for d in self.space if isinstance(d, Choice)]
        names = [d.name for d in self.space]
        every = (relevant(dict(zip(names, each, strict=True)), self.space) for each in itertools.product(*values))
        points = np.unique(self.encode(list(every)), axis=0)
        if shapes is None:
            return points
        fixed, wanted = self._shapes(shapes)
        allowed = {tuple(row) for row in wanted}
        return points[[tuple(row) in allowed for row in points[:, fixed]]]

    def draw(self, rng: np.random.Generator, number: int, shapes: Shapes | None) -> Array:
        """Points at random, each of one of the given shapes (None: of any)."""
        points = rng.random((number, len(self.space)))
        places = np.minimum(np.floor(points * (self._steps + 1)), self._steps) / np.maximum(self._steps, 1)
        points = np.where(self._discrete, places, points)
        if shapes is not None:
            fixed, allowed = self._shapes(shapes)
            points[:, fixed] = allowed[rng.integers(len(allowed), size=number)]
        return self._settled(points)

    def near(self, rng: np.random.Generator, points: Array, scale: float, shapes: Shapes | None) -> Array:
        """A neighbour of every point: about two dimensions change, ranges by about `scale`, choices to any value.

        With shapes given, a quarter of the neighbours (and those of points of other shapes) get one of them at random.
        """
        size = points.shape
        changed = rng.random(size) < 2 / size[1]
        changed[np.arange(size[0]), rng.integers(size[1], size=size[0])] = True
        moved = np.clip(points + rng.normal(0, scale, size), 0, 1)
        out = np.where(changed, np.where(self._discrete, self.draw(rng, size[0], None), moved), points)
        if shapes is not None:
            fixed, allowed = self._shapes(shapes)
            mine = points[:, fixed]
            other = allowed[rng.integers(len(allowed), size=size[0])]
            stays = (mine[:, None] == allowed).all(axis=2).any(axis=1) & (rng.random(size[0]) < 0.75)
            out[:, fixed] = np.where(stays[:, None], mine, other)
        return self._settled(out)

    def _settled(self, points: Array) -> Array:
        """What has no meaning stands at its default: points that mean the same are the same."""
        names = [d.name for d in self.space]
        for k, d in enumerate(self.space):
            for name, values in d.when:
                parent = self.space[names.index(name)]
                known = parent.values if isinstance(parent, Choice) else ()
                # A search may have lost values, as architectures that the minutes or the hints do not allow.
                places = [known.index(value) for value in values if value in known]
                chosen = np.rint(points[:, names.index(name)] * self._steps[names.index(name)])
                points[~np.isin(chosen, places), k] = _share(d, d.default)
        for k, d in enumerate(self.space):
            if d.name != "architecture" or not isinstance(d, Choice):
                continue
            chosen = np.rint(points[:, k] * self._steps[k]).astype(int)
            for j, other in enumerate(self.space):
                idle = np.array([other.name in FAMILIES[str(value)].idle for value in d.values])
                points[idle[chosen], j] = _share(other, other.default)
        return points

    def _shapes(self, shapes: Shapes) -> tuple[list[int], Array]:
        """Positions of the dimensions that shapes fix, and their values there, a row for each shape."""
        fixed = [k for k, d in enumerate(self.space) if d.name in shapes[0]]
        values = [[_share(self.space[k], shape[self.space[k].name]) for k in fixed] for shape in shapes]
        return fixed, np.array(values).reshape(len(shapes), -1)


def _share(dimension: Dimension, value: Any) -> float:
    if isinstance(dimension, Choice):
        return dimension.values.index(value) / max(len(dimension.values) - 1, 1)
    low, high = dimension.low, dimension.high
    share = math.log(value / low) / math.log(high / low) if dimension.log else (value - low) / (high - low)
    return min(max(share, 0.0), 1.0)


def _value(dimension: Dimension, share: float) -> Any:
    if isinstance(dimension, Choice):
        return dimension.values[round(share * (len(dimension.values) - 1))]
    low, high = dimension.low, dimension.high
    return rounded(dimension, low * (high / low) ** share if dimension.log else low + share * (high - low))
