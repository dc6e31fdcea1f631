"""Inputs of the raw Keras model from the cells of a table."""

from __future__ import annotations

from typing import Any

from autoft.data.convert import Converted
from autoft.preprocessing.categories import codes_of, ranks
from autoft.preprocessing.custom import plain_texts, read
from autoft.records.arrays import Array
from autoft.serving.artifact import Meta
from autoft.training.ensemble import guarded, text_input


def model_inputs(model: Any, meta: Meta, cells: Converted, rows: slice) -> dict[str, Array]:
    """Inputs by name.

    Args:
        model: The Keras model over raw columns; built without TensorFlow it takes codes and counts instead of texts.
        meta: Of the same saved model.
        cells: Converted cells of a table.
        rows: Which of its rows.

    Returns:
        Arrays ``[n, 1]``; of text columns ``[n, words]`` where the model takes counts, and of columns with an encoder
        of their own what it reads (`CustomInput.read`), unless the model takes strings.
    """
    import pandas as pd

    orders = {column.id: column.order for column in meta.columns if column.order}
    kinds = {column.id: column.kind for column in meta.columns}
    inputs: dict[str, Array] = {}
    for tensor in model.inputs:
        own, strings = cells.values[tensor.name][rows], tensor.dtype == "string"
        if tensor.name in meta.words:
            inputs[tensor.name] = text_input(own, meta.words[tensor.name], strings=strings)
            continue
        if tensor.name in meta.encoders:
            known = (meta.encoders[tensor.name], kinds[tensor.name])
            inputs[tensor.name] = plain_texts(own)[:, None] if strings else read(*known, own)
            continue
        if tensor.name in orders:
            own = ranks(own, orders[tensor.name])
        elif own.dtype == object:
            vocabulary = meta.vocabularies[tensor.name]
            own = guarded(own) if strings else codes_of(pd.Index(vocabulary, dtype=object), own)
        inputs[tensor.name] = own[:, None]
    return inputs
