"""The deployed model: the K members of each chosen trial as one Keras model over raw columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.family import build_network
from autoft.networks.memory import cells_per_row
from autoft.preprocessing.categories import MISSING_TOKEN, UNKNOWN_TOKEN, guard
from autoft.preprocessing.custom import plain_texts
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.layout import InputLayout
from autoft.preprocessing.statistics import Statistics, with_derived
from autoft.preprocessing.text import cleaned, count_words
from autoft.records import Calibration
from autoft.records.arrays import Array
from autoft.training.stack import Stack, padded, pieces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnsemblePart:
    """A trial in the deployed model.

    Attributes:
        architecture: Of its network.
        weights: Trained, by name.
        share: Its weight in the answer.
    """

    architecture: Architecture
    weights: Mapping[str, Array]
    share: float = 1.0

    def network(self, data: Stack, members: int, name: str) -> Any:
        """The trained network."""
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
    """What the deployed model is made of: an `EnsemblePart`, or trained networks of a user's own."""

    @property
    def share(self) -> float:
        """Its weight in the answer."""

    def network(self, data: Stack, members: int, name: str) -> Any:
        """A Keras model from ``dense [S, B, d]``, ``slots [S, B, e]`` to logits ``[S, B, outputs]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Preprocessing, networks and head of K members.

    Attributes:
        statistics: What the encoder knows.
        encoder: From numbers, codes and counts of words to each member's inputs.
        networks: From those to logits ``[K, B, outputs]``, one for each trial of the blend.
        shares: Weights of the trials in the answer; they sum to 1.
        head: From logits to the mean answer.
        calibration: Of the weighted mean.
    """

    plan: InputLayout
    statistics: Statistics
    encoder: Any
    networks: tuple[Any, ...]
    shares: tuple[float, ...]
    head: Any
    calibration: Calibration = field(default_factory=Calibration)

    def answers(self, encoded: Encoded) -> Array:
        """Each member's answers, not calibrated: ``[K, n, classes]``, or ``[K, n]`` for regression."""
        parts, encoder = [], self._encoder(encoded)
        for chunk in pieces(self.plan, encoded, self.head.members, self._held):
            inputs = encoder(chunk)
            each = (np.asarray(self.head.answers(network(inputs, training=False))) for network in self.networks)
            parts.append(sum(share * own for share, own in zip(self.shares, each, strict=True)))
        out: Array = np.concatenate(parts, axis=1)
        return out[:, :, 0] if self.head.task == "regression" else out

    def own_answers(self, encoded: Encoded, members: Array) -> Array:
        """One member's answer to each row, ``[n, classes]`` or ``[n]``, not calibrated; a K-th of that work.

        Args:
            encoded: The rows.
            members: Number of the member that each is answered by, ``[n]``.
        """
        parts, start, encoder = [], 0, self._encoder(encoded)
        for chunk in pieces(self.plan, encoded, self.head.members, self._held):
            of = [np.flatnonzero(members[start : start + len(chunk)] == k) for k in range(self.head.members)]
            start += len(chunk)
            # A member without rows is asked about the first one, and not listened to.
            table = padded([rows if len(rows) else np.zeros(1, np.int64) for rows in of])
            every = encoder(chunk)
            inputs = {name: np.take_along_axis(np.asarray(x), table[:, :, None], axis=1) for name, x in every.items()}
            each = (np.asarray(self.head.answers(network(inputs, training=False))) for network in self.networks)
            own: Array = sum(
                (share * answer for share, answer in zip(self.shares, each, strict=True)), np.zeros(1, np.float32)
            )
            out = np.empty((len(chunk), own.shape[2]))
            for k, rows in enumerate(of):
                out[rows] = own[k, : len(rows)]
            parts.append(out)
        whole = np.concatenate(parts)
        return whole[:, 0] if self.head.task == "regression" else whole

    @property
    def _held(self) -> int:
        """Numbers that the largest network holds for a row."""
        return max(map(cells_per_row, self.networks))

    def _encoder(self, encoded: Encoded) -> Callable[[Encoded], Mapping[str, Any]]:
        """From rows of a table to each member's inputs."""
        if encoded.ratios is None:
            return lambda rows: self.encoder(self.statistics.arrays(rows))
        from autoft.preprocessing.encoder import build_encoder

        told = build_encoder(self.plan, self.statistics, told=True)

        def inputs(rows: Encoded) -> Mapping[str, Any]:
            measured = with_derived(self.plan, rows.numbers)
            measured[:, -len(self.plan.ratios) :] = rows.ratios
            found: Mapping[str, Any] = told({**self.statistics.arrays(rows), "measured": measured})
            return found

        return inputs

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """By id of each text column the words that any member knows."""
        return {text.id: own.known for text, own in zip(self.plan.texts, self.statistics.words, strict=True)}

    def raw_model(self) -> Any:
        """A Keras model over the raw columns.

        One input ``[B, 1]`` per used column, named by its id: float64 for numbers, booleans (0/1) and dates (seconds
        since 1970), string for categories (as `preprocessing.categories.guard` writes them) and texts (as they are, or
        as `autoft.preprocessing.text.clean` writes them: that also composes accents, and says what is missing). Output:
        class probabilities ``[B, C]``, or values ``[B, 1]``. Only TensorFlow has strings: built on another backend,
        the model takes int32 codes of categories (`autoft.preprocessing.categories.codes_of`), and of texts ``[B, u]``
        float32, how often each of `words` is in them (`autoft.preprocessing.text.count_words`). A column with
        an encoder of its own comes as float64 ``[B, r]``, what the encoder reads (`CustomInput.read`), or as a string
        where it has a layer for that (`ColumnEncoder.reader`).
        """
        import keras
        from keras import ops

        from autoft.networks.layers.stacked import WeightedMean
        from autoft.preprocessing.layers.texts import CountWords

        strings = takes_strings()
        inputs: dict[str, Any] = {c: keras.Input((1,), dtype="float64", name=c) for c in self.plan.numbers}
        encoded: dict[str, Any] = {}
        if inputs:
            numbers = list(inputs.values())
            joined = keras.layers.Concatenate(dtype="float64", name="numbers")(numbers) if numbers[1:] else numbers[0]
            encoded["numbers"] = joined
        codes = []
        for category in self.plan.categories:
            inputs[category.id] = keras.Input((1,), dtype="string" if strings else "int32", name=category.id)
            if not strings:
                codes.append(inputs[category.id])
                continue
            lookup = keras.layers.StringLookup(
                vocabulary=[MISSING_TOKEN, *map(guard, category.vocabulary)],
                oov_token=UNKNOWN_TOKEN,
                name=f"lookup_{category.id}",
            )
            codes.append(lookup(inputs[category.id]))
        if codes:
            joined = keras.layers.Concatenate(name="joined_codes")(codes) if codes[1:] else codes[0]
            encoded["codes"] = ops.cast(joined, "int32")
        counts = []
        for column, known in self.words.items():
            shape, kind = ((1,), "string") if strings else ((len(known),), "float32")
            inputs[column] = keras.Input(shape, dtype=kind, name=column)
            counts.append(CountWords(known, name=f"words_{column}")(inputs[column]) if strings else inputs[column])
        if counts:
            encoded["words"] = keras.layers.Concatenate(name="joined_words")(counts) if counts[1:] else counts[0]
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


