"""Spellings: categories that are one word but for case, blanks or accents."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import share_evidence, share_of
from autoft.data.table import quoted
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Groups of spellings that are listed with a finding.
SHOWN = 5


def fold(text: str) -> str:
    """What spellings of one word have in common."""
    text = " ".join(text.split()).casefold()
    if text.isascii():
        return text
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def variants(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """The most frequent spelling of each word that has several -> the others, in the order of `counts`.

    Words without a letter are left alone. Of equally frequent spellings the first in sorted order is kept.

    >>> variants({"Paris": 40, "paris": 3, "Rome": 9, "PARIS ": 1})
    {'Paris': ('paris', 'PARIS ')}
    """
    folded = [fold(text) for text in counts]
    if len(set(folded)) == len(folded):
        return {}
    groups: dict[str, list[str]] = defaultdict(list)
    for text, word in zip(counts, folded, strict=True):
        groups[word].append(text)
    found = {}
    for word, spellings in groups.items():
        if len(spellings) > 1 and any(sign.isalpha() for sign in word):
            best = min(spellings, key=lambda text: (-counts[text], text))
            found[best] = tuple(text for text in spellings if text != best)
    return found


@check("spelling-variants", "outer-blanks", scope="columns")
def spellings(view: TableView) -> Iterator[Finding]:
    """Categories that are spelled in several ways; else categories with blanks around them."""
    for column, _ in view.columns("categorical"):
        counts = view.counts(column)
        # Blanks that make two categories of one are reported by the first.
        yield from _several(column.name, counts) or _blanks(column.name, counts)


def _several(column: str, counts: Mapping[str, int]) -> list[Finding]:
    groups = variants(counts)
    if not groups:
        return []
    total = sum(counts.values())
    rows = sum(counts[text] for others in groups.values() for text in others)
    first = next(iter(groups))
    found = f"spells {len(groups):,} {'category' if len(groups) == 1 else 'categories'} in several ways: "
    found += f"{share_of(rows, total, 'rows')} do not have the most frequent spelling "
    found += f"({quoted(groups[first][0])} for {quoted(first)})"
    evidence = Evidence(
        counts={"categories": len(counts), "words": len(counts) - sum(map(len, groups.values())), "rows": rows},
        head=("kept", "rows", "other spellings", "their rows"),
        examples=tuple(
            (quoted(best), counts[best], ", ".join(map(quoted, others[:4])), sum(counts[t] for t in others))
            for best, others in list(groups.items())[:SHOWN]
        ),
        sketch=charts.bars({t: counts[t] for t in (first, *groups[first])}, marked=groups[first]),
    )
    fix = "accept spelling-variants to write all of them as the most frequent one, or correct the source"
    return [Finding("spelling-variants", "warning", column, "spell each category in one way", found, fix, evidence)]


def _blanks(column: str, counts: Mapping[str, int]) -> list[Finding]:
    """Blanks before or behind a category: harmless until another source writes it without."""
    padded = {text: rows for text, rows in counts.items() if text != text.strip()}
    if not padded:
        return []
    part, total = sum(padded.values()), sum(counts.values())
    found = f"has blanks around {share_of(part, total, 'cells')} (such as {quoted(next(iter(padded)))})"
    fix = "nothing to do; accept outer-blanks to remove them, in case the next table comes without"
    evidence = replace(
        share_evidence(part, total, "with blanks", "without"),
        head=("category", "rows"),
        examples=tuple((quoted(category), rows) for category, rows in list(padded.items())[:SHOWN]),
    )
    return [Finding("outer-blanks", "info", column, "not begin or end with blanks", found, fix, evidence)]
