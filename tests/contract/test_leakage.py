"""The honesty contract: what a member knows does not depend on the block that it leaves out, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autoft.networks.family import FAMILIES, initial_weights
from autoft.preprocessing.categories import MISSING, UNKNOWN
from autoft.preprocessing.encode import encode
from autoft.preprocessing.layout import InputLayout, LayoutOptions, make_layout
from autoft.records.columns import Column
from autoft.records.hints import Hints, RatioInput
from autoft.training.program import Program
from autoft.training.stack import Stack, StackTarget, batches, stack_data
from autoft.training.trainer import Trainer
from autoft.training.trial_trainer import Limits

ROWS, FOLDS, EPOCHS = 120, 3, 3
TASKS = ("binary", "multiclass", "regression")
PARAMS: dict[str, Any] = {
    "width": 8,
    "depth": 2,
    "activation": "relu",
    "embedding": 4,
    "batch_size": 16,
    "learning_rate": 0.01,
    "dropout": 0.3,
    "l2": 1e-3,
}
#: Block of each row; sizes differ, so that batches are padded.
BLOCKS = np.random.default_rng(7).choice(FOLDS, ROWS, p=[0.2, 0.3, 0.5])
#: The block that is corrupted: that of row 0, which padding likes to point at.
OUT = int(BLOCKS[0])

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Rows:
    """A table: cells by column, target, and the layout (None to work it out from the cells)."""

    values: Values
    y: np.ndarray
    plan: InputLayout | None = None


def clean(task: str) -> Rows:
    """Columns of every kind, with missing cells, and spare slots for one category more of each."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=ROWS)
    values: Values = {
        "n0": signal + rng.normal(0, 0.5, ROWS),
        "n1": np.where(rng.random(ROWS) < 0.2, np.nan, rng.exponential(1e6, ROWS)),
        "n2": np.random.default_rng(2).normal(size=ROWS),
        "b0": rng.integers(0, 2, ROWS).astype(float),
        "d0": np.where(rng.random(ROWS) < 0.1, np.nan, rng.uniform(1.5e9, 1.7e9, ROWS)),
        "c0": rng.choice(np.array(["k", "l", None], dtype=object), ROWS),
        "c1": rng.choice(np.array([*"ghijkl", None], dtype=object), ROWS),
    }
    values["d1"] = values["d0"] + np.random.default_rng(1).uniform(60, 9e5, ROWS)  # the time between them is an input
    words = np.array([f"w{j:03d}" for j in range(150)])  # more than a member can know
    values["o0"] = rng.choice(np.array(["low", "high", None], dtype=object), ROWS)  # ordered
    values["t0"] = np.array([" ".join(own) for own in rng.choice(words, (ROWS, 8))], dtype=object)
    y = {
        "binary": (signal > 0.2).astype(np.int64),
        "multiclass": np.digitize(signal, [-0.5, 0.5]).astype(np.int64),
        "regression": 100 + 10 * signal,
    }[task]
    return Rows(values, y)


KINDS = {"n": "numeric", "b": "boolean", "d": "date", "c": "categorical", "t": "text", "o": "categorical"}
HINTS = Hints(
    logs=("n1",),
    ratios=(RatioInput(id="r000", name="r", numerator="n1", denominator="n0"),),
    crosses=(("n0", "c0"), ("o0", "b0")),
)


def layout(values: Values) -> InputLayout:
    columns = [
        Column(
            id=c,
            name=c,
            kind=KINDS[c[0]],
            why="",
            missing=sum(x is None or x != x for x in cells),
            order=("low", "high") if c == "o0" else (),
        )
        for c, cells in values.items()
    ]
    options = LayoutOptions(max_categories=5, embed_above=4, encoders={"n2": "quantile"}, targets=1)
    return make_layout(columns, values, options, HINTS)


def data_of(rows: Rows, task: str, **more: Any) -> Stack:
    plan = rows.plan or layout(rows.values)
    return stack_data(
        plan,
        encode(plan, rows.values, ROWS),
        StackTarget(y=rows.y, task=task, classes=3 if task == "multiclass" else 2, **more),  # type: ignore[arg-type]
        train=[np.flatnonzero(k != BLOCKS) for k in range(FOLDS)],
        held_out=[np.flatnonzero(k == BLOCKS) for k in range(FOLDS)],
    )


