"""Suite for network families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autoft.knowledge.bounds import weight_bounds
from autoft.knowledge.proof import prove
from autoft.networks.architecture import MIXED, Architecture, Inputs
from autoft.networks.boosting import Boosting
from autoft.networks.family import FAMILIES, NETWORK_DIMENSIONS, Family, build_network
from autoft.networks.initial_state import InitialState
from autoft.networks.weight_bounds import WeightBounds
from autoft.preprocessing.encode import encode
from autoft.preprocessing.layout import InputLayout, LayoutOptions, make_layout
from autoft.records.arrays import Array
from autoft.records.columns import Column, Kind, Target
from autoft.records.hints import Effect, Hints
from autoft.serving.artifact import Meta
from autoft.serving.predictor import model_inputs
from autoft.testing import boosting
from autoft.testing.saving import reloaded
from autoft.training.ensemble import Ensemble, EnsemblePart, build_ensemble
from autoft.training.program import Program, Rows
from autoft.training.stack import Stack, StackTarget, batches, padded, stack_data
from autoft.training.step import Settings

_ROWS, _FOLDS, _EPOCHS, _BATCH = 90, 3, 2, 16
#: Of the fold whose held-out rows are corrupted.
_OUT = 0
_KINDS: Mapping[str, Kind] = {"n": "numeric", "c": "categorical", "x": "categorical"}
_SIZES = {"width": 8, "depth": 2, "activation": "relu", "embedding": 4, "numbers": "piecewise", "batch_size": _BATCH}
#: Against the data, in which the target rises with n0, so that networks have something to resist.
_HINTS = Hints(effects=(Effect(column="n0", sign=-1),))
#: By fold the rows that it holds out.
_BLOCKS = np.arange(_ROWS) % _FOLDS

Values = Mapping[str, Array]


def check_family(family: Family) -> None:
    """Hold a registered network family to its contract. First weights fit the network, for all inputs that a table may
    have; members never meet, and one alone learns what it learns in a stack; what a fold holds out has no part in its
    weights; the deployed model answers as the training did, and again after it was saved and loaded; bounds hold after
    training, where hints can bound the family."""
    assert FAMILIES[family.name] is family, f"{family.name} is not registered"
    assert family.dimensions <= NETWORK_DIMENSIONS, f"unknown dimensions {family.dimensions - NETWORK_DIMENSIONS}"
    values = _values()
    if isinstance(family, Boosting):
        _check_boosting(family, values)
        return
    for columns in (list(values), ["n0", "n1"], ["c0"], ["x0"]):
        _check_first_weights(family, _stack({name: values[name] for name in columns}))
    _check_members(family, _stack(values))
    _check_training(family, _stack(values))
    _check_leakage(family, values)
    if family.bounded:
        _check_bounds(family, values)


def _values() -> dict[str, Array]:
    """Cells by column: n(umbers), c(ategories, one-hot) and x (categories, embedded)."""
    rng = np.random.default_rng(0)
    return {
        "n0": rng.normal(size=_ROWS),
        "n1": np.where(rng.random(_ROWS) < 0.2, np.nan, rng.exponential(1e6, _ROWS)),
        "c0": rng.choice(np.array(["a", "b", None], dtype=object), _ROWS),
        "x0": rng.choice(np.array([f"v{k}" for k in range(7)], dtype=object), _ROWS),
    }


def _stack(values: Values, layout: InputLayout | None = None, *, members: Sequence[int] = range(_FOLDS)) -> Stack:
    """Rows of a stack of some folds of a binary target; the layout is another table's where it is given."""
    columns = [
        Column(id=name, name=name, kind=_KINDS[name[0]], why="", missing=sum(x is None or x != x for x in cells))
        for name, cells in values.items()
    ]
    layout = layout or make_layout(columns, values, LayoutOptions(embed_above=4))
    signal = values.get("n0", np.sin(np.arange(_ROWS)))
    return stack_data(
        layout,
        encode(layout, values, _ROWS),
        StackTarget(y=(signal > 0).astype(np.int64), task="binary", classes=2),
        train=[np.flatnonzero(k != _BLOCKS) for k in members],
        held_out=[np.flatnonzero(k == _BLOCKS) for k in members],
    )


def _architecture(family: Family, data: Stack, activation: str | None = None) -> Architecture:
    rows, params = min(len(own) for own in data.train), {**_SIZES, "architecture": family.name}
    return family.architecture(params, Inputs.of(data.plan), rows, activation=activation)


def _name(variable: Any) -> str:
    return str(variable.path.split("network/")[-1])


