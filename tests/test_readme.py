"""The README is a promise: its code runs, its files and commands exist."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text(encoding="utf-8")


def test_python_example_runs(readme, root, tmp_path, monkeypatch, capsys):
    """As it stands, but for one trial in a few seconds instead of five in a minute."""
    (code,) = re.findall(r"<!-- test -->\n```python\n(.*?)```", readme, re.S)
    assert "trials=5, minutes=1," in code
    code = code.replace("trials=5, minutes=1,", "trials=1, minutes=0.2,")
    (tmp_path / "recipes").symlink_to(root / "recipes")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert re.match(r"F1 [01]\.\d+, between [01]\.\d+ and [01]\.\d+", capsys.readouterr().out)
    assert (tmp_path / "penguins.html").is_file()


def test_the_two_commands_stand_there(readme):
    assert "pip install uv && uv run autoft fit recipes/churn.yaml" in readme
    assert "pip install uv && uv run pytest" in readme


def test_links_lead_somewhere(readme, root):
    for target in re.findall(r"\]\(([^)]+)\)", readme):
        assert (root / target).exists(), target


def test_recipe_example_is_valid(readme, tmp_path):
    from autoft.recipe.recipe import read_recipe

    whole, hints = re.findall(r"```yaml\n(.*?)```", readme, re.S)
    (tmp_path / "r.yaml").write_text(whole, encoding="utf-8")
    assert read_recipe(tmp_path / "r.yaml").data.target == yaml.safe_load(whole)["data"]["target"]
    (tmp_path / "k.yaml").write_text(hints, encoding="utf-8")
    told = read_recipe(tmp_path / "k.yaml").knowledge.features
    assert told.keys() == yaml.safe_load(hints)["knowledge"]["features"].keys()


def test_commands_exist(readme):
    commands = set(re.findall(r"uv run autoft (\w+)", readme))
    assert commands >= {"fit", "predict", "check", "recipes"}
    shown = subprocess.run(
        [sys.executable, "-m", "autoft", "--help"], check=True, capture_output=True, text=True
    ).stdout
    assert all(command in shown for command in commands)


def test_constraints_agree_with_the_project(root):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert not any("://" in line for line in lines)
    pinned = {line.split(" ;")[0] for line in lines if not line.startswith("#")}
    for constraint in project["tool"]["uv"]["constraint-dependencies"]:
        assert constraint.split(";")[0].strip() in pinned, constraint
