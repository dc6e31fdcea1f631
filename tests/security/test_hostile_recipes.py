"""Recipes written by an attacker: nothing runs, nothing explodes, nothing outside the folder is touched."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from autoft.errors import RecipeError
from autoft.recipe.recipe import Recipe, read_recipe
from autoft.recipe.yaml import MAX_BYTES, load


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['touch {marker}']",
        "!!python/object/new:subprocess.Popen [['touch', '{marker}']]",
        "a: !!python/name:os.system",
        "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system ['touch {marker}']",
        "a: !!str 1",
        "a: ! 1",
    ],
)
def test_tags_are_refused_and_run_nothing(tmp_path: Path, text: str) -> None:
    marker = tmp_path / "marker"
    with pytest.raises(RecipeError, match="must not use tags"):
        load(text.replace("{marker}", str(marker)), source="r.yaml")
    assert not marker.exists()


def test_billion_laughs_are_refused() -> None:
    levels = ["a0: &a0 [lol, lol]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(RecipeError, match="line 1 must not use anchors"):
        load("\n".join(levels), source="r.yaml")
    with pytest.raises(RecipeError, match="aliases"):
        load("a: *b", source="r.yaml")


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, "{" * 5000, "- " * 5000, "? " * 5000, "a: " + "[" * 9, "{a: " * 5000, "[[" * 30000, '{"":' * 10000],
    ids=["lists", "maps", "dashes", "keys", "just too deep", "nested maps", "64 kB", "empty keys"],
)
def test_deep_nesting_is_an_error_not_a_crash(text: str) -> None:
    began = time.process_time()
    with pytest.raises(RecipeError):
        load(text, source="r.yaml")
    assert time.process_time() - began < 2


def test_the_deepest_recipe_is_allowed() -> None:
    assert load("[" * 8 + "]" * 8, source="r.yaml").data == [[[[[[[[]]]]]]]]


@pytest.mark.parametrize(
    "text",
    [
        "x" * (MAX_BYTES + 1),
        "é" * (MAX_BYTES // 2 + 1),
        "a: " + "1" * 5000,
        '"\\UFFFFFFFF"',
        '"\\U00110000"',
        'a: "\\ud800"',
        "a: \ud800",
        "a: \x00",
        "%YAML " + "9" * 5000 + ".1\n---\na: 1",
    ],
    ids=["long", "long in bytes", "digits", "escape", "beyond Unicode", "surrogate", "raw surrogate", "NUL", "version"],
)
def test_odd_texts_give_a_recipe_error(text: str) -> None:
    with pytest.raises(RecipeError):
        load(text, source="r.yaml")


def test_random_yaml_gives_data_or_a_recipe_error() -> None:
    pieces = ["a", ": ", "- ", "\n", "  ", "&", "*", "!", "|", ">", "'", '"', "{", "}", "[", "]", ",", "#", "%"]
    pieces += ["\\", "?", "<<", "~", "1", "e", "\t", "---", "...", "é", "\x00", "\ud800", "0x", ".", "data", "path"]
    draw = random.Random(0)
    outcomes = {"data": 0, "refused": 0}
    for _ in range(2000):
        text = "".join(draw.choice(pieces) for _ in range(draw.randint(1, 14)))
        try:
            load(text, source="r.yaml")
            outcomes["data"] += 1
        except RecipeError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 100


OUTSIDE = [
    "../secret.csv",
    "sub/../../secret.csv",
    "/etc/passwd",
    "~/secret.csv",
    "link.csv",
    "linked/secret.csv",
    "http://example.com/a.csv",
    "https://example.com/a.csv",
    "s3://bucket/a.csv",
    "hf://data/a.csv",
    "file:///etc/passwd",
    "file:secret.csv",
    "C:\\\\secret.csv",
    "\\\\\\\\host\\\\share.csv",
    "a\\0.csv",
]


@pytest.mark.parametrize("text", OUTSIDE)
@pytest.mark.parametrize("key", ["data: {path", "schema: {file"])
def test_paths_stay_inside_the_folder(tmp_path: Path, key: str, text: str) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "r.yaml").write_text(f'name: x\n{key}: "{text}"}}\n')
    with pytest.raises(RecipeError, match="line 2") as caught:
        read_recipe(folder / "r.yaml")
    assert "relative path inside the recipe's folder" in str(caught.value)


def test_paths_are_checked_again_when_they_are_used(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("data: {path: later.csv}\nschema: {file: later.pbtxt}\n")
    recipe = read_recipe(tmp_path / "r.yaml")
    assert recipe.data_path() == tmp_path.resolve() / "later.csv"
    for name in ("later.csv", "later.pbtxt"):
        (tmp_path / name).symlink_to("/etc/passwd")
    with pytest.raises(RecipeError, match="leads out of that folder"):
        recipe.data_path()
    with pytest.raises(RecipeError, match="leads out of that folder"):
        recipe.schema_path()


def test_paths_of_a_recipe_made_in_python_are_checked() -> None:
    with pytest.raises(RecipeError, match="absolute"):
        Recipe().with_changes(**{"data.path": "/etc/passwd"}).data_path()


def test_a_schema_is_only_ever_written_to_a_schema_file(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("schema: {file: conftest.py}\n")
    with pytest.raises(RecipeError, match=r"end in \.pbtxt"):
        read_recipe(tmp_path / "r.yaml")


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "..", "a b", "a\\nb", "x" * 65, "-rf", "naïve", ""])
def test_names_are_safe_for_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "r.yaml").write_text(f'name: "{name}"\n')
    with pytest.raises(RecipeError, match="name of a folder"):
        read_recipe(tmp_path / "r.yaml")


def test_escapes_for_the_terminal_are_shown_not_sent(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text('"\\e]0;owned\\a": 1\n')
    with pytest.raises(RecipeError) as caught:
        read_recipe(tmp_path / "r.yaml")
    assert "\x1b" not in str(caught.value)
    assert "\\x1b]0;owned\\x07" in str(caught.value)


def test_a_large_or_endless_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_bytes(b"#" * 10_000_000)
    with pytest.raises(RecipeError, match="64 kB"):
        read_recipe(tmp_path / "r.yaml")
    with pytest.raises(RecipeError, match="must be a file"):
        read_recipe("/dev/zero")
    with pytest.raises(RecipeError, match="folder"):
        read_recipe(tmp_path)


def test_a_flood_of_mistakes_is_counted(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("".join(f"k{index}: 1\n" for index in range(1000)))
    with pytest.raises(RecipeError) as caught:
        read_recipe(tmp_path / "r.yaml")
    assert "980 more" in str(caught.value)
    assert len(str(caught.value)) < 5000