def changed(values: Values, rows: np.ndarray, **cells: Any) -> Values:
    """A copy with other cells in some rows of some columns."""
    copies = {c: array.copy() for c, array in values.items()}
    for c, cell in cells.items():
        copies[c][rows] = cell
    return copies


def numbers(original: Rows, rows: np.ndarray) -> Rows:
    cells = {"n0": 1e9, "n1": np.nan, "d0": np.where(np.arange(len(rows)) % 2, np.nan, 9e10), "d1": 5e9}
    flags = 1.0 - original.values["b0"][rows]
    return Rows(changed(original.values, rows, b0=flags, **cells), original.y, layout(original.values))


def known_texts(original: Rows, rows: np.ndarray) -> Rows:
    return Rows(
        changed(original.values, rows, c0="l", c1=None, o0="high", t0="w149 w000 W149"),
        original.y,
        layout(original.values),
    )


def novel_texts(original: Rows, rows: np.ndarray) -> Rows:
    """Texts that sort before and after all others, in the layout of the original."""
    return Rows(changed(original.values, rows, c0="a", c1="z", t0="a z z"), original.y, layout(original.values))


def novel_texts_in_the_layout(original: Rows, rows: np.ndarray) -> Rows:
    """The same in a layout that knows them: every code moves, the widths stay."""
    return Rows(changed(original.values, rows, c0="a", c1="a", t0="a a b"), original.y)


def labels(original: Rows, rows: np.ndarray) -> Rows:
    """Other classes, or values beyond float32: even 0 times such a row would be noticed."""
    y = original.y.copy()
    y[rows] = 1e60 if y.dtype.kind == "f" else (y[rows] + 1) % (y.max() + 1)
    return Rows(original.values, y)


def everything(original: Rows, rows: np.ndarray) -> Rows:
    return labels(known_texts(numbers(original, rows), rows), rows)


def everything_in_a_new_layout(original: Rows, rows: np.ndarray) -> Rows:
    return labels(novel_texts_in_the_layout(numbers(original, rows), rows), rows)


Corruption = Callable[[Rows, np.ndarray], Rows]
WAYS: tuple[Corruption, ...] = (numbers, known_texts, novel_texts, novel_texts_in_the_layout, labels)


def knowledge(data: Stack, s: int) -> dict[str, np.ndarray]:
    """Everything that member s has when its training begins."""
    trainer = Trainer(data, folds=FOLDS, limits=Limits(epochs=1, patience=1), seed=0)
    start = {
        f"{kind} {name}": weights
        for kind in FAMILIES.names()
        for name, weights in initial_weights(
            trainer.architecture({**PARAMS, "architecture": kind, "numbers": "piecewise"}), data.start(0)
        ).items()
    }
    rows = data.train[s]
    (words,) = data.statistics.words
    return {
        "center": data.statistics.scale["center"][s],
        "factor": data.statistics.scale["factor"][s],
        "gaps": data.statistics.gaps[s],
        "log units": data.statistics.scale["unit"][s],
        "log middle": data.statistics.scale["middle"][s],
        # Slots by text: codes of the whole table may move, what a member makes of a text may not.
        "slots": np.array(
            [
                [table[s][category.vocabulary.index(text) + 2] for text in "ghijkl" if text in category.vocabulary]
                + table[s][:2].tolist()
                for category, table in zip(data.plan.categories, data.statistics.tables, strict=True)
            ],
            dtype=object,
        ),
        "targets": served_targets(data, s),
        **{f"custom {name}": own[s] for name, own in data.statistics.custom[0].items()},
        "words": np.array([words.known[j] for j in words.take[s]]),
        "word weights": words.idf[s],
        "dense inputs": data.dense[s, rows],
        "slot inputs": data.slots[s, rows],
        "target center": data.center[s],
        "target scale": data.scale[s],
        "target range": np.array([data.low[s], data.high[s]]),
        "prior": data.prior()[s],
        **{name: w[s] for name, w in start.items()},
    }


