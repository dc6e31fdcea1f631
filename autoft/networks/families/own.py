"""A user's own Keras model: what its function is given, and what it may return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autoft.errors import TrainingError, reason_of
from autoft.networks.architecture import Inputs
from autoft.records.columns import Task

#: The name of this family in the dimension ``architecture``.
NAME = "own"
#: Names of its inputs; Keras may call a layer "dense".
DENSE, SLOTS = "encoded_dense", "encoded_slots"
#: Length of the categories' vectors in `ModelInputs.features`.
_LENGTH = 8
#: ``build(hp, inputs)`` with a `keras_tuner.HyperParameters`; returns a Keras model or the tensor of its logits.
Build = Callable[[Any, "ModelInputs"], Any]


@dataclass(frozen=True, kw_only=True)
class ModelInputs:
    """Encoded, preprocessed rows as symbolic Keras tensors: what a function `build` makes its model from.

    Attributes:
        dense: ``[B, d]`` float32, or None where there is none: numbers imputed with the median and scaled, indicators
            of missing cells, dates as cycles, words of texts, and one-hot categories.
        slots: ``[B, e]`` int32, or None: for each categorical column with many categories the number of the cell's
            category; 0 is unknown, 1 missing.
        categories: How many numbers each column of `slots` has.
        outputs: Logits that the model gives: 1 for two classes and for regression (the target, standardized), else
            the number of classes.
    """

    dense: Any
    slots: Any
    categories: tuple[int, ...]
    outputs: int
    task: Task

    @classmethod
    def of(cls, inputs: Inputs, *, outputs: int, task: Task) -> ModelInputs:
        """New tensors for what a network reads."""
        import keras

        columns = len(inputs.embedded)
        return cls(
            dense=keras.Input((inputs.dense,), name=DENSE) if inputs.dense else None,
            slots=keras.Input((columns,), dtype="int32", name=SLOTS) if columns else None,
            categories=tuple(slots + 2 for slots in inputs.embedded),
            outputs=outputs,
            task=task,
        )

    @property
    def tensors(self) -> dict[str, Any]:
        """Those of `dense` and `slots` that there are, by name."""
        both = {DENSE: self.dense, SLOTS: self.slots}
        return {name: tensor for name, tensor in both.items() if tensor is not None}

    @cached_property
    def features(self) -> Any:
        """Everything as one tensor ``[B, f]`` float32: `dense`, and 8 learned numbers for each of `slots`."""
        import keras

        if self.slots is None:
            return self.dense
        vectors = self.embedded(_LENGTH)
        return vectors if self.dense is None else keras.layers.Concatenate()([self.dense, vectors])

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            there = [*(one.name for one in fields(self)), "features", "embedded(length)"]
            raise AttributeError(f"inputs has no '{name}'; it has {', '.join(there)}")

    def embedded(self, length: int) -> Any:
        """Learned vectors ``[B, e * length]`` of `slots`; each call makes new ones."""
        from autoft.networks.layers.members import CategoryVectors

        return CategoryVectors(list(self.categories), length)(self.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNetwork:
    """A network from ``{DENSE: [B, d], SLOTS: [B, e]}`` (those that there are) to logits ``[B, outputs]``, which a
    user's function has made, with the optimizer and the loss that it has compiled (None where it has not)."""

    network: Any
    optimizer: Any
    loss: Any


def hyperparameters(values: Mapping[str, Any]) -> Any:
    """A `keras_tuner.HyperParameters` that answers with these values, and with defaults for what is not among them."""
    import keras_tuner as kt

    found = kt.HyperParameters()
    found.values = dict(values)
    return found


def build_network(build: Build, hp: Any, given: ModelInputs) -> OwnNetwork:
    """Call a user's function and check what it returns.

    A model that does not begin with tensors of `given`, as a `keras.Sequential`, is applied to `given.features`.

    Raises:
        TrainingError: If it returns anything but a Keras model or tensor with logits of the inputs.
    """
    found = build(hp, given)
    try:
        return _network(found, given)
    except _UnfitError as error:
        raise TrainingError(function_name(build), *error.args) from error.__cause__


