"""autoft: AutoML for Keras whose reported numbers stay true.

>>> import autoft
>>> tuner = autoft.AutoFineTuner(target="Churn", minutes=5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autoft.errors import AutoFTError as AutoFTError
    from autoft.tuner import AutoFineTuner as AutoFineTuner
    from autoft.tuner import load as load

__version__: str
__all__ = ["AutoFTError", "AutoFineTuner", "__version__", "load"]

# Imported on first use, so that `autoft --help` and the checks need neither pandas nor Keras.
_PLACES = {"AutoFTError": "autoft.errors", "AutoFineTuner": "autoft.tuner", "load": "autoft.tuner"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("autoft")
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'autoft' has no attribute '{name}'")
