"""The epoch program against the same networks trained one by one with plain Keras."""

import gc
import weakref
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoft.networks.architecture import Architecture
from autoft.networks.family import architecture_of, build_network, initial_weights
from autoft.training import engine_tensorflow
from autoft.training import epoch as programs
from autoft.training.epoch import CompiledEpoch, compiled
from autoft.training.program import Program, Rows
from autoft.training.stack import Stack, batches
from autoft.training.step import EXTRAS, Settings

ARCHITECTURE = Architecture(kind="mlp", width=8, depth=2, activation="silu", embedding=4)
SETTINGS = {"learning_rate": 0.01, "dropout": 0.0, "l2": 0.003}
LOSSES = {
    "binary": lambda: keras.losses.BinaryCrossentropy(from_logits=True),
    "multiclass": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "regression": lambda: keras.losses.MeanSquaredError(),
}


def first_weights(data: Stack, architecture: Architecture = ARCHITECTURE) -> dict[str, np.ndarray]:
    return initial_weights(architecture, data.start(0))


def program_for(data: Stack, batch: int = 16) -> Program:
    """A program whose embeddings never hide a category, so that it can be compared with other stacks."""
    program = Program(ARCHITECTURE, batch, Rows(data))
    program.compiled = CompiledEpoch(program.shape)  # one of its own: no other test shall meet the change
    for layer in program.compiled.network.layers:
        if hasattr(layer, "hidden_share"):
            layer.hidden_share = 0.0
    return program


def trained(program: Program, epochs: int = 2, seed: int = 0, **changes: Any) -> dict[str, np.ndarray]:
    data = program.rows.data
    program.start(
        first_weights(data, program.shape.architecture), [Settings(**{**SETTINGS, **changes})], epochs=epochs, seed=seed
    )
    for epoch in range(1, epochs + 1):
        program.epoch(*batches(data.train, program.batch, seed=0, epoch=epoch), number=epoch)
    return program.weights()


def alone(data: Stack, *members: int) -> Stack:
    """Some members' part of a stack, as a stack of its own."""
    own = list(members)
    return replace(
        data,
        statistics=data.statistics.of(own),
        dense=data.dense[own],
        slots=data.slots[own],
        train=tuple(data.train[s] for s in own),
        held_out=tuple(data.held_out[s] for s in own),
        center=data.center[own],
        scale=data.scale[own],
        low=data.low[own],
        high=data.high[own],
    )


def plain_keras(data: Stack, s: int, epochs: int, batch: int = 16) -> list[np.ndarray]:
    """Member s as an ordinary Keras model, trained on the same batches by Keras' own optimizer and regularizer."""
    kernel = {"kernel_regularizer": keras.regularizers.L2(SETTINGS["l2"])}
    dense = keras.Input((data.dense.shape[2],))
    inputs, features = [dense], [dense]
    if data.slots.shape[2]:
        size = data.plan.embedded[0].slots + 2
        inputs.append(keras.Input((size,)))
        features.append(keras.layers.Dense(ARCHITECTURE.embedding, use_bias=False)(inputs[1]))
    x = keras.layers.Concatenate()(features) if features[1:] else dense
    for _ in range(ARCHITECTURE.depth):
        x = keras.layers.Dense(ARCHITECTURE.width, ARCHITECTURE.activation, **kernel)(x)
    model = keras.Model(inputs, keras.layers.Dense(data.outputs, **kernel)(x))
    weights = first_weights(data)
    for variable, name in zip(model.trainable_variables, sorted_names(weights), strict=True):
        variable.assign(weights[name][s].reshape(variable.shape))
    model.compile(keras.optimizers.Adam(SETTINGS["learning_rate"]), LOSSES[data.task]())
    y = (data.y - data.center[s]) / data.scale[s] if data.task == "regression" else data.y
    for epoch in range(1, epochs + 1):
        order, given = batches(data.train, batch, seed=0, epoch=epoch)
        for rows in (o[w > 0] for o, w in zip(order[:, s], given[:, s], strict=True) if w.any()):
            fed = [data.dense[s, rows]]
            if features[1:]:
                fed.append(np.eye(size, dtype=np.float32)[data.slots[s, rows, 0]])
            model.train_on_batch(fed, y[rows].astype(np.float32)[:, None])
    return [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]


