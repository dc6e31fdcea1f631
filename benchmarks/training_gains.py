"""What changes in training add to single networks and to the blend, on the same folds.

    python -m benchmarks.training_gains [--rows N] [--only telco_churn,diamonds] [--shared FOLDER]
        [--variants muon,cycles]

On at most N training rows of each set the first configurations of a search are trained. Then, of those of one family:

`average`     perceptrons and linear models: the mean of the weights after each epoch, of which the last ones weigh most
              (`DECAYS`), at its best epoch
`muon`        tabm-mini: kernels by Muon (Jordan and others, 2024), at three learning rates, beside Adam at the same
`waves`       realmlp: frequencies with a deviation of 2.33, as in AutoGluon's portfolio, and its dropout, beside .1
`cycles`      realmlp: the networks at the ends of the third and of the last cycle, beside that of the best epoch

`alone` is by how many percent the objective's error of the best of them is below that of the best as it is today;
`blend` the same of the corrected score of the blend, which may choose them besides, with the 95 % interval of the
difference over the draws. All is computed in one process, on one thread.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.blend_gain import gain_of, one_thread, scorer
from benchmarks.common import Options, Row, finish, options, progress, save
from benchmarks.machine import ROOT
from benchmarks.sets import EVERY, settings, tables, unlearned

ORDER = (
    *("telco_churn", "california_housing", "covertype_10k", "german_credit", "airbnb_nyc", "bike_sharing"),
    *("car_evaluation", "adult", "diamonds", "bank_marketing", "taxis", "titanic"),
)
QUICK = ("titanic",)
#: Shares of an epoch's weights in their mean.
DECAYS = (0.1, 0.3)
RATES = (3e-4, 1e-3, 3e-3)
#: Deviation of the frequencies, and dropout, of the setting of RealMLP that leads AutoGluon's portfolio.
SIGMA, DROPOUT = 2.33, 0.073

Params = Mapping[str, Any]


class Bench:
    """A trainer on the folds of a set, and the candidates that a search begins with."""

    def __init__(self, name: str, shared: str, rows: int, folder: str) -> None:
        import numpy as np

        from autoft.pipeline.context import Run
        from autoft.pipeline.fit import prepare_dataset
        from autoft.pipeline.space import make_search_space
        from autoft.pipeline.trainers import make_trainer
        from autoft.recipe.recipe import Recipe
        from autoft.search.space import first_configurations

        x, y, *_ = tables(name, shared)
        keep = np.sort(np.random.default_rng(0).permutation(len(x))[:rows])
        x, y = x.iloc[keep].reset_index(drop=True), y.iloc[keep].reset_index(drop=True)
        recipe = Recipe().with_changes(**settings(name))
        self.dataset = prepare_dataset(recipe, (x, y.rename(EVERY[name].target)))
        self.trainer: Any = make_trainer(Run(recipe=recipe, folder=Path(folder)), self.dataset, self.dataset.folds)
        space = make_search_space(recipe, self.dataset)
        self.score = scorer(recipe, self.dataset)
        with unlearned(name):
            self.first = first_configurations(space, self.trainer.data.fewest, "medium")
        self.outcomes = [self.trainer.train(params, lambda: False) for params in self.first]
        self.candidates = [self._candidate(*own) for own in enumerate(self.outcomes)]

    def of(self, *families: str) -> list[int]:
        """Places of the first configurations of some families."""
        return [i for i, params in enumerate(self.first) if params["architecture"] in families]

    def error(self, predictions: Any) -> float:
        from autoft.evaluation.metrics import METRICS
        from autoft.evaluation.scores import scores

        metric = METRICS[self.dataset.objective]
        value = float(scores(self.dataset.truth, predictions, self.dataset.problem)[metric.name])
        return 1.0 - value if metric.direction == "max" else value

    def compared(self, today: Sequence[Any], new: Sequence[Any]) -> Row:
        """What some predictions have over others alone, and what they add to the blend."""
        from autoft.evaluation.selection import Candidate

        before, after = (min(self.error(p) for p in each) for each in (today, new))
        more = [Candidate(trial=len(self.first) + i, epochs=1, predictions=own) for i, own in enumerate(new)]
        found = gain_of(self.dataset, self.score(self.candidates), self.score([*self.candidates, *more]))
        return {"alone": 100 * (1 - after / before), **{f"blend_{k}": v for k, v in found.items()}}

    def pooled(self, answers: Sequence[Any]) -> Any:
        """Answers of the members on their held-out rows in the order of the rows; NaN on others."""
        import numpy as np

        found = np.full_like(self.candidates[0].predictions, np.nan)
        for own, answer in zip(self.trainer.data.held_out, answers, strict=True):
            found[own] = answer
        return found

    def _candidate(self, number: int, outcome: Any) -> Any:
        from autoft.evaluation.selection import Candidate

        return Candidate(trial=number, epochs=outcome.epochs, predictions=best(outcome))


def best(outcome: Any) -> Any:
    """Held-out predictions at the best epoch."""
    return outcome.held_out[outcome.checkpoints.index(outcome.epochs)]


def average(bench: Bench) -> Row:
    """Means of the weights of perceptrons and linear models."""
    places = bench.of("mlp", "linear")
    new = [own for place in places for own in averaged(bench, bench.first[place], bench.outcomes[place].limit)]
    return bench.compared([best(bench.outcomes[place]) for place in places], new)


def averaged(bench: Bench, params: Params, limit: int) -> list[Any]:
    """Held-out predictions of the means of the weights, one for each of `DECAYS`, at its best epoch."""
    import numpy as np

    trainer = bench.trainer._of(params)
    batch, rows = trainer._key(params)[1], trainer._watched[:, : trainer._held]
    program = trainer._started([params], batch, 2**14, limit)
    reader = trainer._started([params], batch, 2**14, limit)
    means: dict[float, dict[str, Any]] = {}
    found: dict[float, tuple[float, int, Any]] = {}
    for epoch in range(1, limit + 1):
        program.epoch(*trainer._order(batch, epoch), number=epoch)
        now = program.weights()
        for decay in DECAYS:
            # As in Adam, the first epochs do not weigh more than they should.
            old = means.get(decay, {name: np.zeros_like(w) for name, w in now.items()})
            means[decay] = {name: old[name] + decay * (w - old[name]) for name, w in now.items()}
            whole = {name: w / np.float32(1 - (1 - decay) ** epoch) for name, w in means[decay].items()}
            reader.start(whole, trainer._settings([params])[0])
            pooled = bench.pooled(trainer.data.held_out_answers(reader.logits(rows)))
            error = _loss(bench, pooled)
            if decay not in found or error < found[decay][0]:
                found[decay] = error, epoch, pooled
        if all(epoch - own[1] > max(trainer.limits.patience, own[1] // 2) for own in found.values()):
            break
    return [own[2] for own in found.values()]


def _loss(bench: Bench, pooled: Any) -> float:
    """The loss that was trained, on all held-out rows: it chooses the epoch, as in a search."""
    import numpy as np

    from autoft.evaluation.losses import row_losses

    rows = np.flatnonzero(bench.dataset.split.blocks >= 0)
    return float(row_losses(bench.dataset.y[rows], pooled[rows]).mean())


def muon(bench: Bench) -> Row:
    """TabM by Muon and by Adam."""
    own = bench.first[bench.of("tabm-mini")[0]]

    def trained() -> list[Any]:
        return [best(bench.trainer.train({**own, "learning_rate": rate}, lambda: False)) for rate in RATES]

    adam = trained()
    with muon_steps():
        return bench.compared(adam, trained())


def waves(bench: Bench) -> Row:
    """RealMLP with higher frequencies."""
    places = bench.of("realmlp")
    with sigma(SIGMA):
        new = [bench.trainer.train({**bench.first[place], "dropout": DROPOUT}, lambda: False) for place in places]
    return bench.compared([best(bench.outcomes[place]) for place in places], [best(own) for own in new])


def cycles(bench: Bench) -> Row:
    """RealMLP's networks at the ends of its last two cycles."""
    places = bench.of("realmlp")
    new = []
    for place in places:
        limit = bench.outcomes[place].limit
        for end in (round(limit * 7 / 15), limit):
            answers = bench.trainer.answers_after(bench.first[place], end, limit, lambda: False)
            new.append(bench.pooled(answers))
    return bench.compared([best(bench.outcomes[place]) for place in places], new)


