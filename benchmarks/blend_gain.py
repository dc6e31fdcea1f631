"""What boosted trees would add to the blend: the corrected score with and without them, on the same folds.

    python -m benchmarks.blend_gain [--minutes M] [--only adult,taxis] [--shared FOLDER] [--resume] [--encodings]

On the training rows of each set (`benchmarks.sets`) autoft searches networks for M minutes of one thread's CPU time.
On the same folds HistGradientBoosting is trained in three settings (`boosted.SETTINGS`): scikit-learn's default, and
two with a small rate, small and large trees, of which all folds have the number of iterations with the lowest mean
held-out loss. Each setting joins the trials as one more candidate, and the whole choice (blend, calibration) is made
and corrected again, on the same bootstrap draws: `gain` is the difference, with the 95 % interval of the differences by
draw.

`percent` is a gain in hundredths of ROC-AUC, or the percentage by which an error falls. `equal_time` is the gain of
the best setting where it takes the place of the trials for which there would have been no time. `share` is the weight
of the trees in the blend on all rows. All sets are measured in one process, on one thread.

`--encodings` compares how columns are shown to the default setting instead (`boosted.inputs`), without networks.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from autoft.errors import AutoFTError
from benchmarks import boosted
from benchmarks.boosted import SETTINGS
from benchmarks.common import RESULTS, Options, Row, finish, options, progress, save, thread_environment
from benchmarks.machine import ROOT
from benchmarks.sets import EVERY, settings, tables, unlearned

#: The most telling sets first.
ORDER = (
    *("wine_quality", "telco_churn", "bike_sharing", "parkinsons_telemonitoring", "german_credit", "adult"),
    *("california_housing", "car_evaluation", "diamonds", "covertype_10k", "amazon_access", "beijing_pm25"),
    *(
        "airbnb_nyc",
        "hotel_bookings",
        "bank_marketing",
        "taxis",
        "videogame_sales",
        "mice_protein",
        "ozone_eighthr",
        "titanic",
    ),
    *("heart_cleveland", "penguins", "madelon", "fine_foods", "cnae9"),
)
QUICK = ("penguins", "heart_cleveland")
#: How columns are shown to the trees that join the blend.
ENCODING: boosted.Encoding = "codes"
#: Of rows, for each score.
DRAWS = 200
#: Rows up to which a table is small, and medium.
SIZES = {"up to 2,000 rows": 2_000, "up to 10,000 rows": 10_000, "above": 10**9}


def joined(name: str, shared: str, minutes: float) -> Callable[[], dict[str, Any]]:
    """The piece: a search, boosted trees on its folds, and the corrected scores with and without them."""
    x, y, *_ = tables(name, shared)

    def work() -> dict[str, Any]:
        from autoft.evaluation.selection import candidates_of
        from autoft.pipeline.context import Run
        from autoft.pipeline.fit import prepare_dataset
        from autoft.pipeline.search import search
        from autoft.pipeline.time_budget import plan_search
        from autoft.pipeline.trainers import make_trainer
        from autoft.recipe.recipe import Recipe

        recipe = Recipe().with_changes(**{**settings(name), "minutes": minutes, "trials": 1_000})
        dataset = prepare_dataset(recipe, (x, y.rename(EVERY[name].target)))
        with tempfile.TemporaryDirectory() as folder, unlearned(name):
            cpu = time.process_time()
            run = Run(recipe=recipe, folder=Path(folder), clock=time.process_time, started=cpu)
            run.open_journal({"benchmark": "blend_gain"})
            trainer = make_trainer(run, dataset, dataset.folds)
            trials = search(dataset, plan_search(dataset, trainer, run), trainer, run)
            cpu = time.process_time() - cpu
        shown = [boosted.inputs(ENCODING, dataset, trainer.data, s) for s in range(dataset.split.k)]
        trees = {key: boosted.out_of_fold(dataset, shown, own) for key, own in SETTINGS.items()}
        networks = candidates_of(trials.trials, trials.outcomes)
        return {
            "rows": len(x),
            "columns": x.shape[1],
            "task": EVERY[name].task,
            "minutes": minutes,
            "trials": len(trials.trials),
            "networks_cpu_s": cpu,
            **compared(recipe, dataset, networks, [trial.seconds for trial in trials.trials], trees),
        }

    return work


def compared(
    recipe: Any, dataset: Any, networks: Sequence[Any], seconds: Sequence[float], trees: Mapping[str, boosted.Boosted]
) -> dict[str, Any]:
    """Corrected scores of the networks, and what each setting of the trees adds, and all of them.

    Args:
        networks: Candidates of the trials.
        seconds: Of each trial, in their order.
    """
    import numpy as np

    from autoft.evaluation.scores import scores
    from autoft.evaluation.selection import Candidate

    first = 1 + max(candidate.trial for candidate in networks)
    own = {
        key: Candidate(trial=first + place, epochs=found.iterations, predictions=found.predictions)
        for place, (key, found) in enumerate(trees.items())
    }
    score = scorer(recipe, dataset)
    without = score(networks)

    def gain(candidates: Sequence[Any]) -> dict[str, Any]:
        joined = score(candidates)
        weight = sum(share for place, share in joined.chosen if candidates[place].trial >= first)
        return {**gain_of(dataset, without, joined), "share": round(weight, 3)}

    rows = np.flatnonzero(dataset.split.blocks >= 0)
    each = {
        key: {
            "iterations": spent.iterations,
            "cpu_s": round(spent.cpu_s, 2),
            "alone": scores(dataset.truth.take(rows), spent.predictions[rows], dataset.problem)[dataset.objective],
            **gain([*networks, own[key]]),
        }
        for key, spent in trees.items()
    }
    best = max(each, key=lambda key: float(each[key]["percent"]))
    fewer = [c for c in networks if c.trial in _in_time(seconds, trees[best].cpu_s)]
    return {
        "networks": without.held_out[dataset.objective].value,
        "trees": score(list(own.values())).held_out[dataset.objective].value,
        "trees_cpu_s": round(sum(one.cpu_s for one in trees.values()), 2),
        **gain([*networks, *own.values()]),
        "best": best,
        "equal_time": gain([*fewer, own[best]])["percent"],
        "settings": each,
    }


def _in_time(seconds: Sequence[float], spent: float) -> set[int]:
    """Numbers of the trials for which there is time if so many seconds are spent otherwise; the first one at least."""
    left, kept = sum(seconds) - spent, {0}
    for number, own in enumerate(seconds):
        left -= own
        if left >= 0:
            kept.add(number)
    return kept


def scorer(recipe: Any, dataset: Any) -> Callable[[Sequence[Any]], Any]:
    """The corrected score of a list of candidates, always on the same draws."""
    from autoft.evaluation.correction import corrected
    from autoft.pipeline.effects import selection_rule
    from autoft.records.problem import Draws

    rule, draws = selection_rule(recipe, dataset), Draws(number=DRAWS, seed=recipe.seed)
    return lambda candidates: corrected(dataset.truth, candidates, dataset.problem, rule=rule, draws=draws)


def gain_of(dataset: Any, without: Any, found: Any) -> dict[str, Any]:
    """What one score has over another: the difference, its interval over the draws, and the percentage."""
    import numpy as np

    from autoft.evaluation.metrics import METRICS

    metric, count = METRICS[dataset.objective], min(len(without.samples), len(found.samples))
    old, new = (one.held_out[metric.name].value for one in (without, found))
    sign = 1.0 if metric.direction == "max" else -1.0
    low, high = np.nanpercentile(sign * (found.samples[:count] - without.samples[:count]), [2.5, 97.5])
    percent = 100 * (new - old if metric.direction == "max" else 1 - new / old)
    return {"gain": sign * (new - old), "low": float(low), "high": float(high), "percent": percent}


def encodings(name: str, shared: str) -> Callable[[], dict[str, Any]]:
    """The piece: held-out scores of the default setting by encoding, with its CPU seconds."""
    x, y, *_ = tables(name, shared)

    def work() -> dict[str, Any]:
        import numpy as np

        from autoft.evaluation.scores import scores
        from autoft.pipeline.context import Run
        from autoft.pipeline.fit import prepare_dataset
        from autoft.pipeline.trainers import make_trainer
        from autoft.recipe.recipe import Recipe

        recipe = Recipe().with_changes(**settings(name))
        dataset = prepare_dataset(recipe, (x, y.rename(EVERY[name].target)))
        with tempfile.TemporaryDirectory() as folder:
            stack: Any = make_trainer(Run(recipe=recipe, folder=Path(folder)), dataset, dataset.folds).data
        rows = np.flatnonzero(dataset.split.blocks >= 0)
        row: dict[str, Any] = {"rows": len(x)}
        for encoding in boosted.ENCODINGS:
            shown = [boosted.inputs(encoding, dataset, stack, s) for s in range(dataset.split.k)]
            found = boosted.out_of_fold(dataset, shown, SETTINGS["default"])
            score = scores(dataset.truth.take(rows), found.predictions[rows], dataset.problem)[dataset.objective]
            row |= {encoding: score, f"{encoding}_cpu_s": found.cpu_s, f"{encoding}_width": shown[0][0].shape[1]}
        return row

    return work


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """Gains by size and by task, and what they cost."""
    groups: dict[str, list[Row]] = {}
    smallest = 0
    for words, most in SIZES.items():
        groups[words] = [row for row in rows if smallest < row["rows"] <= most]
        smallest = most
    for task in ("binary", "multiclass", "regression"):
        groups[task] = [row for row in rows if row["task"] == task]
    return {
        "sets": len(rows),
        "gains": [row["set"] for row in rows if row["low"] > 0],
        "losses": [row["set"] for row in rows if row["high"] < 0],
        **{f"mean_percent_{words}": _mean([row["percent"] for row in own]) for words, own in groups.items() if own},
        **{
            f"mean_percent_of_{key}": _mean([row["settings"][key]["percent"] for row in rows])
            for key in boosted.SETTINGS
        },
        "recommended": [_recommended(words, groups[words]) for words in SIZES if groups[words]],
    }


def _recommended(words: str, rows: Sequence[Row]) -> str:
    """Whether trees pay for their time on tables of a size."""
    gain, weight = _mean([row["equal_time"] for row in rows]), _mean([row["share"] for row in rows])
    seconds = statistics.median(row["settings"][row["best"]]["cpu_s"] for row in rows)
    pays = "on" if gain > 0 else "off"
    cost = f"{gain:+.1f} % at equal time, weight {weight:.2f}, {seconds:.0f} CPU s a trial"
    return f"{words}: trees {pays} by default ({cost}; means of {len(rows)} sets)"


def _mean(values: Sequence[float]) -> float:
    return round(statistics.mean(values), 3) if values else 0.0


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, save."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=float, default=0.7)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--resume", action="store_true", help="run the sets that are missing in the file of results")
    parser.add_argument("--encodings", action="store_true", help="compare how columns are shown to trees")
    own, rest = parser.parse_known_args(argv)
    given: Options = options("blend_gain", "what boosted trees add to the blend", rest, only=ORDER)
    name = "trees_encoding" if own.encodings else "blend_gain"
    known: list[Row] = []
    if own.resume:  # the file keeps what is not run
        file = given.json or RESULTS / f"{name}.json"
        given = replace(given, json=file)
        known = json.loads(file.read_text(encoding="utf-8"))["rows"] if file.is_file() else []
    rows = {row["set"]: row for row in known}
    one_thread()
    wanted = [one for one in (QUICK if given.quick else ORDER) if given.wants(one) and one not in rows]
    work: Callable[..., Callable[[], Row]] = encodings if own.encodings else partial(joined, minutes=own.minutes)
    for one in wanted:
        began = time.perf_counter()
        try:
            row = work(one, str(own.shared.resolve()))()
        except (AutoFTError, ValueError) as error:
            progress(f"{one} failed: {error}")
            continue
        rows[one] = {"set": one, **row, "wall_s": round(time.perf_counter() - began, 1)}
        progress(f"{one}: {json.dumps(rows[one])}")
        save(name, given, list(rows.values()), _summary(own.encodings, list(rows.values())))
    return finish(name, given, list(rows.values()), _summary(own.encodings, list(rows.values())))


def one_thread() -> None:
    """Compute on one thread; nothing heavy may be imported yet."""
    os.environ.update(thread_environment(1))
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _summary(of_encodings: bool, rows: Sequence[Row]) -> dict[str, Any]:
    return {"sets": len(rows)} if of_encodings else summarize(rows)


if __name__ == "__main__":
    main()
