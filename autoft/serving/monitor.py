"""Monitor of new tables: schema, drift, unseen categories, values out of range.

Needs no Keras, and with the portable engine no TensorFlow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.data import repair
from autoft.data.convert import Converted, align, convert
from autoft.data.missing_words import MissingWords
from autoft.data.privacy import Privacy, presentable
from autoft.data.table import read
from autoft.errors import bare_cell, cell
from autoft.formatting import counted
from autoft.preprocessing.text import MISSING_WORD, cleaned
from autoft.records.columns import Column
from autoft.records.findings import MOST_ALIKE, Finding, gathered
from autoft.schema import contract, drift
from autoft.schema.engines import engine_of_model
from autoft.schema.proto_engine import read_text
from autoft.serving.archive import damaged
from autoft.serving.artifact import Meta, load_meta

if TYPE_CHECKING:
    import pandas as pd

    from autoft.schema.engine import Engine

#: Share of texts without a known word that is reported: some have none in any table.
_MANY_UNKNOWN = 0.5
_TRUST_LESS = "trust these predictions less; train again when there are many"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnComparison:
    """A used column, compared with that of the training table.

    Attributes:
        shift: How far its values have moved; None for texts, and for models without statistics.
        unseen: Share of the cells whose category the training table did not have; of texts the share of words that
            the model does not know; None for other kinds.
        outside: Share of the cells outside the training table's range; None but for numbers and dates.
    """

    column: str
    shift: drift.Shift | None
    unseen: float | None
    outside: float | None

    def without_cells(self) -> ColumnComparison:
        """The comparison without the medians, which are cells."""
        if self.shift is None:
            return self
        return replace(self, shift=replace(self.shift, median=None, median_before=None))

    def to_dict(self) -> dict[str, Any]:
        """Flat, for JSON."""
        shift = {} if self.shift is None else {**asdict(self.shift), "drifted": self.shift.drifted}
        return {"column": self.column, **shift, "unseen": self.unseen, "outside": self.outside}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableComparison:
    """A table, compared with the training table.

    Attributes:
        findings: All findings; an error where the model cannot or must not answer.
        columns: The used columns that the table has.
        target: The answers, where the table has them already and the training table's are known.
    """

    rows: int
    converted: Converted
    findings: tuple[Finding, ...]
    columns: tuple[ColumnComparison, ...]
    target: ColumnComparison | None = None


class TableMonitor:
    """Compares tables with the one that a model was trained on.

    Args:
        folder: The saved model. What is needed of it is read now: later changes of the folder change nothing.

    Attributes:
        private: Whether findings show no cell that fewer than ten rows of the table hold; as the model says at first.

    Raises:
        ArtifactError: If the model was saved with a schema and there is none.
    """

    def __init__(self, meta: Meta, folder: Path) -> None:
        self.meta, self.private = meta, meta.private
        schema, statistics = folder / "schema.pbtxt", folder / "statistics.pb"
        if meta.engine and not schema.is_file():
            raise damaged(schema, "it is missing")
        self._schema = (read_text(schema), f"'{schema}'") if schema.is_file() else None
        self._statistics = (statistics.read_bytes(), f"'{statistics}'") if statistics.is_file() else None

    @classmethod
    def load(cls, path: str | Path) -> TableMonitor:
        """The monitor of a run folder or a saved model; its Keras model is not loaded. Raises ArtifactError."""
        folder, meta = load_meta(path)
        return cls(meta, folder)

    def compare(self, data: Any) -> TableComparison:
        """Compare a table, whose target may be absent and whose columns may come in any order.

        Raises:
            TableError: If it cannot be read.
            SchemaError: If the model's schema or statistics cannot be read.
        """
        table = read(data, allow_empty=True, words=MissingWords.of_model(self.meta.missing, self.meta.words_apart))
        inputs = table.frame.drop(columns=[self.meta.target.name, *self.meta.unused], errors="ignore")
        repaired = repair.apply(inputs, self.meta.repairs, drop_rows=False)
        frame, findings = align(repaired.frame, self.meta.columns)
        findings += repair.findings(repaired.changes, columns=False)
        rows = len(frame)
        if rows:
            absent = {line.column for line in findings} | {*self.meta.unused}
            found = contract.serving(frame, self.meta.columns, *self._contract)
            known = [line for line in found if line.code == "tfdv:SCHEMA_MISSING_COLUMN" and line.column in absent]
            findings += tuple(line for line in found if line not in known)
        converted = convert(frame, self.meta.columns)
        compared = self._compared(converted, rows)
        listed = {line.column for line in findings if line.code.startswith("tfdv:ENUM")}
        more = [line for line in self._cell_findings(compared, converted, rows) if line.column not in listed]
        own = [one for one in self.meta.repairs if one.column == self.meta.target.name]
        target = self._target(repair.apply(table.frame, own).frame, compared)
        lines = compared if target is None else (*compared, target)
        moved = drift.findings([line.shift for line in lines if line.shift is not None])
        privacy = Privacy.of(table.frame) if self.private else None
        every = gathered((*findings, *more, *self._engine_changed(findings), *moved), MOST_ALIKE)
        findings = presentable(tuple(every), privacy)
        if privacy is not None:
            compared = tuple(line.without_cells() for line in compared)
            target = None if target is None else target.without_cells()
        return TableComparison(rows=rows, converted=converted, findings=findings, columns=compared, target=target)

    def _engine_changed(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """A note where the engine that described the training table is not here, if nothing says so yet."""
        engine, _, statistics = self._contract
        if any(line.code == "drift-not-compared" for line in findings):
            return ()
        if engine is None or statistics is None or statistics.engine in ("", engine.name):
            return ()
        must = f"be compared by engine '{statistics.engine}', as the training table was"
        found = f"is compared by engine '{engine.name}', as engine '{statistics.engine}' is not installed"
        fix = "nothing to do: the findings are the same, and the distances are autoft's own, whichever engine runs"
        return (Finding("engine-changed", "info", None, must, found, fix),)

    def _target(self, frame: pd.DataFrame, compared: tuple[ColumnComparison, ...]) -> ColumnComparison | None:
        _, _, statistics = self._contract
        if statistics is None:
            return None
        shift = drift.target_shift(statistics.proto, self.meta.target, frame, more=len(compared))
        if shift is None:
            return None
        return ColumnComparison(column=shift.column, shift=shift, unseen=shift.unseen, outside=shift.outside)

    @cached_property
    def _contract(self) -> tuple[Engine | None, Any, Any]:
        """Schema engine, schema and statistics of the saved model; None for what it has not."""
        if self._schema is None:
            return None, None, None
        engine = engine_of_model(self.meta.engine)
        loaded = None if self._statistics is None else engine.load_statistics(*self._statistics)
        return engine, engine.from_text(*self._schema), loaded

    def _compared(self, converted: Converted, rows: int) -> tuple[ColumnComparison, ...]:
        _, _, statistics = self._contract
        used = [column for column in self.meta.columns if column.used and column.id in converted.values]
        found = () if statistics is None else drift.shifts(statistics.proto, used, converted, rows)
        by_name = {shift.column: shift for shift in found}
        return tuple(self._compare_column(one, converted.values[one.id], rows, by_name.get(one.name)) for one in used)

    def _compare_column(
        self, column: Column, cells: NDArray[Any], rows: int, shift: drift.Shift | None
    ) -> ColumnComparison:
        unseen = outside = None
        if column.id in self.meta.vocabularies:
            known = {*self.meta.vocabularies[column.id], None}
            unseen = sum(text not in known for text in cells) / max(1, rows)
        if column.id in self.meta.words:
            unseen = _unknown_words(cells, self.meta.words[column.id])
        if column.id in self.meta.ranges:
            low, high = self.meta.ranges[column.id]
            outside = int(np.sum((cells < low) | (cells > high))) / max(1, rows)
        elif column.kind == "date" and shift is not None:
            outside = shift.outside
        return ColumnComparison(column=column.name, shift=shift, unseen=unseen, outside=outside)

    def _cell_findings(self, compared: tuple[ColumnComparison, ...], converted: Converted, rows: int) -> list[Finding]:
        """Findings about cells whose predictions are worth less."""
        found: list[Finding] = []
        columns = {column.name: column for column in self.meta.columns}
        for line in compared:
            column = columns[line.column]
            if column.id in self.meta.words:
                found += _unknown_texts(column, converted.values[column.id], self.meta.words[column.id])
            elif line.unseen:
                known = {*self.meta.vocabularies[column.id], None}
                unknown = Counter(text for text in converted.values[column.id] if text not in known)
                example = str(unknown.most_common(1)[0][0])
                found.append(_unseen(line, example, rows, private=self.meta.private))
            if column.kind == "date":
                found += _far_dates(column, line.shift)
            elif line.outside:
                found.append(_outside(line, converted.values[column.id], self.meta.ranges[column.id], rows))
        return found


def _unseen(line: ColumnComparison, example: str, rows: int, *, private: bool) -> Finding:
    """New categories: a warning where they are more than chance makes them."""
    assert line.unseen is not None
    text = f"has {round(line.unseen * rows):,} of {rows:,} cells with a category that "
    text += "the model does not know" if private else "training did not have"
    text, most = f"{text} (most often {cell(example)})", None if line.shift is None else line.shift.most_unseen
    expected = most is not None and line.unseen <= most
    fix = "they count as unknown; "
    fix += "no more than a table with rare categories always has" if expected else "train again when there are many"
    must = "hold the categories of the training"
    return Finding("unseen-categories", "info" if expected else "warning", line.column, must, text, fix)


def _outside(line: ColumnComparison, cells: NDArray[Any], known: tuple[float, float], rows: int) -> Finding:
    """Numbers outside the training's range: a warning where one is far outside, or more are than chance makes them."""
    assert line.outside is not None
    low, high = known
    text = f"has {round(line.outside * rows):,} of {rows:,} values outside the training's {bare_cell(low)} "
    text += f"to {bare_cell(high)}"
    must, shift = "stay in the range of the training", line.shift
    if shift is not None and shift.strayed:
        furthest = float(cells[np.nanargmax(np.maximum(low - cells, cells - high))])
        text += f", {shift.strayed:,} of them far outside ({bare_cell(furthest)})"
    elif shift is not None and shift.most_outside is not None and line.outside <= shift.most_outside:
        fix = "nothing to do: so few lie outside by chance"
        return Finding("out-of-range", "info", line.column, must, text, fix)
    return Finding("out-of-range", "warning", line.column, must, text, _TRUST_LESS)


