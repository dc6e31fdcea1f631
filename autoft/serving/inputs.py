"""Inputs of the raw Keras model from the cells of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoft.preprocessing.categories import codes_of, guard, ranks
from autoft.preprocessing.custom import read, tensor_texts
from autoft.preprocessing.text import cleaned, count_words
from autoft.records.arrays import Array
from autoft.serving.artifact import Meta


def model_inputs(model: Any, meta: Meta, values: Mapping[str, Array]) -> dict[str, Array]:
    """Inputs ``[n, 1]`` of the raw `model` by name, from converted cells ``[n]`` by column id. A model that was built
    without TensorFlow takes codes of categories, counts of words ``[n, words]``, and what encoders read from texts
    ``[n, r]``. Of `meta` only words, encoders and vocabularies are used."""
    inputs: dict[str, Array] = {}
    for tensor in model.inputs:
        name, strings = tensor.name, tensor.dtype == "string"
        own = values[name]
        if name in meta.words:
            own = cleaned(own)
            own = own if strings else np.asarray(count_words(meta.words[name], own).counts.toarray())
        elif name in meta.encoders:
            own = tensor_texts(own) if strings else read(meta.encoders[name], own)
        elif strings:
            own = vocabulary_texts(own)
        elif own.dtype == object:  # codes of categories; ordered ones are numbers
            vocabulary = meta.vocabularies[name]
            own = codes_of(vocabulary, own) if tensor.dtype == "int32" else ranks(own, vocabulary)
        inputs[name] = own[:, None] if own.ndim == 1 else own
    return inputs


def vocabulary_texts(texts: Sequence[str | None] | Array) -> Array:
    """Texts as the model's vocabulary holds them ``[n]``; each distinct text is looked at once."""
    known = {text: guard(text) for text in set(texts)}
    return np.array([known[text] for text in texts], dtype=object)
