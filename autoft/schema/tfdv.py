"""TensorFlow Data Validation as a schema engine."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from autoft.data.typed import Typed, record_batch
from autoft.schema.proto_engine import ProtoEngine


class TFDV(ProtoEngine):
    """The engine that runs TensorFlow Data Validation in memory, without a Beam pipeline."""

    name = "tfdv"
    needs = ("tensorflow_data_validation",)
    install = 'pip install "autoft[tfdv,tensorflow]" on Python 3.11; newer Pythons have no wheel for most systems'
    title = "TFDV"

    def _generate(self, table: Typed) -> Any:
        batch = record_batch(table)
        with _quiet():
            _import_apart()
            from tensorflow_data_validation import StatsOptions
            from tensorflow_data_validation.statistics import stats_impl

            return stats_impl.generate_statistics_in_memory(batch, StatsOptions())

    def _infer(self, proto: Any, largest_domain: int) -> Any:
        with _quiet():
            import tensorflow_data_validation as tfdv

            return tfdv.infer_schema(proto, infer_feature_shape=False, max_string_domain_size=largest_domain)

    def _validate(self, proto: Any, schema: Any, environment: str, previous: Any) -> Any:
        with _quiet():
            import tensorflow_data_validation as tfdv

            return tfdv.validate_statistics(proto, schema, environment=environment, previous_statistics=previous)

    def _messages(self) -> tuple[Any, Any]:
        from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

        return schema_pb2.Schema, statistics_pb2.DatasetFeatureStatisticsList


def _import_apart() -> None:
    """Import TFDV on a stack of its own.

    One of its dependencies keeps an exception of its import, and with it all frames below: the whole run that asks
    first, its table and its networks included, would stay in memory.
    """
    worker = threading.Thread(target=importlib.import_module, args=["tensorflow_data_validation"])
    worker.start()
    worker.join()


_QUIETLY = threading.RLock()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide messages of TensorFlow, Beam and TFDV about themselves. The first import prints to stdout, to stderr (C++
    logs, which read their level once), through logging and through warnings; infinite values make numpy warn inside
    TFDV. What is changed belongs to the whole process, so one thread at a time changes it and puts it back."""
    screen, disabled = io.StringIO(), logging.root.manager.disable
    with (
        _QUIETLY,
        patch.dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3"),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(screen),
        contextlib.redirect_stderr(screen),
    ):
        warnings.simplefilter("ignore")
        logging.disable(max(disabled, logging.WARNING))
        try:
            yield
        finally:
            logging.disable(disabled)