def served_targets(data: Stack, s: int) -> np.ndarray:
    """What member s makes of the target for each text, whatever its code."""
    (vocabulary,) = [own.vocabulary for own in data.plan.categories if own.id == data.plan.targets[0].id]
    codes = [vocabulary.index(text) + 2 if text in vocabulary else UNKNOWN for text in "ghijkl"]
    return np.asarray(data.statistics.targets[0][s][[UNKNOWN, MISSING, *codes]])


def differences(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> list[str]:
    assert a.keys() == b.keys()
    return [name for name, array in a.items() if not np.array_equal(array, b[name])]


@pytest.fixture(scope="module")
def originals() -> dict[str, Stack]:
    found = {task: data_of(clean(task), task) for task in TASKS}
    assert all(table.any() for data in found.values() for table in data.statistics.targets[0])
    return found


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_member_knows_nothing_of_its_held_out_block(originals: dict[str, Stack], way: Corruption, task: str):
    corrupted = data_of(way(clean(task), np.flatnonzero(BLOCKS == OUT)), task)
    assert differences(knowledge(corrupted, OUT), knowledge(originals[task], OUT)) == []
    for other in set(range(FOLDS)) - {OUT}:
        assert differences(knowledge(corrupted, other), knowledge(originals[task], other)) != []


@pytest.mark.parametrize("task", TASKS)
def test_one_training_row_more_or_less_would_be_noticed(originals: dict[str, Stack], task: str):
    """The control: the test above can see a single row."""
    row = originals[task].train[OUT][:1]
    for way, expected in ((numbers, "center"), (novel_texts_in_the_layout, "dense inputs")):
        corrupted = data_of(way(clean(task), row), task)
        assert expected in differences(knowledge(corrupted, OUT), knowledge(originals[task], OUT))
    corrupted = data_of(labels(clean(task), row), task)
    expected = "target scale" if task == "regression" else "prior"
    assert expected in differences(knowledge(corrupted, OUT), knowledge(originals[task], OUT))


def trained(data: Stack, kind: str = "mlp", **more: float) -> dict[str, np.ndarray]:
    """Weights of all members after a fixed number of epochs, dropout on."""
    params = {**PARAMS, "architecture": kind, "numbers": "plain" if kind == "mlp" else "piecewise", **more}
    trainer = Trainer(data, folds=FOLDS, limits=Limits(epochs=EPOCHS, patience=EPOCHS), seed=0)
    architecture, batch = trainer._key(params)
    settings, extras = trainer._settings([params])
    program = Program(architecture, batch, trainer._rows, extras=extras)
    program.start(trainer._initial(architecture, ()), settings, epochs=EPOCHS)
    for epoch in range(1, EPOCHS + 1):
        program.epoch(*batches(data.train, batch, seed=0, epoch=epoch, given=data.weights), number=epoch)
    return program.weights()


@pytest.fixture(scope="module", params=TASKS)
def honest(request: pytest.FixtureRequest, originals: dict[str, Stack]) -> tuple[str, dict[str, np.ndarray]]:
    return request.param, trained(originals[request.param])


@pytest.mark.parametrize("way", [everything, everything_in_a_new_layout], ids=lambda way: way.__name__)
def test_trained_weights_owe_nothing_to_the_held_out_block(honest: tuple[str, dict[str, np.ndarray]], way: Corruption):
    task, expected = honest
    weights = trained(data_of(way(clean(task), np.flatnonzero(BLOCKS == OUT)), task))
    for name, w in weights.items():
        np.testing.assert_array_equal(w[OUT], expected[name][OUT], err_msg=name)
        for other in set(range(FOLDS)) - {OUT}:
            assert not np.array_equal(w[other], expected[name][other]), name


@pytest.mark.parametrize("kind", ["linear", "realmlp", "tabm", "tabm-mini"])
def test_no_architecture_learns_from_the_held_out_block(originals: dict[str, Stack], kind: str):
    expected = trained(originals["binary"], kind)
    weights = trained(data_of(everything(clean("binary"), np.flatnonzero(BLOCKS == OUT)), "binary"), kind)
    for name, w in weights.items():
        np.testing.assert_array_equal(w[OUT], expected[name][OUT], err_msg=name)
    for other in set(range(FOLDS)) - {OUT}:
        assert any(not np.array_equal(w[other], expected[name][other]) for name, w in weights.items())


@pytest.mark.parametrize("task", TASKS)
def test_what_measures_the_bag_has_seen_neither_block(task: str):
    """Answers of the models that leave out two blocks, where one of the two is corrupted."""
    pairs = [(i, j) for i in range(FOLDS) for j in range(i + 1, FOLDS)]

    def answers(rows: Rows) -> list[np.ndarray]:
        data = data_of(rows, task)
        stack = stack_data(
            data.plan,
            encode(data.plan, rows.values, ROWS),
            StackTarget(y=rows.y, task=task, classes=3 if task == "multiclass" else 2),
            train=[np.flatnonzero(~np.isin(BLOCKS, pair)) for pair in pairs],
            held_out=[np.flatnonzero(np.isin(BLOCKS, pair)) for pair in pairs],
        )
        trainer = Trainer(stack, folds=len(pairs), limits=Limits(epochs=EPOCHS, patience=EPOCHS), seed=0)
        found = trainer.answers_after(PARAMS, EPOCHS, EPOCHS, lambda: False)
        assert found is not None
        assert trainer.answers_after(PARAMS, EPOCHS, EPOCHS, lambda: True) is None
        return found

    clean_rows = clean(task)
    honest, corrupted = answers(clean_rows), answers(everything(clean_rows, np.flatnonzero(BLOCKS == OUT)))
    for pair, before, after in zip(pairs, honest, corrupted, strict=True):
        others = BLOCKS[np.isin(BLOCKS, pair)] != OUT
        assert np.array_equal(before[others], after[others]) == (OUT in pair), pair


def test_one_training_row_moves_the_trained_weights(honest: tuple[str, dict[str, np.ndarray]]):
    task, expected = honest
    row = np.flatnonzero(BLOCKS != OUT)[:1]
    weights = trained(data_of(labels(clean(task), row), task))
    assert all(not np.array_equal(w[OUT], expected[name][OUT]) for name, w in weights.items())


#: What each task trains with when rows or classes weigh.
WEIGHING: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "binary": ({}, {"class_balance": 0.8, "focal": 1.5}),
    "multiclass": ({}, {"class_balance": 0.8, "focal": 1.5}),
    "regression": ({"quantile": 0.8}, {}),
}


