"""Cells to numbers without any backend: strings become codes, dates are seconds already.

The codes equal those of the string lookup in the exported Keras model, on every awkward value (by test).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.text import Texts, cleaned, count_words
from autoft.records.arrays import Array

if TYPE_CHECKING:
    import pandas as pd

#: Arrays of preprocessing, networks and training; shapes stand in the docstrings.
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
class Encoded:
    """The table as arrays.

    Attributes:
        numbers: ``[n, d]`` float64 in the order of ``plan.numbers``; NaN is missing.
        codes: ``[n, c]`` int32 in the order of ``plan.categories``; 0 unknown, 1 missing, 2... the vocabulary.
        texts: Words of each column of ``plan.texts``.
        ratios: ``[n, r]`` float64 in the order of ``plan.ratios``, where a model is asked what it would say if these
            were others while their parts stay; None for the quotients that they are.
    """

    numbers: Array
    codes: Array
    texts: tuple[Texts, ...] = ()
    ratios: Array | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, rows: Array | slice) -> Encoded:
        """Some of the rows."""
        texts = tuple(text.rows(rows) for text in self.texts)
        ratios = None if self.ratios is None else self.ratios[rows]
        return Encoded(numbers=self.numbers[rows], codes=self.codes[rows], texts=texts, ratios=ratios)


def encode(plan: InputLayout, values: Mapping[str, Array], rows: int) -> Encoded:
    """Encode converted cells.

    Args:
        plan: The layout.
        values: Converted cells by column id; a column that is absent counts as missing in every row.
        rows: Number of rows.
    """
    import pandas as pd

    numbers = np.full((rows, len(plan.numbers)), np.nan)
    for j, column in enumerate(plan.numbers):
        if column in values:
            order = plan.orders.get(column)
            numbers[:, j] = values[column] if order is None else ranks(values[column], order)
    codes = np.full((rows, len(plan.categories)), MISSING, dtype=np.int32)
    for j, category in enumerate(plan.categories):
        if category.id in values:
            index = pd.Index(category.vocabulary, dtype=object)
            codes[:, j] = codes_of(index, values[category.id])
    nothing = np.full(rows, None, dtype=object)
    texts = tuple(count_words(text.vocabulary, cleaned(values.get(text.id, nothing))) for text in plan.texts)
    return Encoded(numbers=numbers, codes=codes, texts=texts)


def ranks(texts: Array, order: Sequence[str]) -> Array:
    """Ranks ``[n]`` float64 of ordered categories; NaN for missing and unknown ones.

    >>> ranks(np.array(["low", None, "high", "?"], dtype=object), ("low", "high")).tolist()
    [0.0, nan, 1.0, nan]
    """
    import pandas as pd

    found = pd.Index(list(order), dtype=object).get_indexer(pd.Index(texts, dtype=object))
    return np.where(found < 0, np.nan, found.astype(np.float64))


def codes_of(vocabulary: pd.Index, texts: Array) -> Array:
    """Codes ``[n]`` int32 of texts (None is missing)."""
    import pandas as pd

    found = vocabulary.get_indexer(pd.Index(texts, dtype=object)).astype(np.int32)
    codes = np.where(found < 0, UNKNOWN, found + 2).astype(np.int32)
    codes[pd.isna(texts)] = MISSING
    return codes


def row_keys(encoded: Encoded) -> Array:
    """A 64-bit key per row, equal for rows whose used cells are all equal, whatever the order of the rows."""
    import pandas as pd

    numbers = encoded.numbers + 0.0  # -0.0 and 0.0 are equal numbers with different bits
    frame = pd.DataFrame(np.hstack([np.nan_to_num(numbers, nan=np.inf), encoded.codes.astype(float)]))
    for text in encoded.texts:
        frame[len(frame.columns)] = text.keys
    return pd.util.hash_pandas_object(frame, index=False).to_numpy(dtype=np.uint64)