VARIANTS = {"average": average, "muon": muon, "waves": waves, "cycles": cycles}


@contextmanager
def muon_steps() -> Iterator[None]:
    """Steps of all kernels but the last go along the nearest orthogonal matrix, in the size of Adam's (Liu and others,
    "Muon is scalable for LLM training", 2025)."""
    from autoft.training import epoch, step

    adam = step.update

    def update(state: Any, gradients: Any, settings: Any, active: Any, bounds: Any, rule: Any) -> Any:
        weights, firsts, *rest = adam(state, gradients, settings, active, bounds, rule)
        kernels = [place for place, factor in enumerate(rule.factors) if factor.l2][:-1]
        for place in kernels:
            whole = active * settings["learning_rate"] * rule.factors[place].rate * orthogonal(firsts[place])
            weights[place] = state[0][place] - whole
        return (weights, firsts, *rest)

    epoch.compiled.cache_clear()
    try:
        with patch.object(epoch, "update", update):
            yield
    finally:
        epoch.compiled.cache_clear()


def orthogonal(matrices: Any) -> Any:
    """Nearly the nearest orthogonal matrices ``[S, in, out]``, in the size of Adam's steps (Newton and Schulz)."""
    from keras import ops

    x = matrices / (ops.sqrt(ops.sum(ops.square(matrices), axis=(1, 2), keepdims=True)) + 1e-12)
    for _ in range(5):
        a = ops.matmul(ops.transpose(x, (0, 2, 1)), x)
        x = 3.4445 * x + ops.matmul(x, -4.7750 * a + 2.0315 * ops.matmul(a, a))
    longest = ops.maximum(ops.shape(x)[1], ops.shape(x)[2])
    return x * (0.2 * ops.sqrt(ops.cast(longest, x.dtype)))


