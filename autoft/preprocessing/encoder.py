"""The preprocessing layers of a layout as one Keras model."""

from __future__ import annotations

from typing import Any

import keras

from autoft.preprocessing.combinations import Combinations
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.encoders.numbers import Robust
from autoft.preprocessing.layers.categories import CategorySlots, CodeTables, NumberCodes, OneHotSlots
from autoft.preprocessing.layers.combinations import CombinedNumbers
from autoft.preprocessing.layers.derived import Elapsed, Products, Quotients, Repeat, Select
from autoft.preprocessing.layers.numbers import SmoothClip
from autoft.preprocessing.layers.texts import WordWeights
from autoft.preprocessing.layout import InputLayout, blocks
from autoft.preprocessing.statistics import Statistics
from autoft.preprocessing.target_encoding import value_table


def build_encoder(plan: InputLayout, statistics: Statistics, *, takes_measured: bool = False) -> keras.Model:
    """The preprocessing layers as a Keras model.

    Inputs (those that the layout has): ``numbers [B, d]`` float64, ``codes [B, c]`` int32, ``words [B, u]`` float32,
    and of each custom column ``custom_0 [B, r]`` float64 (`Statistics.arrays`). Outputs (those that the layout has):
    ``dense [S, B, f]`` float32 and ``slots [S, B, e]`` int32 for the embedded columns.

    If `takes_measured`, it has one more input, ``measured [B, m]`` float64 (`statistics.with_derived`), in place of
    what it would measure itself: so a ratio can change while its parts stay. It has layers of its own: Keras damages a
    model whose layers serve one that begins inside it.
    """
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    dense = []
    if plan.numbers:
        inputs["numbers"] = keras.Input((len(plan.numbers),), dtype="float64", name="numbers")
        if takes_measured:
            inputs["measured"] = measured = keras.Input((len(plan.measured),), dtype="float64", name="measured")
        else:
            measured = _measured(plan, inputs["numbers"])
        dense += _number_features(plan, statistics, inputs["numbers"], measured)
    if plan.categories:
        inputs["codes"] = keras.Input((len(plan.categories),), dtype="int32", name="codes")
        sizes = [len(c.vocabulary) + 2 for c in plan.categories]
        lookup = CategorySlots(statistics.members, sizes, name="category_slots")
        slots = lookup(inputs["codes"])
        lookup.set_weights(list(statistics.tables))
        if plan.one_hot:
            one_hot = [j for j, c in enumerate(plan.categories) if not c.embed]
            dense.append(OneHotSlots(one_hot, [c.slots for c in plan.one_hot], name="one_hot")(slots))
        if plan.embedded:
            embedded = [j for j, c in enumerate(plan.categories) if c.embed]
            outputs["slots"] = Select(embedded, name="embedded_slots")(slots)
    if plan.texts:
        sizes = [len(words.known) for words in statistics.words]
        inputs["words"] = keras.Input((sum(sizes),), name="words")
        for j, (text, words) in enumerate(zip(plan.texts, statistics.words, strict=True)):
            start, name = sum(sizes[:j]), f"word_weights_{text.id}"
            weigh = WordWeights(statistics.members, text.slots, start, sizes[j], name=name)
            dense.append(weigh(inputs["words"]))
            weigh.set_weights([words.take, words.idf])
    for j, (own, known) in enumerate(zip(plan.custom, statistics.custom, strict=True)):
        inputs[f"custom_{j}"] = keras.Input((own.numbers,), dtype="float64", name=f"custom_{j}")
        encode = ENCODERS[own.encoder].layer(known)
        encode.name = f"encoder_{own.id}"  # two columns may have the same encoder
        found = encode(inputs[f"custom_{j}"])
        dense.append(found if len(found.shape) == 3 else Repeat(statistics.members, name=f"members_{own.id}")(found))
    if plan.targets:
        dense.append(_target_features(plan, statistics, inputs))
    if statistics.combinations is not None:
        dense.append(_combinations(plan, statistics.combinations, inputs["numbers"]))
    if dense:
        outputs["dense"] = keras.layers.Concatenate(name="dense")(dense) if len(dense) > 1 else dense[0]
        if plan.crosses:
            outputs["dense"] = Products(*_factors(plan), name="products")(outputs["dense"])
    return keras.Model(inputs, outputs, name="preprocess")


