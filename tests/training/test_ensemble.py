"""The deployed model over raw columns equals the training side on every awkward cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import pytest

from autoft.evaluation.calibration import apply
from autoft.networks.architecture import Architecture
from autoft.networks.family import initial_weights
from autoft.preprocessing.encode import Encoded, encode
from autoft.preprocessing.layout import LayoutOptions, make_layout
from autoft.records.columns import Column
from autoft.records.decisions import Calibration
from autoft.serving.artifact import Meta, load, save
from autoft.serving.predictor import model_inputs, vocabulary_texts
from autoft.training.ensemble import Ensemble, EnsemblePart, build_ensemble
from autoft.training.stack import Stack, StackTarget, stack_data
from tests.tables import described, target_of

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the exported model looks strings up in TensorFlow"
)
AWKWARD = (
    "",
    " ",
    "a",
    "a ",
    "a\x00",
    "a\nb",
    "a\r\nb",
    "[UNK]",
    "None",
    "nan",
    "\ue000missing",
    "\ue000unknown",
    "é",
    "e\u0301",
    "👩‍👩‍👧",
    "\u202eעברית",
    "\ud800",
    "\\ud800",
    "x" * 65_536,
    "x" * 65_535 + "y",
    None,
)
UNSEEN = ("never", "\ud801", "\\ud801", "b\x00", "x" * 65_537, "\ue000\ue000missing")
#: Texts whose words a model has to see as the training did; each comes twice, so that its words are known.
RUNNING = (
    "FREE entry!!  free",
    "free entry",
    "entry, free: [UNK]",
    "[UNK]",
    "Café am Abend",
    "Cafe\u0301 am ABEND",
    "ΟΔΥΣΣΕΥΣ ΑΣ",
    "İstanbul Straße STRASSE",
    "हिन्दी में",
    "win 💰💰 £100 ❤\ufe0f now",
    "a\x00b c_d it's",
    "\ud800 half",
    "\ue000missing",
    "?!... --- …",
    "",
    " \n\t\u00a0 ",
    "word " * 20_000,
    "x" * 65_536,
    None,
)
ARCHITECTURE = Architecture(kind="mlp", width=8, depth=1, activation="relu", embedding=4)


@dataclass(frozen=True)
class Case:
    """A bag and the cells that it is asked about."""

    data: Stack
    bag: Ensemble
    encoded: Encoded
    texts: dict[str, np.ndarray]

    @property
    def meta(self) -> Meta:
        return Meta(
            columns=described(self.data.plan),
            target=target_of(self.data.task),
            version="",
            engine="",
            ranges={},
            vocabularies={category.id: category.vocabulary for category in self.data.plan.categories},
            words=self.bag.words,
            threshold=0.3,
        )

    @cached_property
    def cells(self) -> dict[str, np.ndarray]:
        return model_inputs(self.bag.raw_model(), self.meta, self.texts)

    @property
    def inputs(self) -> dict[str, Any]:
        import tensorflow as tf

        kinds = {True: tf.string, False: tf.float64}
        return {name: tf.constant(array, kinds[array.dtype == object]) for name, array in self.cells.items()}


def make_case(task: str, kinds: str = "nfdoet") -> Case:
    """Columns of every kind (named by it) with awkward cells, then cells that training never saw."""
    rng = np.random.default_rng(0)
    n = 4 * len(AWKWARD)
    texts = np.array(AWKWARD * 4, dtype=object)
    numbers = rng.choice([1.7e12, 1.7e12 + 1, 2.0**24 + 1, 1e38, -1e38, 0.0, np.nan], n)
    cells: dict[str, tuple[str, np.ndarray]] = {
        "n0": ("numeric", numbers),
        "f0": ("boolean", rng.choice([0.0, 1.0, np.nan], n)),
        "d0": ("date", rng.choice([-2.2e9, 1.7e9, 2.5e11, np.nan], n)),
        "o0": ("categorical", rng.permutation(np.array(["p", "q", None, "[UNK]"] * len(AWKWARD), dtype=object))),
        "e0": ("categorical", texts),
        "t0": ("text", rng.permutation(np.resize(np.array(RUNNING, dtype=object), n))),
        "t1": ("text", rng.permutation(np.resize(np.array(["one two", "two three", None], dtype=object), n))),
        "u0": ("text", np.array([f"{k}a {k}b" for k in range(n)], dtype=object)),
    }
    cells = {name: cell for name, cell in cells.items() if name[0] in kinds}
    columns = [
        Column(id=name, name=name, kind=kind, why="", missing=sum(x is None or x != x for x in array))
        for name, (kind, array) in cells.items()
    ]
    values = {name: array for name, (_, array) in cells.items()}
    plan = make_layout(columns, values, LayoutOptions(outliers="clip", max_categories=15, embed_above=4, targets=1))
    y = rng.normal(1e9, 10, n) if task == "regression" else rng.integers(0, 2 if task == "binary" else 3, n)
    half = np.arange(n) < n // 2 + 5
    data = stack_data(
        plan,
        encode(plan, values, n),
        StackTarget(y=y, task=task, classes=3),  # type: ignore[arg-type]
        train=[np.flatnonzero(half), np.flatnonzero(~half)],
        held_out=[np.flatnonzero(~half), np.flatnonzero(half)],
    )
    asked = {name: np.concatenate([array, unseen(array)]) for name, array in values.items()}
    return Case(
        data=data,
        bag=build_ensemble(data, [EnsemblePart(architecture=ARCHITECTURE, weights=weights_for(data))], 2),
        encoded=encode(plan, asked, n + len(UNSEEN)),
        texts=asked,
    )


def unseen(array: np.ndarray) -> np.ndarray:
    """Cells that training did not see, as many as there are unseen texts."""
    if array.dtype == object:
        return np.array(UNSEEN, dtype=object)
    return np.array([-1e300, 1e300, 5e-324, np.nan, -0.0, 1e15])[: len(UNSEEN)]


def weights_for(data: Stack) -> dict[str, np.ndarray]:
    return initial_weights(ARCHITECTURE, data.start(0))


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def case(request: pytest.FixtureRequest) -> Case:
    return make_case(request.param)


def assert_same(found: np.ndarray, expected: np.ndarray, data: Stack) -> None:
    unit = data.scale.max() if data.task == "regression" else 1.0
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * unit)


def test_the_raw_model_equals_training_on_every_awkward_cell(case: Case):
    expected = case.bag.answers(case.encoded).mean(axis=0)
    found = np.asarray(case.bag.raw_model()(case.inputs))
    assert found.shape == (len(case.encoded), {"binary": 2, "multiclass": 3, "regression": 1}[case.data.task])
    assert np.isfinite(found).all()
    assert_same(found[:, 0] if case.data.task == "regression" else found, expected, case.data)


def test_the_embedding_of_every_category_matters(case: Case):
    """So that the test above could not pass on texts that are all taken for the same."""
    codes = case.encoded.codes[:, 1]
    assert len(set(codes[: len(AWKWARD)])) == len(AWKWARD)
    assert codes[-len(UNSEEN) :].tolist() == [0] * len(UNSEEN)
    slots = np.asarray(case.bag.encoder(case.bag.statistics.arrays(case.encoded))["slots"])
    assert len(set(slots[0, :, 0])) == 2 + 15
    assert [own.id for own in case.data.plan.targets] == ["e0"]


def test_texts_of_other_words_have_encodings_of_their_own(case: Case):
    """So that the test above could not pass on texts that are all taken for the same."""
    dense = np.asarray(case.bag.encoder(case.bag.statistics.arrays(case.encoded))["dense"])
    width = [text.slots for text in case.data.plan.texts]
    end = dense.shape[2] - sum(own.width for own in case.data.plan.targets)
    words = dense[0, :, end - sum(width) : end - width[1]]
    of = dict(zip(case.texts["t0"], words.tolist(), strict=True))
    assert of["Café am Abend"] == of["Cafe\u0301 am ABEND"]
    assert of["entry, free: [UNK]"] != of["free entry"] != of["FREE entry!!  free"]
    assert of[""] == of["?!... --- …"] == of["x" * 65_536] == [0.0] * width[0] != of[None]
    assert of["\ue000missing"] != of[None]
    assert np.linalg.norm(of["free entry"]) == pytest.approx(1, rel=1e-5)


def test_plain_texts_may_be_given_to_the_model_as_they_are(case: Case):
    import tensorflow as tf

    model = case.bag.raw_model()
    plain = [i for i, text in enumerate(case.texts["t0"]) if text is not None and text.isascii()]
    expected = model({name: tf.gather(tensor, plain) for name, tensor in case.inputs.items()})
    raw = tf.constant([[case.texts["t0"][i]] for i in plain])
    found = model({name: tf.gather(tensor, plain) for name, tensor in case.inputs.items()} | {"t0": raw})
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_a_saved_raw_model_reads_back_the_same_in_safe_mode(case: Case, tmp_path):
    model = case.bag.raw_model()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert_same(np.asarray(again(case.inputs)), np.asarray(model(case.inputs)), case.data)


@pytest.mark.parametrize(
    "calibration",
    [
        Calibration(method="temperature", temperature=1.6),
        Calibration(method="isotonic", knots=((-3.0, 0.1), (0.0, 0.4), (1.0, 0.4), (2.0, 0.9))),
    ],
    ids=lambda c: c.method,
)
def test_the_raw_model_ends_in_the_calibration_and_reads_back_so(calibration: Calibration, tmp_path):
    case = make_case("binary", "no")
    plain, bag = case.bag, replace(case.bag, calibration=calibration)
    model, mean = bag.raw_model(), plain.answers(case.encoded).mean(axis=0)
    assert_same(np.asarray(model(case.inputs)), apply(calibration, mean), case.data)
    assert np.abs(apply(calibration, mean) - mean).max() > 0.03
    np.testing.assert_array_equal(bag.answers(case.encoded), plain.answers(case.encoded))
    save(tmp_path / "model", model, case.meta, {}, case.cells)
    again, found = load(tmp_path / "model")
    assert_same(np.asarray(again(case.inputs)), np.asarray(model(case.inputs)), case.data)
    assert found.threshold == 0.3


def test_rows_are_answered_alone_as_among_others(case: Case):
    model = case.bag.raw_model()
    together = np.asarray(model(case.inputs))
    for i in (0, 16, len(case.encoded) - 1):
        alone = np.asarray(model({name: tensor[i : i + 1] for name, tensor in case.inputs.items()}))
        assert_same(alone[0], together[i], case.data)


def test_inputs_are_the_used_columns_by_id(case: Case):
    model = case.bag.raw_model()
    assert {k.name: k.dtype for k in model.inputs} == {
        **dict.fromkeys(("n0", "f0", "d0"), "float64"),
        **dict.fromkeys(("o0", "e0", "t0", "t1"), "string"),
    }


@pytest.mark.parametrize("kinds", ["n", "o", "e", "oe", "t", "nt", "u"])
def test_a_bag_of_few_columns(kinds: str):
    case = make_case("binary", kinds)
    found = np.asarray(case.bag.raw_model()(case.inputs))
    assert_same(found, case.bag.answers(case.encoded).mean(axis=0), case.data)


def test_answers_come_in_pieces_for_long_tables(case: Case, monkeypatch: pytest.MonkeyPatch):
    whole = case.bag.answers(case.encoded)
    assert whole.shape[:2] == (2, len(case.encoded))
    member = np.random.default_rng(0).integers(0, 2, len(case.encoded))
    own = case.bag.own_answers(case.encoded, member)
    assert_same(own, whole[member, np.arange(len(member))], case.data)
    monkeypatch.setattr("autoft.training.stack.CHUNK", 50)
    assert_same(case.bag.answers(case.encoded), whole, case.data)
    assert_same(case.bag.own_answers(case.encoded, member), own, case.data)
    assert_same(case.bag.own_answers(case.encoded, np.zeros_like(member)), whole[0], case.data)


def test_a_bag_of_the_first_members_only():
    case = make_case("regression")
    first = {n: w[:1] for n, w in weights_for(case.data).items()}
    bag = build_ensemble(case.data, [EnsemblePart(architecture=ARCHITECTURE, weights=first)], 1)
    assert_same(bag.answers(case.encoded)[0], case.bag.answers(case.encoded)[0], case.data)


def test_guarded_texts_keep_their_order():
    texts = np.array(["b", None, "b", "\ud800"], dtype=object)
    assert vocabulary_texts(texts).tolist() == ["b", "\ue000missing", "b", "\ue000escaped:\\ud800"]
