"""Answers of a forest by scikit-learn's compiled walk, which on a host is several times as fast as the layer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from autoft.networks.forest import BITS, CODE, CODES, LOWEST, MISSING, WORDS, splits_of
from autoft.records.arrays import Array

#: Numbers of 32 bits in scikit-learn's set of categories.
_WORDS = CODES // 32


class ForestWalk:
    """Raw scores from the weights of a forest (`forest.forest_weights`), as the layer has them but for rounding."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

        splits, sets = splits_of(weights), _left_sets(weights)
        thresholds, values = np.asarray(weights["forest/nodes"])[:, :, 1], np.asarray(weights["forest/values"])
        self._baseline = np.asarray(weights["forest/baseline"], np.float64)
        self._trees = []
        for member, roots in enumerate(np.asarray(weights["forest/roots"], int)):
            records = np.zeros(values.shape[1], PREDICTOR_RECORD_DTYPE)
            kind, inner = splits.kind[member], splits.inner[member]
            code = inner & (kind == CODE)
            missing_left = (kind == LOWEST) | ((kind == MISSING) & (thresholds[member] > 1))
            records["value"], records["is_leaf"] = values[member], ~inner
            records["feature_idx"] = splits.feature[member]
            # All numbers go left where the question is whether a cell is missing.
            records["num_threshold"] = np.where(kind == MISSING, np.inf, thresholds[member])
            records["is_categorical"] = code
            if sets is not None:
                own = np.asarray(weights["forest/nodes"])[member, :, 3].astype(int)
                records["bitset_idx"] = np.where(code, own, 0)
                records["missing_go_to_left"] = np.where(code, sets.missing[member][own], missing_left)
            else:
                records["missing_go_to_left"] = missing_left
            bits = np.zeros((1, _WORDS), np.uint32) if sets is None else sets.left[member]
            ends = np.append(roots[1:], len(records))
            trees = []
            for begin, end in zip(roots, np.maximum(ends, roots + 1), strict=True):
                tree = records[begin:end].copy()
                tree["left"] = splits.left[member, begin:end] - begin
                tree["right"] = tree["left"] + 1
                trees.append(TreePredictor(tree, bits, bits))
            self._trees.append(trees)

    def __call__(self, x: Array) -> Array:
        """``[S, B, F]`` -> ``[S, B, outputs]`` float32; codes of categories are whole numbers up to 255."""
        with ThreadPoolExecutor(_processors()) as pool:  # the walk holds no lock
            return np.stack(list(pool.map(self._member, range(len(x)), x)))

    def _member(self, member: int, x: Array) -> Array:
        cells, outputs = np.ascontiguousarray(x, np.float64), self._baseline.shape[1]
        known = np.full((1, _WORDS), np.iinfo(np.uint32).max, np.uint32)
        same = np.zeros(x.shape[1], np.uint32)
        total = np.tile(self._baseline[member], (len(x), 1))
        for number, tree in enumerate(self._trees[member]):
            total[:, number % outputs] += tree.predict(cells, known, same, 1)
        return total.astype(np.float32)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sets:
    """Bits of the codes that go left ``[S, sets, 8]`` uint32, and whether what is no code does ``[S, sets]``."""

    left: Array
    missing: Array


def _left_sets(weights: Mapping[str, Array]) -> _Sets | None:
    if "forest/sets" not in weights:
        return None
    words = np.asarray(weights["forest/sets"]).astype(np.int64)
    right = (words[..., None] >> np.arange(BITS)) & 1
    right = right.reshape(*words.shape[:2], WORDS * BITS)
    left = (1 - right[..., :CODES]).reshape(*words.shape[:2], _WORDS, 32)
    bits = (left.astype(np.uint64) << np.arange(32, dtype=np.uint64)).sum(axis=3)
    return _Sets(left=bits.astype(np.uint32), missing=right[..., CODES] == 0)