def _assigned(network: Any, weights: Mapping[str, Array]) -> Any:
    for variable in network.variables:
        if _name(variable) in weights:
            variable.assign(weights[_name(variable)])
    return network


def _logits(network: Any, start: InitialState) -> Array:
    inputs = {"dense": start.dense, "slots": start.slots}
    return np.asarray(network({tensor.name: inputs[tensor.name] for tensor in network.inputs}))


def _check_first_weights(family: Family, data: Stack) -> None:
    """Their names and shapes are the network's, equal seeds give equal ones, and a member's depend on nothing else."""
    architecture, start = _architecture(family, data), data.start(0)
    network = build_network(architecture, start.inputs, members=_FOLDS, outputs=1)
    weights = family.initial_weights(architecture, start)
    shapes = {_name(v): tuple(v.shape) for v in network.variables}
    shapes = {name: s for name, s in shapes.items() if not name.endswith(("/rate", "seed_generator_state"))}
    found = {name: w.shape for name, w in weights.items()}
    assert found == shapes, f"first weights do not fit the network: {set(found.items()) ^ set(shapes.items())}"
    for name, w in weights.items():
        assert w.dtype == np.float32, f"{name} is {w.dtype}, not float32"
        assert np.isfinite(w).all(), f"{name} is not finite"
    logits = _logits(_assigned(network, weights), start)
    several = (architecture.ensemble,) if architecture.ensemble > 1 else ()
    expected = (_FOLDS, len(start.dense[0]), *several, 1)
    assert logits.shape == expected, f"logits are {logits.shape}, not {expected}"
    assert np.isfinite(logits).all(), "logits are not finite"
    again, few = (family.initial_weights(architecture, own) for own in (data.start(0), _members_of(start, 2)))
    for name, w in weights.items():
        assert np.array_equal(w, again[name]), f"{name}: equal seeds give other weights"
        assert np.array_equal(w[:2], few[name]), f"{name}: a member's first weights depend on the other members"


def _members_of(start: InitialState, members: int) -> InitialState:
    cut = {name: getattr(start, name)[:members] for name in ("dense", "slots", "numbers", "bias")}
    return replace(start, **cut, _edges={})


def _check_members(family: Family, data: Stack) -> None:
    """A member answers by its own weights and rows, in a stack as alone."""
    architecture, start = _architecture(family, data), data.start(0)
    weights = family.initial_weights(architecture, start)
    build = partial(build_network, architecture, start.inputs, outputs=1)
    network = _assigned(build(members=_FOLDS), weights)
    before = _logits(network, start)
    single = _assigned(build(members=1), {name: w[:1] for name, w in weights.items()})
    alone = _logits(single, _members_of(start, 1))
    assert np.allclose(alone[0], before[0], rtol=1e-3, atol=1e-4), "a member alone answers otherwise than in a stack"
    dense = start.dense.copy()
    dense[1] = -3.0 * dense[1]
    changed = {name: np.concatenate([w[:1], w[1:2] + 0.5, w[2:]]) for name, w in weights.items()}
    after = _logits(_assigned(network, changed), replace(start, dense=dense))
    assert np.array_equal(after[[0, 2]], before[[0, 2]]), "a member's weights or rows reach other members"
    assert not np.allclose(after[1], before[1]), "a member's own weights and rows do not change its answers"


def _trained(family: Family, data: Stack, bounds: WeightBounds | None = None, activation: str | None = None) -> Program:
    """A program after some epochs with dropout, penalties and the family's weight decay."""
    architecture, start = _architecture(family, data, activation), data.start(0)
    settings = {"learning_rate": 0.01, "dropout": 0.1, "l2": 1e-4}
    settings |= {"weight_decay": family.traits.weight_decay} if family.traits.weight_decay else {}
    extras = frozenset({"weight_decay"} & settings.keys()) | (frozenset({"bounds"} if bounds else ()))
    first = family.initial_weights(architecture, start)
    first = family.bounded_weights(architecture, start, first, bounds) if bounds else first
    program = Program(architecture, _BATCH, Rows(data), extras=extras)
    program.start(first, [Settings.of(settings)], epochs=_EPOCHS, bounds=[bounds] if bounds else ())
    for epoch in range(1, _EPOCHS + 1):
        program.epoch(*batches(data.train, _BATCH, seed=0, epoch=epoch), number=epoch)
    return program


