"""One trial: curves, checkpoints, and every way in which it can end."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from autoft.evaluation.losses import row_losses
from autoft.records.trials import TrialResult, checkpoint_epochs
from autoft.training.ensemble import EnsemblePart, build_ensemble
from autoft.training.epoch import compiled
from autoft.training.program import Program
from autoft.training.trainer import Trainer
from autoft.training.trial_trainer import Limits


@pytest.fixture(scope="module")
def trainers(make) -> dict[str, Trainer]:
    """One trainer per task, whose program serves all tests below; binary tasks have pairs of blocks too."""
    limits = Limits(epochs=12, patience=12)
    return {
        task: Trainer(make(task, pairs=task == "binary", center=1e9), folds=3, limits=limits, seed=1, clock=lambda: 0.0)
        for task in ("binary", "multiclass", "regression")
    }


def never() -> bool:
    return False


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def finished(
    request: pytest.FixtureRequest, trainers: dict[str, Trainer], params: dict[str, Any]
) -> tuple[Trainer, TrialResult]:
    trainer = trainers[request.param]
    return trainer, trainer.train({**params, "dropout": 0.2, "l2": 1e-4}, never)


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 20, 100])
def test_checkpoints_are_few_ascending_and_end_with_the_last(epochs: int):
    grid = checkpoint_epochs(epochs)
    assert grid[0] == 1
    assert grid[-1] == epochs
    assert list(grid) == sorted(set(grid))
    assert len(grid) <= 2 * np.log2(epochs) + 2


def test_every_row_is_predicted_by_members_that_did_not_see_it(finished):
    trainer, outcome = finished
    task = trainer.data.task
    wide = {"binary": (2,), "multiclass": (3,), "regression": ()}[task]
    assert outcome.status == "finished"
    assert outcome.checkpoints == checkpoint_epochs(12)
    assert outcome.held_out.shape == (len(outcome.checkpoints), 90, *wide)
    assert np.isfinite(outcome.held_out).all()
    assert outcome.held_out.dtype == (np.float64 if task == "regression" else np.float32)


def test_pairs_answer_for_their_two_blocks_and_nothing_else(finished):
    trainer, outcome = finished
    pairs = trainer.data.held_out[3:]
    assert outcome.pairs.shape[:2] == (len(outcome.checkpoints), len(pairs))
    for p, rows in enumerate(pairs):
        answered = np.isfinite(outcome.pairs[0, p]).all(axis=-1)
        assert np.flatnonzero(answered).tolist() == rows.tolist()
        assert not np.array_equal(outcome.pairs[-1, p, rows], outcome.held_out[-1, rows])


def test_the_epoch_is_that_of_the_lowest_mean_held_out_loss(finished):
    trainer, outcome = finished
    y = trainer.data.y
    losses = [row_losses(y, predictions).mean() for predictions in outcome.held_out]
    assert outcome.epochs == outcome.checkpoints[int(np.argmin(losses))]


def test_curves_are_the_mean_losses_of_each_fold(finished):
    trainer, outcome = finished
    data = trainer.data
    assert {name: np.shape(c) for name, c in outcome.curves.items()} == {"train": (12, 3), "held_out": (12, 3)}
    for c, epoch in enumerate(outcome.checkpoints):
        for s in range(3):
            rows = data.held_out[s]
            loss = row_losses(data.y[rows], outcome.held_out[c, rows]).mean()
            unit = data.scale[s] ** 2 if data.task == "regression" else 1.0
            assert outcome.curves["held_out"][epoch - 1][s] == pytest.approx(loss / unit, rel=1e-6)
    assert np.mean(outcome.curves["train"][-1]) < np.mean(outcome.curves["train"][0])


def test_kept_weights_answer_as_at_their_checkpoint(finished):
    trainer, outcome = finished
    data = trainer.data
    part = EnsemblePart(architecture=trainer.architecture(outcome.params), weights=outcome.weights)
    bag = build_ensemble(data, [part], 3)
    logits = np.asarray(bag.networks[0]({"dense": data.dense[:3], "slots": data.slots[:3]}))
    answers = np.asarray(bag.head.answers(logits))
    kept = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    for s in range(3):
        rows = data.held_out[s]
        own = answers[s, rows, 0] if data.task == "regression" else answers[s, rows]
        tolerance = 1e-6 * (data.scale[s] if data.task == "regression" else 1.0)
        np.testing.assert_allclose(own, kept[rows], rtol=0, atol=tolerance)


def test_values_around_a_billion_are_told_apart(trainers: dict[str, Trainer], params: dict[str, Any]):
    trainer = trainers["regression"]
    outcome = trainer.train(params, never)
    best = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    assert len(np.unique(best)) > 60
    assert row_losses(trainer.data.y, best).mean() < 0.75 * trainer.data.y.var()


def test_equal_seeds_give_bit_identical_outcomes(finished):
    trainer, outcome = finished
    again = Trainer(trainer.data, folds=3, limits=trainer.limits, seed=1).train(outcome.params, never)
    np.testing.assert_array_equal(again.held_out, outcome.held_out)
    np.testing.assert_array_equal(again.pairs, outcome.pairs)
    assert again.curves == outcome.curves
    for name, w in outcome.weights.items():
        np.testing.assert_array_equal(again.weights[name], w)


def test_another_seed_gives_other_weights(make, params: dict[str, Any]):
    limits, data = Limits(epochs=1, patience=1), make("binary", kinds="n")
    a, b = (Trainer(data, folds=3, limits=limits, seed=seed).train(params, never) for seed in (1, 2))
    assert not np.array_equal(a.held_out, b.held_out)


def test_programs_are_reused_and_counted(trainers: dict[str, Trainer], params: dict[str, Any]):
    trainer = trainers["multiclass"]
    compiled.cache_clear()
    outcomes = [trainer.train({**params, "width": 12, "learning_rate": rate}, never, 1) for rate in (0.01, 0.001)]
    assert [outcome.traces for outcome in outcomes] == [1, 0]


def test_time_that_runs_out_ends_a_trial_with_what_it_has(trainers: dict[str, Trainer], params: dict[str, Any]):
    asked = []

    def after_five() -> bool:
        asked.append(True)
        return len(asked) >= 5

    outcome = trainers["binary"].train(params, after_five)
    assert outcome.status == "finished"
    assert outcome.checkpoints == (1, 2, 3, 4, 5)
    assert outcome.reason == "out of time after epoch 5"
    assert len(outcome.curves["train"]) == 5
    assert outcome.epochs in outcome.checkpoints


def test_a_trial_between_two_checkpoints_keeps_its_last_epoch(trainers: dict[str, Trainer], params: dict[str, Any]):
    calls = iter(range(1, 100))
    outcome = trainers["binary"].train(params, lambda: next(calls) == 7)
    assert outcome.checkpoints == (1, 2, 3, 4, 6, 7)


def test_a_trial_can_have_fewer_epochs_of_its_own_but_not_more(trainers: dict[str, Trainer], params: dict[str, Any]):
    assert trainers["binary"].train(params, never, 3).checkpoints == (1, 2, 3)
    assert trainers["binary"].train(params, never, 99).checkpoints[-1] == 12


def test_a_trial_stops_when_the_held_out_loss_rises(make, params: dict[str, Any]):
    trainer = Trainer(make("binary", kinds="n"), folds=3, limits=Limits(epochs=200, patience=4), seed=0)
    outcome = trainer.train({**params, "learning_rate": 0.1}, never)
    curve = np.average(outcome.curves["held_out"], axis=1, weights=[len(rows) for rows in trainer.data.held_out])
    last, best = len(curve), int(np.argmin(curve)) + 1
    assert last == outcome.checkpoints[-1] < 200
    assert last - best == max(4, best // 2)
    assert outcome.reason == ""


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_hopeless_learning_rate_fails_or_stays_finite(
    trainers: dict[str, Trainer], params: dict[str, Any], task: str
):
    for rate in (float("nan"), 1e6, 1e30):
        outcome = trainers[task].train({**params, "learning_rate": rate}, never)
        assert (outcome.status == "failed") == (not outcome.checkpoints)
        assert np.isfinite(outcome.held_out).all()
        assert np.isfinite([loss for curve in outcome.curves.values() for row in curve for loss in row]).all()
        if outcome.status == "failed":
            assert outcome.reason.startswith("diverged at epoch 1 in fold")
            assert outcome.weights == {}
        else:
            assert outcome.epochs in outcome.checkpoints
            assert all(np.isfinite(w).all() for w in outcome.weights.values())


def test_what_was_learned_before_a_divergence_is_kept(
    trainers: dict[str, Trainer], params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    trainer = trainers["binary"]
    healthy = trainer.train(params, never)
    real, asked = Program.logits, []

    def breaking(program: Program, rows: np.ndarray) -> np.ndarray:
        asked.append(True)
        logits = real(program, rows).copy()
        logits[1] *= np.nan if len(asked) > 5 else 1.0
        return logits

    monkeypatch.setattr(Program, "logits", breaking)
    outcome = trainer.train(params, never)
    assert outcome.status == "finished"
    assert outcome.reason == "diverged at epoch 6 in fold 2 (learning_rate 0.01)"
    assert outcome.checkpoints == (1, 2, 3, 4)
    np.testing.assert_array_equal(outcome.held_out, healthy.held_out[:4])


def test_a_batch_larger_than_the_rows_is_one_step(make, params: dict[str, Any]):
    trainer = Trainer(make("binary", kinds="n"), folds=3, limits=Limits(epochs=2, patience=2), seed=0)
    assert trainer.train({**params, "batch_size": 4096}, never).status == "finished"
    assert trainer._key({**params, "batch_size": 4096})[1] == min(len(rows) for rows in trainer.data.train)


def test_seconds_are_those_of_the_clock(make, params: dict[str, Any]):
    ticks = iter([10.0, 17.5])  # as it begins, and after its one epoch
    trainer = Trainer(
        make("binary", kinds="n"), folds=3, limits=Limits(epochs=1, patience=1), seed=0, clock=lambda: next(ticks)
    )
    assert trainer.train(params, never).seconds == 7.5


def stack(trainer: Trainer, params: dict[str, Any], *rates: float, **more: Any) -> list[TrialResult]:
    return trainer.train_all([{**params, "learning_rate": rate, "dropout": 0.2} for rate in rates], never, **more)


def test_trials_side_by_side_are_what_they_are_alone(make, params: dict[str, Any]):
    trainer = Trainer(make("binary", pairs=True), folds=3, limits=Limits(epochs=12, patience=3), seed=1)
    rates = (0.003, 0.3, 0.03, 0.01)  # they end at different epochs, so the stack becomes narrower on the way
    together = stack(trainer, params, *rates)
    assert len({len(outcome.curves["held_out"]) for outcome in together}) > 1
    for rate, outcome in zip(rates, together, strict=True):
        alone = stack(trainer, params, rate)[0]
        assert (alone.epochs, alone.checkpoints, alone.params) == (outcome.epochs, outcome.checkpoints, outcome.params)
        np.testing.assert_allclose(outcome.held_out, alone.held_out, atol=1e-4)
        np.testing.assert_allclose(outcome.pairs, alone.pairs, atol=1e-4)
        for name, weights in alone.weights.items():
            np.testing.assert_allclose(outcome.weights[name], weights, atol=1e-3)


def test_a_trial_that_breaks_leaves_those_beside_it_as_they_are(make, params: dict[str, Any]):
    trainer = Trainer(make("binary", kinds="n"), folds=3, limits=Limits(epochs=3, patience=3), seed=1)
    alone, broken = stack(trainer, params, 0.01), stack(trainer, params, 0.01, float("nan"))
    assert [outcome.status for outcome in broken] == ["finished", "failed"]
    assert "in folds 1, 2, 3" in broken[1].reason
    np.testing.assert_allclose(broken[0].held_out, alone[0].held_out, atol=1e-6)


def test_a_pruned_trial_keeps_what_it_has(make, params: dict[str, Any]):
    trainer = Trainer(make("binary", kinds="n"), folds=3, limits=Limits(epochs=12, patience=12), seed=1)
    whole = stack(trainer, params, 0.01)[0]
    seen: list[list[float]] = []

    def hopeless(curve: list[float]) -> str:
        seen.append(curve)
        return "pruned" if len(curve) == 5 else ""

    outcome = stack(trainer, params, 0.01, prune=hopeless)[0]
    assert (outcome.status, outcome.reason, outcome.checkpoints) == ("pruned", "pruned", (1, 2, 3, 4, 5))
    np.testing.assert_array_equal(outcome.held_out[:4], whole.held_out[:4])
    assert seen[-1] == pytest.approx(np.mean(whole.curves["held_out"][:5], axis=1))


class NoRoom:
    """A device on which only so many members and rows fit into one step."""

    def __init__(self, room: int) -> None:
        self.room, self.tried = room, []

    def __call__(self, real: Any) -> Any:
        def epoch(program: Program, *args: Any, **kwargs: Any) -> None:
            self.tried.append((program.trials, program.batch))
            if program.trials * program.batch > self.room:
                raise MemoryError("no room")
            real(program, *args, **kwargs)

        return epoch


def test_without_memory_fewer_train_together_in_smaller_batches(
    make, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    trainer = Trainer(make("binary", kinds="n"), folds=3, limits=Limits(epochs=1, patience=1), seed=1)
    device = NoRoom(room=16)
    monkeypatch.setattr(Program, "epoch", device(Program.epoch))
    assert [o.reason for o in stack(trainer, params, 0.01, 0.02)] == ["", ""]
    assert device.tried == [(2, 16), (1, 16), (1, 16)]
    device.room, device.tried = 8, []
    outcome = stack(trainer, params, 0.01)[0]
    assert (outcome.status, device.tried) == ("finished", [(1, 16), (1, 8)])
    assert outcome.reason == "out of memory with batches of 16: trained with 8"
    assert outcome.params["batch_size"] == 16
    device.tried = []
    stack(trainer, params, 0.02)
    assert device.tried == [(1, 8)]  # what did not fit once is not tried again
    device.room = 1
    with pytest.raises(MemoryError):
        stack(trainer, params, 0.03)


def test_errors_other_than_a_lack_of_memory_are_not_hidden(
    make, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("something else")

    trainer = Trainer(make("binary", kinds="n"), folds=3, limits=Limits(epochs=1, patience=1), seed=1)
    monkeypatch.setattr(Program, "epoch", broken)
    with pytest.raises(ValueError, match="something else"):
        stack(trainer, params, 0.01)


def test_a_rehearsal_leaves_no_trace_in_what_follows(make, params: dict[str, Any]):
    limits = Limits(epochs=3, patience=3)
    plain, rehearsed = (Trainer(make("binary", kinds="n"), folds=3, limits=limits, seed=1) for _ in range(2))
    first, second = rehearsed.rehearse(params, lambda seconds: False)
    assert first > 0 < second
    assert len(rehearsed.rehearse(params, lambda seconds: True)) == 1
    np.testing.assert_array_equal(plain.train(params, never).held_out, rehearsed.train(params, never).held_out)


def test_the_linear_model_is_logistic_regression(make):
    """Trained to the end with the penalty of C = 1, its held-out answers are those of scikit-learn."""
    data = make("binary", kinds="n")
    s = int(np.argmin([len(own) for own in data.train]))  # its rows are one batch: the gradient is exact
    train, held_out, rows = data.train[s], data.held_out[s], len(data.train[s])
    trainer = Trainer(data, folds=3, limits=Limits(epochs=400, patience=400), seed=0)
    params = {"architecture": "linear", "batch_size": 999, "learning_rate": 0.05, "dropout": 0.0, "l2": 0.5 / rows}
    outcome = trainer.train(params, never)
    theirs = LogisticRegression(max_iter=1_000).fit(data.dense[s, train], data.y[train])
    expected = theirs.predict_proba(data.dense[s, held_out])
    np.testing.assert_allclose(outcome.held_out[-1][held_out], expected, atol=0.01)
    assert set(outcome.weights) == {"logits/kernel", "logits/bias"}
