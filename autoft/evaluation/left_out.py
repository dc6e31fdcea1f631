"""Choices on bootstrap draws, scored on the rows that each draw leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.evaluation import calibration as calibrate
from autoft.evaluation.decision_costs import CostSamples, number_of_rules, sample_costs
from autoft.evaluation.metrics import metrics_of
from autoft.evaluation.scores import over_classes, weighted_scores
from autoft.evaluation.selection import Blend, Replay, mixed
from autoft.records.arrays import Array
from autoft.records.decisions import Costs, DecisionRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A choice on some draws: blend and decision rule, and the numbers of the draws that led to it."""

    blend: Blend
    rule: DecisionRule
    draws: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeftOut:
    """Scores of choices on the rows that each draw leaves out, by metric, and the choices."""

    samples: dict[str, Array]
    replayed: tuple[Replayed, ...]
    costs: CostSamples | None = None


def on_left_out(replay: Replay, counts: Array, picks: Sequence[Blend], names: Sequence[str] | None = None) -> LeftOut:
    """Calibrate and decide the picked blends on the drawn rows, and score them on the others.

    Args:
        names: Metrics to compute; None for all of the problem, and costs.
    """
    own, problem, replayed = replay.truth, replay.problem, []
    samples = {metric.name: np.full(len(counts), np.nan) for metric in metrics_of(problem) if not names}
    by_class: dict[str, Array] = {}
    costs = None
    if isinstance(problem.goal, Costs) and not names:
        classes = replay.candidates[0].predictions.shape[1]
        costs = np.full((len(counts), number_of_rules(problem, classes)), np.nan)
    for blend, chosen in _places(picks).items():
        predictions = mixed(replay.candidates, blend, replay.rows)
        for decision, places in _places(replay.rule_fitter.on_draws(predictions, counts[chosen])).items():
            here = np.array(chosen)[places]
            replayed.append(Replayed(blend=blend, rule=decision, draws=tuple(here.tolist())))
            final = calibrate.apply(decision.calibration, predictions)
            left_out = (counts[here] == 0).astype(np.uint8)
            found = weighted_scores(own, final, left_out, problem, names=names, rule=decision, by_class=True)
            for name, values in found.items():
                by_class.setdefault(name, np.full((len(counts), *values.shape[1:]), np.nan))[here] = values
            if costs is not None:
                costs[here] = sample_costs(own, final, left_out, problem, decision)
    samples |= {name: over_classes(values) for name, values in by_class.items()}
    return LeftOut(samples=samples, replayed=tuple(replayed), costs=None if costs is None else CostSamples(draws=costs))


def worse_than_default(replay: Replay, counts: Array, chosen: Blend, samples: Array) -> float | None:
    """Share of the draws in which the choice is worse than the search's first trial on the rows not drawn.

    The first trial is the default configuration. None where nothing else was tried, or where it has no predictions.

    Args:
        chosen: The choice on all rows.
        samples: Objective of the choice of each draw, ``[draws]``.
    """
    candidates, name = replay.candidates, replay.metric.name
    place = next((p for p, own in enumerate(replay.trials) if candidates[own[0]].trial == 0), None)
    if place is None or len(replay.trials) < 2:
        return None
    if all(candidates[c].trial == 0 for c, _ in chosen):
        return 0.0
    checkpoints = replay.objectives(counts, [place])[1][:, 0]
    default = on_left_out(replay, counts, [((int(c), 1.0),) for c in checkpoints], names=(name,)).samples[name]
    gap = replay.metric.better(samples) - replay.metric.better(default)
    gap = gap[np.isfinite(gap)]
    return float(np.mean(gap < 0)) if gap.size else None


def _places(choices: Sequence[Any]) -> dict[Any, list[int]]:
    """Numbers of the draws that led to each choice; draws without one are skipped."""
    found: dict[Any, list[int]] = {}
    for place, choice in enumerate(choices):
        if choice:
            found.setdefault(choice, []).append(place)
    return found
