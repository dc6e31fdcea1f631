"""Answers for new tables: aligned, converted and checked as the training table was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft import target as targets
from autoft.artifact import Meta, as_tensors
from autoft.errors import EvaluationError
from autoft.records import Column, Finding
from autoft.schema.convert import Converted, align, convert
from autoft.table import read

#: Share of texts without a known word from which it is worth a word: some have none in any table.
_MANY_STRANGE = 0.5

#: Rows that are answered at a time: memory stays constant however long the table is.
CHUNK = 16_384


class Predictor:
    """A loaded model and what it takes to ask it.

    Args:
        model: The Keras model over raw columns.
        meta: What is known of the training table.
        folder: The artifact, for its schema.
    """

    def __init__(self, model: Any, meta: Meta, folder: Path) -> None:
        self.model, self.meta, self.folder = model, meta, folder
        self._schema: Any = None

    def answers(self, data: Any) -> tuple[NDArray[Any], tuple[Finding, ...]]:
        """Class probabilities ``[n, classes]`` or values ``[n]``, and findings about the table.

        Raises:
            SchemaError: If columns are missing or of another type.
        """
        from autoft.schema import check, repair

        table = read(data, allow_empty=True)
        served = table.frame.drop(columns=self.meta.target.name, errors="ignore")
        repaired = repair.apply(served, self.meta.repairs, drop_rows=False)
        frame, findings = align(repaired.frame, self.meta.columns)
        check.refuse(findings)
        findings += repair.findings(repaired.changes, columns=False)
        if len(frame):
            findings += self._against_schema(frame)
        check.refuse(findings)
        converted = convert(frame, self.meta.columns)
        listed = {f.column for f in findings if f.code.startswith("tfdv:ENUM")}
        findings += tuple(f for f in self._oddities(converted, len(frame)) if f.column not in listed)
        regression = self.meta.target.task == "regression"
        parts = [self._ask(converted, slice(start, start + CHUNK)) for start in range(0, max(1, len(frame)), CHUNK)]
        out = np.concatenate(parts)
        return (out[:, 0] if regression else out), findings

    def decide(self, answers: NDArray[Any]) -> NDArray[Any]:
        """Labels in their original dtype, or the values themselves.

        The label is the most probable class; of two, the positive one from the model's threshold on.
        """
        if self.meta.target.task == "regression":
            return answers
        from autoft.evaluate.metrics import decide

        target = self.meta.target
        threshold = self.meta.threshold
        decided = decide(answers, task=target.task, positive_index=target.positive_index, threshold=threshold)
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
            if cells.dtype == object:
                cells = self._category(tensor, cells)
            inputs[tensor.name] = cells[:, None]
        return np.asarray(self.model(as_tensors(inputs), training=False), dtype=np.float64)

    def _text(self, tensor: Any, cells: NDArray[Any]) -> NDArray[Any]:
        """Texts as the model takes them: themselves, or counts of words where it was built without TensorFlow."""
        from autoft.training.bag import text_input

        return text_input(cells, self.meta.words[tensor.name], strings=tensor.dtype == "string")

    def _category(self, tensor: Any, cells: NDArray[Any]) -> NDArray[Any]:
        """Categories as the model takes them: texts, or codes where it was built without TensorFlow."""
        from autoft.training.bag import guarded

        if tensor.dtype == "string":
            return guarded(cells)
        import pandas as pd

        from autoft.preprocess.encode import codes_of

        return codes_of(pd.Index(self.meta.vocabularies[tensor.name], dtype=object), cells)

    def _against_schema(self, frame: Any) -> tuple[Finding, ...]:
        """What the schema that travels with the model says of the table."""
        from autoft.schema import check, engine

        path = self.folder / "schema.pbtxt"
        if not path.is_file():
            return check.serving(frame, self.meta.columns, None, None)
        chosen, findings = engine.choose("auto")
        if chosen is not None and self._schema is None:
            self._schema = chosen.read(path)
        return findings + check.serving(frame, self.meta.columns, chosen, self._schema)

    def _oddities(self, converted: Converted, rows: int) -> tuple[Finding, ...]:
        """Cells that are answered all the same, but not as well as others."""
        found: list[Finding] = []
        for column in self.meta.columns:
            if not column.used:
                continue
            cells = converted.values[column.id]
            if column.id in self.meta.vocabularies:
                known = {*self.meta.vocabularies[column.id], None}
                unseen = sum(text not in known for text in cells)
                if unseen:
                    text = f"{unseen:,} of {rows:,} cells hold a category that was not there"
                    fix = "they are answered as unknown; train again when there are many"
                    found.append(_warn("unseen-categories", column, "hold the categories of the training", text, fix))
            if column.id in self.meta.words:
                found += _strange(column, cells, self.meta.words[column.id])
            if column.id in self.meta.ranges:
                low, high = self.meta.ranges[column.id]
                outside = int(np.sum((cells < low) | (cells > high)))
                if outside:
                    text = f"{outside:,} of {rows:,} values lie outside {low:g} to {high:g}"
                    fix = "trust these predictions less; train again when there are many"
                    found.append(_warn("out-of-range", column, "stay in the range of the training", text, fix))
        return tuple(found)


def _strange(column: Column, cells: NDArray[Any], known: tuple[str, ...]) -> list[Finding]:
    """Texts without a single word that the model knows, where they are many."""
    from autoft.preprocess.text import MISSING_WORD, cleaned

    words = set(known)
    filled = [text.split(" ") for text in cleaned(cells) if text not in ("", MISSING_WORD)]
    strange = sum(words.isdisjoint(text) for text in filled)
    if strange <= _MANY_STRANGE * len(filled):
        return []
    text = f"{strange:,} of {len(filled):,} texts have none of the {len(known):,} words that the model knows"
    fix = "trust these predictions less; train again when there are many"
    return [_warn("unknown-words", column, "have words of the training", text, fix)]


def _warn(code: str, column: Column, must: str, found: str, fix: str) -> Finding:
    return Finding(code=code, severity="warning", column=column.name, must=must, found=found, fix=fix)
