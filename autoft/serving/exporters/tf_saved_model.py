"""Exporter ``tf_saved_model``: a TensorFlow SavedModel whose signature takes the table's columns by name."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoft.data import repair
from autoft.data.convert import Converted
from autoft.errors import ArtifactError, SetupError
from autoft.files import write_atomic
from autoft.preprocessing.categories import MISSING, MISSING_TOKEN, UNKNOWN, UNKNOWN_TOKEN, guard
from autoft.preprocessing.custom import NUMBERS
from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.serving.artifact import Meta, load
from autoft.serving.exporters.base import EXPORTERS

#: TensorFlow ignores this folder of a SavedModel; it is meant for files like this one.
_COLUMNS = Path("assets.extra") / "columns.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Input:
    """An input of the signature.

    Attributes:
        name: Name in the signature: letters, digits and ``_``.
        tensor: Input of the Keras model.
        words: Words that the model counts, of a text column.
        table: Lookup of the model's value for a text, of a column of categories.
        reader: Whether the model reads the texts of an encoder of the column's own.
    """

    name: str
    column: Column
    tensor: Any
    words: tuple[str, ...] | None = None
    table: Any = None
    reader: bool = False

    @property
    def dtype(self) -> str:
        """Strings, empty for a missing cell, or numbers, NaN for a missing cell."""
        return "string" if self.words is not None or self.table is not None or self.reader else "float64"

    def read(self, cells: Any) -> Any:
        """The Keras model's input from cells ``[n]``."""
        if self.table is not None:
            return self.table.lookup(cells)[:, None]
        if self.reader:
            import tensorflow as tf

            return tf.where(cells == "", MISSING_TOKEN, cells)[:, None]
        if self.words is not None and self.tensor.dtype != "string":
            from autoft.preprocessing.layers.texts import CountWords

            return CountWords(self.words)(cells[:, None])
        return cells[:, None]


@EXPORTERS.register
class SavedModelExporter:
    """A folder for TensorFlow Serving and everything else that loads a SavedModel; autoft is not needed to run it.

    The signature ``serving_default`` has one input ``[n]`` per column that the model uses: float64 for numbers,
    booleans (0 or 1) and dates (seconds since 1970), NaN where a cell is missing; strings for categories and texts,
    empty where a cell is missing. Its output is ``probabilities`` ``[n, classes]``, or ``value`` ``[n, 1]``. Names
    that TensorFlow does not allow are changed; ``assets.extra/columns.json`` lists name and column of each input.
    """

    name = "tf_saved_model"
    needs = ("tensorflow",)
    install = 'pip install "autoft[tensorflow]"'

    def export(self, artifact: Path, path: Path) -> None:
        """Write the folder. Raises SetupError if Keras runs on another backend than TensorFlow."""
        import keras
        import tensorflow as tf

        if keras.backend.backend() != "tensorflow":
            found = f"it runs on {keras.backend.backend()}"
            raise SetupError("Keras", "run on TensorFlow for this format", found, "set KERAS_BACKEND=tensorflow")
        model, meta = load(artifact)
        inputs = _inputs(model, meta)
        output = "value" if meta.target.task == "regression" else "probabilities"
        module = tf.Module()
        module.model, module.tables = model, [one.table for one in inputs if one.table is not None]

        def serve(**cells: Any) -> dict[str, Any]:
            return {output: model({one.tensor.name: one.read(cells[one.name]) for one in inputs}, training=False)}

        specs = {one.name: tf.TensorSpec([None], one.dtype, name=one.name) for one in inputs}
        signature = tf.function(serve).get_concrete_function(**specs)
        tf.saved_model.save(module, str(path), signatures={"serving_default": signature})
        (path / _COLUMNS).parent.mkdir(exist_ok=True)
        write_atomic(path / _COLUMNS, json.dumps(_description(inputs, meta), indent=1, ensure_ascii=False))

    def answers(self, path: Path, artifact: Path, cells: Converted) -> Array:
        """Answers of the signature."""
        import tensorflow as tf

        described = json.loads((path / _COLUMNS).read_text(encoding="utf-8"))["inputs"]
        signature = tf.saved_model.load(str(path)).signatures["serving_default"]
        given = {}
        for name, one in described.items():
            own = cells.values[one["id"]]
            texts = ["" if cell is None else cell for cell in own] if one["type"] == "string" else own
            given[name] = tf.constant(texts, dtype=one["type"])
        (answers,) = signature(**given).values()
        return np.asarray(answers, dtype=np.float64)