def sorted_names(weights: dict[str, np.ndarray]) -> list[str]:
    """Names in the order in which Keras lists the variables of the plain model."""
    layers = ["embedding/table_0"] if "embedding/table_0" in weights else []
    for layer in (*(f"hidden_{k}" for k in range(ARCHITECTURE.depth)), "logits"):
        layers += [f"{layer}/kernel", f"{layer}/bias"]
    return layers


@pytest.mark.parametrize(
    ("task", "kinds"), [("binary", "n"), ("multiclass", "n"), ("regression", "n"), ("binary", "ncd")]
)
def test_each_member_equals_a_network_trained_by_plain_keras(make, task: str, kinds: str):
    data = make(task, kinds=kinds)
    weights = trained(program_for(data), epochs=2)
    for name, theirs in zip(sorted_names(weights), plain_keras(data, 1, epochs=2), strict=True):
        np.testing.assert_allclose(weights[name][1].reshape(theirs.shape), theirs, atol=2e-5, err_msg=name)
    assert np.abs(weights["hidden_1/kernel"] - first_weights(data)["hidden_1/kernel"]).max() > 0.01


@pytest.fixture(scope="module")
def program(make) -> Program:
    """One program for all tests that need no special rows; embeddings hide categories as they do in earnest."""
    compiled.cache_clear()
    return Program(ARCHITECTURE, 16, Rows(make("binary")))


def test_members_together_train_as_each_would_alone(make):
    data = make("binary")
    together = trained(program_for(data))
    for own in ([1], [2, 0]):
        fewer = program_for(alone(data, *own))
        fewer.start({name: w[own] for name, w in first_weights(data).items()}, [Settings(**SETTINGS)])
        for epoch in (1, 2):
            order, given = batches(data.train, 16, seed=0, epoch=epoch)
            fewer.epoch(order[:, own], given[:, own])
        for name, w in fewer.weights().items():
            np.testing.assert_allclose(w, together[name][own], atol=1e-6, err_msg=name)


def test_one_trace_serves_all_trials_of_a_shape(program: Program):
    seen = [
        trained(program, learning_rate=rate, dropout=dropout, l2=l2)["hidden_0/kernel"]
        for rate, dropout, l2 in ((0.01, 0.0, 0.0), (0.001, 0.0, 0.0), (0.01, 0.5, 0.0), (0.01, 0.0, 0.1))
    ]
    assert program.traces == 1
    assert all(not np.array_equal(seen[0], other) for other in seen[1:])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs are TensorFlow's")
@pytest.mark.parametrize("fast", [False, True])
def test_programs_that_were_let_go_are_collected(fast: bool):
    graphs = []

    def step(state: Any, now: Any) -> Any:
        import tensorflow as tf

        graphs.append(weakref.ref(tf.compat.v1.get_default_graph()))
        return [state[0] - engine_tensorflow.gradients(lambda w: keras.ops.sum(keras.ops.silu(w[0])), state)[0] * now]

    def epoch(state: Any, steps: Any) -> Any:
        graphs.append(weakref.ref(keras.ops.silu(state[0]).graph))
        return engine_tensorflow.scan(step, state, steps)

    program = engine_tensorflow.compiled(epoch, fast=fast)
    state = program([engine_tensorflow.constant(np.ones(3, np.float32))], engine_tensorflow.constant(np.ones(2, "f")))
    assert float(state[0][0]) < 0
    assert graphs[0]() is not None
    del program, state
    gc.collect()
    assert [graph() for graph in graphs] == [None] * len(graphs)


def test_a_second_training_owes_nothing_to_the_first(program: Program):
    first = trained(program, dropout=0.4, seed=1)
    trained(program, learning_rate=0.1, epochs=3)
    again = trained(program, dropout=0.4, seed=1)
    other = trained(program, dropout=0.4, seed=2)
    for name, w in first.items():
        np.testing.assert_array_equal(w, again[name])
    assert not np.array_equal(first["logits/kernel"], other["logits/kernel"])


