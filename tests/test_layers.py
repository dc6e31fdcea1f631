"""The architecture, read off the imports: a module imports from its own room and lower ones."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("rooms", ROOT / "tools" / "rooms.py")
assert SPEC is not None
assert SPEC.loader is not None
rooms = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(rooms)

#: Only these may import TensorFlow (docs/architecture.md).
TENSORFLOW = {"preprocessing", "training", "serving", "schema"}


def test_imports_go_down():
    assert [f"{who} imports {whom}" for who, whom in rooms.upward()] == []


def test_no_circle_of_imports():
    assert rooms.circle() == []


def test_every_room_has_a_number():
    assert {rooms.room(m) for m in rooms.modules()} - {"__init__"} <= rooms.ROOMS.keys()


def test_few_modules_at_the_root_and_in_each_room():
    counts = {path: len(list(path.glob("*.py"))) for path in {p.parent for p in rooms.modules().values()}}
    assert counts.pop(rooms.PACKAGE) <= 8
    assert max(counts.values()) <= 30


def test_the_picture_is_that_of_the_code():
    assert rooms.PICTURE.read_text(encoding="utf-8") == rooms.picture(), "run python tools/rooms.py --write"


def test_upward_imports_and_circles_are_seen(tmp_path, monkeypatch):
    """Imports in functions and for types count."""
    package = tmp_path / "autoft"
    (package / "data").mkdir(parents=True)
    (package / "pipeline").mkdir()
    for path in (package, package / "data", package / "pipeline"):
        (path / "__init__.py").write_text("")
    (package / "data" / "table.py").write_text("if TYPE_CHECKING:\n    from autoft.pipeline.fit import fit\n")
    (package / "pipeline" / "fit.py").write_text("def fit():\n    from autoft.data.table import Table\n")
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    monkeypatch.setattr(rooms, "PACKAGE", package)
    monkeypatch.setattr(rooms, "modules", rooms.modules.__wrapped__)
    monkeypatch.setattr(rooms, "imports", rooms.imports.__wrapped__)
    assert rooms.upward() == [("autoft.data.table", "autoft.pipeline.fit")]
    assert set(rooms.circle()) == {"autoft.data.table", "autoft.pipeline.fit"}


def _imported(path: Path) -> set[str]:
    """Names of all imported modules, wherever in the file the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


@pytest.mark.parametrize("room", sorted(set(rooms.ROOMS) - TENSORFLOW))
def test_tensorflow_stays_in_its_rooms(room):
    paths = [path for module, path in rooms.modules().items() if rooms.room(module) == room]
    assert [str(p) for p in paths if any(name.split(".")[0] == "tensorflow" for name in _imported(p))] == []


#: Modules that read or write formats in which a file can run code, and functions of others that do.
PICKLERS = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal", "tables"}
READERS_OF_PICKLES = ("allow_pickle=True", "read_pickle", "to_pickle", "read_hdf", "torch.load", "yaml.load(")


def test_nothing_reads_pickles():
    for path in rooms.modules().values():
        text = path.read_text(encoding="utf-8")
        assert not [word for word in READERS_OF_PICKLES if word in text], path
        assert not {name.split(".")[0] for name in _imported(path)} & PICKLERS, path
