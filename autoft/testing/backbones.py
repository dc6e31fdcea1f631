"""Suite for backbones."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np

from autoft.networks.backbones import BACKBONES, Backbone, FreezeSchedule
from autoft.preprocessing.registered_layers import registered_layers
from autoft.records.arrays import Array
from autoft.records.columns import Kind
from autoft.serving.artifact import as_tensors

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
    _check_saving(model, cells)


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
    before = _weights(model)
    backbone.freeze(model, schedule, 2)
    assert model.trainable_variables, "no layer is ever trained"
    model.compile(optimizer="sgd", loss="mse")
    model.fit(cells, np.ones((_ROWS, backbone.outputs)), epochs=1, verbose=0)
    assert any(not np.array_equal(a, b) for a, b in zip(before, _weights(model), strict=True)), "training moves nothing"


def _weights(model: Any) -> list[Array]:
    return [np.array(variable) for variable in model.weights]


def _check_saving(model: Any, cells: Any) -> None:
    import keras

    known = set(registered_layers().values())
    for layer in model.layers:
        own = type(layer)
        registered = own in known or own.__module__.startswith("keras.")
        assert registered, f"the layer {own.__name__} is not registered: @layer"
    with TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.models.load_model(Path(folder) / "model.keras", compile=False)
    assert np.array_equal(np.asarray(model(cells)), np.asarray(loaded(cells))), "it answers otherwise after loading"
