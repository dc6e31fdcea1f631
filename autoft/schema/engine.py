"""Schema engines: the protocol and the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol

import pandas as pd

from autoft.records.columns import Column
from autoft.records.findings import Finding
from autoft.registry import Installable, Registry

Environment = Literal["TRAINING", "SERVING"]


class Engine(Installable, Protocol):
    """Makes statistics of a table, infers a schema from them, and validates later tables with it. Schema and statistics
    are objects of the engine's own classes. The target is required in the environment ``TRAINING`` and not expected in
    ``SERVING``. The name is that in recipes (``tfdv``)."""

    def statistics(self, frame: pd.DataFrame, columns: tuple[Column, ...]) -> object:
        """Statistics of a table. A column of the frame without a record is read as it is stored."""

    def infer(self, statistics: Any, *, target: str | None) -> object:
        """The schema that fits the table of these statistics."""

    def validate(
        self, statistics: Any, schema: Any, *, environment: Environment, previous: Any = None
    ) -> tuple[Finding, ...]:
        """Every anomaly as a finding, in the order of the schema's columns; empty if the table fits. `previous` are
        statistics of the table from which the schema's limits of drift are measured."""

    def read(self, path: Path) -> object:
        """The schema in a file. Raises SchemaError if the file is missing, unreadable or no schema."""

    def write(self, schema: Any, path: Path) -> None:
        """Write the schema as text, whole or not at all. Raises FileError if that is impossible."""

    def to_text(self, schema: Any) -> str:
        """The schema as text that people can review and edit."""

    def from_text(self, text: str, source: str) -> object:
        """The inverse of `to_text`; `source` names the text in errors. Raises SchemaError if it is no schema."""

    def dump_statistics(self, statistics: Any) -> bytes:
        """Statistics as a file; they remember which engine made them."""

    def load_statistics(self, data: bytes, source: str) -> Any:
        """The inverse of `dump_statistics`, also of another engine's. Raises SchemaError if `data` is none."""


#: In the order in which ``engine: auto`` tries them.
ENGINES: Registry[Engine] = Registry("schema engine", "autoft.engines")
