"""Folds: blocks of rows, fixed before anything learns, that say which rows each model may learn from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from autoft.errors import SchemaError
from autoft.evaluation.time_folds import STRETCHES, Windows, expanding, stretches
from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.findings import Finding
from autoft.records.scores import Strategy
from autoft.records.split import HOLDOUT, LEARNED, Member, Split

#: Fewest rows of a table: with less nothing that is held out says much.
FEWEST_ROWS = 20
#: Rows that each block should have.
ROWS_PER_FOLD = 10
#: Largest number of groups for scikit-learn's grouped split, which would take minutes with more.
MOST_GROUPS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowOrigin:
    """Which rows belong together, and when they happened, ``[n]`` each.

    Attributes:
        keys: Hash of the used cells, equal for identical rows; or a number for each row, where these may stand apart.
        groups: Rows of one group (one patient) share a block; a row without a group is a group of its own.
        copies: Number of each row's group of near copies, which share a block too.
        time: Numbers or datetimes.
    """

    keys: Array
    groups: Array | None = None
    copies: Array | None = None
    time: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldRule:
    """How rows are divided.

    Attributes:
        folds: Blocks wanted; lowered, with a finding, where there are too few rows.
        holdout: Share of the rows that are used in neither training nor selection, 0 to 0.5.
        windows: For rows in time order; None for models that learn from all other blocks.
        balance_groups: Whether scikit-learn balances classes and sizes of blocks of groups. Otherwise groups are dealt
            in turn: as many blocks, of slightly other sizes, without the import of scikit-learn (`autoft plan`).
    """

    folds: int
    seed: int
    holdout: float = 0.0
    balance_groups: bool = True
    windows: Windows | None = None


def split(
    y: Array, task: Task, origin: RowOrigin, rule: FoldRule, classes: Sequence[object] = ()
) -> tuple[Split, tuple[Finding, ...]]:
    """Divide the rows into blocks.

    Rows with equal keys, near copies, and rows of one group share a block (or are all in the holdout). Blocks do not
    depend on the order of the rows. Without times, every class with enough clusters is in every block; with times,
    blocks are contiguous and the holdout is the latest part.

    Args:
        y: Class positions or values, ``[n]``: blocks are stratified by class, or by tenth of the values.
        classes: Labels of the classes, for messages.

    Raises:
        SchemaError: If there are too few rows, a class lies in one cluster only, or a time is missing.
    """
    clusters = _clusters(origin.keys, origin.groups, origin.copies)
    names, member = np.unique(clusters, return_inverse=True)
    strata, sizes = _strata(y, task, member), np.bincount(member)
    _check_classes(strata, member, task, classes, origin.groups is not None)
    if origin.time is not None:
        return _split_in_time(origin.time, member, strata, task, rule, classes)
    rng = np.random.default_rng(rule.seed)
    label = _rarest(strata, member)
    order = np.lexsort((rng.permutation(len(names)), -sizes, label))
    untouched = _systematic(label, order, rule.holdout, rng)
    k, findings = _number_of_folds(rule.folds, strata, member, untouched, task != "regression", classes)
    order = order[~untouched[order]]
    block = np.full(len(names), HOLDOUT)
    block[order] = np.arange(len(order)) % k
    if origin.groups is not None and rule.balance_groups and k <= len(order) <= MOST_GROUPS:
        block = _grouped(block, strata, member, k, rule.seed)
    return Split(blocks=block[member], clusters=clusters, k=k), findings


def _split_in_time(
    time: Array, member: Array, strata: Array, task: Task, rule: FoldRule, classes: Sequence[object]
) -> tuple[Split, tuple[Finding, ...]]:
    """Blocks that are stretches of time; `member` is the number of each row's cluster."""
    sizes = np.bincount(member)
    order = np.lexsort((np.arange(len(sizes)), _earliest(time, member)))
    untouched = np.zeros(len(sizes), dtype=bool)
    untouched[order] = np.cumsum(sizes[order]) > round(sizes.sum() * (1 - rule.holdout))
    # In time order no class can be promised to every block, so none limits their number.
    k, findings = _number_of_folds(rule.folds, strata, member, untouched, False, classes)
    drawn = np.empty(len(sizes), dtype=np.int64)
    drawn[order] = stretches(sizes[order], k * STRETCHES)[1]
    order = order[~untouched[order]]
    first = int(rule.windows is not None)  # a stretch before the first block, to learn from
    filled, stretch = stretches(sizes[order], k + first)
    if filled < k + first:
        found = f"groups are so large that only {filled} of {k + first} stretches of time have rows of their own"
        k, more = _lowered(filled - first, k, found)
        findings += more
    block = np.full(len(sizes), HOLDOUT)
    block[order] = np.where(stretch < first, LEARNED, stretch - first)
    blocks = block[member]
    trained: tuple[Array, ...] = ()
    if rule.windows is not None:
        blocks, trained = expanding(blocks, time, k, rule.windows)
    findings += _one_block_classes(strata, blocks, task, classes)
    return Split(blocks=blocks, clusters=drawn[member], k=k, windows=trained), findings


