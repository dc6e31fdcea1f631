"""Statistics of the preprocessing layers, fitted for each member on its training rows alone (numpy, float64)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autoft.preprocessing.combinations import MOST, Combinations, choose_combinations, combined
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.encoders.numbers import quantile_table, quotient, robust_scale, scales
from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.target_encoding import KnownTarget, fit_column, number_codes, sampled
from autoft.preprocessing.text import Words, fit_words, known_counts
from autoft.records.arrays import Array

#: Training rows by which combinations are scaled.
_SCALED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the layers know, with a leading axis of members.

    Attributes:
        scale: By the names of `encoders.numbers.NumberScale`, each ``[S, d]`` float64 of ``plan.measured``.
        gaps: ``[S, k]`` float64 of ``plan.indicated``: 1 where the member saw a missing cell, else 0.
        tables: By categorical column ``[S, 2 + vocabulary]`` int32 (`CategoryInput.fit`).
        quantiles: ``[S, q, k]`` float64 of the numeric columns (`quantile_table`); q is 0 if they are not used.
        custom: By column of ``plan.custom``, what its encoder has learned.
        combinations: What members make of ``plan.combined`` (`fit_combinations`).
        targets: By column of ``plan.targets`` ``[S, codes, k + 1]`` float32 (`fit_targets`).
    """

    scale: Mapping[str, Array]
    gaps: Array
    tables: tuple[Array, ...]
    quantiles: Array
    words: tuple[Words, ...] = ()
    custom: tuple[Mapping[str, Array], ...] = ()
    targets: tuple[Array, ...] = ()
    combinations: Combinations | None = None

    @property
    def members(self) -> int:
        return len(self.gaps)

    def of(self, members: slice | Sequence[int]) -> Statistics:
        return Statistics(
            scale={name: array[members] for name, array in self.scale.items()},
            gaps=self.gaps[members],
            tables=tuple(table[members] for table in self.tables),
            quantiles=self.quantiles[members],
            words=tuple(words.of(members) for words in self.words),
            custom=tuple({name: array[members] for name, array in own.items()} for own in self.custom),
            targets=tuple(table[members] for table in self.targets),
            combinations=self.combinations and self.combinations.of(members),
        )

    def arrays(self, encoded: Encoded) -> dict[str, Array]:
        """Inputs of the preprocessing layers for some rows; those without a column are not among them."""
        inputs = {"numbers": encoded.numbers, "codes": encoded.codes}
        found = {name: array for name, array in inputs.items() if array.shape[1]}
        found |= {f"custom_{j}": own for j, own in enumerate(encoded.custom)}
        return found | ({"words": known_counts(self.words, encoded.texts)} if self.words else {})


def fit_statistics(plan: InputLayout, encoded: Encoded, members: Sequence[Array]) -> Statistics:
    """Fit one set of statistics per member; only the rows at its positions in `members` are read for it."""
    numbers, numeric = with_derived(plan, encoded.numbers), len(plan.numeric)
    indicated = numbers[:, [plan.positions[column] for column in plan.indicated]]
    scalers = [plan.scaler(column) for column in plan.measured]
    ranked = encoded.numbers[:, :numeric]
    by_rank = plan.scale == "quantile" and numeric
    return Statistics(
        scale=scales([[own.scale(x) for own, x in zip(scalers, numbers[rows].T, strict=True)] for rows in members]),
        gaps=ENCODERS["missing"].fit(indicated, members)["gaps"],
        tables=tuple(one.fit(encoded.codes[:, j], members) for j, one in enumerate(plan.categories)),
        quantiles=quantile_table(ranked, members) if by_rank else np.zeros((len(members), 0, numeric)),
        words=tuple(
            fit_words(text.vocabulary, text.slots, own, members)
            for text, own in zip(plan.texts, encoded.texts, strict=True)
        ),
        custom=tuple(
            ENCODERS[own.encoder].fit(values, members) for own, values in zip(plan.custom, encoded.custom, strict=True)
        ),
    )


