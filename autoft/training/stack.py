"""Stacks: the encoded rows, targets and weights that the members of a training read, and who may see which rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autoft.errors import TrainingError
from autoft.evaluation.losses import answers, weighted_quantile
from autoft.networks.architecture import Inputs
from autoft.networks.initial_state import InitialState
from autoft.networks.memory import HELD
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout, blocks, combination_blocks
from autoft.preprocessing.statistics import Statistics, fit_combinations, fit_statistics, fit_targets
from autoft.preprocessing.target_encoding import KnownTarget, class_values, inner_parts
from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.training import backend

#: Most rows that pass through the preprocessing layers at a time, and most cells (rows x columns x members) in float64.
CHUNK, CELLS = 16_384, 2**24
#: Rows of each member that are predicted at a time: bounds the memory of activations.
PREDICTED_ROWS = 8_192
#: Training rows of each member that pass through a network before it is trained, and from which bins are found.
_ROWS_TO_START, _ROWS_FOR_BINS = 1_024, 20_000


def pieces(plan: InputLayout, encoded: Encoded, members: int, held: int = 1) -> Iterator[Encoded]:
    """The rows, a few at a time, which bounds the memory of preprocessing and of networks.

    Args:
        held: Numbers that a network holds for a row (`memory.cells_per_row`).
    """
    more = sum(text.slots for text in plan.texts) + sum(own.numbers for own in plan.custom)
    more += sum(own.width for own in plan.targets) + sum(width for _, width in combination_blocks(plan))
    width = max(1, members * (encoded.numbers.shape[1] + encoded.codes.shape[1] + more))
    step = max(1, min(CHUNK, CELLS // width, HELD // held))
    for start in range(0, len(encoded), step):
        yield encoded.rows(slice(start, start + step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The rows of a stack of S members.

    Attributes:
        plan: The layout, without combinations where no member has chosen any.
        statistics: What each member learned from its training rows.
        outputs: Logits per row (1 for binary and regression).
        dense: ``[S, n, f]`` float32 (f may be 0).
        slots: ``[S, n, e]`` int32 of the embedded columns (e may be 0).
        y: Class positions (int64) or values (float64), ``[n]``.
        train, held_out: Row positions of each member.
        center, scale: Mean and spread of a regression target in each member's training rows, ``[S]``; else 0 and 1.
        low, high: Smallest and largest target there, between which answers are kept, ``[S]``; else infinite.
        weights: Of the rows, ``[n]``, 0 for rows that do not count; None where all count the same.
        quantile: What a regression learns; None for the mean.
    """

    plan: InputLayout
    statistics: Statistics
    task: Task
    outputs: int
    dense: Array
    slots: Array
    y: Array
    train: tuple[Array, ...]
    held_out: tuple[Array, ...]
    center: Array
    scale: Array
    low: Array
    high: Array
    weights: Array | None = None
    quantile: float | None = None

    @property
    def members(self) -> int:
        return len(self.train)

    @property
    def fewest(self) -> int:
        """Training rows of the member that has fewest."""
        return min(len(rows) for rows in self.train)

    def start(self, seed: int) -> InitialState:
        """What first weights are made from: a sample of each member's training rows."""
        inputs = Inputs.of(self.plan)
        few, many = min(_ROWS_TO_START, self.fewest), min(_ROWS_FOR_BINS, self.fewest)
        drawn = [np.random.default_rng([seed, s, 5]).permutation(own)[:many] for s, own in enumerate(self.train)]
        numbers = np.ix_(range(many), inputs.numbers)
        return InitialState(
            inputs=inputs,
            blocks=blocks(self.plan),
            categories=tuple((category.id, category.slots) for category in self.plan.embedded),
            dense=np.stack([self.dense[s, rows[:few]] for s, rows in enumerate(drawn)]),
            slots=np.stack([self.slots[s, rows[:few]] for s, rows in enumerate(drawn)]),
            numbers=np.stack([self.dense[s, rows][numbers] for s, rows in enumerate(drawn)]),
            outputs=self.outputs,
            bias=self.prior(),
            seed=seed,
        )

    def answers(self, member: int, logits: Array) -> Array:
        """A member's answers from its logits ``[n, outputs]`` (`losses.answers`)."""
        center, scale, low, high = (float(x[member]) for x in (self.center, self.scale, self.low, self.high))
        return answers(logits, self.task, center, scale, (low, high))

    def held_out_answers(self, logits: Array) -> list[Array]:
        """Each member's answers for its held-out rows, from logits ``[S, m, outputs]`` of the `padded` rows."""
        return [self.answers(s, logits[s, : len(rows)]) for s, rows in enumerate(self.held_out)]

    def targets(self) -> Array:
        """What each member learns, ``[S, n]``: values standardized as in its training rows or 0 and 1 (float32), or
        positions of several classes (int32)."""
        if self.task == "multiclass":
            return np.repeat(self.y.astype(np.int32)[None], self.members, axis=0)
        with np.errstate(over="ignore"):  # a row of another member's may be infinite in units of the training rows
            return np.asarray(((self.y - self.center[:, None]) / self.scale[:, None]).astype(np.float32))

    def prior(self) -> Array:
        """First answers as logits ``[S, outputs]``: log odds (binary) or log shares (multiclass) of the training rows;
        of a regression 0, the mean of the standardized targets, or the quantile that is learned."""
        if self.task == "regression":
            if self.quantile is None:
                return np.zeros((self.members, 1))
            found = [weighted_quantile(self.y[rows], self.quantile, self._own(rows)) for rows in self.train]
            return np.asarray((np.array(found) - self.center) / self.scale)[:, None]
        counts = self._class_counts() + 0.5
        logs = np.log(counts / counts.sum(axis=1, keepdims=True))
        return np.asarray(logs[:, 1:] - logs[:, :1] if self.task == "binary" else logs)

    def class_shares(self) -> Array:
        """Share of each class in the (weighted) training rows, ``[S, classes]``; only for classification."""
        counts = self._class_counts()
        return np.asarray(counts / counts.sum(axis=1, keepdims=True))

    def _class_counts(self) -> Array:
        """Training rows of each class, ``[S, classes]``; weighted rows count by their weight, which is 1 on average."""
        classes = 2 if self.task == "binary" else self.outputs
        return np.stack([np.bincount(self.y[rows], self._own(rows), minlength=classes) for rows in self.train])

    def _own(self, rows: Array) -> Array | None:
        """Weights of a member's training rows, with mean 1."""
        return None if self.weights is None else self.weights[rows] / self.weights[rows].mean()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StackTarget:
    """What a stack learns: the fields of `Stack`, and the number of classes (ignored for a regression).

    Attributes:
        together: Numbers of the rows, ``[n]`` each: rows of equal numbers say nothing about one another's answers where
            a column is encoded by the target (`target_encoding.inner_parts`).
        seed: Of the parts of the rows that this takes.
    """

    y: Array
    task: Task
    classes: int
    weights: Array | None = None
    quantile: float | None = None
    together: tuple[Array, ...] = ()
    seed: int = 0


