"""The preprocessing stack of a plan as one Keras model."""

from __future__ import annotations

from typing import Any

import keras

from autoft.preprocessing.layers import (
    CategorySlots,
    DateCycles,
    Elapsed,
    MedianImpute,
    MissingIndicator,
    OneHotSlots,
    Products,
    QuantileNormal,
    Quotients,
    Repeat,
    RobustScale,
    Select,
    SignedLog,
    SmoothClip,
    WordWeights,
)
from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.statistics import Statistics, blocks


def build_encoder(plan: InputLayout, statistics: Statistics, *, told: bool = False) -> keras.Model:
    """The preprocessing stack as a Keras model.

    Inputs (those that the plan has): ``numbers [B, d]`` float64, ``codes [B, c]`` int32, ``words [B, u]`` float32
    (`Statistics.arrays`). Outputs (those that the plan has): ``dense [S, B, f]`` float32 and ``slots [S, B, e]``
    int32 for the embedded columns.

    Told what it would measure, it takes one input more, ``measured [B, m]`` float64 (`fit.with_derived`), from which
    all is made that numbers, times between dates and ratios become: so a ratio can be another one while its parts
    stay. That is a stack with layers of its own: Keras damages a model whose layers serve one that begins inside it.
    """
    members = len(statistics.center)
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    dense = []
    if plan.numbers:
        inputs["numbers"] = keras.Input((len(plan.numbers),), dtype="float64", name="numbers")
        if told:
            inputs["measured"] = measured = keras.Input((len(plan.measured),), dtype="float64", name="measured")
        else:
            measured = _measured(plan, inputs["numbers"])
        dense += _number_features(plan, statistics, members, inputs["numbers"], measured)
    if plan.categories:
        sizes = [len(c.vocabulary) + 2 for c in plan.categories]
        inputs["codes"] = keras.Input((len(sizes),), dtype="int32", name="codes")
        lookup = CategorySlots(members, sizes, name="category_slots")
        slots = lookup(inputs["codes"])
        lookup.set_weights(list(statistics.tables))
        one_hot = [j for j, c in enumerate(plan.categories) if not c.embed]
        embedded = [j for j, c in enumerate(plan.categories) if c.embed]
        if one_hot:
            widths = [plan.categories[j].slots for j in one_hot]
            dense.append(OneHotSlots(one_hot, widths, name="one_hot")(slots))
        if embedded:
            outputs["slots"] = Select(embedded, name="embedded_slots")(slots)
    if plan.texts:
        sizes = [len(words.known) for words in statistics.words]
        inputs["words"] = keras.Input((sum(sizes),), name="words")
        for j, (text, words) in enumerate(zip(plan.texts, statistics.words, strict=True)):
            weigh = WordWeights(members, text.slots, sum(sizes[:j]), sizes[j], name=f"word_weights_{text.id}")
            dense.append(weigh(inputs["words"]))
            weigh.set_weights([words.take, words.idf])
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
    pairs = [(i, j) for one, other in plan.crosses for i in starts[one] for j in starts[other]]
    return [i for i, _ in pairs], [j for _, j in pairs]


def _measured(plan: InputLayout, numbers: Any) -> Any:
    """Numbers with times between dates and ratios after them (`fit.with_derived`)."""
    order, measured = plan.numbers, numbers
    if plan.elapsed:
        first, second = ([order.index(c) for c in side] for side in zip(*plan.elapsed, strict=True))
        measured = Elapsed(first, second, name="elapsed")(numbers)
    if plan.ratios:
        above = [order.index(ratio.numerator) for ratio in plan.ratios]
        below = [order.index(ratio.denominator) for ratio in plan.ratios]
        measured = Quotients(above, below, name="quotients")(measured)
    return measured


def _number_features(plan: InputLayout, statistics: Statistics, members: int, numbers: Any, measured: Any) -> list[Any]:
    """Scaled numbers and times between dates, date cycles and missing indicators, each ``[S, B, k]`` float32."""
    impute, scale = MedianImpute(members, name="median_impute"), RobustScale(members, name="robust_scale")
    imputed = impute(measured)
    impute.set_weights([statistics.center[:, None]])
    scaled, middle = imputed, statistics.center
    if statistics.logs is not None and statistics.middle is not None:
        logarithm, middle = SignedLog(members, name="signed_log"), statistics.middle
        scaled = logarithm(imputed)
        logarithm.set_weights([statistics.logs[:, None]])
    scaled = scale(scaled)
    scale.set_weights([middle[:, None], statistics.factor[:, None]])
    features = [SmoothClip(name="smooth_clip")(scaled) if plan.outliers == "clip" else scaled]
    if statistics.quantiles.shape[1]:
        numeric, others = list(range(len(plan.numeric))), list(range(len(plan.numeric), len(plan.measured)))
        spread = QuantileNormal(members, statistics.quantiles.shape[1], name="quantile_normal")
        normal = spread(Select(numeric, name="numeric", dtype="float64")(imputed))
        spread.set_weights([statistics.quantiles])
        features = [normal, *(Select(others, name="others")(feature) for feature in features if others)]
    if plan.date:
        dates = Select([plan.numbers.index(c) for c in plan.date], name="dates", dtype="float64")(numbers)
        features.append(Repeat(members, name="date_members")(DateCycles(name="date_cycles")(dates)))
    if plan.indicated:
        positions = [plan.measured.index(c) for c in plan.indicated]
        indicated = Select(positions, name="indicated", dtype="float64")(measured)
        indicator = MissingIndicator(members, name="missing")
        features.append(indicator(indicated))
        indicator.set_weights([statistics.gaps[:, None]])
    return features
