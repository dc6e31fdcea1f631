"""Suite for backbones."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from autoft.networks.backbones import BACKBONES, Backbone, FreezeSchedule
from autoft.records.columns import Kind
from autoft.serving.artifact import as_tensors
from autoft.testing.saving import reloaded

_ROWS = 6


def check_backbone(backbone: Backbone) -> None:
    """Hold a registered backbone to its contract. Cells become finite vectors of the declared length, the same ones in
    any batch; frozen layers keep their weights in training and others do not; it answers the same after it was saved
    and loaded."""
    assert BACKBONES[backbone.name] is backbone, f"{backbone.name} is not registered"
    assert backbone.kinds, "it reads no kind of column"
    assert backbone.kinds <= set(get_args(Kind)), f"unknown kinds of columns {backbone.kinds - set(get_args(Kind))}"
    model = backbone.build()
    cells = _cells(model)
    vectors = np.asarray(model(cells))
    assert vectors.shape == (_ROWS, backbone.outputs), f"vectors are {vectors.shape}, not {(_ROWS, backbone.outputs)}"
    assert np.isfinite(vectors).all(), "vectors are not finite"
    alone = np.asarray(model(cells[:1]))
    assert np.allclose(alone, vectors[:1], rtol=1e-3, atol=1e-5), "a cell's vector depends on the other cells"
    again = np.asarray(backbone.build()(cells))
    assert np.array_equal(vectors, again), "built again it has other weights: they are not pretrained"
    _check_freezing(backbone, model, cells)
    loaded = np.asarray(reloaded(model)(cells))
    assert np.array_equal(np.asarray(model(cells)), loaded), "it answers otherwise after it was saved and loaded"


def _cells(model: Any) -> Any:
    """Random cells of the model's only input."""
    import keras

    (tensor,) = model.inputs
    shape, rng = tuple(size or 3 for size in (_ROWS, *tensor.shape[1:])), np.random.default_rng(0)
    if tensor.dtype == "string":
        texts = rng.choice(np.array(["a red chair", "two blue tables", ""], dtype=object), shape)
        return as_tensors({"texts": texts})["texts"]
    whole = "int" in tensor.dtype
    drawn = rng.integers(0, 2, shape) if whole else rng.normal(size=shape)
    return keras.ops.convert_to_tensor(drawn.astype(tensor.dtype))


def _check_freezing(backbone: Backbone, model: Any, cells: Any) -> None:
    schedule = FreezeSchedule(epochs=1, layers=len(model.layers))
    backbone.freeze(model, schedule, 1)
    assert not model.trainable_variables, "the first epoch trains layers, though the schedule says that it does not"
    before = model.get_weights()
    backbone.freeze(model, schedule, 2)
    assert model.trainable_variables, "no layer is ever trained"
    model.compile(optimizer="sgd", loss="mse")
    model.fit(cells, np.ones((_ROWS, backbone.outputs)), epochs=1, verbose=0)
    moved = (not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert any(moved), "training moves nothing"
