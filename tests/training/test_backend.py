"""The backend is settled before anything is trained."""

import sys
from types import SimpleNamespace

import pytest

from autoft.errors import SetupError
from autoft.training import backend


def running_on(name: str) -> SimpleNamespace:
    return SimpleNamespace(backend=SimpleNamespace(backend=lambda: name))


def test_the_backend_that_keras_runs_on_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setitem(sys.modules, "keras", running_on("tensorflow"))
    monkeypatch.setattr(backend, "find_spec", lambda wanted: True)
    assert backend.prepare() == "tensorflow"


def test_a_backend_without_a_program_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "keras", running_on("torch"))
    with pytest.raises(SetupError, match=r"tensorflow or jax.*torch.*unset KERAS_BACKEND"):
        backend.prepare()


@pytest.mark.parametrize(("name", "extra"), [("tensorflow", "TensorFlow"), ("jax", "JAX")])
def test_a_backend_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, name: str, extra: str):
    monkeypatch.setitem(sys.modules, "keras", running_on(name))
    monkeypatch.setattr(backend, "find_spec", lambda wanted: None)
    with pytest.raises(SetupError, match=rf"{extra} is not installed.*autoft\[{name}\]"):
        backend.prepare()


def test_without_keras_the_environment_decides(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(backend, "find_spec", lambda wanted: True)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(SetupError, match="torch"):
        backend.prepare()
    monkeypatch.setenv("KERAS_BACKEND", "")
    assert backend.prepare() == "tensorflow"
