"""The space always holds what prevents overfitting, and a recipe narrows or widens the rest."""

from __future__ import annotations

import pytest

from autoft.recipe.recipe import Recipe
from autoft.records.dimensions import Choice, Range
from autoft.search.space import SHAPE, comparable, first_configurations, make_space, relevant


def space(rows: int = 5_000, *, embedded: bool = False, **changes):
    return {d.name: d for d in make_space(rows, embedded=embedded, changes=changes)}


@pytest.mark.parametrize("rows", [10, 999, 1_000, 50_000, 10_000_000])
@pytest.mark.parametrize("embedded", [True, False])
def test_dropout_and_l2_are_always_searched(rows, embedded):
    found = space(rows, embedded=embedded)
    for name in ("dropout", "l2"):
        assert isinstance(found[name], Range)
        assert found[name].low < found[name].high
    assert ("embedding" in found) is embedded


def test_recipe_cannot_take_dropout_or_l2_out():
    recipe = Recipe().with_changes(**{"search.space": {"dropout": [0.1, 0.2], "l2": [1e-5, 1e-4]}})
    found = space(**recipe.search.space.model_dump())
    assert (found["dropout"].low, found["dropout"].high) == (0.1, 0.2)
    assert (found["l2"].low, found["l2"].high) == (1e-5, 1e-4)


def test_recipe_changes_are_honoured():
    found = space(
        embedded=True, architecture=("linear",), numbers=("plain",), width=(8, 24), depth=(1,), batch_size=(7,),
        activation=("tanh",), embedding=(2,), learning_rate=(1e-5, 1e-4),
    )  # fmt: skip
    values = {name: d.values for name, d in found.items() if isinstance(d, Choice)}
    assert values == {
        **{
            "architecture": ("linear",),
            "numbers": ("plain",),
            "width": (8, 24),
            "depth": (1,),
            "batch_size": (7,),
            "activation": ("tanh",),
        },
        "embedding": (2,),
    }
    assert (found["learning_rate"].low, found["learning_rate"].high) == (1e-5, 1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"learning_rate": (1e-5, 1e-4), "dropout": (0.3, 0.6), "l2": (1e-3, 1e-2)},
        {"learning_rate": (0.1, 0.5), "dropout": (0.0, 0.1), "l2": (1e-9, 1e-8)},
        {"weight_decay": (1e-2, 1e-1), "label_smoothing": (0.1, 0.2), "clip": (2.0, 9.0), "schedule": ("cosine",)},
        {"width": (8, 24, 512), "depth": (7, 9), "batch_size": (3, 5), "activation": ("tanh", "gelu")},
    ],
)
def test_the_default_is_a_point_of_the_space(changes):
    for dimension in space(**changes).values():
        if isinstance(dimension, Range):
            assert dimension.low <= dimension.default <= dimension.high
        else:
            assert dimension.default in dimension.values


def test_batches_grow_with_the_table():
    sizes = [space(rows)["batch_size"].default for rows in (100, 2_000, 20_000, 200_000)]
    assert sizes == sorted(set(sizes))


def test_words_say_the_range():
    found = space()
    assert found["dropout"].words() == "0 to 0.5"
    assert found["l2"].words() == "1e-06 to 0.003, logarithmic"
    assert found["activation"].words() == "relu, silu"


MORE = {
    "weight_decay": (1e-6, 1e-2),
    "label_smoothing": (0.0, 0.2),
    "clip": (0.1, 10.0),
    "class_balance": (0.0, 0.8),
    "focal": (0.0, 3.0),
    "schedule": ("constant", "cosine"),
}


def test_other_hyperparameters_are_searched_only_where_named():
    assert not MORE.keys() & space(embedded=True, **dict.fromkeys(MORE)).keys()
    for name, limits in MORE.items():
        found = space(**{name: limits})
        assert found.keys() & MORE.keys() == {name}
    found = space(**MORE)
    assert [(found[n].low, found[n].high, found[n].log) for n in ("weight_decay", "label_smoothing", "clip")] == [
        (1e-6, 1e-2, True), (0.0, 0.2, False), (0.1, 10.0, True),
    ]  # fmt: skip
    assert (found["schedule"].values, found["schedule"].default) == (("constant", "cosine"), "constant")


def test_shape_dimensions_come_first():
    names = list(space(embedded=True, **MORE))
    assert set(names[: len(SHAPE)]) == SHAPE
    assert not SHAPE & set(MORE)


