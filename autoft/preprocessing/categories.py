"""Categories: codes of the whole table, each member's own slots, one-hot or embedded; ordered ones as ranks.

A member of the stack knows only categories of its own training rows: the most frequent ones get slots, the others are
unknown to it. Codes equal those of the string lookup in the exported Keras model, on every awkward value (by test).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autoft.records.arrays import Array
from autoft.records.columns import Column

#: Codes of every categorical column: a text that is not in the vocabulary, and a missing cell.
UNKNOWN, MISSING = 0, 1

# A private-use character marks autoft's own tokens. Real texts that begin with it get a second one, so that
# no category of a table can ever be taken for "missing" or "unknown" (Keras' own "[UNK]" can).
_MARK = "\ue000"
MISSING_TOKEN = f"{_MARK}missing"
UNKNOWN_TOKEN = f"{_MARK}unknown"
_ESCAPED, _DIGEST = f"{_MARK}escaped:", f"{_MARK}sha256:"

# Keras holds a vocabulary as an array of equally long texts: one cell of 64 kB would make 10,000 categories 2.6 GB.
_LONGEST = 256


def guard(text: str | None) -> str:
    r"""The text as the model's vocabulary holds it; None becomes the missing token.

    Different texts stay different. What a vocabulary cannot hold is written out (lone surrogates, which no UTF-8
    string has, and NUL, which numpy cuts off) or stands there as its SHA-256 (texts above 256 characters).

    >>> guard("[UNK]"), guard(None) == MISSING_TOKEN, guard("\ud800") == "\ue000escaped:\\ud800"
    ('[UNK]', True, True)
    """
    if text is None:
        return MISSING_TOKEN
    if len(text) > _LONGEST:
        return _DIGEST + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        # Backslashes are escaped too: a text that spells an escape out is not the character.
        return _ESCAPED + text.encode("unicode_escape").decode("ascii")
    return _MARK + text if text.startswith(_MARK) else text


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryInput:
    """A categorical column: all categories of the training table, sorted (in a private run those that enough rows
    hold); the width of a member's own table (categories it can tell apart besides unknown, 0, and missing, 1); and
    whether they become learned vectors instead of one-hot columns."""

    id: str
    vocabulary: tuple[str, ...]
    slots: int
    embed: bool

    @property
    def width(self) -> int:
        """Dense inputs: one for each slot and one for missing; vectors are no dense inputs."""
        return 0 if self.embed else self.slots + 1

    def shown_inputs(self, column: Column) -> int:
        return 0 if self.embed else min(len(self.vocabulary), self.slots) + bool(column.missing)

    def describe(self, column: Column) -> str:
        count = f"{len(self.vocabulary):,} categories"
        if len(self.vocabulary) > self.slots:
            count += f", of which the {self.slots:,} most frequent are distinguished"
        missing = " Missing is a category of its own." if column.missing else ""
        if self.embed:
            return f"{count}, each a learned vector; unseen ones share a vector trained for that purpose.{missing}"
        return f"{count}, one 0/1 input each (one-hot); unseen ones are all zeros.{missing}"

    def fit(self, codes: Array, members: Sequence[Array]) -> Array:
        """Slot of each code ``[n]`` for each member, ``[S, 2 + vocabulary]`` int32: most frequent categories first.

        Ties go by the vocabulary. Of each member only the rows at its positions in `members` are read.
        """
        size = len(self.vocabulary)
        tables = np.zeros((len(members), size + 2), dtype=np.int32)
        for table, rows in zip(tables, members, strict=True):
            counts = np.bincount(codes[rows], minlength=size + 2)[2:]
            order = np.lexsort((np.arange(size), -counts))
            known = order[counts[order] > 0][: self.slots]
            table[MISSING] = MISSING if (codes[rows] == MISSING).any() else 0
            table[known + 2] = np.arange(len(known)) + 2
        return tables


def category_inputs(
    columns: Sequence[Column], values: Mapping[str, Array], max_categories: int, embed_above: int, fewest_rows: int = 1
) -> tuple[CategoryInput, ...]:
    """Layout of the categorical columns (`layout.LayoutOptions`); only how many rows hold each text is read."""
    found = []
    for column in columns:
        rows = Counter(text for text in values[column.id] if text is not None)
        vocabulary = tuple(sorted(text for text, count in rows.items() if count >= fewest_rows))
        # A few spare slots in steps of four: the width stays when a category more or less is seen.
        slots = min(max_categories, 4 * ((len(vocabulary) + 3) // 4))
        embed = len(vocabulary) > embed_above
        found.append(CategoryInput(id=column.id, vocabulary=vocabulary, slots=slots, embed=embed))
    return tuple(found)


def ranks(texts: Array, order: Sequence[str]) -> Array:
    """Ranks ``[n]`` float64 of ordered categories; NaN for missing and unknown ones.

    >>> ranks(np.array(["low", None, "high", "?"], dtype=object), ("low", "high")).tolist()
    [0.0, nan, 1.0, nan]
    """
    found = pd.Index(list(order), dtype=object).get_indexer(pd.Index(texts, dtype=object))
    return np.where(found < 0, np.nan, found.astype(np.float64))


def codes_of(vocabulary: Sequence[str], texts: Array) -> Array:
    """Codes ``[n]`` int32 of texts; None is missing."""
    found = pd.Index(list(vocabulary), dtype=object).get_indexer(pd.Index(texts, dtype=object))
    return np.where(pd.isna(texts), MISSING, np.where(found < 0, UNKNOWN, found + 2)).astype(np.int32)