def _check_training(family: Family, data: Stack) -> None:
    """One member alone learns what it learns in a stack; the deployed model answers as the program does."""
    program = _trained(family, data)
    watched, weights = padded(data.held_out), program.weights()
    logits = program.logits(watched)
    first = family.initial_weights(program.shape.architecture, data.start(0))
    still = [name for name, w in weights.items() if np.array_equal(w, first[name]) and name in program.compiled.names]
    assert len(still) < len(program.compiled.names), "training moves no weight"
    alone = _trained(family, _stack(_values(), data.plan, members=[0])).logits(watched[:1])
    assert np.allclose(alone, logits[:1], rtol=1e-2, atol=1e-3), "a member alone learns otherwise than in a stack"
    ensemble = _ensemble(data, program, weights)
    answers = ensemble.answers(encode(data.plan, _values(), _ROWS))
    for s, rows in enumerate(data.held_out):
        expected = data.answers(s, logits[s])
        assert np.allclose(answers[s, rows], expected, rtol=1e-3, atol=1e-4), "the deployed model answers otherwise"
    _check_saving(ensemble)


def _ensemble(data: Stack, program: Program, weights: Mapping[str, Array]) -> Ensemble:
    part = EnsemblePart(architecture=program.shape.architecture, weights=weights)
    return build_ensemble(data, [part], data.members)


def _check_saving(ensemble: Ensemble) -> None:
    """The model answers the same after it was saved and loaded."""
    import keras

    model, values = ensemble.raw_model(), _values()
    vocabularies = {category.id: category.vocabulary for category in ensemble.plan.categories}
    target = Target(name="y", task=ensemble.head.task)
    meta = Meta(columns=(), target=target, version="", engine="", ranges={}, vocabularies=vocabularies)
    inputs = model_inputs(model, meta, values)
    tensors = {name: keras.ops.convert_to_tensor(array) for name, array in inputs.items()}
    before, after = (np.asarray(m(tensors)) for m in (model, reloaded(model)))
    assert np.array_equal(before, after), "the model answers otherwise after it was saved and loaded"


def _check_boosting(family: Boosting, values: Values) -> None:
    """What `check_family` promises, of trees."""
    honest = _stack(values)
    _check_saving(boosting.check_answers(family, honest, values))
    boosting.check_leakage(family, honest, _stack(_corrupted(values), honest.plan), _OUT)
    if not family.refusal(_HINTS, honest.task, honest.quantile):
        boosting.check_effects(family, honest, _HINTS)


def _corrupted(values: Values) -> dict[str, Array]:
    """Other cells in the rows that fold `_OUT` holds out."""
    held = _BLOCKS == _OUT
    shuffled = np.random.default_rng(1).permutation(np.flatnonzero(held))
    corrupted = {name: cells.copy() for name, cells in values.items()}
    for name, cells in corrupted.items():
        cells[held] = -1e6 * np.nan_to_num(cells[held]) if name[0] == "n" else values[name][shuffled]
    return corrupted


def _check_leakage(family: Family, values: Values) -> None:
    """Other cells and answers in a fold's held-out rows leave its weights as they were, to the last bit."""
    honest = _stack(values)
    expected = _trained(family, honest).weights()
    found = _trained(family, _stack(_corrupted(values), honest.plan)).weights()
    for name, w in found.items():
        assert np.array_equal(w[_OUT], expected[name][_OUT]), f"{name} depends on held-out rows"
    others = [s for s in range(_FOLDS) if s != _OUT]
    moved = any(not np.array_equal(found[name][others], expected[name][others]) for name in found)
    assert moved, "training rows do not reach the weights"


def _check_bounds(family: Family, values: Values) -> None:
    """Bounds hold after training, and the answer never moves the wrong way on random rows."""
    data = _stack(values)
    architecture = _architecture(family, data, MIXED)
    bounds = weight_bounds(_HINTS, data.plan, architecture, data.outputs)
    assert bounds.low, "an effect bounds no weight"
    program = _trained(family, data, bounds, MIXED)
    weights = program.weights()
    for name, low in bounds.low.items():
        assert (weights[name] >= low).all(), f"{name} is below its bounds"
        assert (weights[name] <= bounds.high[name]).all(), f"{name} is above its bounds"
    prove(_HINTS, data.plan, weights)
    ensemble, rng = _ensemble(data, program, weights), np.random.default_rng(2)
    before = {name: rng.choice(cells, _ROWS) for name, cells in values.items()}
    before["n0"] = 3.0 * rng.standard_t(2, _ROWS)
    after = {**before, "n0": before["n0"] + np.exp(rng.normal(-1, 2, _ROWS))}
    low, high = (ensemble.answers(encode(data.plan, cells, _ROWS))[..., 1] for cells in (after, before))
    assert (low <= high + 1e-6).all(), "the answer rises where its effect says that it falls"