def test_rows_of_weight_zero_have_no_effect(make):
    program = program_for(make("binary"))
    order, given = batches(program.rows.data.train, 16, seed=0, epoch=1)
    results = []
    for filler in (0, 50, None):
        rows = order if filler is None else np.where(given > 0, order, filler).astype(np.int32)
        program.start(first_weights(program.rows.data), [Settings(**SETTINGS)])
        program.epoch(rows, given)
        results.append(program.weights())
    for name, w in results[0].items():
        np.testing.assert_array_equal(w, results[1][name])
        np.testing.assert_array_equal(w, results[2][name])


def moments(program: Program) -> list[np.ndarray]:
    packed, steps = program._state
    return [np.asarray(moment) for three in packed for moment in three[1:]] + [np.asarray(steps)]


def test_a_member_without_rows_keeps_weights_and_moments(make):
    program = program_for(make("binary"))
    order, given = batches(program.rows.data.train, 16, seed=0, epoch=1)
    idle, first = given.copy(), given.copy()
    idle[1:, 0] = 0.0
    first[1:] = 0.0
    program.start(first_weights(program.rows.data), [Settings(**SETTINGS)])
    program.epoch(order, first)
    after_one = program.weights(), moments(program)
    program.start(first_weights(program.rows.data), [Settings(**SETTINGS)])
    program.epoch(order, idle)
    after_all = program.weights(), moments(program)
    for name, w in after_one[0].items():
        np.testing.assert_array_equal(w[0], after_all[0][name][0], err_msg=name)
        assert not np.array_equal(w[1], after_all[0][name][1])
    for before, after in zip(after_one[1], after_all[1], strict=True):
        np.testing.assert_array_equal(before[0], after[0])


def test_a_member_that_breaks_leaves_the_others_as_they_are(make):
    data = make("regression", kinds="n")
    dense = data.dense.copy()
    dense[1, data.train[1][0]] = np.nan
    good, bad = trained(program_for(data)), trained(program_for(replace(data, dense=dense)))
    for name, w in good.items():
        np.testing.assert_array_equal(w[[0, 2]], bad[name][[0, 2]])
    assert np.isnan(bad["logits/kernel"][1]).all()


