"""Cells as arrays without any backend: numbers, codes of categories, words of texts, what named encoders read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autoft.preprocessing.categories import MISSING, codes_of, ranks
from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.text import Texts, cleaned, count_words
from autoft.records.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The table as arrays.

    Attributes:
        numbers: ``[n, d]`` float64 in the order of ``plan.numbers``; NaN is missing.
        codes: ``[n, c]`` int32 in the order of ``plan.categories``; 0 unknown, 1 missing, 2... the vocabulary.
        texts: Words of each column of ``plan.texts``.
        ratios: ``[n, r]`` float64 of ``plan.ratios`` where they differ from the quotients of their parts, else None.
        custom: ``[n, r]`` float64 of each column of ``plan.custom``, as its encoder reads it.
    """

    numbers: Array
    codes: Array
    texts: tuple[Texts, ...] = ()
    ratios: Array | None = None
    custom: tuple[Array, ...] = ()

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, rows: Array | slice) -> Encoded:
        texts = tuple(text.rows(rows) for text in self.texts)
        ratios = None if self.ratios is None else self.ratios[rows]
        custom = tuple(own[rows] for own in self.custom)
        return Encoded(numbers=self.numbers[rows], codes=self.codes[rows], texts=texts, ratios=ratios, custom=custom)


def encode(plan: InputLayout, values: Mapping[str, Array], rows: int) -> Encoded:
    """Encode converted cells by column id; a column that is absent counts as missing in every row."""
    numbers = np.full((rows, len(plan.numbers)), np.nan)
    for j, column in enumerate(plan.numbers):
        if column in values:
            order = plan.orders.get(column)
            numbers[:, j] = values[column] if order is None else ranks(values[column], order)
    codes = np.full((rows, len(plan.categories)), MISSING, dtype=np.int32)
    for j, category in enumerate(plan.categories):
        if category.id in values:
            codes[:, j] = codes_of(category.vocabulary, values[category.id])
    nothing = np.full(rows, None, dtype=object)
    texts = tuple(count_words(text.vocabulary, cleaned(values.get(text.id, nothing))) for text in plan.texts)
    custom = tuple(own.read(values.get(own.id), rows) for own in plan.custom)
    return Encoded(numbers=numbers, codes=codes, texts=texts, custom=custom)


def row_keys(encoded: Encoded) -> Array:
    """A 64-bit key per row, equal for rows whose used cells are all equal, whatever the order of the rows."""
    # Plus 0.0, since -0.0 and 0.0 are equal numbers with different bits.
    numbers, *custom = (np.nan_to_num(own + 0.0, nan=np.inf) for own in (encoded.numbers, *encoded.custom))
    frame = pd.DataFrame(np.hstack([numbers, encoded.codes.astype(float), *custom]))
    for text in encoded.texts:
        frame[len(frame.columns)] = text.keys
    return pd.util.hash_pandas_object(frame, index=False).to_numpy(dtype=np.uint64)
