"""Answers for new tables: aligned, converted and checked as the training table was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.data import target as targets
from autoft.data.convert import Converted
from autoft.errors import EvaluationError
from autoft.preprocessing.encode import ranks
from autoft.records import DecisionRule, Finding
from autoft.schema.contract import refuse
from autoft.serving.artifact import Meta, as_tensors
from autoft.serving.monitor import TableMonitor

#: Rows that are answered at a time, at most: memory stays constant however long the table is.
CHUNK = 16_384


class Predictor:
    """A loaded model and what it takes to ask it.

    Args:
        model: The Keras model over raw columns.
        meta: What is known of the training table.
        folder: The artifact, for its schema and statistics.
    """

    def __init__(self, model: Any, meta: Meta, folder: Path) -> None:
        self.model, self.meta = model, meta
        self.served = TableMonitor(meta, folder)
        self._orders = {column.id: column.order for column in meta.columns if column.order}

    def answers(self, data: Any) -> tuple[NDArray[Any], tuple[Finding, ...]]:
        """Class probabilities ``[n, classes]`` or values ``[n]``, and findings about the table.

        Raises:
            SchemaError: If columns are missing or of another type.
        """
        from autoft.networks.memory import HELD, cells_per_row

        seen = self.served.look(data)
        refuse(seen.findings)
        regression = self.meta.target.task == "regression"
        step = max(1, min(CHUNK, HELD // cells_per_row(self.model)))
        parts = [self._ask(seen.converted, slice(start, start + step)) for start in range(0, max(1, seen.rows), step)]
        out = np.concatenate(parts)
        return (out[:, 0] if regression else out), seen.findings

    def decide(self, answers: NDArray[Any]) -> NDArray[Any]:
        """Labels in their original dtype, or the values themselves.

        The label is the most probable class, or the one with the lowest expected cost where the model has a matrix of
        costs; of two, the positive one from the model's threshold on.
        """
        if self.meta.target.task == "regression":
            return answers
        from autoft.evaluation.metrics import decide

        target, rule = self.meta.target, DecisionRule(threshold=self.meta.threshold, matrix=self.meta.matrix)
        decided = decide(answers, target.positive_index if target.task == "binary" else None, rule)
        return targets.decode(decided, target)

    def need_classes(self) -> None:
        """Raise for a regression, which has no probabilities."""
        if self.meta.target.task == "regression":
            raise EvaluationError(
                f"Target '{self.meta.target.name}'",
                "have classes for predict_proba",
                "it is an amount",
                "use predict()",
            )

    def _ask(self, converted: Converted, rows: slice) -> NDArray[Any]:
        inputs: dict[str, NDArray[Any]] = {}
        for tensor in self.model.inputs:
            cells = converted.values[tensor.name][rows]
            if tensor.name in self.meta.words:
                inputs[tensor.name] = self._text(tensor, cells)
                continue
            if tensor.name in self._orders:
                cells = ranks(cells, self._orders[tensor.name])
            elif cells.dtype == object:
                cells = self._category(tensor, cells)
            inputs[tensor.name] = cells[:, None]
        return np.asarray(self.model(as_tensors(inputs), training=False), dtype=np.float64)

    def _text(self, tensor: Any, cells: NDArray[Any]) -> NDArray[Any]:
        """Texts as the model takes them: themselves, or counts of words where it was built without TensorFlow."""
        from autoft.training.ensemble import text_input

        return text_input(cells, self.meta.words[tensor.name], strings=tensor.dtype == "string")

    def _category(self, tensor: Any, cells: NDArray[Any]) -> NDArray[Any]:
        """Categories as the model takes them: texts, or codes where it was built without TensorFlow."""
        from autoft.training.ensemble import guarded

        if tensor.dtype == "string":
            return guarded(cells)
        import pandas as pd

        from autoft.preprocessing.encode import codes_of

        return codes_of(pd.Index(self.meta.vocabularies[tensor.name], dtype=object), cells)
