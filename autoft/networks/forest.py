"""Forests: boosted trees as arrays, read from scikit-learn's histogram gradient boosting, and as weights of a layer.

A node's row in the weight ``forest/nodes`` says where a row of the table goes: its column (as ``KINDS * feature +
kind``, see `layers.forest.Forest`), the threshold, and the left child; the right one stands next to it. So a level of
the walk is one gather of nodes, one of values, and a comparison. Missing values cost nothing: each column is there with
a missing cell as the smallest and as the largest number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.errors import SetupError
from autoft.records.arrays import Array

#: Codes of categories are whole numbers below this; scikit-learn has at most 255 categories in a column.
CODES = 256
#: Forms of a column: a missing cell as the smallest number, as the largest, whether it is missing, the category's code.
LOWEST, LARGEST, MISSING, CODE = range(4)
KINDS = 4
#: Codes in a number of ``forest/sets``, a sum of powers of 2. Powers up to 2^23 are exact in float32.
BITS = 16
#: Numbers of a set: a bit for each code, and one for all that is no known category.
WORDS = -(-(CODES + 1) // BITS)
#: Whole numbers below it are exact in float32.
_EXACT = 2**24
#: A test that every row passes: column 0 is missing (1) or not (0), and no more. LiteRT has no infinite weights.
_ALL_LEFT = (MISSING, 2.0)
_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """A tree of m nodes; the first is the root. A row goes left where its value is at most the threshold.

    Attributes:
        feature: ``[m]`` int: the column that a node looks at.
        threshold: ``[m]`` float64.
        left, right: ``[m]`` int: where a row goes next; of a leaf both are the leaf itself.
        value: ``[m]`` float64: what a leaf adds to the raw score.
        missing_left: ``[m]`` bool: whether a missing value (NaN) goes left.
        categories: By node that looks at categories, ``[CODES]`` bool: which codes go left. What is no whole number
            from 0 to ``CODES - 1`` goes the way of a missing value; codes that the booster has not seen, which it
            treats as missing, have ``missing_left`` here.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    value: Array
    missing_left: Array
    categories: Mapping[int, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestSize:
    """Sizes of a forest's weights, which the layer is built with.

    Attributes:
        trees: Of a member, those of value 0 that fill it up among them.
        nodes: Of all trees of a member.
        splits: Nodes of a member that look at categories; without any, there is no weight for them.
        depth: Splits on the longest way to a leaf.
        outputs: Raw scores of a row; tree t adds to score ``t % outputs``.
    """

    trees: int
    nodes: int
    splits: int
    depth: int
    outputs: int


def read_boosting(model: Any, features: int, iterations: int | None = None) -> tuple[list[Tree], Array]:
    """The trees of a fitted HistGradientBoostingClassifier or -Regressor, and the raw scores ``[outputs]`` before them.

    Trees of one iteration stand one after another, one for each output. Features are numbered as in the array that the
    model was fitted on.

    Args:
        features: Columns of that array.
        iterations: Read only so many.

    Raises:
        SetupError: If this version of scikit-learn keeps trees in another way.
        ValueError: If the model was fitted on other columns, or a category's code is no whole number below `CODES`.
    """
    try:
        baseline = np.asarray(model._baseline_prediction, np.float64).reshape(-1)
        columns, known = _columns(model, features)
        grown = [tree for trees in model._predictors[:iterations] for tree in trees]
        trees = [_read(tree.nodes, tree.raw_left_cat_bitsets, columns, known) for tree in grown]
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise _moved(error) from error
    if len(trees) % len(baseline):
        raise _moved(f"{len(trees)} trees for {len(baseline)} outputs")
    return trees, baseline


def interaction_groups(groups: Iterable[Iterable[int]], categorical: Iterable[int]) -> list[set[int]]:
    """Groups of columns that may meet in a tree, as ``interaction_cst`` has to have them: scikit-learn 1.6 to 1.9 puts
    columns of categories first, and numbers the groups' columns (but not those of ``monotonic_cst``) as they then are.

    >>> interaction_groups([{0, 1}, {1, 2}], categorical=[2])
    [{1, 2}, {0, 2}]
    """
    wanted, first = [set(group) for group in groups], sorted(set(categorical))
    others = sorted(set(range(max(set().union(*wanted), default=-1) + 1)).difference(first))
    place = {column: j for j, column in enumerate([*first, *others])}
    return [{place[column] for column in group} for group in wanted]


def _moved(found: object) -> SetupError:
    import sklearn

    fix = "install scikit-learn 1.9, or search networks alone (search: {families: networks})"
    return SetupError(
        f"scikit-learn {sklearn.__version__}", "keep boosted trees as versions 1.6 to 1.9 do", str(found), fix
    )


def _columns(model: Any, features: int) -> tuple[Array, dict[int, Array]]:
    """The column of the given array by column of scikit-learn's, which has categories first; known codes by column."""
    if model.n_features_in_ != features:
        raise ValueError(f"a model of {model.n_features_in_} columns, not {features}")
    if model.is_categorical_ is None:
        return np.arange(features), {}
    categorical = np.asarray(model.is_categorical_, bool)
    own = np.flatnonzero(categorical)
    encoder = model._preprocessor.named_transformers_["encoder"]
    known = {}
    for column, found in zip(own, encoder.categories_, strict=True):
        codes = np.asarray(found, np.float64)
        codes = codes[~np.isnan(codes)]
        if ((codes != np.floor(codes)) | (codes < 0) | (codes >= CODES)).any():
            raise ValueError(f"codes of categories in column {column} that are no whole numbers below {CODES}")
        known[int(column)] = codes.astype(int)
    return np.concatenate([own, np.flatnonzero(~categorical)]), known


def _read(nodes: Array, bitsets: Array, columns: Array, known: Mapping[int, Array]) -> Tree:
    leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    feature = columns[np.where(leaf, 0, nodes["feature_idx"])]
    missing_left = nodes["missing_go_to_left"].astype(bool)
    categories = {}
    for node in np.flatnonzero(~leaf & nodes["is_categorical"].astype(bool)):
        codes = known[int(feature[node])]
        bits = np.unpackbits(bitsets[nodes["bitset_idx"][node]].astype("<u4").view(np.uint8), bitorder="little")
        goes = np.full(CODES, missing_left[node])
        goes[codes] = bits[: len(codes)]
        categories[int(node)] = goes
    return Tree(
        feature=feature,
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, own, nodes["left"].astype(int)),
        right=np.where(leaf, own, nodes["right"].astype(int)),
        value=np.where(leaf, nodes["value"], 0.0),
        missing_left=missing_left,
        categories=categories,
    )