def test_logits_are_those_of_the_network_on_each_members_rows(program: Program, monkeypatch: pytest.MonkeyPatch):
    trained(program)
    data = program.rows.data
    rows = np.stack([np.random.default_rng(s).integers(0, len(data.y), 20) for s in range(data.members)])
    rows = rows.astype(np.int32)
    whole = program.logits(rows)
    inputs = {
        "dense": np.stack([data.dense[s, r] for s, r in enumerate(rows)]),
        "slots": np.stack([data.slots[s, r] for s, r in enumerate(rows)]),
    }
    shape = program.shape
    network = build_network(ARCHITECTURE, shape.inputs, members=3, outputs=shape.outputs)
    for variable, name in zip(network.trainable_variables, program.compiled.names, strict=True):
        variable.assign(program.weights()[name])
    np.testing.assert_allclose(whole, np.asarray(network(inputs)), atol=1e-6)
    monkeypatch.setattr(program, "chunk", 7)
    np.testing.assert_allclose(program.logits(rows), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("given", "optimizer", "loss"),
    [
        ({"weight_decay": 0.3}, {"weight_decay": 0.3}, {}),
        ({"clip": 0.05}, {"global_clipnorm": 0.05}, {}),
        ({"label_smoothing": 0.2}, {}, {"label_smoothing": 0.2}),
        ({"schedule": "cosine"}, {"learning_rate": "cosine"}, {}),
    ],
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
def test_what_else_a_trial_sets_does_what_it_does_in_keras(make, given: Any, optimizer: Any, loss: Any):
    """One layer without bias trained by Keras' own AdamW, clipping, smoothing and schedule."""
    data, member, epochs = make("binary", kinds="n"), 2, 3
    architecture = replace(ARCHITECTURE, depth=1)
    first = {n: w for n, w in first_weights(data).items() if not n.startswith("hidden_1")}
    program = Program(architecture, 16, Rows(data), extras=EXTRAS.intersection(given))
    program.start(first, [Settings(learning_rate=0.02, **given)], epochs=epochs)
    model = keras.Sequential([keras.layers.Dense(8, "silu"), keras.layers.Dense(1)])
    model.build((None, data.dense.shape[2]))
    for variable, name in zip(model.trainable_variables, program.compiled.names, strict=True):
        variable.assign(first[name][member].reshape(variable.shape))
    if optimizer.get("learning_rate") == "cosine":
        optimizer = {"learning_rate": keras.optimizers.schedules.CosineDecay(0.02, epochs * program.shape.steps)}
    kind = keras.optimizers.AdamW if "weight_decay" in optimizer else keras.optimizers.Adam
    fitted = kind(**{"learning_rate": 0.02, **optimizer})
    if "weight_decay" in optimizer:
        fitted.exclude_from_weight_decay(var_names=["bias"])
    model.compile(fitted, keras.losses.BinaryCrossentropy(from_logits=True, **loss))
    for epoch in range(1, epochs + 1):
        order, weights = batches(data.train, 16, seed=0, epoch=epoch)
        program.epoch(order, weights, number=epoch)
        for rows in (o[w > 0] for o, w in zip(order[:, member], weights[:, member], strict=True) if w.any()):
            model.train_on_batch(data.dense[member, rows], data.y[rows].astype(np.float32)[:, None])
    for variable, name in zip(model.trainable_variables, program.compiled.names, strict=True):
        theirs = keras.ops.convert_to_numpy(variable)
        np.testing.assert_allclose(
            program.weights()[name][member].reshape(theirs.shape), theirs, atol=3e-5, err_msg=name
        )


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX compiles for one size")
def test_one_program_trains_other_sizes_as_one_made_for_them(make, monkeypatch: pytest.MonkeyPatch):
    compiled.cache_clear()
    rows = Rows(make("binary"))
    sizes = [(ARCHITECTURE, 16), (replace(ARCHITECTURE, width=9, embedding=3), 16), (ARCHITECTURE, 7)]
    shared = [Program(architecture, batch, rows) for architecture, batch in sizes]
    fewer = Program(ARCHITECTURE, 16, Rows(alone(make("binary"), 2)), trials=2)
    assert len({id(program.compiled) for program in (*shared, fewer)}) == 1
    assert not shared[0].shape.worth_compiling
    found = [trained(program, dropout=0.3) for program in shared]
    assert shared[0].traces == 1
    monkeypatch.setattr(programs, "WORTH_XLA", 0.0)
    for (architecture, batch), weights in zip(sizes, found, strict=True):
        own = Program(architecture, batch, rows)
        assert own.compiled is not shared[0].compiled
        for name, w in trained(own, dropout=0.3).items():
            np.testing.assert_allclose(w, weights[name], atol=1e-5, err_msg=name)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="Grappler is TensorFlow's")
@pytest.mark.parametrize("kind", ["mlp", "realmlp", "tabm-mini"])
def test_a_program_rounds_at_its_first_call_as_at_later_ones(make, kind: str):
    """And leaves TensorFlow's settings as they were."""
    import tensorflow as tf

    before = tf.config.optimizer.get_experimental_options()
    data, params = make(), {"architecture": kind, "width": 8, "depth": 2, "activation": "relu", "embedding": 4}
    architecture = architecture_of(params, data.start(0).inputs, 60)
    program = Program(architecture, 16, Rows(data))
    program.compiled = CompiledEpoch(programs.key_of(program.shape))  # nobody has called it before
    first, second = trained(program), trained(program)
    for name, weights in first.items():
        np.testing.assert_array_equal(weights, second[name])
    assert program.traces == 1
    assert tf.config.optimizer.get_experimental_options() == before | {"disable_meta_optimizer": False}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs are TensorFlow's")
def test_a_loop_in_a_program_reads_what_is_around_it():
    """The body of the loop is read from its graph: what it captures, and nested states, must arrive."""
    around = np.float32(2.0)

    def sums(steps: Any, start: Any) -> Any:
        factor = start * 0 + around
        return engine_tensorflow.scan(
            lambda state, now: (state[0] * factor + now[0], [state[1][0] + now[1]]), (start, [start]), (steps, steps)
        )

    steps, start = np.array([1, 2, 3], np.float32), np.float32(0.5)
    program = engine_tensorflow.compiled(sums, fast=False)
    for _ in range(2):
        product, (total,) = program(engine_tensorflow.constant(steps), engine_tensorflow.constant(start))
        assert (float(product), float(total)) == (15.0, 6.5)
