"""The deployed model: the K members of each chosen trial as one Keras model over raw columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np

from autoft.errors import TrainingError
from autoft.knowledge.proof import RISING, Proof, prove
from autoft.knowledge.tree_proof import prove_trees
from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.boosting import TreeInputs
from autoft.networks.family import build_network
from autoft.networks.forest_walk import ForestWalk
from autoft.networks.memory import cells_per_row
from autoft.preprocessing.categories import MISSING_TOKEN, UNKNOWN_TOKEN, guard
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.statistics import Statistics, with_derived
from autoft.records.arrays import Array
from autoft.records.decisions import Calibration
from autoft.records.hints import Hints
from autoft.training.stack import Stack, padded, pieces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnsemblePart:
    """A trial in the deployed model."""

    architecture: Architecture
    weights: Mapping[str, Array]
    share: float = 1.0

    def network(self, data: Stack, members: int, name: str) -> Any:
        import keras

        from autoft.networks.layers.ensemble import EnsembleMean

        network = build_network(self.architecture, Inputs.of(data.plan), members=members, outputs=data.outputs)
        for variable in network.variables:
            own = variable.path.split("network/")[-1]
            if own in self.weights:  # rates of dropout and states of generators are not
                variable.assign(self.weights[own])
        answer = network.output
        if self.architecture.ensemble > 1:
            answer = EnsembleMean(data.task, name="mean_of_ensemble")(answer)
        return keras.Model(network.input, answer, name=name)


class NetworkPart(Protocol):
    """A trial in the deployed model, and its weight in the answer."""

    @property
    def share(self) -> float: ...

    def network(self, data: Stack, members: int, name: str) -> Any:
        """A Keras model from ``dense [S, B, d]``, ``slots [S, B, e]`` to logits ``[S, B, outputs]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Preprocessing, networks and head of K members.

    Attributes:
        encoder: From numbers, codes and counts of words to each member's inputs.
        networks: One for each trial of the blend, from those inputs to logits ``[K, B, outputs]``.
        functions: What answers for each of them: itself, or a faster way (`_function`).
        shares: Weights of the trials in the answer; they sum to 1.
        head: From logits to answers, and their mean over the members.
    """

    plan: InputLayout
    statistics: Statistics
    encoder: Any
    networks: tuple[Any, ...]
    functions: tuple[Callable[[Any], Any], ...]
    shares: tuple[float, ...]
    head: Any
    calibration: Calibration = field(default_factory=Calibration)

    def answers(self, encoded: Encoded) -> Array:
        """Each member's answers, not calibrated: ``[K, n, classes]``, or ``[K, n]`` for regression."""
        out = np.concatenate([self._answers(inputs) for _, inputs in self._inputs(encoded)], axis=1)
        return out[:, :, 0] if self.head.task == "regression" else out

    def own_answers(self, encoded: Encoded, members: Array) -> Array:
        """The answer of one member to each row, ``[n, classes]`` or ``[n]``, not calibrated.

        `members` are their numbers, ``[n]``. It takes a K-th of the work of `answers`.
        """
        parts, start = [], 0
        for count, every in self._inputs(encoded):
            of = [np.flatnonzero(members[start : start + count] == k) for k in range(self.head.members)]
            start += count
            # A member without rows answers the first row, and its answer is not used.
            table = padded([rows if len(rows) else np.zeros(1, np.int64) for rows in of])
            inputs = {name: np.take_along_axis(np.asarray(x), table[:, :, None], axis=1) for name, x in every.items()}
            own = self._answers(inputs)
            out = np.empty((count, own.shape[2]))
            for k, rows in enumerate(of):
                out[rows] = own[k, : len(rows)]
            parts.append(out)
        whole = np.concatenate(parts)
        return whole[:, 0] if self.head.task == "regression" else whole

    def _answers(self, inputs: Mapping[str, Any]) -> Array:
        """Weighted mean of the trials' answers, ``[K, B, classes]``."""
        each = (np.asarray(self.head.answers(function(inputs))) for function in self.functions)
        weighted = (share * answer for share, answer in zip(self.shares, each, strict=True))
        return sum(weighted, np.zeros(1, np.float32))

    def _inputs(self, encoded: Encoded) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """A few rows of the table at a time: their number, and each member's inputs."""
        encoder = self.encoder
        if encoded.ratios is not None:
            from autoft.preprocessing.encoder import build_encoder

            encoder = build_encoder(self.plan, self.statistics, takes_measured=True)
        for rows in pieces(self.plan, encoded, self.head.members, max(map(_cells, self.networks))):
            arrays = self.statistics.arrays(rows)
            if rows.ratios is not None:
                measured = arrays["measured"] = with_derived(self.plan, rows.numbers)
                measured[:, -len(self.plan.ratios) :] = rows.ratios
            yield len(rows), encoder(arrays)

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The words that any member knows, by id of the text column."""
        return {text.id: own.known for text, own in zip(self.plan.texts, self.statistics.words, strict=True)}

    def raw_model(self) -> Any:
        """A Keras model over the raw columns.

        One input ``[B, 1]`` per used column, named by its id: float64 for numbers, booleans (0/1) and dates (seconds
        since 1970), string for categories (as `preprocessing.categories.guard` writes them) and texts (as they are, or
        as `preprocessing.text.clean` writes them, which also composes accents and says what is missing). Output: class
        probabilities ``[B, C]``, or values ``[B, 1]``.

        Only TensorFlow has strings. On another backend the model takes int32 codes of categories (`codes_of`), and for
        texts ``[B, u]`` float32 how often each of `words` is in them. A column with an encoder of its own comes as
        float64 ``[B, r]`` (`CustomInput.read`), or as a string where it has a layer for that (`ColumnEncoder.reader`).
        """
        import keras
        from keras import ops

        from autoft.networks.layers.stacked import WeightedMean
        from autoft.preprocessing.layers.texts import CountWords

        strings = keras.backend.backend() == "tensorflow"
        inputs: dict[str, Any] = {c: keras.Input((1,), dtype="float64", name=c) for c in self.plan.numbers}
        numbers, codes, counts = list(inputs.values()), [], []
        for category in self.plan.categories:
            inputs[category.id] = keras.Input((1,), dtype="string" if strings else "int32", name=category.id)
            codes.append(inputs[category.id])
            if strings:
                vocabulary, name = [MISSING_TOKEN, *map(guard, category.vocabulary)], f"lookup_{category.id}"
                lookup = keras.layers.StringLookup(vocabulary=vocabulary, oov_token=UNKNOWN_TOKEN, name=name)
                codes[-1] = lookup(inputs[category.id])
        for column, known in self.words.items():
            shape, kind = ((1,), "string") if strings else ((len(known),), "float32")
            inputs[column] = keras.Input(shape, dtype=kind, name=column)
            counts.append(CountWords(known, name=f"words_{column}")(inputs[column]) if strings else inputs[column])
        encoded: dict[str, Any] = {}
        if numbers:
            encoded["numbers"] = _joined(numbers, "numbers", dtype="float64")
        if codes:
            encoded["codes"] = ops.cast(_joined(codes, "joined_codes"), "int32")
        if counts:
            encoded["words"] = _joined(counts, "joined_words")
        for j, own in enumerate(self.plan.custom):
            reader = ENCODERS[own.encoder].reader() if strings and own.is_text else None
            shape, kind = ((own.numbers,), "float64") if reader is None else ((1,), "string")
            inputs[own.id] = keras.Input(shape, dtype=kind, name=own.id)
            encoded[f"custom_{j}"] = inputs[own.id] if reader is None else reader(inputs[own.id])
        rows = self.encoder(encoded)
        means = [self.head(network(rows)) for network in self.networks]
        answer = WeightedMean(list(self.shares), dtype=means[0].dtype, name="blend")(means) if means[1:] else means[0]
        return keras.Model(inputs, self._calibrated(answer), name="autoft")

    def _calibrated(self, answer: Any) -> Any:
        from autoft.networks.layers.calibration import Isotonic, Temperature

        if self.calibration.method == "temperature":
            return Temperature(self.calibration.temperature, name="calibration")(answer)
        if self.calibration.method == "isotonic":
            return Isotonic([list(knot) for knot in self.calibration.knots], name="calibration")(answer)
        return answer


def _joined(tensors: Sequence[Any], name: str, dtype: str | None = None) -> Any:
    import keras

    return keras.layers.Concatenate(dtype=dtype, name=name)(tensors) if len(tensors) > 1 else tensors[0]


def build_ensemble(data: Stack, parts: Sequence[NetworkPart], members: int) -> Ensemble:
    """Assemble the deployed model of the first `members` members from trained weights by name."""
    from autoft.networks.layers.stacked import MemberMean
    from autoft.preprocessing.encoder import build_encoder

    statistics = data.statistics.of(slice(members))
    networks = tuple(part.network(data, members, f"network_{number}") for number, part in enumerate(parts))
    head = MemberMean(data.task, members, name="mean_of_members")
    head.build((members, None, data.outputs))
    if data.task == "regression":
        head.set_weights([x[:members, None, None] for x in (data.center, data.scale, data.low, data.high)])
    return Ensemble(
        plan=data.plan,
        statistics=statistics,
        encoder=build_encoder(data.plan, statistics),
        networks=networks,
        functions=tuple(_function(network, data.plan) for network in networks),
        shares=tuple(part.share for part in parts),
        head=head,
    )


def _cells(network: Any) -> int:
    """Numbers that a network holds for a row: of trees, which are walked on the host, none that count."""
    return 1 if "forest/nodes" in weights_of(network) else cells_per_row(network)


def _function(network: Any, plan: InputLayout) -> Callable[[Any], Any]:
    """A network as a function of its inputs; that of trees is a walk on the host, several times as fast."""
    weights = weights_of(network)
    if "forest/nodes" not in weights:
        return partial(network, training=False)
    columns, walk = TreeInputs.of(Inputs.of(plan)), ForestWalk(weights)

    def answer(inputs: Mapping[str, Any]) -> Array:
        given = {name: np.asarray(array) for name, array in inputs.items()}
        nothing = np.zeros((*next(iter(given.values())).shape[:2], 0), np.float32)
        dense, slots = given.get("dense", nothing), given.get("slots", nothing)
        return walk(np.stack([columns.columns(*own) for own in zip(dense, slots, strict=True)]))

    return answer


def prove_ensemble(ensemble: Ensemble, hints: Hints) -> tuple[Proof, ...]:
    """Prove that a deployed model keeps its hints, missing cells aside: one proof for each network of the blend.

    Weights are read from the very layers that are saved (`prove`). Activations, preprocessing, the scale of the target,
    shares of the blend and calibration are checked too.

    Raises:
        TrainingError: If anything allows what a hint forbids.
    """
    if not hints.effects and not hints.apart:
        return ()
    proofs = []
    for network in ensemble.networks:
        if hints.effects:
            used = {layer.activation for layer in network.layers if hasattr(layer, "activation")}
            _need(used <= RISING, "have activations that never fall", f"{used}")
        weights = weights_of(network)
        proofs.append((prove_trees if "forest/nodes" in weights else prove)(hints, ensemble.plan, weights))
    if hints.effects:
        _answers(ensemble, hints)
    return tuple(proofs)


def weights_of(network: Any) -> dict[str, Array]:
    """Weights of a network by name, as trials have them."""
    pairs = ((v.path.split("network/")[-1], v) for v in network.variables)
    return {name: np.asarray(v) for name, v in pairs}


def _answers(ensemble: Ensemble, hints: Hints) -> None:
    """Check that preprocessing keeps the order of numbers, and that of answers what follows the networks."""
    statistics, several = ensemble.statistics, ensemble.head.task == "multiclass"
    _need(bool((statistics.scale["factor"] >= 0).all()), "scale numbers by factors that are not negative", "some are")
    _need(bool((np.diff(statistics.quantiles, axis=1) >= 0).all()), "have quantiles that rise", "some fall")
    _need(min(ensemble.shares) >= 0, "weigh its trials by shares that are not negative", f"they are {ensemble.shares}")
    if ensemble.head.task == "regression":
        positive = bool((np.asarray(ensemble.head.scale) > 0).all())
        _need(positive, "scale the target by what is positive", "a scale is not")
    calibration = ensemble.calibration
    if calibration.method == "temperature":
        # Of more than two classes it moves one's probability by how the others share the rest.
        _need(calibration.temperature > 0 and not several, "keep the order of answers when calibrated", "it would not")
    if calibration.method == "isotonic":
        knots = np.array(calibration.knots).reshape(-1, 2)
        _need(bool((np.diff(knots, axis=0) >= 0).all()) and not several, "be calibrated by a rising curve", "it falls")


def _need(holds: bool, must: str, found: str) -> None:
    if not holds:
        fix = "report this with the output of 'autoft doctor'; the run's trials are safe in its journal"
        raise TrainingError("The model", must, found, fix)