class _UnfitError(Exception):
    """What a function returned is no model that can be trained: what must hold, what was found, the fix."""


def name_of(build: Build) -> str:
    """The name of a user's function, with the class or function that it stands in."""
    return str(getattr(build, "__qualname__", type(build).__qualname__)).replace("<locals>.", "")


def function_name(build: Build) -> str:
    """A user's function as messages call it."""
    return f"The function '{name_of(build)}' (model=)"


def _network(found: Any, given: ModelInputs) -> OwnNetwork:
    import keras

    is_model = isinstance(found, keras.Model)
    if not is_model and not isinstance(found, keras.KerasTensor):
        fix = "return keras.Model(...), or the tensor of its logits"
        raise _UnfitError("return a Keras model", f"it returned {_kind(found)}", fix)
    if is_model and type(found).train_step is not keras.Model.train_step:
        found_kind, fix = f"{_kind(found)} has a train_step of its own", "write what it does as a loss, or as layers"
        raise _UnfitError("return a model that is trained by its loss", found_kind, fix)
    output = _logits(found, given) if is_model else found
    _check_logits(output, given)
    try:
        network = keras.Model(given.tensors, output)
    except ValueError as error:
        reason, fix = "its output does not follow from them", "use inputs.features, inputs.dense or inputs.slots"
        raise _UnfitError("return a model of the tensors in inputs", reason, fix) from error
    if not is_model or not found.compiled:
        return OwnNetwork(network=network, optimizer=None, loss=None)
    return OwnNetwork(network=network, optimizer=found.optimizer, loss=_checked_loss(found.loss, given))


def _logits(model: Any, given: ModelInputs) -> Any:
    """The output of a model: of its own graph where that begins with the given tensors, else for all features."""
    own = list(given.tensors.values())
    begins = getattr(model, "_functional", model)  # a Sequential keeps its graph there
    inputs = getattr(begins, "inputs", None) if model.built else None
    if inputs and all(any(tensor is known for known in own) for tensor in inputs):
        return model.output
    try:
        return model(given.features)
    except Exception as error:
        reason = reason_of(error, 200)
        found = f"it cannot read inputs.features {tuple(given.features.shape)}: {reason}"
        raise _UnfitError("return a model of the tensors in inputs", found, "make it from these tensors") from error


def _check_logits(output: Any, given: ModelInputs) -> None:
    import keras

    shape = tuple(output.shape) if isinstance(output, keras.KerasTensor) else None
    if shape is None or len(shape) != 2 or shape[1] != given.outputs:
        must, found = f"give logits of shape (rows, {given.outputs})", _kind(output) if shape is None else shape
        raise _UnfitError(must, f"the output is {found}", "end it with keras.layers.Dense(inputs.outputs)")
    if not keras.backend.is_float_dtype(output.dtype):
        raise _UnfitError("give logits", f"the output is of type {output.dtype}", "end it with a Dense layer")
    last = output._keras_history.operation
    while isinstance(last, keras.Model) and last.layers:
        last = last.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", type(last).__name__).lower()
    if given.task != "regression" and activation in ("sigmoid", "softmax"):
        fix = f"remove the {activation} at the end: autoft applies it"
        raise _UnfitError("give logits", f"it gives probabilities ({activation})", fix)


def _checked_loss(loss: Any, given: ModelInputs) -> Any:
    """The loss of a compiled model; None where it is left open."""
    name = str(loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", ""))
    on_logits = hasattr(loss, "get_config") and loss.get_config().get("from_logits")
    if given.task != "regression" and "crossentropy" in name.lower() and not on_logits:
        fix = "give from_logits=True, or leave the loss to autoft (compile without it, or do not compile)"
        raise _UnfitError("compile a loss on logits", f"{name} takes probabilities", fix)
    return loss


def _kind(thing: object) -> str:
    return "None" if thing is None else f"a {type(thing).__name__}"
