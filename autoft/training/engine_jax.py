"""What the epoch program needs of JAX: arrays, gradients, a loop inside the program, compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autoft.records.arrays import Array

#: JAX compiles every program for the sizes of its arrays.
ANY_SIZE = False


def constant(array: Array) -> Any:
    """An array on the device."""
    import jax.numpy as jnp

    return jnp.asarray(array)


def gradients(loss: Callable[[list[Any]], Any], weights: list[Any]) -> list[Any]:
    """Gradients of ``loss(weights)``."""
    import jax

    found: list[Any] = jax.grad(loss)(weights)
    return found


def scan(body: Callable[[Any, Any], Any], state: Any, steps: Any) -> Any:
    """``state = body(state, step)`` for each step along the first axis of the arrays in `steps`."""
    from jax import lax

    return lax.scan(lambda carry, step: (body(carry, step), None), state, steps)[0]


def compiled(function: Callable[..., Any], *, fast: bool) -> Callable[..., Any]:
    """The function as one program; JAX always compiles with XLA."""
    import jax

    program: Callable[..., Any] = jax.jit(function)
    return program


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device has no memory left."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def accelerated() -> bool:
    """Whether there is a GPU or TPU."""
    import jax

    return bool(jax.default_backend() != "cpu")
