"""Spellings: categories and labels that are one word but for case, blanks, accents or a full stop."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check, rows_by_text
from autoft.data.audit.findings import share_evidence, share_of
from autoft.data.cells import TRUTH, ZERO_PADDED, Distinct, numbers
from autoft.errors import cell, quoted
from autoft.records.arrays import EXACT
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Groups of spellings that are listed with a finding.
SHOWN = 5
#: Signs that stand around a word without being part of it; "A+" and "yes?" say something else than "A" and "yes".
_AROUND = ".,;:!\"'"
#: Signs that typesetting puts for others, or between others: soft hyphens, Arabic dashes, curled quotes, hyphens.
_TYPESET = str.maketrans(
    {"\u00ad": "", "\u0640": "", "’": "'", "‘": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-"}
)


def fold(text: str) -> str:
    """What spellings of one word have in common.

    >>> fold(" Yes."), fold("YES"), fold("A+"), fold("...")
    ('yes', 'yes', 'a+', '...')
    """
    text = " ".join(text.split()).casefold()
    text = text.strip(_AROUND).strip() or text
    if text.isascii():
        return text
    text = text.translate(_TYPESET).strip(_AROUND).strip() or text
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def variants(counts: Mapping[str, int], key: Callable[[str], Hashable] = fold) -> dict[str, tuple[str, ...]]:
    """The most frequent spelling of each word that has several -> the others, in the order of `counts`.

    Words without a letter are left alone, unless they differ in blanks only or `key` makes numbers of them. Of equally
    frequent spellings the first in sorted order is kept.

    >>> variants({"Paris": 40, "paris": 3, "Rome": 9, "PARIS ": 1})
    {'Paris': ('paris', 'PARIS ')}
    """
    folded = [key(text) for text in counts]
    if len(set(folded)) == len(folded):
        return {}
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for text, word in zip(counts, folded, strict=True):
        groups[word].append(text)
    found = {}
    for word, spellings in groups.items():
        letters = any(sign.isalpha() for text in spellings for sign in text)
        alike = letters or isinstance(word, float) or len({text.strip() for text in spellings}) == 1
        if len(spellings) > 1 and alike:
            best = min(spellings, key=lambda text: (-counts[text], text))
            found[best] = tuple(text for text in spellings if text != best)
    return found


def label_variants(counts: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """`variants` of the labels of a target, where texts of one number (1 and 1.0, but not 01) are spellings too; where
    all are words for yes and no (y, TRUE, 1 ...), they are of two words.

    >>> label_variants({"yes": 40, "no": 30, "Y": 3, "N": 2}), label_variants({"y": 3, "n": 2})
    ({'yes': ('Y',), 'no': ('N',)}, {})
    """
    words = {fold(text) for text in counts}
    truths = len(words) > 2 and words <= TRUTH.keys()
    return variants(counts, (lambda text: TRUTH[fold(text)]) if truths else _meaning)


def _meaning(text: str) -> str | float:
    number = numbers([text])[0]
    plain = abs(number) <= EXACT and not ZERO_PADDED.fullmatch(text)
    return float(number) if plain else fold(text)


@check("spelling-variants", "outer-blanks", scope="columns")
def spellings(view: TableView) -> Iterator[Finding]:
    """Categories that are spelled in several ways; else categories with blanks around them."""
    for column, _ in view.columns("categorical"):
        counts = view.counts(column)
        if groups := variants(counts):  # blanks that make two categories of one are among them
            yield _spelled(column.name, counts, groups, "category")
        else:
            yield from _blanks(column.name, counts)


@check("target-spelling", scope="target")
def target_spellings(view: TableView) -> Iterator[Finding]:
    """Labels that are spelled in several ways: an error, or a warning where they are known to be different classes."""
    if view.task == "regression" or view.labels.dtype != object:
        return
    distinct = Distinct.of(view.labels)
    counts = rows_by_text(distinct.codes, distinct.values)
    groups = label_variants(counts)
    if not groups:
        return
    fix = "list spelling-variants under preprocess.accept to write all of them as the most frequent one, or correct "
    fix += "the source; if they are different classes, set schema.keep_target_spellings: true"
    found = replace(_spelled(view.target, counts, groups, "class"), code="target-spelling", severity="error", fix=fix)
    if view.options.keep_target_spellings:
        fix = "nothing to do: schema.keep_target_spellings says that they are different classes"
        found = replace(found, severity="warning", fix=fix)
    yield found


def _spelled(column: str, counts: Mapping[str, int], groups: Mapping[str, tuple[str, ...]], noun: str) -> Finding:
    """What was found where texts have several spellings."""
    total = sum(counts.values())
    rows = sum(counts[text] for others in groups.values() for text in others)
    first = next(iter(groups))
    words = noun if len(groups) == 1 else {"category": "categories", "class": "classes"}[noun]
    found = f"spells {len(groups):,} {words} in several ways: "
    found += f"{share_of(rows, total, 'rows')} do not have the most frequent spelling "
    other = groups[first][0]
    found += f"({cell(other, rows=counts[other])} for {cell(first, rows=counts[first])})"
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
    return Finding("spelling-variants", "warning", column, f"spell each {noun} in one way", found, fix, evidence)


def _blanks(column: str, counts: Mapping[str, int]) -> list[Finding]:
    """Blanks before or behind a category: harmless until another source writes it without."""
    padded = {text: rows for text, rows in counts.items() if text != text.strip()}
    if not padded:
        return []
    part, total, first = sum(padded.values()), sum(counts.values()), next(iter(padded))
    found = f"has blanks around {share_of(part, total, 'cells')} (such as {cell(first, rows=padded[first])})"
    fix = "nothing to do; accept outer-blanks to remove them, in case the next table comes without"
    evidence = replace(
        share_evidence(part, total, "with blanks", "without"),
        head=("category", "rows"),
        examples=tuple((quoted(category), rows) for category, rows in list(padded.items())[:SHOWN]),
    )
    return [Finding("outer-blanks", "info", column, "not begin or end with blanks", found, fix, evidence)]
