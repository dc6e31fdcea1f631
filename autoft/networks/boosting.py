"""Boosted trees: what a family of them has to give, for its trainer and for the deployed model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.family import NETWORK_DIMENSIONS, Family, Traits
from autoft.networks.forest import Tree, forest_size, forest_weights
from autoft.networks.initial_state import InitialState
from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.dimensions import Choice, Dimension, Range
from autoft.records.hints import Hints

#: Most codes of a column that trees take as categories (scikit-learn has 255 bins, one of which is for what is
#: missing); the codes of columns with more are numbers to them: the more frequent a category, the lower.
MOST_CODES = 254
#: Epochs without a better mean held-out loss that end a trial, as a share of the recipe's: curves of trees are smooth.
PATIENCE = 0.5
#: By how much all trees of an epoch move an answer together, as a share of the way to go: trees of half the shrinkage
#: are twice as many, so that curves and checkpoints of trials are alike.
_EPOCH, _SHRINKAGE = 0.5, 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoostingRows:
    """What the trees of one member learn from.

    Attributes:
        x: ``[m, f]`` float32: its training rows (`TreeInputs`); 0 in columns that it must not read.
        y: ``[m]`` float64, standardized values or positions of classes. Every class occurs.
        weights: ``[m]`` with mean 1; None where all rows count the same.
        outputs: Logits of a row: 1 for two classes and for values.
        categorical: ``[f]`` bool, columns that hold codes of categories.
        signs: ``[f]`` the direction in which the answer may move with a column, 0 for either.
        together: Sets of columns that may meet on a path of a tree; None where all may.
    """

    x: Array
    y: Array
    weights: Array | None
    task: Task
    outputs: int
    quantile: float | None
    categorical: Array
    signs: Array
    together: tuple[frozenset[int], ...] | None
    seed: int


class Booster(ABC):
    """The trees of one member: they grow, answer after each iteration, and can be read."""

    @abstractmethod
    def grow(self, iterations: int) -> None:
        """Add trees until there are those of so many iterations."""

    @abstractmethod
    def stages(self, x: Array, since: int = 0) -> Iterator[Array]:
        """Logits of rows ``[m, f]`` after each iteration, ``[m, outputs]``.

        With `since`, only of the iterations after so many, and without what those and the baseline give.
        """

    @abstractmethod
    def trees(self, iterations: int) -> tuple[Sequence[Tree], Array]:
        """The trees of the first iterations, one for each output in turn, and what they are added to ``[outputs]``."""


class Boosting(Family):
    """A family of boosted trees: `booster` fits them, one Keras layer walks them (`layers.forest`).

    The trees of a member see its training rows alone, encoded as they are for networks. An epoch is a few iterations
    (`iterations`); the mean held-out curve of the folds decides how many epochs all of them have.
    """

    dimensions: ClassVar[frozenset[str]] = frozenset()
    own_dimensions: ClassVar[tuple[Dimension, ...]] = (
        Range(name="shrinkage", low=0.02, high=0.3, default=_SHRINKAGE, log=True),
        Choice(name="leaves", values=(8, 16, 32, 64), default=32),
        Range(name="leaf_rows", low=2.0, high=100.0, default=20.0, log=True),
    )
    traits: ClassVar[Traits] = Traits(schedule="boosting")
    trees: ClassVar[bool] = True

    @abstractmethod
    def booster(self, params: Mapping[str, Any], rows: BoostingRows) -> Booster:
        """Trees that have not grown yet. ``dropout`` is the share of columns hidden from a split, ``l2`` a penalty of
        leaves as a share of the training rows (their sum of weights)."""

    @property
    def idle(self) -> frozenset[str]:
        of_networks = {"learning_rate", "batch_size", "weight_decay", "label_smoothing", "clip", "focal", "schedule"}
        return NETWORK_DIMENSIONS | of_networks

    def refusal(self, hints: Hints, task: Task, quantile: float | None) -> str:
        if hints.importance:
            return "trees do not weigh columns by importance"
        if hints.effects and task == "multiclass":
            return "trees cannot keep effects with several classes"
        if hints.effects and quantile is not None:
            return "trees cannot keep effects on a quantile"
        return ""

    def iterations(self, params: Mapping[str, Any]) -> int:
        """Iterations of an epoch."""
        return max(1, round(_EPOCH / float(params.get("shrinkage", _SHRINKAGE))))

    def architecture(
        self, params: Mapping[str, Any], inputs: Inputs, rows: int, *, activation: str | None = None
    ) -> Architecture:
        return Architecture(kind=self.name)

    def build(self, architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
        import keras

        from autoft.networks.layers.forest import Forest
        from autoft.networks.layers.tree_columns import TreeColumns

        assert architecture.forest is not None
        given: dict[str, Any] = {}
        if inputs.dense:
            given["dense"] = keras.Input(batch_shape=(members, None, inputs.dense), name="dense")
        if inputs.embedded:
            given["slots"] = keras.Input(batch_shape=(members, None, len(inputs.embedded)), dtype="int32", name="slots")
        own = TreeInputs.of(inputs)
        x = TreeColumns(own.numbers, own.gaps, own.one_hot, name="columns")(list(given.values()))
        return keras.Model(given, Forest(**asdict(architecture.forest), name="forest")(x), name="network")

    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        """No trees: the prior alone."""
        return forest_weights([((), own) for own in start.bias])

    def size(self, weights: Mapping[str, Array]) -> Architecture:
        """The architecture of grown trees."""
        return Architecture(kind=self.name, forest=forest_size(weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeInputs:
    """The columns of trees: numbers, NaN where they are missing, then categories by their code (the more frequent, the
    lower; 0 unknown, 1 missing). One-hot blocks and 0/1 inputs of missing cells would be many columns for what trees
    can tell of one.

    Attributes:
        numbers, gaps, one_hot: See `layers.tree_columns.TreeColumns`.
        embedded: Slots of each embedded column.
        dense: Width of the dense encoding.
    """

    numbers: tuple[int, ...]
    gaps: tuple[tuple[int, int], ...]
    one_hot: tuple[tuple[int, int], ...]
    embedded: tuple[int, ...]
    dense: int

    @classmethod
    def of(cls, inputs: Inputs) -> TreeInputs:
        coded = {position for start, width in inputs.one_hot for position in range(start, start + width)}
        coded |= {indicator for _, indicator in inputs.gaps}
        numbers = tuple(position for position in range(inputs.dense) if position not in coded)
        gaps = tuple((numbers.index(number), indicator) for number, indicator in inputs.gaps)
        return cls(numbers=numbers, gaps=gaps, one_hot=inputs.one_hot, embedded=inputs.embedded, dense=inputs.dense)

    @property
    def positions(self) -> tuple[int, ...]:
        """``[f]``: where each column begins among the dense inputs; embedded columns stand behind those."""
        embedded = range(self.dense, self.dense + len(self.embedded))
        return (*self.numbers, *(start for start, _ in self.one_hot), *embedded)

    @property
    def categorical(self) -> Array:
        """``[f]`` bool: columns whose codes trees take as categories."""
        known = [width <= MOST_CODES for _, width in self.one_hot] + [own + 2 <= MOST_CODES for own in self.embedded]
        return np.array([False] * len(self.numbers) + known, bool)

    def columns(self, dense: Array, slots: Array) -> Array:
        """``[m, f]`` float32 from the encoding of rows, as `layers.tree_columns.TreeColumns` has it."""
        numbers = dense[:, self.numbers]
        for place, indicator in self.gaps:
            numbers[dense[:, indicator] > 0.5, place] = np.nan
        codes = [dense[:, start : start + width] @ np.arange(1.0, width + 1) for start, width in self.one_hot]
        return np.concatenate([numbers, *(own[:, None] for own in codes), slots], axis=1, dtype=np.float32)
