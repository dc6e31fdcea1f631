"""Calibration layers, from class probabilities ``[B, C]`` to such: what `autoft.evaluation.calibration` has fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer

#: As in `autoft.evaluation.calibration`.
TINY = 1e-30


@layer
class Temperature(Configured):
    """Probabilities to the power of one over a temperature (above 1: less sure), made to sum to 1 (Guo et al., ICML
    2017)."""

    def __init__(self, temperature: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.temperature = float(temperature)

    def call(self, inputs: Any) -> Any:
        return ops.softmax(ops.log(ops.maximum(inputs, TINY)) / self.temperature, axis=-1)


@layer
class Isotonic(Configured):
    """A rising curve of the second of two classes: straight lines between knots ``[k, 2]`` (its logit before, and its
    probability after), level beyond them."""

    def __init__(self, knots: Sequence[Sequence[float]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.knots = [[float(logit), float(after)] for logit, after in knots]

    def call(self, inputs: Any) -> Any:
        first = self.knots[0]
        knots = self.knots if self.knots[1:] else [first, [first[0] + 1.0, first[1]]]  # one knot alone: a level line
        places, after = np.array(knots, np.float32).T
        slopes = np.diff(after) / np.diff(places)
        logs = ops.log(ops.maximum(inputs, TINY))
        logit = ops.minimum(ops.maximum(logs[:, 1:] - logs[:, :1], places[0]), places[-1])
        # The piece in which a logit lies: the number of inner knots that are not above it.
        piece = ops.sum(ops.cast(logit >= places[None, 1:-1], "int32"), axis=1, keepdims=True)

        def of_piece(values: Any) -> Any:
            return ops.take(ops.convert_to_tensor(values), piece)

        rising = of_piece(after[:-1]) + (logit - of_piece(places[:-1])) * of_piece(slopes)
        return ops.concatenate([1.0 - rising, rising], axis=-1)