def members(split: Split, strategy: Strategy) -> tuple[Member, ...]:
    """The models of a trial's stack: K hold out one block each; for ``nested`` K(K-1)/2 more hold out two.

    >>> thirds = Split(blocks=np.array([0, 0, 1, 2, -1]), clusters=np.arange(5), k=3)
    >>> [member.blocks for member in members(thirds, "nested")]
    [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    """
    left_out: list[tuple[int, ...]] = [(block,) for block in range(split.k)]
    if strategy == "nested":
        left_out += combinations(range(split.k), 2)
    touched = split.blocks >= 0
    result = []
    for blocks in left_out:
        out = np.isin(split.blocks, blocks)
        train = split.windows[blocks[0]] if split.windows else np.flatnonzero(touched & ~out)
        result.append(Member(train=train, held_out=np.flatnonzero(out), blocks=blocks))
    return tuple(result)


def _clusters(keys: Array, *groups: Array | None) -> Array:
    """Number of each row's cluster; depends on the keys, not on the order of the rows."""
    rank = np.unique(keys, return_inverse=True)[1]
    given = [one for one in groups if one is not None]
    if not given:
        return rank
    import pandas as pd
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges, size = [], rank.max() + 1
    for one in given:
        known = pd.factorize(one)[0]
        known = np.where(known < 0, known.max(initial=-1) + 1 + np.arange(len(known)), known)
        edges.append(np.stack([rank, size + known]))
        size += known.max() + 1
    # A cluster is a component of the graph of keys and groups: groups with an identical row belong together.
    ends = np.hstack(edges)
    graph = coo_matrix((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(size, size))
    component = connected_components(graph, directed=False)[1][rank]
    return np.asarray(_smallest(rank, component)[component])


def _smallest(values: Array, member: Array) -> Array:
    """The smallest value of each cluster."""
    found = np.full(member.max() + 1, values.max())
    np.minimum.at(found, member, values)
    return found


def _strata(y: Array, task: Task, member: Array) -> Array:
    """Class of each row, or the tenth of the targets in which the smallest of its cluster lies."""
    if task != "regression":
        return y.astype(int)
    # The smallest, not the mean: a sum of floats depends on the order of the rows.
    smallest = _smallest(y.astype(np.float64), member)
    edges = np.quantile(smallest, np.linspace(0.1, 0.9, 9))
    return np.asarray(np.searchsorted(edges, smallest, side="right")[member])


def _rarest(strata: Array, member: Array) -> Array:
    """Rarest stratum in each cluster: where identical rows disagree, the rare class is the one to spread."""
    rarity = np.argsort(np.argsort(np.bincount(strata), kind="stable"), kind="stable")
    return _smallest(rarity[strata], member)


def _per_class(strata: Array, member: Array) -> Array:
    pairs = np.unique(np.stack([member, strata]), axis=1)
    return np.bincount(pairs[1], minlength=strata.max() + 1)


def _check_classes(strata: Array, member: Array, task: Task, classes: Sequence[object], grouped: bool) -> None:
    if len(strata) < FEWEST_ROWS:
        must, found = f"have at least {FEWEST_ROWS} rows to train on", f"it has {len(strata):,}"
        raise SchemaError("The table", must, found, "collect more rows")
    if task == "regression":
        return
    rows, apart = np.bincount(strata), _per_class(strata, member)
    if (apart > 0).sum() < 2:
        found = f"all {len(strata):,} rows are of one"
        raise SchemaError("The target", "have at least two classes", found, "check the target column")
    lonely = np.flatnonzero(apart == 1)
    if lonely.size:
        c = int(lonely[0])
        what = "1 row" if rows[c] == 1 else f"{rows[c]:,} rows in one group" if grouped else f"{rows[c]:,} equal rows"
        found, fix = f"class '{_name(classes, c)}' has {what}", "merge or drop that class, or collect more rows of it"
        raise SchemaError("Every class of the target", "have rows in at least two folds", found, fix)


def _name(classes: Sequence[object], c: int) -> object:
    return classes[c] if c < len(classes) else c


def _systematic(label: Array, order: Array, share: float, rng: np.random.Generator) -> Array:
    """A share of the clusters, spread evenly over the strata; two clusters of each stratum stay outside it."""
    untouched = np.zeros(len(label), dtype=bool)
    marks = np.floor(np.arange(len(order) + 1) * share + rng.random())
    untouched[order] = np.diff(marks) > 0
    for c in np.unique(label[untouched]):
        if (~untouched[label == c]).sum() < 2:
            untouched[label == c] = False
    return untouched


def _earliest(time: Array, member: Array) -> Array:
    missing = np.isnat(time) if time.dtype.kind in "mM" else np.isnan(time.astype(np.float64))
    if missing.any():
        found = f"{int(missing.sum()):,} of {len(time):,} are missing (first: row {int(np.argmax(missing)) + 1})"
        fix = "fill them, drop those rows, or choose another column"
        raise SchemaError("The column that orders the rows in time", "have a value in every row", found, fix)
    return _smallest(np.unique(time, return_inverse=True)[1], member)


def _number_of_folds(
    folds: int, strata: Array, member: Array, untouched: Array, by_class: bool, classes: Sequence[object]
) -> tuple[int, tuple[Finding, ...]]:
    touched = ~untouched[member]
    rows, apart = int(touched.sum()), int((~untouched).sum())
    limits = [
        (max(2, rows // ROWS_PER_FOLD), f"there are {rows:,} rows"),
        (apart, f"there are {apart:,} distinct rows or groups"),
    ]
    if by_class:
        per_class = _per_class(strata[touched], member[touched])
        c = int(np.argmin(np.where(per_class > 0, per_class, rows + 1)))
        limits.append((int(per_class[c]), f"class '{_name(classes, c)}' has {per_class[c]:,} distinct rows or groups"))
    k, reason = min(limits, key=lambda limit: limit[0])
    return (folds, ()) if k >= folds else _lowered(k, folds, reason)


def _lowered(k: int, folds: int, reason: str) -> tuple[int, tuple[Finding, ...]]:
    if k < 2:
        raise SchemaError("The table", "have rows for at least two folds", reason, "collect more rows, or merge groups")
    must = f"have rows for {folds} folds ({ROWS_PER_FOLD} rows a fold and each class in every fold)"
    found, fix = f"allows only {k} folds: {reason}", "collect more rows, or merge or drop rare classes"
    return k, (Finding("folds-lowered", "warning", None, must, found, fix),)


def _one_block_classes(strata: Array, blocks: Array, task: Task, classes: Sequence[object]) -> tuple[Finding, ...]:
    """Findings for classes that time puts into one block: the model that holds it out never sees them."""
    if task == "regression":
        return ()
    touched = blocks >= 0
    spread = _per_class(strata[touched], blocks[touched])
    must = "have every class at several times"
    fix = "use fewer folds, or merge the class; its held-out scores are those of models that never saw it"
    found = "has all rows of class '{}' in one fold of the time order"
    names = [_name(classes, int(c)) for c in np.flatnonzero(spread == 1)]
    return tuple(Finding("class-in-one-fold", "warning", None, must, found.format(name), fix) for name in names)


def _grouped(dealt: Array, strata: Array, member: Array, k: int, seed: int) -> Array:
    """Blocks of groups by scikit-learn; `dealt` where these leave a block empty or a class in one block."""
    from sklearn.model_selection import StratifiedGroupKFold

    rows = np.flatnonzero(dealt[member] >= 0)
    rows = rows[np.lexsort((strata[rows], member[rows]))]
    block = np.full(len(dealt), -1)
    if np.bincount(strata[rows]).max() < k:
        return dealt
    folds = StratifiedGroupKFold(n_splits=k, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A stratum with fewer rows than folds is expected: whether it is spread is checked below.
        warnings.filterwarnings("ignore", message="The least populated class")
        for number, (_, out) in enumerate(folds.split(rows, strata[rows], member[rows])):
            block[member[rows[out]]] = number
    pairs = np.unique(np.stack([block[member[rows]], strata[rows]]), axis=1)
    complete = len(np.unique(pairs[0])) == k and np.bincount(pairs[1])[np.unique(pairs[1])].min() > 1
    return block if complete else dealt


def largest_stack(k: int, strategy: Strategy) -> int:
    """Members of the largest stack that a run trains: the folds, or pairs of them.

    >>> largest_stack(5, "corrected"), largest_stack(5, "nested"), largest_stack(5, "holdout")
    (10, 15, 5)
    """
    pairs = k * (k - 1) // 2
    return {"nested": k + pairs, "holdout": k}.get(strategy, max(k, min(pairs, 2 * k)))
