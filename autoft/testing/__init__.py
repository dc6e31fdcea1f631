"""Testing: a suite for each kind of extension, which own and foreign ones have to pass.

Each suite is a function that raises AssertionError with what is wrong:

>>> from autoft.testing import check_metric  # doctest: +SKIP
>>> check_metric(MyMetric())  # doctest: +SKIP
"""

from __future__ import annotations

from typing import Any

# Imported on first use: a suite needs Keras only where its kind of thing does.
_PLACES = {
    "check_family": "families",
    "check_metric": "metrics",
    "check_encoder": "encoders",
    "check_audit": "checks",
    "check_algorithm": "algorithms",
    "check_engine": "engines",
    "check_exporter": "exporters",
    "check_backbone": "backbones",
}
__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'autoft.testing' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"autoft.testing.{_PLACES[name]}"), name)
