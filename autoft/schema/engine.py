"""What an engine for schemas must do, and the choice of one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from autoft.errors import SetupError
from autoft.records import Column, Finding

if TYPE_CHECKING:
    import pandas as pd

Environment = Literal["TRAINING", "SERVING"]
EngineName = Literal["auto", "tfdv", "none"]

INSTALL = 'pip install "autoft[tfdv,tensorflow]"'
_WHEELS = "on Python 3.11; newer Pythons have no wheel for most systems"


class Engine(Protocol):
    """Statistics in, schema out, findings about every later table.

    Schema and statistics are the engine's own objects; nobody else looks into them. The target is required
    in the environment ``TRAINING`` and not expected in ``SERVING``.
    """

    name: str

    def statistics(self, frame: pd.DataFrame, columns: tuple[Column, ...]) -> object:
        """Facts about a table. Columns of the frame that have no record are looked at as they are stored."""
        ...

    def infer(self, statistics: Any, *, target: str | None) -> object:
        """The schema that fits the table of these statistics."""
        ...

    def validate(self, statistics: Any, schema: Any, *, environment: Environment) -> tuple[Finding, ...]:
        """Every anomaly as a finding, in the order of the schema's columns; empty if the table fits."""
        ...

    def read(self, path: Path) -> object:
        """The schema in a file. Raises SchemaError if the file is missing, unreadable or no schema."""
        ...

    def write(self, schema: Any, path: Path) -> None:
        """Write the schema as text, whole or not at all. Raises FileError if that is impossible."""
        ...

    def to_text(self, schema: Any) -> str:
        """The schema as text that people can review and edit."""
        ...

    def from_text(self, text: str, source: str) -> object:
        """The inverse of `to_text`; `source` names the text in errors. Raises SchemaError if it is no schema."""
        ...


def choose(name: EngineName) -> tuple[Engine | None, tuple[Finding, ...]]:
    """The engine called `name`, without importing TensorFlow Data Validation.

    Returns:
        The engine and no finding; or None and a finding that says what is not checked, if ``auto`` finds no
        TFDV; or None and no finding for ``none``.

    Raises:
        SetupError: If ``tfdv`` is asked for by name and is not installed.
    """
    if name == "none":
        return None, ()
    if find_spec("tensorflow_data_validation") is not None:
        from autoft.schema.tfdv import TFDV

        return TFDV(), ()
    if name == "tfdv":
        raise SetupError("Schema engine 'tfdv'", "be installed", "it is not", f"run {INSTALL} {_WHEELS}")
    finding = Finding(
        code="no-schema-engine",
        severity="warning",
        column=None,
        must="be checked against a schema",
        found=(
            "TensorFlow Data Validation (TFDV) is not installed, so no schema is inferred or enforced; the built-in "
            "checks (target, classes, missing and infinite values, duplicates, leaks) still run"
        ),
        fix=f"run {INSTALL} {_WHEELS}",
    )
    return None, (finding,)
