"""Backend of Keras, settled before Keras is imported."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from autoft.errors import SetupError

#: Backends that there is an epoch program for, and how to install them.
_INSTALL = {"tensorflow": 'pip install "autoft[tensorflow]"', "jax": 'pip install "autoft[jax]"'}


def wanted() -> str:
    """The backend that Keras runs on, or will: ``KERAS_BACKEND``, else TensorFlow."""
    if "keras" in sys.modules and hasattr(sys.modules["keras"], "backend"):
        return str(sys.modules["keras"].backend.backend())
    return os.environ.get("KERAS_BACKEND", "") or "tensorflow"


def prepare() -> str:
    """Settle the backend and silence its start-up; ``tensorflow`` or ``jax``.

    Raises:
        SetupError: If ``KERAS_BACKEND`` names another backend, or it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    found = wanted()
    if found not in _INSTALL:
        must, fix = "be tensorflow or jax, the ones that autoft trains on", "unset KERAS_BACKEND, and where TensorFlow"
        raise SetupError(
            "Keras' backend", must, f"it is {found} (KERAS_BACKEND)", f"{fix} is missing: {_INSTALL['tensorflow']}"
        )
    if find_spec(found) is None:
        name = {"tensorflow": "TensorFlow", "jax": "JAX"}[found]
        raise SetupError("autoft", "have a Keras backend to train with", f"{name} is not installed", _INSTALL[found])
    if found == "jax":
        import jax

        # Preprocessing scales in float64: a moment in milliseconds is ruined in float32.
        jax.config.update("jax_enable_x64", True)
    return found
