"""The space of a function of Keras Tuner's `HyperParameters`: recorded while the function runs.

What a function asks for only under a condition, by ``if`` or by a `conditional_scope`, is a dimension with that
condition: the function runs at every value of the dimensions with few values, one at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autoft.errors import RecipeError
from autoft.networks.families.own import hyperparameters
from autoft.records.dimensions import Choice, Conditions, Dimension, Range, Value

#: Most values of a whole number; more become a lattice of this size: finer steps make no difference to a search.
_MOST_VALUES = 33
#: A number with more values is looked at on both ends only, and the function runs at most so often in all.
_FEW_VALUES, _MOST_RUNS = 8, 100
#: Names that mean something to autoft.
RESERVED = ("architecture", "class_balance", "focal", "without", "epochs_limit")


def recorded_space(run: Callable[[Any], None]) -> tuple[Dimension, ...]:
    """The dimensions that a function asks for, parents before what depends on them.

    A `Fixed` value is a choice of one. ``sampling="reverse_log"`` is searched on a linear scale.

    Args:
        run: Calls the function with a `keras_tuner.HyperParameters`. Errors at the defaults are raised. Errors at other
            values are ignored; hyperparameters that are asked for after the error stay unknown.

    Raises:
        RecipeError: If a name is defined in two ways, or means something to autoft.

    >>> def ask(hp):
    ...     if hp.Boolean("deep"):
    ...         hp.Int("depth", 2, 4)
    >>> for dimension in recorded_space(ask):
    ...     print(dimension.name, dimension.words(), dimension.when)
    deep False, True ()
    depth 2, 3, 4 (('deep', (True,)),)
    """
    found = _Recording(run=run)
    found.explore()
    return tuple(replace(dimension, when=found.conditions(name)) for name, dimension in found.dimensions.items())


@dataclass(slots=True, kw_only=True)
class _Recording:
    """What was seen of a function.

    Attributes:
        dimensions, met: By name in the order in which they were met, and the configuration at which each was met first.
        seen: By configuration and dimension, the values that it was set to and the names asked for then.
    """

    run: Callable[[Any], None]
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)
    seen: dict[tuple[int, str], dict[Value, frozenset[str]]] = field(default_factory=lambda: defaultdict(dict))
    runs: int = 0

    def explore(self) -> None:
        """Run at the defaults, then at every other value of each dimension, and so on from where new ones appear."""
        origins: list[dict[str, Value]] = [{}]
        for number, origin in enumerate(origins):  # which grows on the way
            asked = self._look(origin, origin=number)
            for name in sorted(asked, key=list(self.dimensions).index):
                own = origin.get(name, self.dimensions[name].default)
                self.seen[number, name][own] = asked
                for value in _others(self.dimensions[name], own):
                    if self.runs >= _MOST_RUNS:
                        return
                    known, changed = len(self.dimensions), {**origin, name: value}
                    self.seen[number, name][value] = self._look(changed, origin=len(origins))
                    if len(self.dimensions) > known:
                        origins.append(changed)

    def conditions(self, name: str) -> Conditions:
        """Values of other dimensions without which this one is not asked for."""
        found = []
        for (number, parent), by_value in self.seen.items():
            every = self.dimensions[parent]
            if number != self.met[name] or parent == name or not isinstance(every, Choice):
                continue
            values = tuple(value for value in every.values if name in by_value.get(value, ()))
            # Only dimensions that were looked at everywhere say when this one is not asked for.
            if 0 < len(values) < len(by_value) == len(every.values):
                found.append((parent, values))
        return tuple(found)

    def _look(self, values: Mapping[str, Value], *, origin: int) -> frozenset[str]:
        """Names that the function asks for at some values (where it fails, those before that)."""
        hp = hyperparameters(values)
        self.runs += 1
        try:
            self.run(hp)
        except Exception:  # a user's function; the same values fail as a trial, which says why
            if not values:
                raise
        for own in hp.space:
            if hp.is_active(own):
                self._note(own.name, _dimension(own), origin)
        return frozenset(own.name for own in hp.space if own.name in self.dimensions and hp.is_active(own))

    def _note(self, name: str, dimension: Dimension, origin: int) -> None:
        known = self.dimensions.setdefault(name, dimension)
        self.met.setdefault(name, origin)
        if name in RESERVED or name.startswith("tuner/"):
            raise RecipeError(f"Hyperparameter '{name}'", "have another name", "autoft uses this one", "rename it")
        if known != dimension:
            found = f"it is {known.words()} in one place and {dimension.words()} in another"
            raise RecipeError(f"Hyperparameter '{name}'", "have one definition", found, "use two names")


def _others(dimension: Dimension, own: Value) -> Iterator[Value]:
    """Values to look at besides one: all where they are few or have no order, else both ends."""
    values: tuple[Value, ...] = dimension.values if isinstance(dimension, Choice) else (dimension.low, dimension.high)
    if len(values) > _FEW_VALUES and not isinstance(dimension.default, str):
        values = (values[0], values[-1])
    return (value for value in values if value != own)


def _dimension(hp: Any) -> Dimension:
    """A dimension of Keras Tuner's as one of autoft's."""
    kind = type(hp).__name__
    if kind == "Fixed":
        return Choice(name=hp.name, values=(hp.value,), default=hp.value)
    if kind in ("Boolean", "Choice"):
        return Choice(name=hp.name, values=(False, True) if kind == "Boolean" else tuple(hp.values), default=hp.default)
    whole = kind == "Int"
    if not whole and hp.step is None:
        low, high = float(hp.min_value), float(hp.max_value)
        return Range(name=hp.name, low=low, high=high, default=float(hp.default), log=hp.sampling == "log")
    values = _lattice(hp, whole=whole)
    return Choice(name=hp.name, values=tuple(sorted({*values, hp.default})), default=hp.default)


def _lattice(hp: Any, *, whole: bool) -> list[Any]:
    """Values of a number with steps, or of a whole number; thinned out where they are many."""
    kind, low, high = int if whole else float, hp.min_value, hp.max_value
    if hp.step is not None:
        values = [kind(hp._get_value_by_index(place)) for place in range(hp._get_n_values())]
        keep = np.unique(np.linspace(0, len(values) - 1, min(len(values), _MOST_VALUES)).round().astype(int))
        return [values[place] for place in keep]
    return [kind(round(value)) for value in np.geomspace(low, high, min(_MOST_VALUES, high - low + 1))]