def stack_data(
    plan: InputLayout, encoded: Encoded, target: StackTarget, *, train: Sequence[Array], held_out: Sequence[Array]
) -> Stack:
    """Fit the preprocessing of each member on its training rows of positive weight, and encode all rows.

    Raises:
        TrainingError: If a member has no rows to train on, or none that it has not seen.
    """
    backend.prepare()
    from autoft.preprocessing.encoder import build_encoder

    y, weights = target.y, target.weights
    if weights is not None:
        train = [rows[weights[rows] > 0] for rows in train]
    _check(train, held_out)
    center, scale, low, high = _measures(target, train)
    known = _known(plan, target, train, center, scale)
    tables, own = fit_targets(plan, encoded, train, known)
    combinations = fit_combinations(plan, encoded, train, known)
    if combinations is not None and not combinations.chosen.any():  # inputs that are always 0 would only take time
        plan, combinations = replace(plan, combined=()), None
    statistics = replace(fit_statistics(plan, encoded, train), targets=tables, combinations=combinations)
    encoder = build_encoder(plan, statistics)
    widths = {"dense": sum(width for _, width in blocks(plan)), "slots": len(plan.embedded)}
    kinds = {"dense": np.float32, "slots": np.int32}
    arrays = {name: np.empty((len(train), len(encoded), width), kinds[name]) for name, width in widths.items()}
    start = 0
    for chunk in pieces(plan, encoded, len(train)):
        for name, array in encoder(statistics.arrays(chunk)).items():
            arrays[name][:, start : start + len(chunk)] = np.asarray(array)
        start += len(chunk)
    for s, rows in enumerate(own):
        arrays["dense"][s, train[s][:, None], _target_positions(plan)] = rows
    return Stack(
        plan=plan,
        statistics=statistics,
        task=target.task,
        outputs=target.classes if target.task == "multiclass" else 1,
        **arrays,
        y=y,
        train=tuple(train),
        held_out=tuple(held_out),
        center=center,
        scale=scale,
        low=low,
        high=high,
        weights=weights,
        quantile=target.quantile,
    )


