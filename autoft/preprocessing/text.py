"""Running text to counts of words, and which words a member of the stack knows (Python, scipy; no backend).

A text becomes its words in one form (`clean`): the model in TensorFlow, whose normal forms and tables of characters
are not Python's, has nothing left to change on it, so training and serving count the same words.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from autoft.records.arrays import Array
from autoft.records.columns import Column

#: Stands for a missing cell among the words; it begins with a private-use character, which `clean` leaves nowhere.
MISSING_WORD = "\ue000missing"

#: Longer words are none (base64, addresses without end), and would make every vocabulary as wide as they are.
LONGEST_WORD = 64

#: Fewest and most words of a text column that a member can know, and rows of the table for each word between these.
FEWEST_SLOTS, MOST_SLOTS, ROWS_PER_SLOT = 64, 512, 8

#: Bytes that the encoded words of all text columns may take for all members; a wider encoding is cut to it.
MOST_BYTES = 10**9


class _Characters(dict[int, str]):
    """What each character becomes: itself in words, a space elsewhere; filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        letter = unicodedata.category(chr(code))[0] in "LN"
        # Marks belong to the letter before them (half of Hindi's and Thai's vowels are), all but those that only
        # choose between two pictures of an emoji.
        mark = unicodedata.category(chr(code)) in ("Mn", "Mc") and not 0xFE00 <= code <= 0xFE0F
        self[code] = chr(code) if letter or (mark and not 0xE0100 <= code <= 0xE01EF) else " "
        return self[code]


_CHARACTERS = _Characters()


def clean(text: str | None) -> str:
    r"""The words of a text, in lower case and composed (NFC), with one space between them.

    Words are runs of letters, digits and their marks; those of more than 64 characters are left out.

    >>> clean("FREE entry!!  Caf\u0065\u0301 & [UNK]"), clean("?!"), clean(None) == MISSING_WORD
    ('free entry café unk', '', True)
    """
    if text is None:
        return MISSING_WORD
    lower = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    return " ".join(word for word in lower.translate(_CHARACTERS).split(" ") if 0 < len(word) <= LONGEST_WORD)