@pytest.mark.parametrize("task", TASKS)
def test_weights_of_rows_and_classes_ignore_held_out_rows(task: str):
    """Class weights, prior, target scaling, quantile, and all that is trained with them."""
    more, params = WEIGHING[task]
    weights = np.random.default_rng(1).integers(0, 4, ROWS).astype(float)
    out = np.flatnonzero(BLOCKS == OUT)
    other = weights.copy()
    # Which rows count at all is settled before anything learns, like which rows there are.
    other[out] *= 1e6 * np.arange(1, len(out) + 1)
    before = data_of(clean(task), task, weights=weights, **more)
    after = data_of(labels(clean(task), out), task, weights=other, **more)
    assert all(weights[rows].all() for rows in before.train), "rows of weight 0 are not learned from"

    def known(data: Stack, s: int) -> dict[str, np.ndarray]:
        shares = {} if task == "regression" else {"shares": data.class_shares()[s]}
        order, given = batches(data.train, 16, seed=0, epoch=1, given=data.weights)
        return {**knowledge(data, s), **shares, "order": order[:, s], "batch weights": given[:, s]}

    assert differences(known(after, OUT), known(before, OUT)) == []
    own = set(range(FOLDS)) - {OUT}
    told = {"batch weights", "target scale" if task == "regression" else "shares"}
    assert all(told <= set(differences(known(after, s), known(before, s))) for s in own)
    expected = trained(before, **params)
    for name, w in trained(after, **params).items():
        np.testing.assert_array_equal(w[OUT], expected[name][OUT], err_msg=name)
        assert all(not np.array_equal(w[s], expected[name][s]) for s in own), name
