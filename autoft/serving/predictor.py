"""Predictions for new tables, which are aligned, converted and checked as the training table was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoft.data import target as targets
from autoft.data.convert import Converted
from autoft.errors import ArtifactError, EvaluationError
from autoft.evaluation.decisions import decide
from autoft.networks.memory import HELD, cells_per_row
from autoft.preprocessing.categories import codes_of, guard, ranks
from autoft.preprocessing.custom import read, tensor_texts
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.text import cleaned, count_words
from autoft.records.arrays import Array
from autoft.records.decisions import DecisionRule
from autoft.records.findings import Finding
from autoft.schema.contract import refuse
from autoft.serving.artifact import Meta, as_tensors
from autoft.serving.monitor import TableMonitor

#: Largest number of rows in one call of the model, so that memory does not grow with the table.
CHUNK_ROWS = 16_384


class Predictor:
    """Predictions for raw tables: `model` is the Keras model over raw columns that was loaded from `folder`.

    `classes` are the labels in their original dtype, in the order of the columns of `answers`.
    """

    def __init__(self, model: Any, meta: Meta, folder: Path) -> None:
        self.model, self.meta = model, meta
        self.monitor = TableMonitor(meta, folder)
        for name in sorted({*meta.encoders.values()} - {*ENCODERS.names()}):
            fix = "install the package that brings it, or import the module that registers it"
            raise ArtifactError(f"The model's column encoder '{name}'", "be registered", "there is none", fix)
        try:
            self.classes = targets.decode(np.arange(len(meta.target.classes)), meta.target)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            found = f"they are not ({type(error).__name__}: {error})"
            fix = "copy the saved model again, or load it with the autoft that saved it"
            raise ArtifactError("The labels of the saved model", "be readable", found, fix) from error

    def answers(self, data: Any) -> tuple[Array, tuple[Finding, ...]]:
        """Class probabilities ``[n, classes]`` or values ``[n]``, and findings about the table.

        Raises:
            SchemaError: If columns are missing or of another type.
        """
        compared = self.monitor.compare(data)
        refuse(compared.findings)
        regression = self.meta.target.task == "regression"
        step = max(1, min(CHUNK_ROWS, HELD // cells_per_row(self.model)))
        starts = range(0, max(1, compared.rows), step)
        out = np.concatenate([self._ask(compared.converted, slice(start, start + step)) for start in starts])
        return (out[:, 0] if regression else out), compared.findings

    def decide(self, answers: Array) -> Array:
        """Labels in their original dtype, or the values themselves. The label is the most probable class, or the one
        with the lowest expected cost where the model has a matrix of costs; of two, the positive one from the model's
        threshold on."""
        if self.meta.target.task == "regression":
            return answers
        target, rule = self.meta.target, DecisionRule(threshold=self.meta.threshold, matrix=self.meta.matrix)
        decided = decide(answers, target.positive_index if target.task == "binary" else None, rule)
        return targets.decode(decided, target)

    def need_classes(self) -> None:
        """Raise for a regression, which has no probabilities."""
        if self.meta.target.task == "regression":
            where = f"Target '{self.meta.target.name}'"
            raise EvaluationError(where, "have classes for predict_proba", "it is an amount", "use predict()")

    def _ask(self, cells: Converted, rows: slice) -> Array:
        values = {name: own[rows] for name, own in cells.values.items()}
        inputs = model_inputs(self.model, self.meta, values)
        return np.asarray(self.model(as_tensors(inputs), training=False), dtype=np.float64)


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