def _factors(plan: InputLayout) -> tuple[list[int], list[int]]:
    """Positions of both factors of each product among the dense inputs."""
    starts, start = {}, 0
    for name, width in blocks(plan):
        starts[name] = range(start, start + width)
        start += width
    for own in plan.custom:  # all of its blocks, which stand together
        first = starts[own.blocks[0][0]].start
        starts[own.id] = range(first, first + len(own.directions))
    pairs = [(i, j) for one, other in plan.crosses for i in starts[one] for j in starts[other]]
    return [i for i, _ in pairs], [j for _, j in pairs]


def _target_features(plan: InputLayout, statistics: Statistics, inputs: dict[str, Any]) -> Any:
    """What the target and the counts make of codes, ``[S, B, k]`` float32: of categories first, then of numbers."""
    position = {category.id: j for j, category in enumerate(plan.categories)}
    categories, numbers = ([t for t in plan.targets if bool(t.values) == kind] for kind in (False, True))
    codes = []
    if categories:
        codes.append(Select([position[t.id] for t in categories], name="target_categories")(inputs["codes"]))
    if numbers:
        positions, values = [plan.positions[t.id] for t in numbers], value_table(numbers)
        chosen = Select(positions, name="target_numbers", dtype="float64")(inputs["numbers"])
        lookup = NumberCodes(len(values), name="number_codes")
        codes.append(lookup(chosen))
        lookup.set_weights([values])
    joined = keras.layers.Concatenate(dtype="int32", name="target_codes")(codes) if len(codes) > 1 else codes[0]
    tables = CodeTables(statistics.members, [t.codes for t in plan.targets], plan.targets[0].width, name="targets")
    found = tables(joined)
    tables.set_weights(list(statistics.targets))
    return found


def _combinations(plan: InputLayout, own: Combinations, numbers: Any) -> Any:
    """What members make of two numbers, scaled, ``[S, B, k]`` float32."""
    pairs = [array.tolist() for array in (own.first, own.second, own.kind)]
    made = CombinedNumbers(*pairs, name="combinations")
    found = made(numbers)
    made.set_weights([own.center[:, None], own.factor[:, None]])
    return SmoothClip(name="combinations_clip")(found) if plan.outliers == "clip" else found


def _measured(plan: InputLayout, numbers: Any) -> Any:
    """Numbers with times between dates and ratios after them (`statistics.with_derived`)."""
    ratios = [(ratio.numerator, ratio.denominator) for ratio in plan.ratios]
    for pairs, kind, name in ((plan.elapsed, Elapsed, "elapsed"), (ratios, Quotients, "quotients")):
        if pairs:
            first, second = ([plan.positions[c] for c in side] for side in zip(*pairs, strict=True))
            numbers = kind(first, second, dtype="float64", name=name)(numbers)
    return numbers


def _number_features(plan: InputLayout, statistics: Statistics, numbers: Any, measured: Any) -> list[Any]:
    """Scaled numbers and times between dates, date cycles and missing indicators, each ``[S, B, k]`` float32."""
    scale, numeric = statistics.scale, len(plan.numeric)
    features, scaled = [], measured
    if statistics.quantiles.shape[1]:
        known = {"center": scale["center"][:, :numeric], "quantiles": statistics.quantiles}
        positions = list(range(numeric))
        features.append(ENCODERS["quantile"].layer(known)(Select(positions, name="numeric", dtype="float64")(measured)))
        others = list(range(numeric, len(plan.measured)))
        scale = {name: array[:, numeric:] for name, array in scale.items()}
        scaled = Select(others, name="others", dtype="float64")(measured) if others else None
    if scaled is not None:
        features.append(Robust(clip=plan.outliers == "clip").layer(scale)(scaled))
    if plan.date:
        dates = Select([plan.positions[c] for c in plan.date], name="dates", dtype="float64")(numbers)
        features.append(Repeat(statistics.members, name="date_members")(ENCODERS["cycles"].layer({})(dates)))
    if plan.indicated:
        positions = [plan.positions[c] for c in plan.indicated]
        indicated = Select(positions, name="indicated", dtype="float64")(measured)
        features.append(ENCODERS["missing"].layer({"gaps": statistics.gaps})(indicated))
    return features
