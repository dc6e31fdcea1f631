"""What the epoch program needs of TensorFlow: arrays, gradients, a loop inside the program, compilation."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from autoft.records.arrays import Array

#: Whether programs take arrays of any size, unless they are compiled for one.
ANY_SIZE = True


def constant(array: Array) -> Any:
    """An array on the device."""
    import tensorflow as tf

    return tf.constant(array)


def gradients(loss: Callable[[list[Any]], Any], weights: list[Any]) -> list[Any]:
    """Gradients of ``loss(weights)``."""
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        value = loss(weights)
    # Gradients of looked-up vectors come as slices.
    return [tf.convert_to_tensor(g) for g in tape.gradient(value, weights)]


def scan(body: Callable[[Any, Any], Any], state: Any, steps: Any) -> Any:
    """``state = body(state, step)`` for each step along the first axis of the arrays in `steps`."""
    import tensorflow as tf

    count = tf.shape(tf.nest.flatten(steps)[0])[0]

    def once(i: Any, state: Any) -> Any:
        state = body(state, tf.nest.map_structure(lambda array: tf.gather(array, i), steps))
        return i + 1, tf.nest.map_structure(tf.identity, state)

    first = (tf.constant(0), state)
    return tf.while_loop(lambda i, _: i < count, _without_call_stacks(once, first), first)[1]


def _without_call_stacks(body: Callable[..., Any], arguments: Any) -> Callable[..., Any]:
    """A function of arrays like `arguments` whose operations do not keep the call stack that made them.

    TensorFlow keeps the stack of every operation as text: half of the memory of a program. Operations read from a
    `GraphDef` have none, and are otherwise the same, so that results are equal to the last bit.
    """
    import tensorflow as tf

    like = tf.nest.map_structure(lambda array: tf.TensorSpec(array.shape, array.dtype), arguments)
    traced = tf.function(_collectable(body), autograph=False).get_concrete_function(*like)
    graph, outer = traced.graph.as_graph_def(), traced.captured_inputs
    inputs, outputs = ([tensor.op.name for tensor in traced.inputs], [tensor.name for tensor in traced.outputs])
    # XLA refuses placeholders, even those that nothing reads.
    nodes = [node for node in graph.node if node.name not in inputs]
    used = {name.split(":")[0] for node in nodes for name in node.input}
    del graph.node[:]
    graph.node.extend(nodes)
    # Names: tensors would keep the traced graph in memory.
    form = tf.nest.map_structure(lambda tensor: tensor.name, traced.structured_outputs)

    def read(*arrays: Any) -> Any:
        flat = [*tf.nest.flatten(arrays), *map(tf.identity, outer)]
        given = {f"{name}:0": array for name, array in zip(inputs, flat, strict=True) if name in used}
        return tf.nest.pack_sequence_as(form, tf.graph_util.import_graph_def(graph, given, outputs, name=""))

    return read


def _collectable(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function to be traced whose graph is let go with its program.

    TensorFlow keeps the gradient of `silu` of every trace in a registry of the process, and with it the whole graph.
    All gradients are taken within the trace: nobody asks for them afterwards.
    """
    import tensorflow as tf
    from tensorflow.python.framework import ops

    def traced(*arrays: Any) -> Any:
        answer = function(*arrays)
        for operation in tf.compat.v1.get_default_graph().get_operations():
            if operation.type == "IdentityN" and "_gradient_op_type" in (own := operation.node_def.attr):
                ops.gradient_registry._registry.pop(own["_gradient_op_type"].s.decode(), None)
        return answer

    return traced


def compiled(function: Callable[..., Any], *, fast: bool) -> Callable[..., Any]:
    """A function of arrays in tuples, lists and dicts as one program.

    With `fast` XLA compiles it for the sizes that it is called with: an eighth faster to run, two to four times as long
    to build. Otherwise it takes arrays of any size.
    """
    import tensorflow as tf

    if not fast:
        return _AnySize(function)
    _start_xla()
    program: Callable[..., Any] = tf.function(_collectable(function), autograph=False, jit_compile=True)
    return program


class _AnySize:
    """A program that is traced once, at its first call, from the ranks and dtypes of its arrays alone.

    Every call goes without Grappler, which takes a quarter of the first call and makes epochs no faster. A later call
    with it would make TensorFlow build the program again, and round differently.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self._lock = function, Lock()
        self._program: Callable[..., Any] | None = None

    def __call__(self, *arrays: Any) -> Any:
        import tensorflow as tf

        def any_size(array: Any) -> Any:
            return tf.TensorSpec([None] * len(array.shape), array.dtype)

        with _GRAPPLER.off():
            if self._program is not None:
                return self._program(*arrays)
            with self._lock:
                signature = tf.nest.map_structure(any_size, arrays)
                program = tf.function(_collectable(self._function), autograph=False, input_signature=signature)
                answer = program(*arrays)
                self._program = self._program or program
            return answer


class _Grappler:
    """TensorFlow's switch for Grappler. It is one for the process: put back when the last of our calls is over."""

    def __init__(self) -> None:
        self._lock, self._calls, self._before = Lock(), 0, False

    @contextmanager
    def off(self) -> Iterator[None]:
        import tensorflow as tf

        optimizer = tf.config.optimizer
        with self._lock:
            if not self._calls:
                self._before = bool(optimizer.get_experimental_options().get("disable_meta_optimizer", False))
            self._calls += 1
            optimizer.set_experimental_options({"disable_meta_optimizer": True})
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    optimizer.set_experimental_options({"disable_meta_optimizer": self._before})


_GRAPPLER = _Grappler()


@cache
def _start_xla() -> None:
    """Compile something small in silence, once per process.

    What XLA says at first heeds neither log levels nor Python's stderr: the file descriptor is redirected for it.
    """
    import tensorflow as tf

    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        tf.function(lambda x: x + 1.0, jit_compile=True)(tf.zeros(1))
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device has no memory left."""
    import tensorflow as tf

    # XLA reports it as an internal error with these words.
    return isinstance(error, MemoryError | tf.errors.ResourceExhaustedError) or "RESOURCE_EXHAUSTED" in str(error)


def accelerated() -> bool:
    """Whether there is a GPU or TPU."""
    import tensorflow as tf

    return any(device.device_type != "CPU" for device in tf.config.get_visible_devices())
