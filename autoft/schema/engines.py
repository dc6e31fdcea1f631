"""Choice of a schema engine by name."""

from __future__ import annotations

from importlib.util import find_spec

from autoft.errors import SetupError
from autoft.schema.engine import ENGINES, Engine
from autoft.schema.portable_engine import Portable
from autoft.schema.tfdv import TFDV

#: TFDV takes hundredths of a second for the histograms of each column: minutes for tables of more columns than this.
MOST_COLUMNS = 1_000

ENGINES.register(TFDV)
ENGINES.register(Portable)


def choose(name: str, columns: int = 0) -> Engine | None:
    """The engine of a name; nothing is imported that it needs. None for ``none``. ``auto`` is the first registered
    engine that is installed: TFDV, or else the portable one, which always is and which takes tables of more than 1,000
    `columns`. Raises a RecipeError if there is no engine of the name, a SetupError if something that it needs is not
    installed."""
    if name == "none":
        return None
    if name == "auto":
        return ENGINES["portable"] if columns > MOST_COLUMNS else next(filter(_installed, ENGINES))
    engine = ENGINES[name]
    if not _installed(engine):
        fix = f"run {engine.install}, or choose engine 'portable'"
        raise SetupError(f"Schema engine '{name}'", "be installed", "it is not", fix)
    return engine


def engine_of_model(name: str) -> Engine:
    """The engine that inferred the schema of a saved model, or the portable one where that is not installed."""
    return ENGINES[name if name in ENGINES and _installed(ENGINES[name]) else "portable"]


def _installed(engine: Engine) -> bool:
    return all(find_spec(module) is not None for module in engine.needs)
