"""Strict YAML: the values of YAML 1.2, lines for every path, clear refusals."""

from __future__ import annotations

import pytest

from autoft.errors import RecipeError
from autoft.recipe.yaml import load, scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("-.INF", float("-inf")),
        ("012", 12),
        ("0x1F", 31),
        ("0o17", 15),
        ("-7", -7),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"),
        ("0b1", "0b1"),
        ('"1"', "1"),
        ("'true'", "true"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    read = load(f"a: {text}\n", source="r.yaml").data["a"]
    assert read == value
    assert type(read) is type(value)
    if text[0] not in "'\"":
        assert scalar(text) == value
        assert type(scalar(text)) is type(value)


def test_keys_keep_their_text() -> None:
    assert load("on: 1\n2020: 2\ntrue: 3\n<<: {a: 1}\n", source="r.yaml").data == {
        "on": 1,
        "2020": 2,
        "true": 3,
        "<<": {"a": 1},
    }


def test_lines_of_keys_and_items() -> None:
    document = load("# c\na: 1\nb:\n  - x\n  - y\nc: {d: 1,\n  e: [1]}\n", source="r.yaml")
    assert [document.line(path) for path in [("a",), ("b",), ("b", 1), ("c", "d"), ("c", "e", 0)]] == [2, 3, 5, 6, 7]
    assert document.line(("c", "e", 9)) == 7, "the nearest parent"
    assert document.line(("nothing",)) == 1


def test_a_text_without_content_is_none() -> None:
    assert load("# nothing\n", source="r.yaml").data is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "line 1 and again on line 3"),
        ("a: 1\n1: 2\n'1': 3\n", 3, "'1' stands on line 2"),
        ("a: 1\n\tb: 2\n", 2, "blanks, not with tabs"),
        ("a: b: c\n", 1, "quotes around a text"),
        ("a: 1\n---\nb: 2\n", 2, "single document"),
        ("a: 'open\n", 1, "quoted scalar"),
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "','"),
        ("{? [1]: 2}", 1, "text as keys"),
        ("a: 1\nb: \x1b[0m\n", 2, "U+001B"),
    ],
)
def test_refusals_name_file_and_line(text: str, line: int, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load(text, source="r.yaml")
    assert str(caught.value).startswith(f"Recipe r.yaml, line {line} must ")
    assert words in str(caught.value)