def _inputs(model: Any, meta: Meta) -> list[_Input]:
    by_id = {column.id: column for column in meta.columns}
    columns = [by_id[tensor.name] for tensor in model.inputs]
    for column, tensor in zip(columns, model.inputs, strict=True):
        _check_encoder(column, tensor, meta)
    names = _input_names([column.name for column in columns])
    return [
        _Input(
            name=name,
            column=column,
            tensor=tensor,
            words=meta.words.get(column.id),
            table=_table(column, tensor, meta),
            reader=column.id in meta.encoders and tensor.dtype == "string",
        )
        for name, column, tensor in zip(names, columns, model.inputs, strict=True)
    ]


def _check_encoder(column: Column, tensor: Any, meta: Meta) -> None:
    """Refuse a column whose encoder reads cells in Python, which TensorFlow does not run."""
    name = meta.encoders.get(column.id)
    if name is None or tensor.dtype == "string":
        return
    if column.kind not in NUMBERS or type(ENCODERS[name]).read is not ColumnEncoder.read:
        fix = "export it as 'keras', or give the encoder a layer that reads texts (ColumnEncoder.reader)"
        found = f"encoder '{name}' reads it in Python"
        raise ArtifactError(f"Column '{column.name}'", "be read by TensorFlow", found, fix)


def _input_names(columns: Sequence[str]) -> list[str]:
    """Names that TensorFlow takes for arguments, all different.

    >>> _input_names(["age", "big/name <b>", "big name (b)", "class", "1st", "é"])
    ['age', 'big_name_b', 'big_name_b_2', 'class_', 'column_1st', 'column']
    """
    names: list[str] = []
    for column in columns:
        name = re.sub(r"[^A-Za-z0-9]+", "_", column).strip("_")
        if not re.match(r"[A-Za-z]", name):
            name = f"column_{name}".rstrip("_")
        if keyword.iskeyword(name) or name == "self":
            name += "_"
        same, number = name, 1
        while name in names:
            number += 1
            name = f"{same}_{number}"
        names.append(name)
    return names


def _table(column: Column, tensor: Any, meta: Meta) -> Any:
    """Lookup from a cell of a column of categories to the model's input; None for other columns."""
    if column.order:
        return _lookup({text: float(rank) for rank, text in enumerate(column.order)}, float("nan"))
    if column.id not in meta.vocabularies:
        return None
    known = meta.vocabularies[column.id]
    if tensor.dtype == "string":
        return _lookup({"": MISSING_TOKEN, **{text: guard(text) for text in known}}, UNKNOWN_TOKEN)
    codes = {text: code + 2 for code, text in enumerate(known)}  # as `encode.codes_of` has them
    return _lookup({"": MISSING, **codes}, UNKNOWN)


def _lookup(values: Mapping[str, Any], default: Any) -> Any:
    import tensorflow as tf

    dtype = {str: tf.string, float: tf.float64, int: tf.int32}[type(default)]
    keys = tf.constant([text.encode("utf-8", "surrogatepass") for text in values], dtype=tf.string)
    content = tf.lookup.KeyValueTensorInitializer(keys, tf.constant(list(values.values()), dtype=dtype))
    return tf.lookup.StaticHashTable(content, tf.constant(default, dtype=dtype))


def _description(inputs: Sequence[_Input], meta: Meta) -> dict[str, Any]:
    """What a program has to know to use the signature."""
    return {
        "inputs": {
            one.name: {"column": one.column.name, "id": one.column.id, "kind": one.column.kind, "type": one.dtype}
            for one in inputs
        },
        "target": meta.target.name,
        "classes": list(meta.target.classes),
        "threshold": meta.threshold,
        "matrix": meta.matrix,
        "repairs": repair.to_json(meta.repairs),
    }
