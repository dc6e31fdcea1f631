"""Memory of a row while it is answered: what decides how many are answered at a time."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from autoft.networks.family import build_network
from autoft.networks.memory import cells_per_row
from tests.networks_help import plan_with, small_architecture, start_of

START = start_of(plan_with())
#: Dense inputs and slots, 5 bins of 3 numbers, vectors of 4 for a category, and all of it side by side.
READ = 21 + 1 + 15 + 4 + (15 + 21 + 4)


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("mlp", {}, 3 * (READ + 4 * 16 + 2)),
        ("mlp", {"width": 64}, 3 * (READ + 4 * 64 + 2)),
        # Vectors of 16 instead of bins side by side; six networks from the first layer on, and copies of its input.
        ("tabm-mini", {}, 3 * (21 + 1 + 15 + 4 + 48 + 73 + 6 * (73 + 4 * 16 + 2))),
        ("tabm-mini", {"merged": True}, 3 * (21 + 1 + 15 + 4 + 48 + 73 + 6 * (4 * 16 + 2))),
        ("tabm", {}, 3 * (21 + 1 + 15 + 4 + 48 + 73 + 6 * (73 + 4 * 16 + 2))),
    ],
)
def test_what_all_layers_hold_for_a_row(kind: str, changes: dict[str, object], expected: int):
    architecture = replace(small_architecture(kind), **changes)  # type: ignore[arg-type]
    assert cells_per_row(build_network(architecture, START.inputs, members=3, outputs=2)) == expected


def test_models_in_a_model_count_and_shared_layers_do_no_harm():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(10), keras.layers.Dense(3)])
    head, given = keras.layers.Dense(1), keras.Input((4,))
    model = keras.Model(given, keras.layers.Add()([head(inner(given)), head(keras.layers.Dense(3)(given))]))
    assert 4 + 13 + 3 <= cells_per_row(model) <= 4 + 17 + 3 + 3
    assert np.asarray(model(np.zeros((2, 4), "float32"))).shape == (2, 1)
