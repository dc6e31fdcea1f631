"""Backbones: the suite on a small Keras model, and on models that break one rule each."""

from __future__ import annotations

from typing import ClassVar

import keras
import numpy as np
import pytest

from autoft.networks.backbones import BACKBONES, Backbone
from autoft.testing import check_backbone


class Characters(Backbone):
    """Twelve codes of letters to the mean of their vectors and a layer on top; "pretrained" by a seed."""

    name: ClassVar[str] = "characters"
    kinds: ClassVar[frozenset[str]] = frozenset({"text"})
    outputs: ClassVar[int] = 5

    def build(self) -> keras.Model:
        keras.utils.set_random_seed(0)
        codes = keras.Input((12,), dtype="int32")
        x = keras.layers.Embedding(30, 8)(codes)
        x = keras.layers.GlobalAveragePooling1D()(x)
        return keras.Model(codes, keras.layers.Dense(self.outputs)(x))


class Wide(Characters):
    outputs: ClassVar[int] = 6

    def build(self) -> keras.Model:
        return Characters().build()


class Untrained(Characters):
    def build(self) -> keras.Model:
        model = super().build()
        model.set_weights([np.random.default_rng().normal(size=w.shape) for w in model.get_weights()])
        return model


class Unfrozen(Characters):
    def freeze(self, model: keras.Model, *given: object) -> None:
        model.trainable = True


class Unregistered(Characters):
    def build(self) -> keras.Model:
        class Halve(keras.layers.Layer):
            def call(self, inputs):
                return inputs / 2

        model = super().build()
        return keras.Model(model.input, Halve()(model.output))


def test_a_backbone_passes(monkeypatch):
    monkeypatch.setitem(BACKBONES._things, "characters", own := Characters())
    check_backbone(own)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Wide, "vectors are"),
        (Untrained, "not pretrained"),
        (Unfrozen, "first epoch trains"),
        (Unregistered, "Halve is not registered"),
    ],
)
def test_a_backbone_that_breaks_a_rule_fails(monkeypatch, kind, message):
    monkeypatch.setitem(BACKBONES._things, "characters", own := kind())
    with pytest.raises(AssertionError, match=message):
        check_backbone(own)
