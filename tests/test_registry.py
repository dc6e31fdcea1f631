"""Registries: what a file has to do to be found."""

from __future__ import annotations

import pytest

from autoft.errors import SetupError
from autoft.registry import PLACES, Registry, registry_of

MODULE = """
from types import SimpleNamespace
from {package} import SHAPES
SHAPES.register(SimpleNamespace(name="{name}"))
"""


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A package with a registry and two files, which nothing but their place announces."""
    folder = tmp_path / "shape_room"
    folder.mkdir()
    text = 'from autoft.registry import Registry\nSHAPES = Registry("shape", "shape_room.none", own="shape_room")\n'
    (folder / "__init__.py").write_text(text, encoding="utf-8")
    for name in ("circle", "square"):
        (folder / f"{name}.py").write_text(MODULE.format(package="shape_room", name=name), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("room")
def test_a_file_in_the_room_is_enough():
    from shape_room import SHAPES

    assert SHAPES.names() == ("circle", "square")
    assert "circle" in SHAPES


def test_autofts_own_come_first_whoever_asks_first():
    class Thing:
        name = "user's"

    class Own(Thing):
        name = "own"

    Own.__module__ = "autoft.somewhere"
    shapes = Registry("shape", "no.such.group")
    shapes.register(Thing)
    shapes.register(Own)
    assert shapes.names() == ("own", "user's")


def test_two_meanings_of_a_name_are_refused():
    class One:
        name = "thing"

    class Other:
        name = "thing"

    shapes = Registry("shape", "no.such.group")
    shapes.register(One)
    with pytest.raises(SetupError, match="both register it"):
        shapes.register(Other)


@pytest.mark.parametrize("kind", [kind for kind in PLACES if kind != "backbone"])
def test_every_kind_has_things_of_its_own(kind):
    assert registry_of(kind).names()