@pytest.mark.parametrize("tier", ["small", "medium", "large"])
def test_a_search_begins_with_default_linear_and_each_family(tier):
    space = make_space(800, embedded=False, changes={})
    default, *trees, curves, linear = first_configurations(space, 800, tier)[:5]
    others = first_configurations(space, 800, tier)[5:]
    assert default["architecture"] == "tabm-mini"
    assert default["width"] == {"small": 64, "medium": 128, "large": 256}[tier]
    assert [(c["architecture"], c["numbers"]) for c in (curves, linear)] == [
        ("linear", "piecewise"),
        ("linear", "plain"),
    ]
    assert linear["l2"] == pytest.approx(0.5 / 800)
    assert {"width", "depth", "activation"}.isdisjoint(linear)
    assert [c["architecture"] for c in trees] == ["trees", "trees"]
    assert {"tabm-mini", "realmlp", "mlp"} <= {c["architecture"] for c in (default, *others)}
    assert len(others) <= 8
    by_name = {d.name: d for d in space}
    for params in (default, *trees, curves, linear, *others):
        assert {"dropout", "l2"} <= params.keys()
        for name, value in params.items():
            d = by_name[name]
            assert d.low <= value <= d.high if isinstance(d, Range) else value in d.values


def test_trees_have_dimensions_of_their_own():
    space = make_space(800, embedded=False, changes={"leaves": (4, 6), "shrinkage": (0.2, 0.5)})
    own = {d.name: d for d in space if d.when == (("architecture", ("trees",)),)}
    assert (own["leaves"].values, own["shrinkage"].low, own["shrinkage"].default) == ((4, 6), 0.2, 0.2)
    trees, network = ({d.name: d.default for d in space} | {"architecture": kind} for kind in ("trees", "mlp"))
    assert relevant(trees, space).keys() == {"architecture", "dropout", "l2", "shrinkage", "leaves", "leaf_rows"}
    assert not own.keys() & relevant(network, space).keys()
    assert not own.keys() & {d.name for d in make_space(800, embedded=False, changes={"architecture": ("mlp",)})}


@pytest.mark.parametrize("only", ["trees", "linear", "mlp", "realmlp", "tabm", "tabm-mini"])
def test_a_recipe_that_wants_one_architecture_gets_no_other(only: str):
    space = make_space(800, embedded=False, changes={"architecture": (only,)})
    assert {c["architecture"] for c in first_configurations(space)} == {only}


def test_sizes_that_a_recipe_excludes_become_the_nearest():
    space = make_space(800, embedded=False, changes={"width": (16, 64), "depth": (1, 2)})
    found = [c for c in first_configurations(space) if "width" in c]
    assert {c["architecture"] for c in found} == {"mlp", "tabm-mini", "realmlp"}
    assert {(c["width"], c["depth"]) for c in found} == {(64, 2)}


def test_without_numbers_it_is_no_question_how_they_enter():
    space = make_space(800, embedded=False, numbers=False, changes={})
    assert "numbers" not in {d.name for d in space}
    linear = [c for c in first_configurations(space)[:4] if c["architecture"] == "linear"]
    assert len(linear) == 1  # with curves and without are the same


def test_cycles_are_compared_with_cycles():
    cycles, steady, plain = {"architecture": "realmlp"}, {"architecture": "tabm-mini"}, {"width": 8}
    assert comparable(cycles, cycles)
    assert comparable(steady, plain)
    assert not comparable({"architecture": "trees"}, plain)
    assert not comparable(cycles, plain)
    for weighed in ({"class_balance": 0.5}, {"focal": 1.0}):
        assert not comparable({**plain, **weighed}, plain)
        assert not comparable({**plain, **weighed}, {**plain, **weighed})
    assert comparable({**plain, "class_balance": 0.0, "focal": 0.0}, plain)


def test_class_weights_are_searched_where_rare_classes_count():
    found = {d.name: d for d in make_space(800, embedded=False, rare=True, changes={})}
    assert (found["class_balance"].low, found["class_balance"].high, found["class_balance"].default) == (0.0, 1.0, 0.0)
    assert "focal" not in found
    first = first_configurations(tuple(found.values()))
    assert all(params["class_balance"] == 0.0 for params in first)


def test_the_linear_penalty_stays_within_the_recipes_limits():
    space = make_space(20, embedded=False, changes={"l2": (1e-5, 1e-4)})
    assert first_configurations(space, 20)[1]["l2"] == 1e-4
