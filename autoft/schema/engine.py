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
EngineName = Literal["auto", "tfdv", "portable", "none"]

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

    def validate(
        self, statistics: Any, schema: Any, *, environment: Environment, previous: Any = None
    ) -> tuple[Finding, ...]:
        """Every anomaly as a finding, in the order of the schema's columns; empty if the table fits.

        `previous` are statistics of the table from which the schema's limits of drift are measured.
        """
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

    def dump_statistics(self, statistics: Any) -> bytes:
        """Statistics as a file; they remember which engine made them."""
        ...

    def load_statistics(self, data: bytes, source: str) -> Any:
        """The inverse of `dump_statistics`, also of another engine's. Raises SchemaError if `data` is none."""
        ...


def choose(name: EngineName) -> Engine | None:
    """The engine called `name`, without importing TensorFlow Data Validation; None for ``none``.

    ``auto`` is TFDV where it is installed, else the portable engine, which is always there.

    Raises:
        SetupError: If ``tfdv`` is asked for by name and is not installed.
    """
    if name == "none":
        return None
    if name != "portable" and find_spec("tensorflow_data_validation") is not None:
        from autoft.schema.tfdv import TFDV

        return TFDV()
    if name == "tfdv":
        fix = f"run {INSTALL} {_WHEELS}, or choose engine 'portable'"
        raise SetupError("Schema engine 'tfdv'", "be installed", "it is not", fix)
    from autoft.schema.portable_engine import Portable

    return Portable()


def like(name: str) -> Engine:
    """The engine that made a model's schema, or the portable one where that is TFDV and not installed.

    Args:
        name: The engine's name as the model has it.
    """
    missing = name == "tfdv" and find_spec("tensorflow_data_validation") is None
    engine = choose("portable" if missing or name not in ("tfdv", "portable") else name)  # type: ignore[arg-type]
    assert engine is not None
    return engine
