"""Families of networks: one file each, with all that the search, the training and the hints know of it.

Modules, from ground to roof:

mlp      The stacked multilayer perceptron
own      A user's own Keras model: what its function is given, and what it may return
realmlp  RealMLP: Holzmüller, Grinsztajn, Steinwart, "Better by default", NeurIPS 2024 (arXiv 2407.04491)
linear   The linear model: logistic or softmax regression, or least squares, on the encoded columns
tabm     TabM: Gorishniy, Kotelnikov, Babenko, "TabM: advancing tabular deep learning with parameter-efficient en...
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autoft.networks.architecture import Architecture, Inputs

# In the order in which a search lists them.
from autoft.networks.families import mlp, linear, tabm, realmlp  # noqa: F401  # isort: skip
from autoft.networks.family import FAMILIES, Family
from autoft.networks.initial_state import InitialState
from autoft.records.arrays import Array

__all__ = ["DEFAULT", "FAMILIES", "architecture_of", "build_network", "family_of", "initial_weights"]

#: The family of a configuration that names none, and of a search's default configuration.
DEFAULT = mlp.MLP.name


def family_of(params: Mapping[str, Any]) -> Family:
    """The family of a trial's hyperparameters."""
    return FAMILIES[str(params.get("architecture", DEFAULT))]


def architecture_of(
    params: Mapping[str, Any], inputs: Inputs, rows: int, *, activation: str | None = None
) -> Architecture:
    """The sizes of a trial's network (`Family.architecture`)."""
    return family_of(params).architecture(params, inputs, rows, activation=activation)


def build_network(architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
    """A Keras model from ``dense [S, B, dense]`` float32 and ``slots [S, B, e]`` int32 (those that there are) to logits
    ``[S, B, outputs]``, of an ensemble of k ``[S, B, k, outputs]`` (`Family.build`)."""
    return FAMILIES[architecture.kind].build(architecture, inputs, members=members, outputs=outputs)


def initial_weights(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """First weights by name, float32, those included that are not trained."""
    return FAMILIES[architecture.kind].initial_weights(architecture, start)