def build_ensemble(data: Stack, parts: Sequence[NetworkPart], members: int) -> Ensemble:
    """Assemble the deployed model of the first `members` members from trained weights by name."""
    from autoft.networks.layers.stacked import MemberMean
    from autoft.preprocessing.encoder import build_encoder

    statistics = data.statistics.of(slice(members))
    head = MemberMean(data.task, members, name="mean_of_members")
    head.build((members, None, data.outputs))
    if data.task == "regression":
        head.set_weights([x[:members, None, None] for x in (data.center, data.scale, data.low, data.high)])
    return Ensemble(
        plan=data.plan,
        statistics=statistics,
        encoder=build_encoder(data.plan, statistics),
        networks=tuple(part.network(data, members, f"network_{number}") for number, part in enumerate(parts)),
        shares=tuple(part.share for part in parts),
        head=head,
    )


def takes_strings() -> bool:
    """Whether models that are built on this backend take categories as strings."""
    import keras

    return bool(keras.backend.backend() == "tensorflow")


def model_inputs(
    plan: InputLayout, encoded: Encoded, texts: Mapping[str, Array], words: Mapping[str, tuple[str, ...]]
) -> dict[str, Array]:
    """Inputs of the raw model for some rows.

    Args:
        plan: The layout.
        encoded: The rows.
        texts: Converted cells of categorical and text columns by column id (None is missing).
        words: Of the bag.
    """
    inputs: dict[str, Array] = {c: encoded.numbers[:, [j]] for j, c in enumerate(plan.numbers)}
    for j, category in enumerate(plan.categories):
        codes = encoded.codes[:, [j]]
        inputs[category.id] = guarded(texts[category.id])[:, None] if takes_strings() else codes
    for column, known in words.items():
        inputs[column] = text_input(texts[column], known, strings=takes_strings())
    for own, numbers in zip(plan.custom, encoded.custom, strict=True):
        reads = takes_strings() and own.is_text and ENCODERS[own.encoder].reader() is not None
        inputs[own.id] = plain_texts(texts[own.id])[:, None] if reads else numbers
    return inputs


def text_input(texts: Array, known: tuple[str, ...], *, strings: bool) -> Array:
    """A text column as the raw model takes it: clean texts ``[n, 1]``, or counts of its known words ``[n, u]``."""
    own = cleaned(texts)
    return own[:, None] if strings else np.asarray(count_words(known, own).counts.toarray())


def guarded(texts: Sequence[str | None] | Array) -> Array:
    """Texts as the model's vocabulary holds them ``[n]``; each distinct text is looked at once."""
    known: dict[str | None, str] = {}
    return np.array([known.setdefault(t, guard(t)) if t not in known else known[t] for t in texts], dtype=object)
