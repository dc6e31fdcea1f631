"""The architecture, read off the imports: a module imports only from lower layers (docs/decisions.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "autoft"

#: Layer of each top-level module or package; a package counts as one unit.
LAYERS = {
    **dict.fromkeys(("errors", "evidence", "records", "slicing", "words"), 0),
    **dict.fromkeys(("files", "backend", "strict_yaml", "recipe_messages", "recipe_sections", "recipe", "reading"), 1),
    **dict.fromkeys(("recipe_values", "recipe_knowledge"), 1),
    **dict.fromkeys(("table", "journal", "target"), 2),
    **dict.fromkeys(("schema", "preprocess", "networks", "knowledge", "search"), 3),
    "training": 4,
    **dict.fromkeys(("evaluate", "report", "artifact"), 5),
    **dict.fromkeys(("prepare", "spaces", "planning", "pace", "bagging", "run", "judge", "keep", "hint_audit"), 6),
    **dict.fromkeys(
        ("predict", "served", "stored", "trainer", "row_weights", "run_key", "objectives", "clean", "sliced", "told"), 6
    ),
    **dict.fromkeys(("obeying", "spent"), 6),
    "review": 6,
    **dict.fromkeys(
        ("screen", "screen_schema", "inventory", "predictions", "cli", "cli_check", "cli_schema", "__main__"), 7
    ),
    "cli_review": 7,
}
#: Within a layer, who may import whom (everything else must go down).
SAME_LAYER = {
    ("records", "evidence"),
    ("slicing", "records"),
    ("recipe", "strict_yaml"),
    ("recipe", "recipe_messages"),
    ("recipe", "recipe_sections"),
    ("recipe_sections", "recipe_messages"),
    ("recipe_sections", "recipe_values"),
    ("recipe_values", "recipe_messages"),
    ("recipe_knowledge", "recipe_values"),
    ("recipe_knowledge", "recipe_messages"),
    ("knowledge", "schema"),
    ("recipe", "recipe_values"),
    ("recipe", "recipe_knowledge"),
    ("networks", "preprocess"),
    ("preprocess", "knowledge"),
    ("knowledge", "networks"),
    ("knowledge", "preprocess"),
    ("knowledge", "schema"),
    *((name, "obeying") for name in ("spaces", "run", "judge", "bagging", "planning", "keep")),
    ("planning", "prepare"),
    ("prepare", "row_weights"),
    ("prepare", "told"),
    ("told", "sliced"),
    ("prepare", "objectives"),
    ("run_key", "prepare"),
    ("run", "run_key"),
    ("pace", "planning"),
    ("pace", "prepare"),
    ("run", "pace"),
    ("run", "spaces"),
    ("pace", "spaces"),
    ("planning", "spaces"),
    ("spaces", "prepare"),
    ("run", "bagging"),
    *((name, "hint_audit") for name in ("run", "pace", "planning", "trainer")),
    ("hint_audit", "prepare"),
    ("hint_audit", "sliced"),
    ("bagging", "prepare"),
    ("planning", "bagging"),
    ("pace", "bagging"),
    ("run", "prepare"),
    ("judge", "prepare"),
    ("judge", "run"),
    ("judge", "sliced"),
    ("judge", "spent"),
    ("spent", "prepare"),
    ("keep", "prepare"),
    ("keep", "run"),
    ("keep", "sliced"),
    ("trainer", "judge"),
    ("trainer", "keep"),
    ("trainer", "pace"),
    ("trainer", "run"),
    ("trainer", "prepare"),
    ("trainer", "predict"),
    ("trainer", "stored"),
    ("predict", "served"),
    ("cli", "screen"),
    ("judge", "pace"),
    ("review", "stored"),
    ("cli", "cli_review"),
    ("cli_review", "screen"),
    ("cli", "cli_check"),
    ("cli", "cli_schema"),
    ("cli_check", "screen"),
    ("cli_check", "screen_schema"),
    ("cli_schema", "screen"),
    ("cli_schema", "screen_schema"),
    ("screen_schema", "screen"),
    ("cli", "inventory"),
    ("cli", "predictions"),
    ("__main__", "cli"),
    ("screen", "inventory"),
}
#: Only these may import TensorFlow (DESIGN: "Backends").
TENSORFLOW = {"preprocess", "training", "artifact", "schema"}

MODULES = sorted(ROOT.rglob("*.py"))


def unit(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Full names of all imported modules, wherever in the file the import stands, type-only ones left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_go_down(path):
    mine = unit(path)
    if mine == "__init__":
        return
    assert mine in LAYERS, f"give {mine} a layer"
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "autoft" or len(parts) < 2 or parts[1] not in LAYERS or parts[1] == mine:
            continue
        other = parts[1]
        assert LAYERS[other] < LAYERS[mine] or (mine, other) in SAME_LAYER, f"{mine} must not import {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_tensorflow_stays_in_its_places(path):
    if any(name.split(".")[0] == "tensorflow" for name in imported(path)):
        assert unit(path) in TENSORFLOW


def test_the_rules_bite(tmp_path):
    """The reader of imports sees nested ones, and tells type-only ones apart."""
    file = tmp_path / "x.py"
    file.write_text(
        "if TYPE_CHECKING:\n    import a\ndef f():\n    from autoft.cli.main import main\n", encoding="utf-8"
    )
    assert imported(file) == {"autoft.cli.main.main"}


def test_nothing_reads_pickles():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert "allow_pickle=True" not in text
        assert not any(n.split(".")[0] in ("pickle", "joblib", "dill", "shelve") for n in imported(path)), path
