"""The families of networks: for each how it is built, how it begins, and how it is trained.

Modules, from ground to roof:

mlp      The stacked multilayer perceptron, and the linear model as its case without hidden layers
realmlp  RealMLP: Holzmüller, Grinsztajn, Steinwart, "Better by default", NeurIPS 2024 (arXiv 2407.04491)
tabm     TabM: Gorishniy, Kotelnikov, Babenko, "TabM: advancing tabular deep learning with parameter-efficient en...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autoft.networks.architecture import Architecture, Factor, InitialState, Inputs, Kind
from autoft.networks.families import mlp, realmlp, tabm
from autoft.records.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of networks.

    Attributes:
        build: ``(architecture, inputs, members=, outputs=)`` to a Keras model from encoded rows to logits.
        initial: First weights by name.
        factor: How the optimizer treats the weight of a name.
        parameters: Multiplications of a row in the kernels of one member.
        course: Over the epochs of a trial: ``steady`` rates may end early; ``cycles`` is RealMLP's, learning rate in
            four cycles of doubling length, dropout and weight decay falling in the second half, which needs them all.
        epochs: Most of a trial, where it goes through all of them.
        beta_2: Adam's memory of squared gradients.
        weight_decay: Where a trial does not set its own.
    """

    build: Callable[..., Any]
    initial: Callable[[Architecture, InitialState], dict[str, Array]]
    factor: Callable[[str], Factor]
    parameters: Callable[[Architecture, Inputs, int], int]
    course: Literal["steady", "cycles"] = "steady"
    epochs: int = 10**9
    beta_2: float = 0.999
    weight_decay: float = 0.0


_MLP = Family(build=mlp.build, initial=mlp.initial, factor=mlp.factor, parameters=mlp.parameters)
_TABM = Family(
    build=tabm.build, initial=tabm.initial, factor=tabm.factor, parameters=tabm.parameters, weight_decay=3e-4
)

FAMILIES: Mapping[Kind, Family] = {
    "linear": _MLP,
    "mlp": _MLP,
    "realmlp": Family(
        build=realmlp.build,
        initial=realmlp.initial,
        factor=realmlp.factor,
        parameters=realmlp.parameters,
        course="cycles",
        epochs=64,
        beta_2=0.95,
        weight_decay=0.02,
    ),
    "tabm": _TABM,
    "tabm-mini": _TABM,
}


def build_network(architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
    """A Keras model from encoded rows to logits.

    Inputs (those that there are): ``dense [S, B, dense]`` float32, ``slots [S, B, e]`` int32.
    Output: logits ``[S, B, outputs]``, of an ensemble of k ``[S, B, k, outputs]``.
    """
    return FAMILIES[architecture.kind].build(architecture, inputs, members=members, outputs=outputs)


def initial_weights(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """First weights by name, float32, those included that are not trained."""
    return FAMILIES[architecture.kind].initial(architecture, start)
