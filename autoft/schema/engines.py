"""Choice of a schema engine."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from autoft.errors import SetupError
from autoft.schema.engine import Engine, EngineName

if TYPE_CHECKING:
    pass


INSTALL = 'pip install "autoft[tfdv,tensorflow]"'


_WHEELS = "on Python 3.11; newer Pythons have no wheel for most systems"


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
