"""Family: what the search, the training and the hints need to know of a kind of network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.initial_state import InitialState
from autoft.networks.weight_bounds import BoundLayout, Bounds, WeightBounds, within
from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.dimensions import Dimension
from autoft.records.hints import Hints
from autoft.registry import Registry

#: Hyperparameters of a network's shape that a family may do without.
NETWORK_DIMENSIONS = frozenset({"numbers", "width", "depth", "activation", "embedding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Factors of a weight's learning rate, L2 penalty and decoupled weight decay (a share of the learning rate)."""

    rate: float = 1.0
    l2: float = 0.0
    decay: float = 0.0


_KERNEL, _OTHER = Factor(l2=1.0, decay=1.0), Factor()


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Facts about the networks of a family.

    Attributes:
        searched: Whether a recipe that names no architecture searches it.
        portfolio: Whether the portfolio (`autoft.search.portfolio`) has the configurations to begin with.
        plain: Whether its layers are those of a perceptron: XLA makes large ones faster, and a time limit never
            excludes it.
        resizable: Whether its layers take their sizes from the weights when they run (``ops.shape``), so that one
            TensorFlow program serves networks of all widths.
        piecewise: Whether numbers always enter by the piecewise-linear encoding; where ``numbers`` is a dimension, the
            trial says so.
        ensembles: ``(rows, k)``: each member has k networks where a fold has fewer training rows; 1 where none fits.
        schedule: ``steady``: a trial may end early. ``cycles``: RealMLP's, the learning rate in four cycles of doubling
            length, dropout and weight decay falling in the second half; trials train all their epochs. ``boosting``: an
            epoch adds a few trees; where there is little time, trials are not shortened as those of networks are.
        weight_decay: Where a trial does not set its own; 0 for none.
        effort: Time of an activation, as a multiple of a perceptron's, for forecasts of run times.
    """

    searched: bool = False
    portfolio: bool = False
    plain: bool = False
    resizable: bool = False
    activation: str | None = None
    piecewise: bool = False
    ensembles: tuple[tuple[int, int], ...] = ()
    schedule: Literal["steady", "cycles", "boosting"] = "steady"
    epochs: int = 10**9
    beta_2: float = 0.999
    weight_decay: float = 0.0
    effort: float = 1.0


class Family(ABC):
    """A kind of network, registered by its name: ``@FAMILIES.register``.

    Weights have a leading axis of S members, which never meet: what one fold learns cannot reach another. A Keras model
    is built for some members and run with the weights of any number of them.

    Attributes:
        dimensions: Those of `NETWORK_DIMENSIONS` that it uses.
        own_dimensions: Further ones, which a search has where it has the family.
        trees: Whether it has boosted trees (`boosting.Boosting`) instead of a network.
    """

    name: ClassVar[str]
    dimensions: ClassVar[frozenset[str]] = NETWORK_DIMENSIONS
    own_dimensions: ClassVar[tuple[Dimension, ...]] = ()
    traits: ClassVar[Traits] = Traits()
    trees: ClassVar[bool] = False

    @property
    def idle(self) -> frozenset[str]:
        """Hyperparameters that make no difference to it."""
        return NETWORK_DIMENSIONS - self.dimensions

    @property
    def bounded(self) -> bool:
        """Whether hints can bound its weights."""
        return type(self).monotone_weights is not Family.monotone_weights

    def refusal(self, hints: Hints, task: Task, quantile: float | None) -> str:
        """Why it cannot keep hints that bound or weigh its inputs, so that it is not searched; empty where it can."""
        return "" if self.bounded else "hints cannot bound its weights"

    def default(self, rows: int) -> tuple[Mapping[str, Any], ...]:
        """Configurations that a search tries before it proposes any; what they do not name stands at its default."""
        return () if self.traits.portfolio else ({},)

    def architecture(
        self, params: Mapping[str, Any], inputs: Inputs, rows: int, *, activation: str | None = None
    ) -> Architecture:
        """The sizes of a trial's network.

        Args:
            rows: Training rows of a fold: they limit the bins and the networks of an ensemble.
            activation: Of all hidden layers, whatever trial and family have (`MIXED` where effects are declared).
        """
        traits = self.traits
        piecewise = params.get("numbers") == "piecewise" if "numbers" in self.dimensions else traits.piecewise
        found = Architecture(
            kind=self.name,
            embedding=int(params.get("embedding", 8)) if inputs.embedded else 0,
            bins=bins_for(rows) if piecewise and inputs.numbers else 0,
        )
        if "width" not in self.dimensions:
            return found
        return replace(
            found,
            width=int(params["width"]),
            depth=int(params.get("depth", 1)),
            activation=activation or traits.activation or str(params["activation"]),
            ensemble=next((k for limit, k in traits.ensembles if rows < limit), 1),
        )

    @abstractmethod
    def build(self, architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
        """A Keras model named ``network``, from encoded rows (`network_inputs`) to logits ``[S, B, outputs]``, of an
        ensemble of k networks ``[S, B, k, outputs]``."""

    @abstractmethod
    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        """First weights by name (``hidden_0/kernel``), float32, ``[S, ...]`` each: all but rates of dropout."""

    def bounded_weights(
        self, architecture: Architecture, start: InitialState, weights: Mapping[str, Array], bounds: WeightBounds
    ) -> dict[str, Array]:
        """First weights within bounds, from those of `initial_weights`."""
        return within(weights, bounds)

    def factor(self, weight: str) -> Factor:
        """How the optimizer treats the weight of a name: L2 and weight decay are for kernels."""
        return _KERNEL if weight.endswith("kernel") else _OTHER

    def vectors(self, architecture: Architecture) -> int:
        """Inputs of the first layer that each number becomes, besides its value; they stand first."""
        return architecture.bins

    def parameters(self, architecture: Architecture, inputs: Inputs, outputs: int) -> int:
        """Multiplications of a row in the kernels of one member."""
        width, embedded = architecture.width, len(inputs.embedded) * architecture.embedding
        fan_in = inputs.dense + embedded + len(inputs.numbers) * self.vectors(architecture)
        if not architecture.depth:
            return fan_in * outputs
        return architecture.ensemble * (fan_in * width + (architecture.depth - 1) * width**2 + width * outputs)

    def windows(self, architecture: Architecture) -> int:
        """Layers that draw random numbers while training (`noise`): embeddings, and each dropout."""
        return 1 + max(architecture.depth, 1)

    def drawn(self, architecture: Architecture, inputs: Inputs) -> int:
        """Most random numbers that one of these layers draws for a row."""
        if architecture.depth:
            return max(architecture.width * architecture.ensemble, len(inputs.embedded))
        embedded = len(inputs.embedded) * max(architecture.embedding, 1)
        return inputs.dense + embedded + len(inputs.numbers) * architecture.bins

    def monotone_weights(self, layout: BoundLayout, architecture: Architecture) -> Mapping[str, Bounds] | None:
        """Bounds under which no path from a constrained input to the logits has the wrong sign, by weight; a family
        without this method cannot have effects."""
        return None


def bins_for(rows: int) -> int:
    """Bins of a piecewise-linear encoding: TabM's authors find 2 to 128 worth searching, and 25 as the median.

    >>> bins_for(200), bins_for(1_000), bins_for(30_000)
    (6, 25, 48)
    """
    return int(np.clip(rows // 40 + (rows < 400), 6, 48))


#: Families by name, in the order in which a search lists them.
FAMILIES: Registry[Family] = Registry("network family", "autoft.families", own="autoft.networks.families")

#: The family of a configuration that names none, and of a search's default configuration.
DEFAULT = "mlp"


def family_of(params: Mapping[str, Any]) -> Family:
    return FAMILIES[str(params.get("architecture", DEFAULT))]


def architecture_of(
    params: Mapping[str, Any], inputs: Inputs, rows: int, *, activation: str | None = None
) -> Architecture:
    return family_of(params).architecture(params, inputs, rows, activation=activation)


def build_network(architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
    """A Keras model from encoded rows to logits (`Family.build`).

    Inputs (those that there are): ``dense [S, B, dense]`` float32, ``slots [S, B, e]`` int32.
    Output: logits ``[S, B, outputs]``, of an ensemble of k ``[S, B, k, outputs]``.
    """
    return FAMILIES[architecture.kind].build(architecture, inputs, members=members, outputs=outputs)


def initial_weights(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """First weights by name, float32, those included that are not trained."""
    return FAMILIES[architecture.kind].initial_weights(architecture, start)