def _measures(target: StackTarget, train: Sequence[Array]) -> tuple[Array, Array, Array, Array]:
    """`Stack.center`, `scale`, `low` and `high`."""
    y, weights = target.y, target.weights
    if target.task != "regression":
        center, scale, low, high = (np.full(len(train), value) for value in (0.0, 1.0, -np.inf, np.inf))
        return center, scale, low, high
    own = [None if weights is None else weights[rows] for rows in train]
    center = np.array([np.average(y[rows], weights=w) for rows, w in zip(train, own, strict=True)])
    scale = np.array([_spread(y[rows], w) for rows, w in zip(train, own, strict=True)])
    low, high = (np.array([extreme(y[rows]) for rows in train]) for extreme in (np.min, np.max))
    return center, scale, low, high


def _known(
    plan: InputLayout, target: StackTarget, train: Sequence[Array], center: Array, scale: Array
) -> list[KnownTarget]:
    """The target as each member's columns are encoded or combined by it, where some are. Of a regression its mean
    counts, whatever is learned: a quantile of a few rows says little."""
    found = []
    for s, rows in enumerate(train if plan.targets or plan.combined else ()):
        y, weights = target.y[rows], np.ones(len(rows)) if target.weights is None else target.weights[rows]
        if target.task == "regression":
            values = ((y - center[s]) / scale[s])[:, None]
        else:
            targets = plan.targets[0].targets if plan.targets else 1
            values = class_values(y, 2 if target.task == "binary" else target.classes, targets)
        together = [own[rows] for own in target.together] or [rows]
        known = KnownTarget(
            values=values,
            shares=target.task != "regression",
            weights=weights / weights.mean(),
            parts=inner_parts(together, np.random.default_rng([target.seed, s, 7])),
        )
        found.append(known)
    return found


def _target_positions(plan: InputLayout) -> Array:
    """Where the encodings by the target are among the dense inputs."""
    names = {name for own in plan.targets for name, _ in own.blocks}
    return np.flatnonzero(np.concatenate([np.full(width, name in names) for name, width in blocks(plan)]))


def _check(train: Sequence[Array], held_out: Sequence[Array]) -> None:
    for s, (own, out) in enumerate(zip(train, held_out, strict=True)):
        if not len(own) or not len(out):
            found, must = f"member {s + 1} has {len(own):,} and {len(out):,}", "have rows to train on and rows held out"
            fix = "use fewer folds, or smaller groups of rows that must stay together"
            raise TrainingError("Every fold", must, found, fix)


def _spread(y: Array, weights: Array | None = None) -> float:
    """Standard deviation of the (weighted) targets; 1 where they are all the same but for rounding."""
    if weights is None:
        spread = float(y.std())
    else:
        spread = float(np.sqrt(np.average(np.square(y - np.average(y, weights=weights)), weights=weights)))
    return spread if spread > 1e-12 * float(np.abs(y).max()) else 1.0


def batches(
    rows: Sequence[Array], batch: int, *, seed: int, epoch: int, given: Array | None = None
) -> tuple[Array, Array]:
    """Each member's rows in an order that follows from seed and epoch, cut into batches.

    Args:
        given: Weights of all rows of the table ``[n]``; None where all count the same.

    Returns:
        Row positions and weights, both ``[steps, S, batch]``; weights are 1 on average over a member's rows. The last
        batch is filled up with a row of the member's own of weight 0: a row that it must not see could be infinite, and
        0 times infinity is not 0.
    """
    steps = max(-(-len(r) // batch) for r in rows)
    order = np.zeros((len(rows), steps * batch), dtype=np.int32)
    weights = np.zeros((len(rows), steps * batch), dtype=np.float32)
    for s, own in enumerate(rows):
        order[s, : len(own)] = np.random.default_rng([seed, s, epoch]).permutation(own)
        order[s, len(own) :] = own[0]
        weights[s, : len(own)] = 1.0 if given is None else given[order[s, : len(own)]] / given[own].mean()

    def cut(x: Array) -> Array:
        return np.ascontiguousarray(x.reshape(len(rows), steps, batch).swapaxes(0, 1))

    return cut(order), cut(weights)


def padded(rows: Sequence[Array]) -> Array:
    """Row positions ``[S, longest]`` int32, short ones padded with their first row."""
    longest = max(len(r) for r in rows)
    table = np.zeros((len(rows), longest), dtype=np.int32)
    for s, own in enumerate(rows):
        table[s, : len(own)] = own
        table[s, len(own) :] = own[0]
    return table
