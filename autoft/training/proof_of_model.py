"""Proof that the deployed model keeps its hints, from all that stands between a column and the answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoft.errors import TrainingError
from autoft.knowledge.proof import RISING, Proof, prove
from autoft.records.arrays import Array
from autoft.records.hints import Hints
from autoft.training.ensemble import Ensemble


def prove_ensemble(ensemble: Ensemble, hints: Hints) -> tuple[Proof, ...]:
    """Prove that a deployed model keeps its hints, missing cells aside: one proof for each network of the blend.

    Weights are read from the very layers that are saved (`prove`). Activations, preprocessing, the scale of the target,
    shares of the blend and calibration are checked too.

    Raises:
        TrainingError: If anything allows what a hint forbids.
    """
    if not hints.effects and not hints.apart:
        return ()
    proofs = []
    for network in ensemble.networks:
        if hints.effects:
            used = {layer.activation for layer in network.layers if hasattr(layer, "activation")}
            _need(used <= RISING, "have activations that never fall", f"{used}")
        proofs.append(prove(hints, ensemble.plan, weights_of(network)))
    if hints.effects:
        _answers(ensemble, hints)
    return tuple(proofs)


def weights_of(network: Any) -> dict[str, Array]:
    """Weights of a network by name, as trials have them."""
    pairs = ((v.path.split("network/")[-1], v) for v in network.variables)
    return {name: np.asarray(v) for name, v in pairs}


def _answers(ensemble: Ensemble, hints: Hints) -> None:
    """Check that preprocessing keeps the order of numbers, and that of answers what follows the networks."""
    statistics, several = ensemble.statistics, ensemble.head.task == "multiclass"
    _need(bool((statistics.scale["factor"] >= 0).all()), "scale numbers by factors that are not negative", "some are")
    _need(bool((np.diff(statistics.quantiles, axis=1) >= 0).all()), "have quantiles that rise", "some fall")
    _need(min(ensemble.shares) >= 0, "weigh its trials by shares that are not negative", f"they are {ensemble.shares}")
    if ensemble.head.task == "regression":
        positive = bool((np.asarray(ensemble.head.scale) > 0).all())
        _need(positive, "scale the target by what is positive", "a scale is not")
    calibration = ensemble.calibration
    if calibration.method == "temperature":
        # Of more than two classes it moves one's probability by how the others share the rest.
        _need(calibration.temperature > 0 and not several, "keep the order of answers when calibrated", "it would not")
    if calibration.method == "isotonic":
        knots = np.array(calibration.knots).reshape(-1, 2)
        _need(bool((np.diff(knots, axis=0) >= 0).all()) and not several, "be calibrated by a rising curve", "it falls")


def _need(holds: bool, must: str, found: str) -> None:
    if not holds:
        fix = "report this with the output of 'autoft doctor'; the run's trials are safe in its journal"
        raise TrainingError("The model", must, found, fix)