def fit_targets(
    plan: InputLayout, encoded: Encoded, members: Sequence[Array], known: Sequence[KnownTarget]
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """What the target makes of the columns of ``plan.targets``: of each the table of all members, ``[S, codes, k + 1]``
    float32; and the encoding of each member's own training rows, ``[m, columns * (k + 1)]`` float32, which does not
    depend on a row's own answer. Only the rows in `members` are read."""
    places = {category.id: j for j, category in enumerate(plan.categories)}
    tables, encodings = [], []
    for own in plan.targets:
        numbers = encoded.numbers[:, plan.positions[own.id]] if own.values else None
        codes = encoded.codes[:, places[own.id]] if numbers is None else number_codes(own.values, numbers)
        found = [
            fit_column(own, codes[rows], target, None if numbers is None else numbers[rows])
            for rows, target in zip(members, known, strict=True)
        ]
        tables.append(np.stack([table for table, _ in found]))
        encodings.append([encoding for _, encoding in found])
    return tuple(tables), tuple(np.hstack(own) for own in zip(*encodings, strict=True))


def fit_combinations(
    plan: InputLayout, encoded: Encoded, members: Sequence[Array], known: Sequence[KnownTarget]
) -> Combinations | None:
    """The combinations of ``plan.combined``; None where there are none."""
    if not plan.combined:
        return None
    numbers, positions = encoded.numbers, [plan.positions[own] for own in plan.combined]
    chosen = choose_combinations(positions, numbers, encoded.codes, members, known)
    few = [rows[sampled(rows, _SCALED)] for rows in members]
    made = [combined(numbers[rows], *own).T for rows, own in zip(few, chosen, strict=True)]
    scale = [np.array([robust_scale(x) for x in own]).reshape(-1, 2).T for own in made]

    def filled(each: Sequence[Array], dtype: type) -> Array:
        return np.asarray([np.pad(own, (0, MOST - len(own))) for own in each], dtype)

    first, second, kind = (filled([own[j] for own in chosen], np.int64) for j in range(3))
    center, factor = (filled([own[j] for own in scale], np.float64) for j in range(2))
    return Combinations(first=first, second=second, kind=kind, center=center, factor=factor)


def tfidf(plan: InputLayout, encoded: Encoded, rows: Array) -> Array:
    """The words of all rows ``[n, w]`` float32 as a member that trains on some of them would see them."""
    parts = []
    for text, own in zip(plan.texts, encoded.texts, strict=True):
        words = fit_words(text.vocabulary, text.slots, own, [rows])
        # Before all counts a column of zeros, so that a column without known words has something to take.
        counts = np.pad(known_counts([words], [own]), ((0, 0), (1, 0)))
        weighted = np.log1p(counts[:, words.take[0] + (words.idf[0] > 0)]) * words.idf[0]
        length = np.linalg.norm(weighted, axis=1, keepdims=True)
        parts.append(weighted / np.where(length > 0, length, 1.0))
    return np.hstack(parts)


def with_derived(plan: InputLayout, numbers: Array) -> Array:
    """Numbers ``[n, d]``, then the seconds between each pair of dates, then ratios; NaN where a part is missing."""
    pairs = [(plan.positions[first], plan.positions[second]) for first, second in plan.elapsed]
    derived = [numbers[:, [second]] - numbers[:, [first]] for first, second in pairs]
    derived += [ratios_of(plan, numbers)] if plan.ratios else []
    return np.hstack([numbers, *derived]) if derived else numbers


def ratios_of(plan: InputLayout, numbers: Array) -> Array:
    """Ratios of numbers ``[n, d]`` in the order of ``plan.ratios``: ``[n, r]``; NaN where they are missing."""
    above, below = ([plan.positions[getattr(r, p)] for r in plan.ratios] for p in ("numerator", "denominator"))
    return quotient(numbers[:, above], numbers[:, below])
