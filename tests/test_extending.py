"""docs/extending.md: its examples run, one after another; those of the foreign package are its files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from autoft.preprocessing import registered_layers
from autoft.registry import PLACES, registry_of


@pytest.fixture(scope="module")
def page(root) -> str:
    return (root / "docs" / "extending.md").read_text(encoding="utf-8")


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the examples register is forgotten after the test."""
    for registry in map(registry_of, PLACES):
        monkeypatch.setattr(registry, "_things", dict(registry._all()))
    monkeypatch.setattr(registered_layers, "_layers", dict(registered_layers.registered_layers()))


@pytest.mark.slow
@pytest.mark.usefixtures("registries")
def test_the_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"<!-- test -->\n```python\n(.*?)```", page, re.S)
    names = {"__name__": "autoft_foreign"}
    for number, code in enumerate(blocks):
        exec(compile(code, f"docs/extending.md, example {number + 1}", "exec"), names)
    for kind in PLACES:
        own = [thing for thing in registry_of(kind) if _module(thing) == "autoft_foreign"]
        assert len(own) == 1, f"the page has no example of a {kind}"


def _module(thing: object) -> str:
    found = getattr(thing, "__wrapped__", thing)
    return str(found.__module__)


def test_the_examples_are_the_foreign_package(page, root):
    files = [path for path in (root / "tests" / "foreign" / "autoft_foreign").glob("*.py") if path.stem != "__init__"]
    assert len(files) == 5
    for path in files:
        assert f"```python\n{path.read_text(encoding='utf-8')}```" in page, path.name


def test_links_and_places_exist(page, root):
    for target in re.findall(r"\]\(([^)#]+)\)", page):
        assert (root / "docs" / target).exists(), target
    headings = {line[3:].lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings
    groups = {registry_of(kind).plugins for kind in PLACES}
    assert set(re.findall(r"`(autoft\.[a-z]+)`", page)) >= groups
