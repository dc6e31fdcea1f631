"""What the epoch program needs of JAX: the same functions as `engine_tensorflow`, where they are described."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autoft.records.arrays import Array

#: JAX compiles every program for the sizes of its arrays.
ANY_SIZE = False


def constant(array: Array) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(array)


def gradients(loss: Callable[[list[Any]], Any], weights: list[Any]) -> list[Any]:
    import jax

    found: list[Any] = jax.grad(loss)(weights)
    return found


def scan(body: Callable[[Any, Any], Any], state: Any, steps: Any) -> Any:
    from jax import lax

    return lax.scan(lambda carry, step: (body(carry, step), None), state, steps)[0]


def compiled(function: Callable[..., Any], *, fast: bool) -> Callable[..., Any]:
    """As there, but always by XLA."""
    import jax

    program: Callable[..., Any] = jax.jit(function)
    return program


def out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def accelerated() -> bool:
    import jax

    return bool(jax.default_backend() != "cpu")
