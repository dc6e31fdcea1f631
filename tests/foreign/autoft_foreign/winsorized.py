"""Winsorized numbers: values beyond the 5 % and the 95 % quantile count as these quantiles."""

import numpy as np
from keras import ops

from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder
from autoft.preprocessing.layers.numbers import MemberStatistics
from autoft.preprocessing.registered_layers import layer


@layer
class Winsorize(MemberStatistics):
    """From the limits of each member -1 to 1, a missing number 0: ``[B, 1]`` -> ``[S, B, 1]`` float32."""

    names = ("low", "high")

    def call(self, inputs):
        low, high = ops.convert_to_tensor(self.low), ops.convert_to_tensor(self.high)
        inside = ops.minimum(ops.maximum(inputs[None], low), high)
        scaled = 2.0 * (inside - low) / ops.where(high > low, high - low, 1.0) - 1.0
        return ops.cast(ops.where(ops.isnan(inputs)[None], 0.0, scaled), "float32")


@ENCODERS.register
class Winsorized(ColumnEncoder):
    """Numbers between two quantiles of the training rows."""

    name = "winsorized"
    kinds = frozenset({"numeric"})

    def directions(self, column):
        return (1,)

    def describe(self, column):
        return "Values beyond the 5 % and the 95 % quantile count as these; what is between becomes -1 to 1."

    def fit(self, values, members):
        known = [values[rows][~np.isnan(values[rows])] for rows in members]
        limits = np.array([np.quantile(own, (0.05, 0.95)) if len(own) else (0.0, 0.0) for own in known])
        return {"low": limits[:, 0], "high": limits[:, 1]}

    def layer(self, statistics):
        low, high = statistics["low"], statistics["high"]
        own = Winsorize(len(low), name="winsorized")
        own.build((None, 1))
        own.set_weights([low[:, None, None], high[:, None, None]])
        return own