def cleaned(texts: Iterable[Any]) -> Array:
    """Texts as `clean` writes them ``[n]``; whatever is no text is missing."""
    return np.array([clean(text if isinstance(text, str) else None) for text in texts], dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texts:
    """The cells of a text column: sparse `counts` ``[n, v]`` float32 (CSR) of each word of the vocabulary in each text,
    and `keys` ``[n]`` uint64, equal for texts of the same words in the same order, known or not."""

    counts: Any
    keys: Array

    def rows(self, rows: Array | slice) -> Texts:
        return Texts(counts=self.counts[rows], keys=self.keys[rows])


def vocabulary_of(texts: Iterable[str], fewest_rows: int = 2) -> tuple[str, ...]:
    """Words that are in two of the `cleaned` texts at least, or in more if more are wanted, sorted.

    No member can know another one, as it learns nothing from a word that only one of its own rows has: so nothing that
    a member does depends on rows that it must not see.

    >>> vocabulary_of(cleaned(["An old car", "old, old wine", None]))
    ('old',)
    """
    counts = Counter(word for text in texts for word in set(text.split(" ")))
    return tuple(sorted(word for word, count in counts.items() if count >= max(2, fewest_rows) and word))


def count_words(vocabulary: Sequence[str], texts: Array) -> Texts:
    """Counts of the words of `cleaned` texts ``[n]``."""
    from scipy.sparse import csr_matrix

    position = {word: j for j, word in enumerate(vocabulary)}
    found = [[position[word] for word in text.split(" ") if word in position] for text in texts]
    ends = np.cumsum([0, *map(len, found)])
    columns, ones = np.fromiter(chain(*found), np.int32, ends[-1]), np.ones(ends[-1], dtype=np.float32)
    counts = csr_matrix((ones, columns, ends), shape=(len(texts), len(vocabulary)))
    counts.sum_duplicates()
    return Texts(counts=counts, keys=pd.util.hash_array(texts, categorize=False))


def slots_for(rows: int, columns: int, members: int, words: int) -> int:
    """Words of a text column that a member can know: the width of its part of the dense encoding.

    Fixed by the table, before it is divided, so that a network has the same shape for every member. The `columns` of
    text share `MOST_BYTES`; a few spare slots in steps of sixteen keep the width when a word more is seen.

    >>> slots_for(891, 1, 10, 5_000), slots_for(5_574, 1, 10, 5_000), slots_for(10**6, 1, 10, 5_000)
    (96, 512, 16)
    """
    affordable = MOST_BYTES // (4 * max(rows, 1) * max(columns, 1) * max(members, 1))
    wanted = min(MOST_SLOTS, max(FEWEST_SLOTS, rows // ROWS_PER_SLOT), affordable, words + 15)
    return max(16, wanted // 16 * 16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """What S members know of a text column.

    Attributes:
        known: Words that any of them knows, sorted: what the deployed model counts.
        columns: ``[u]`` position of each of them in the table's vocabulary.
        take: ``[S, slots]`` int32: position in `known` of a member's own words, the most frequent first.
        idf: ``[S, slots]`` float32: how rare they are in its training rows; 0 where it has no more words.
    """

    known: tuple[str, ...]
    columns: Array
    take: Array
    idf: Array

    def of(self, members: slice | Sequence[int]) -> Words:
        return Words(known=self.known, columns=self.columns, take=self.take[members], idf=self.idf[members])


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput:
    """A column of running text: the words that two rows of the training table have at least, sorted, of which a member
    of the stack knows only those of its own training rows, and at most so many, the most frequent (`slots`, each a
    dense input)."""

    id: str
    vocabulary: tuple[str, ...]
    slots: int

    def shown_inputs(self, column: Column) -> int:
        return min(self.slots, len(self.vocabulary))

    def describe(self, column: Column) -> str:
        known = f"{len(self.vocabulary):,} words that two rows have"
        if len(self.vocabulary) > self.slots:
            known = f"{self.slots:,} most frequent words (of {len(self.vocabulary):,} that two rows have)"
        how = "weighted by how rare they are (TF-IDF); upper case and punctuation make no difference"
        return f"Its {known}, {how}.{' Missing counts as a word of its own.' if column.missing else ''}"


def text_inputs(
    columns: Sequence[Column], values: Mapping[str, Array], members: int, fewest_rows: int = 2
) -> tuple[TextInput, ...]:
    """Layout of the columns of running text; the `members` of the largest stack bound the memory that words take."""
    found = {column.id: vocabulary_of(cleaned(values[column.id]), fewest_rows) for column in columns}
    slots = {name: slots_for(len(values[name]), len(found), members, len(words)) for name, words in found.items()}
    return tuple(TextInput(id=name, vocabulary=words, slots=slots[name]) for name, words in found.items())


def fit_words(vocabulary: Sequence[str], slots: int, texts: Texts, members: Sequence[Array]) -> Words:
    """The words of each member: those that most of its training rows have, at least two; ties go by spelling.

    The weight of a word is ``log((1 + n) / (1 + rows with it)) + 1`` (Salton & Buckley 1988, smoothed as scikit-learn
    does).

    Of each member only the rows at its positions in `members` are read.
    """
    chosen, weights = [], []
    for rows in members:
        frequency = texts.counts[rows].getnnz(axis=0)
        order = np.lexsort((np.arange(len(vocabulary)), -frequency))[:slots]
        order = order[frequency[order] > 1]
        chosen.append(order)
        weights.append(np.log((1 + len(rows)) / (1 + frequency[order])) + 1.0)
    columns = np.unique(np.concatenate(chosen)).astype(np.int64)
    take, idf = (np.zeros((len(members), slots), dtype=kind) for kind in (np.int32, np.float32))
    for s, (own, weight) in enumerate(zip(chosen, weights, strict=True)):
        take[s, : len(own)] = np.searchsorted(columns, own)
        idf[s, : len(own)] = weight
    return Words(known=tuple(vocabulary[j] for j in columns), columns=columns, take=take, idf=idf)


def known_counts(words: Sequence[Words], texts: Sequence[Texts]) -> Array:
    """Counts ``[n, u]`` float32 of the words that any member knows, column after column."""
    parts = [own.counts[:, one.columns].toarray() for one, own in zip(words, texts, strict=True)]
    return np.hstack(parts).astype(np.float32)
