"""Whose a folder is: a run takes an empty one or its own, and nothing of others is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autoft.errors import ArtifactError, AutoFTError, FileError, JournalError
from autoft.pipeline.context import Run
from autoft.pipeline.ownership import Existing, refuse_others
from autoft.recipe.recipe import Recipe

KEY = {"data": "a", "settings": "1"}
OTHER = {"data": "a", "settings": "2"}
DEAD = 999_999_999


def run_in(
    folder: Path,
    key: dict[str, str] = KEY,
    existing: Existing = "refuse",
    said: Callable[[str], None] = lambda _: None,
    **changes: Any,
) -> Run:
    """A run that has got as far as its journal."""
    run = Run(
        recipe=Recipe().with_changes(**changes),
        folder=folder,
        existing=existing,
        progress=lambda step: said(step.message),
    )
    settings = {"seed": int(key["settings"]), "numeric": {"scale": "robust"}}
    with run.working():
        run.open_journal(key, settings)
    return run


def content(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_run_goes_on_in_its_own_folder_under_every_setting(tmp_path: Path):
    folder = tmp_path / "run"
    folder.mkdir()
    run_in(folder)
    before = content(folder)
    assert set(before) == {"autoft-run.json", "journal.jsonl"}
    for existing in ("refuse", "resume", "number", "overwrite"):
        said: list[str] = []
        run_in(folder, existing=existing, said=said.append)
        assert content(folder) == before
        assert said == [f"goes on with the run in {folder}"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("existing", ["refuse", "resume"])
def test_another_run_is_refused_in_words(tmp_path: Path, existing: Existing):
    run_in(tmp_path)
    before = content(tmp_path)
    with pytest.raises(JournalError, match=r"another one \(seed: 1 before, 2 now\)\. Fix: .*--overwrite"):
        run_in(tmp_path, OTHER, existing)
    assert content(tmp_path) == before


@pytest.mark.parametrize("lost", ["autoft-run.json", "journal.jsonl"])
def test_a_run_is_known_by_its_marker_or_its_journal(tmp_path: Path, lost: str):
    """Older runs have the journal alone."""
    run_in(tmp_path)
    (tmp_path / lost).unlink()
    refuse_others(tmp_path)
    with pytest.raises(JournalError, match="holds another one"):
        run_in(tmp_path, OTHER)
    run_in(tmp_path)
    assert (tmp_path / lost).is_file()


def test_another_objective_or_report_is_another_run_unless_it_is_to_go_on(tmp_path: Path):
    folder, said = tmp_path / "titanic", list[str]()
    run_in(folder, existing="number")
    assert run_in(folder, existing="number", trials=3, minutes=2.0).folder == folder
    other = run_in(folder, existing="number", said=said.append, objective="accuracy")
    assert other.folder == tmp_path / "titanic-2"
    assert "another objective" in said[0]
    assert run_in(folder, existing="number", private=True).folder == tmp_path / "titanic-3"
    assert run_in(folder, existing="number", objective="accuracy").folder == tmp_path / "titanic-2"
    with pytest.raises(JournalError, match=r"another objective.*existing='resume'"):
        run_in(folder, objective="accuracy")
    assert run_in(folder, existing="resume", objective="accuracy").folder == folder


def test_another_run_gets_the_next_number(tmp_path: Path):
    folder, said = tmp_path / "titanic", list[str]()
    assert run_in(folder, existing="number").folder == folder
    before = content(folder)
    assert run_in(folder, OTHER, "number", said.append).folder == tmp_path / "titanic-2"
    assert said == [f"{folder} holds another run (seed: 1 before, 2 now); this one is in {folder}-2"]
    assert run_in(folder, OTHER, "number").folder == tmp_path / "titanic-2"
    (tmp_path / "titanic-3").mkdir()
    (tmp_path / "titanic-3" / "mine.txt").write_text("mine")
    assert run_in(folder, OTHER | {"data": "b"}, "number").folder == tmp_path / "titanic-4"
    assert content(folder) == before
    assert content(tmp_path / "titanic-3") == {"mine.txt": b"mine"}


def test_overwrite_removes_the_other_run_and_nothing_else(tmp_path: Path):
    run_in(tmp_path)
    ours = ("report.html", "evaluation.json", "journal.torn", "trials/0123456789abcdef.npz")
    theirs = ("notes.txt", "trials/mine.npz", "hints.yaml")
    (tmp_path / "trials").mkdir()
    for name in (*ours, *theirs):
        (tmp_path / name).write_text("old")
    run_in(tmp_path, OTHER, "overwrite")
    assert set(content(tmp_path)) == {"autoft-run.json", "journal.jsonl", *theirs}
    assert run_in(tmp_path, OTHER).journal.contents.key == OTHER


def test_there_must_be_a_run_to_go_on_with(tmp_path: Path):
    with pytest.raises(FileError, match="must hold a run to go on with, but it holds none"):
        run_in(tmp_path, existing="resume")


@pytest.mark.parametrize(
    "name",
    ["recipe.yaml", "report.html", "trials/a.npz", "model/weights.bin", ".env", "journal.jsonl", "manifest.json"],
)
def test_a_folder_of_others_is_refused(tmp_path: Path, name: str):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("{}")
    with pytest.raises(FileError, match=r"must be an empty folder or that of a run|it is a saved model"):
        refuse_others(tmp_path)
    assert content(tmp_path) == {name: b"{}"}


@pytest.mark.parametrize(("name", "error"), [("model", ArtifactError), ("trials", FileError)])
def test_a_file_in_the_place_of_a_folder_is_found_at_once(tmp_path: Path, name: str, error: type[AutoFTError]):
    run_in(tmp_path)
    (tmp_path / name).write_text("mine")
    with pytest.raises(error, match=f"{name}' must be"):
        refuse_others(tmp_path)


def test_a_foreign_model_folder_is_found_at_once(tmp_path: Path):
    run_in(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.pt").write_text("mine")
    with pytest.raises(ArtifactError, match="model' must be free or hold a saved model"):
        refuse_others(tmp_path)


def test_what_killed_processes_left_is_swept_and_nothing_else(tmp_path: Path):
    run_in(tmp_path)
    swept = (f".report.html.{DEAD}.abcd1234.tmp", f".evaluation.json.{os.getpid()}.abcd1234.tmp")
    kept = (f".report.html.{os.getppid()}.abcd1234.tmp", f".notes.txt.{DEAD}.abcd1234.tmp", ".report.html.tmp", "a.tmp")
    for name in (*swept, *kept):
        (tmp_path / name).write_text("half")
    for name in (f".model.{DEAD}.tmp", f".model.{DEAD}.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meta.json").write_text(name)
    run_in(tmp_path)
    assert set(content(tmp_path)) == {"autoft-run.json", "journal.jsonl", "model/meta.json", *kept}
    # A kill between two renames left the old model beside its place.
    assert (tmp_path / "model" / "meta.json").read_text() == f".model.{DEAD}.old"


def test_a_run_that_was_killed_at_its_beginning_leaves_the_folder_free(tmp_path: Path):
    (tmp_path / ".lock").write_text(f"process {DEAD} on here")
    (tmp_path / f".autoft-run.json.{DEAD}.abcd1234.tmp").write_text("{")
    refuse_others(tmp_path)
    run_in(tmp_path)
    assert json.loads((tmp_path / "autoft-run.json").read_text())["run"]["key"] == KEY
    assert set(content(tmp_path)) == {"autoft-run.json", "journal.jsonl"}
