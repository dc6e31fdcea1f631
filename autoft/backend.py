"""Which backend Keras runs on, settled before Keras is imported."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from autoft.errors import SetupError

_INSTALL = 'pip install "autoft[tensorflow]"'


def prepare() -> None:
    """Choose TensorFlow unless ``KERAS_BACKEND`` says otherwise, and quieten its start-up chatter.

    Raises:
        SetupError: If there is no backend that this version can train on.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    wanted = os.environ.get("KERAS_BACKEND", "")
    if not wanted and "keras" in sys.modules:
        wanted = str(sys.modules["keras"].backend.backend())
    if wanted not in ("", "tensorflow"):
        raise SetupError(
            "Keras' backend",
            "be tensorflow, the one that this version of autoft trains on",
            f"it is {wanted} (KERAS_BACKEND)",
            f"unset KERAS_BACKEND, and where TensorFlow is missing: {_INSTALL}",
        )
    if find_spec("tensorflow") is None:
        raise SetupError("autoft", "have a Keras backend to train with", "TensorFlow is not installed", _INSTALL)