@contextmanager
def sigma(value: float) -> Iterator[None]:
    """RealMLP's periodic vectors begin with frequencies of this deviation."""
    from autoft.networks.families import realmlp

    kept, realmlp.SIGMA = realmlp.SIGMA, value
    try:
        yield
    finally:
        realmlp.SIGMA = kept


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, save."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--rows", type=int, default=1_500)
    parser.add_argument("--variants", type=lambda text: tuple(text.split(",")), default=tuple(VARIANTS))
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    own, rest = parser.parse_known_args(argv)
    given: Options = options("training_gains", "what changes in training add", rest, only=ORDER)
    one_thread()
    rows: list[Row] = []
    for name in QUICK if given.quick else ORDER:
        if not given.wants(name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(name, str(own.shared.resolve()), own.rows, folder)
            for variant in own.variants:
                began = time.process_time()
                row = VARIANTS[variant](bench)
                rows.append({"set": name, "variant": variant, **row, "cpu_s": round(time.process_time() - began, 1)})
                progress(f"{name}, {variant}: {rows[-1]}")
                save("training_gains", given, rows, summarize(rows))
    return finish("training_gains", given, rows, summarize(rows))


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """Means of each variant over the sets."""
    found: dict[str, Any] = {}
    for variant in VARIANTS:
        own = [row for row in rows if row["variant"] == variant]
        if own:
            found |= {f"{variant}_{key}": sum(row[key] for row in own) / len(own) for key in ("alone", "blend_percent")}
            found[f"{variant}_better_alone"] = f"{sum(row['alone'] > 0 for row in own)} of {len(own)}"
    return found


if __name__ == "__main__":
    main()