def forest_weights(members: Sequence[tuple[Sequence[Tree], Array]]) -> dict[str, Array]:
    """Weights of the layer `Forest` from the trees and the baseline of each member.

    Members may differ in everything but their outputs: missing trees are leaves of value 0, missing nodes are never
    reached.

    Returns:
        ``forest/nodes`` ``[S, nodes, 3 or 4]``, ``forest/roots`` ``[S, trees]`` int32, ``forest/values``
        ``[S, nodes]``, ``forest/baseline`` ``[S, outputs]``, and, where any node looks at categories, ``forest/sets``
        ``[S, splits + 1, WORDS]``, whose first set is empty.

    Raises:
        ValueError: If members differ in their outputs, trees are no multiple of them, or there are too many nodes.
    """
    baselines = [np.asarray(baseline, np.float64).reshape(-1) for _, baseline in members]
    outputs = len(baselines[0])
    if {len(baseline) for baseline in baselines} != {outputs}:
        raise ValueError("members of different outputs")
    most = max(1, *(-(-len(trees) // outputs) for trees, _ in members)) * outputs
    packed = [_pack(trees, most, outputs) for trees, _ in members]
    nodes = max(len(own.values) for own in packed)
    splits = max(len(own.sets) for own in packed)
    if max(nodes, WORDS * (splits + 1)) >= _EXACT:
        raise ValueError(f"{len(members)} members of {nodes:,} nodes, more than float32 can number")
    found = {
        "forest/nodes": np.zeros((len(members), nodes, 3 + (splits > 0)), np.float32),
        "forest/roots": np.array([own.roots for own in packed], np.int32),
        "forest/values": np.zeros((len(members), nodes), np.float32),
        "forest/baseline": np.array(baselines, np.float32),
    }
    if splits:
        found["forest/sets"] = np.zeros((len(members), splits + 1, WORDS), np.float32)
    # A node that fills up leads to itself, as a leaf does.
    found["forest/nodes"][:, :, :2] = _ALL_LEFT
    found["forest/nodes"][:, :, 2] = np.arange(nodes)
    for s, own in enumerate(packed):
        found["forest/nodes"][s, : len(own.values)] = own.nodes[:, : 3 + (splits > 0)]
        found["forest/values"][s, : len(own.values)] = own.values
        if own.sets:
            found["forest/sets"][s, 1 : 1 + len(own.sets)] = own.sets
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Packed:
    nodes: Array
    values: Array
    roots: list[int]
    sets: list[Array]


def _pack(trees: Sequence[Tree], count: int, outputs: int) -> _Packed:
    """The nodes of a member's trees, one tree after another, filled up to `count` trees."""
    if len(trees) % outputs:
        raise ValueError(f"{len(trees)} trees for {outputs} outputs")
    parts: list[Array] = []
    roots: list[int] = []
    sets: list[Array] = []
    begin = 0
    for tree in trees:
        roots.append(begin)
        parts.append(_packed_tree(tree, begin, sets))
        begin += len(parts[-1])
    missing = count - len(trees)
    if missing:  # one leaf of value 0 stands for all of them
        roots += [begin] * missing
        parts.append(np.array([[*_ALL_LEFT, begin, 0.0, 0.0]]))
    rows = np.concatenate(parts)
    return _Packed(nodes=rows[:, :4], values=rows[:, 4], roots=roots, sets=sets)


def _packed_tree(tree: Tree, begin: int, sets: list[Array]) -> Array:
    """``[m, 5]``: column, threshold, left child, set, value. Breadth first, so that right children follow left ones."""
    order, place = [0], 0
    rows: list[tuple[float, ...]] = []
    thresholds = rounded_down(tree.threshold)
    while place < len(order):
        node = order[place]
        left, right = int(tree.left[node]), int(tree.right[node])
        if left == node:
            rows.append((*_ALL_LEFT, begin + place, 0.0, float(tree.value[node])))
        else:
            rows.append((*_test(tree, node, thresholds[node], begin + len(order), sets), 0.0))
            order += [left, right]
            if len(order) > 2 * len(tree.left):
                raise ValueError("a tree whose nodes are reached more than once")
        place += 1
    return np.array(rows)


def _test(tree: Tree, node: int, threshold: float, left: int, sets: list[Array]) -> tuple[float, ...]:
    feature, missing_left = KINDS * int(tree.feature[node]), bool(tree.missing_left[node])
    if node in tree.categories:
        sets.append(_set_of(tree.categories[node], missing_left))
        return feature + CODE, 2.0 * CODES, left, len(sets)
    if threshold == np.inf:  # all numbers go left: whether the cell is missing is the question, if there is one
        return feature + MISSING, 2.0 if missing_left else 0.5, left, 0
    return feature + (LOWEST if missing_left else LARGEST), threshold, left, 0


def _set_of(goes_left: Array, missing_left: bool) -> Array:
    """``[WORDS]``: the codes that go right, and whether what is none does."""
    right = np.zeros(WORDS * BITS)
    right[:CODES] = ~np.asarray(goes_left, bool)
    right[CODES] = not missing_left
    return np.asarray(right.reshape(WORDS, BITS) @ 2.0 ** np.arange(BITS))


def rounded_down(thresholds: Array) -> Array:
    """Thresholds ``[m]`` float64 as float32 that decide as before: a float32 number is at most t where it is at most
    the largest float32 number up to t. Numbers below 1e-38 count as 0 in what runs the layers, so no threshold is one.

    >>> rounded_down(np.array([0.1, 1e300, -1e-42])).tolist()
    [0.09999999403953552, 3.4028234663852886e+38, -1.1754943508222875e-38]
    """
    given = np.asarray(thresholds, np.float64)
    with np.errstate(over="ignore"):
        found = given.astype(np.float32)
        found = np.where(found > given, np.nextafter(found, np.float32(-np.inf)), found)
    small = np.where(found < 0, -_TINY, np.float32(0.0))
    return np.where((np.abs(found) < _TINY) & (found != 0), small, found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Splits:
    """The nodes of all members, as their weights say, each ``[S, nodes]``.

    Attributes:
        inner: Whether a node is a split; where it is not, what follows means nothing.
        feature, kind: Column that it looks at, and in which form (`LOWEST`, `LARGEST`, `MISSING` or `CODE`).
        left: Its left child; the right one is the next node.
    """

    inner: Array
    feature: Array
    kind: Array
    left: Array


def splits_of(weights: Mapping[str, Array]) -> Splits:
    """The splits of weights that `forest_weights` has made. Raises a ValueError if a child does not stand behind its
    parent, or nowhere: then rows could walk in circles."""
    nodes = np.asarray(weights["forest/nodes"])
    column, left = nodes[:, :, 0].astype(int), nodes[:, :, 2].astype(int)
    own = np.arange(nodes.shape[1])
    inner = left != own
    if (inner & ((left <= own) | (left + 1 >= nodes.shape[1]) | (column < 0))).any():
        raise ValueError("a node that does not stand between its parent and the last one")
    column = np.where(inner, column, 0)
    return Splits(inner=inner, feature=column // KINDS, kind=column % KINDS, left=left)


def forest_size(weights: Mapping[str, Array]) -> ForestSize:
    """Sizes of the weights that `forest_weights` has made."""
    splits, sets, roots = splits_of(weights), weights.get("forest/sets"), weights["forest/roots"]
    reached, depth = np.zeros_like(splits.inner), 0
    np.put_along_axis(reached, np.asarray(roots, int), True, axis=1)
    while (reached & splits.inner).any():
        member, node = np.nonzero(reached & splits.inner)
        left, depth = splits.left[member, node], depth + 1
        reached = np.zeros_like(reached)
        reached[member, left] = reached[member, left + 1] = True
    return ForestSize(
        trees=roots.shape[1],
        nodes=splits.inner.shape[1],
        splits=0 if sets is None else sets.shape[1] - 1,
        depth=depth,
        outputs=weights["forest/baseline"].shape[1],
    )
