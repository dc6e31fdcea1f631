"""Drift of the target, where a table has it already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autoft.data.cells import TRUTH, word
from autoft.data.convert import convert
from autoft.records.columns import Column, Kind, Target
from autoft.schema.drift import Shift, shifts
from autoft.schema.reference import references

if TYPE_CHECKING:
    import pandas as pd


def shift(statistics: Any, target: Target, frame: pd.DataFrame, *, more: int) -> Shift | None:
    """Drift of the answers over the rows that have one; None if the table or the statistics have none."""
    known = references(statistics).get(target.name)
    if known is None or target.name not in frame.columns:
        return None
    kind: Kind = "categorical" if known.edges is None else "numeric"
    false: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    if known.edges is None and set(known.labels) <= {"true", "false"}:
        kind = "boolean"
        texts = [str(label) for label in target.classes]
        if len(texts) == 2 and word(texts[0]) not in TRUTH:  # declared to be boolean, in words of its own
            false, true = (texts[0],), (texts[1],)
    column = Column(id="target", name=target.name, kind=kind, why="the target", false=false, true=true)
    answered = frame.loc[frame[target.name].notna(), [target.name]]
    converted = convert(answered, [column])
    found = shifts(statistics, [column], converted, len(answered), more=more)
    if not found or found[0].distance is None:
        return None
    # Words that are neither truth value are other answers than the model can give.
    return replace(found[0], unseen=converted.bad.get("target", 0) / len(answered)) if kind == "boolean" else found[0]
