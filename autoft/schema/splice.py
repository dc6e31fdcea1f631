"""Text of an edited schema: comments and layout of everything else stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import text_format

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<open>[{<\[])|(?P<close>[}>\]])
    |(?P<word>[A-Za-z_][A-Za-z0-9_.+-]*)
    |(?P<other>[^\s])""",
    re.VERBOSE,
)
#: Fields of ``Schema`` whose blocks are compared one by one.
_FIELDS = ("feature", "string_domain")


def splice(text: str, before: Any, after: Any) -> str:
    """The text of `before` with the blocks replaced that differ in `after`.

    Comments inside a replaced block go in front of it. Where the text is laid out so that blocks cannot be told
    apart (lists in brackets), or more than columns and their values differ, the whole schema is written again.

    >>> from autoft.schema.portable.messages import Schema
    >>> before, after = Schema(feature=[{"name": "a"}, {"name": "b"}]), Schema(feature=[{"name": "a"}, {"name": "c"}])
    >>> print(splice("feature { name: 'a' } # first\\nfeature { name: 'b' }\\n", before, after))
    feature { name: 'a' } # first
    feature {
      name: "c"
    }
    <BLANKLINE>
    """
    blocks = list(_blocks(text))
    pieces: list[tuple[int, int, str]] = []
    for field in _FIELDS:
        spans = [(start, end) for name, start, end in blocks if name == field]
        old, new = getattr(before, field), getattr(after, field)
        if len(spans) != len(old) or len(new) != len(old):
            return str(text_format.MessageToString(after))
        for (start, end), was, now in zip(spans, old, new, strict=True):
            if was != now:
                comments = [m.group() for m in _TOKEN.finditer(text, start, end) if m.lastgroup == "comment"]
                body = text_format.MessageToString(now, indent=2)
                pieces.append((start, end, "".join(f"{c}\n" for c in comments) + f"{field} {{\n{body}}}"))
    for start, end, piece in sorted(pieces, reverse=True):
        text = text[:start] + piece + text[end:]
    again = type(after)()
    text_format.Parse(text, again)
    return text if again == after else str(text_format.MessageToString(after))


def _blocks(text: str) -> Iterator[tuple[str, int, int]]:
    """Name, start and end of every block that is not inside another."""
    depth, name, start = 0, "", 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "open":
            depth += 1
        elif token.lastgroup == "close":
            depth -= 1
            if depth == 0:
                yield name, start, token.end()
        elif token.lastgroup == "word" and depth == 0:
            name, start = token.group(), token.start()
