"""A run folder or a saved model from a stranger: its descriptions are not believed, and its names stay text."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autoft import report
from autoft.errors import ArtifactError, AutoFTError, FileError
from autoft.pipeline.run_folder import read_evaluation, read_findings, report_inputs
from autoft.report.build import build
from autoft.report.inputs import ReportInputs
from autoft.serving.csv import to_csv

TOLD = ("evaluation.json", "findings.json", "context.json", "recipe.yaml", "schema.pbtxt")


class Seen(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def retold(folder: Path) -> ReportInputs:
    """What 'autoft report' knows: the files of a folder alone."""
    return report_inputs(folder, read_evaluation(folder), read_findings(folder))


@pytest.fixture
def told(binary: Any, tmp_path: Path) -> Path:
    """A copy of what a run says about itself, to be spoilt."""
    for name in TOLD:
        if (binary.directory_ / name).is_file():
            shutil.copy(binary.directory_ / name, tmp_path / name)
    return tmp_path


def test_a_column_called_like_markup_stays_text_in_the_report(binary: Any) -> None:
    page = Seen((binary.directory_ / "report.html").read_text(encoding="utf-8"))
    assert "big/name <b>" in page.text
    assert page.elements.isdisjoint({"b", "script", "iframe", "object", "embed", "link", "form"})
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert all(value.startswith(("#", "data:")) for name, value in page.attributes if name in ("href", "src"))


def test_what_a_run_folder_says_cannot_become_markup(told: Path) -> None:
    def hostile(value: Any) -> Any:
        """Every text that is not one of autoft's own words, replaced."""
        if isinstance(value, dict):
            return {key: hostile(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [hostile(entry) for entry in value]
        return '"><script>alert(1)</script>' if isinstance(value, str) and " " in value else value

    for name in ("findings.json", "context.json"):
        (told / name).write_text(json.dumps(hostile(json.loads((told / name).read_text()))))
    for name in ("recipe.yaml", "schema.pbtxt"):
        (told / name).write_text("</pre><script>alert(1)</script>")
    report.write(told / "report.html", retold(told))
    page = Seen((told / "report.html").read_text(encoding="utf-8"))
    assert page.text.count("<script>alert(1)</script>") > 10
    assert "script" not in page.elements


@pytest.mark.parametrize("name", TOLD[:4])
def test_a_missing_description_is_named(told: Path, name: str) -> None:
    (told / name).unlink()
    with pytest.raises(ArtifactError, match=rf"{name}' must be as autoft wrote it, but it is missing. Fix: "):
        retold(told)


@pytest.mark.parametrize("content", [b"", b"5", b"null", b'"x"', b"[5]", b"[{}]", b"[" * 100_000, b"\xff\xfe"])
@pytest.mark.parametrize("name", TOLD)
def test_a_spoilt_description_is_one_error(told: Path, name: str, content: bytes) -> None:
    (told / name).write_bytes(content)
    if name.endswith(".json") or content == b"\xff\xfe":
        with pytest.raises(AutoFTError, match="Fix: "):
            retold(told)
    else:
        assert build(retold(told)).sections  # any other text is shown as it is


@pytest.mark.parametrize("value", [None, 5, "x", [5], {"x": 5}])
def test_every_part_of_a_description_may_be_of_another_type(told: Path, value: Any) -> None:
    for name in ("evaluation.json", "context.json"):
        good = (told / name).read_text(encoding="utf-8")
        for key in json.loads(good):
            (told / name).write_text(json.dumps({**json.loads(good), key: value}))
            # A description of the right types may be told; anything else is one of our errors and no other.
            with contextlib.suppress(AutoFTError):
                build(retold(told))
        (told / name).write_text(good)


def test_a_report_goes_only_where_it_can(binary: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path, tmp_path / "file" / "report.html"):
        with pytest.raises(FileError, match="Fix: "):
            binary.report(place)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_model_cannot_be_saved_over_other_things(binary: Any, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.jpg").write_text("mine")
    (tmp_path / "notes").write_text("mine")
    for place in ("photos", "notes"):
        with pytest.raises(ArtifactError, match="something else is there"):
            binary.save(tmp_path / place)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["1.jpg", "notes", "photos"]


def test_labels_that_look_like_formulas_are_guarded() -> None:
    text = to_csv(["=HYPERLINK(1)", "-5", "@x", "ok"], classes=("=HYPERLINK(1)",))
    assert text.splitlines() == ["prediction", "'=HYPERLINK(1)", "-5", "'@x", "ok"]


def test_terminal_escapes_in_findings_reach_no_terminal(binary: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from autoft.cli.console import show_findings
    from autoft.cli.fit import show_evaluation

    evil = "\x1b]0;owned\x07"
    target = dataclasses.replace(binary.evaluation_.target, name=evil)
    evaluation = dataclasses.replace(binary.evaluation_, target=target, overfitting=evil)
    show_evaluation(evaluation, Path(evil))
    show_findings([dataclasses.replace(f, column=evil, found=evil, fix=evil) for f in binary.findings_])
    output = capsys.readouterr().out
    assert "\\x1b]0;owned" in output
    assert not {"\x1b", "\x07"} & set(output)