def _far_dates(column: Column, shift: drift.Shift | None) -> list[Finding]:
    """Dates that are too far away to come from the passing of time."""
    if shift is None or not shift.strayed:
        return []
    text = f"has {counted(shift.strayed, 'date')} far outside the range of the training dates"
    fix = "correct them, or leave them empty; else trust these predictions less"
    return [Finding("out-of-range", "warning", column.name, "stay near the dates of the training", text, fix)]


def _unknown_words(cells: NDArray[Any], known: tuple[str, ...]) -> float | None:
    """Share of the words of texts that the model does not know, each counted as often as it stands there."""
    words = [word for text in cleaned(cells) if text not in ("", MISSING_WORD) for word in text.split(" ")]
    vocabulary = set(known)
    return sum(word not in vocabulary for word in words) / len(words) if words else None


def _unknown_texts(column: Column, cells: NDArray[Any], known: tuple[str, ...]) -> list[Finding]:
    """Texts without a single word that the model knows, where they are many."""
    words = set(known)
    filled = [text.split(" ") for text in cleaned(cells) if text not in ("", MISSING_WORD)]
    unknown = sum(words.isdisjoint(text) for text in filled)
    if unknown <= _MANY_UNKNOWN * len(filled):
        return []
    text = f"has {unknown:,} of {len(filled):,} texts without any of the {len(known):,} words that the model knows"
    return [Finding("unknown-words", "warning", column.name, "have words of the training", text, _TRUST_LESS)]
