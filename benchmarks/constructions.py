"""Ways to make a network monotone, on the shared sets: what each costs in accuracy and in time.

    python -m benchmarks.constructions [--only SETS] [--sides A,B] [--seeds N] [--more] [--shared FOLDER]

The sets, effects and orders of `benchmarks.knowledge`, divided as in `benchmarks.quality`. Of sets with more than
10,000 training rows, 10,000 are drawn (stratified for classes): california_housing, bike_sharing and diamonds.

- `ours`: autoft's bounded perceptron, half of its units free of the columns with effects;
- `free`: the same without effects, with ReLU, for reference;
- `all_bound`: `ours` with all units bound, the layout of Runje & Shankaranarayana (ICML 2023);
- `absolute`: that layout with `|W|` in the forward pass instead of bounds, and their three kinds of units;
- `absolute_halves`: `|W|` in the layout of `ours`;
- `lipschitz`: Nolte, Kitouni, Williams (ICLR 2023): kernels of bounded norm, GroupSort, and the constrained columns
  added, times a steepness that is chosen;
- `lattice`: calibrators (curves of 10 bins) and the sum of 256 lattices of 4 random columns, projected after every step
  (Canini and others, NeurIPS 2016; You and others, NeurIPS 2017).

All read the same: autoft's encoded rows, numbers scaled and categories one-hot, no bins (a choice that favours the
lattices, which have curves of their own). Two hidden layers of 64 units, or about as many weights in lattices
(`parameters`); no dropout and no penalty. A fifth of the training rows, drawn anew for every seed, stops the training
(40 epochs at most, 6 without a better loss) and chooses between two learning rates, and for `lipschitz` between two
steepnesses too, so that it has four tries. Adam, and one loop for all (`benchmarks.monotone_training`), compiled as
autoft compiles networks of this size. Seeds and learning rates train side by side. Compared are single networks: bags,
blends and the search over shapes, which autoft adds, are left out.

`test` is the mean over the seeds of single networks' scores, `violations` are those of `benchmarks.knowledge`, of all
seeds. `epoch_ms` are CPU milliseconds of one epoch of one network on one thread, without epochs that compile something;
`cpu_s` is all that a side spent on training on a set: compilation, all seeds, rates and steepnesses. Each set is a
process of its own, in which the sides train one after the other, after something else has woken TensorFlow. `--more`
goes on from the file of an earlier run: it keeps its rows and measures the sets that it lacks.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoft.pipeline.describe import inspect_table
from autoft.pipeline.split import split
from autoft.records.arrays import Array
from benchmarks.common import RESULTS, Options, PieceFailed, Row, finish, measure, options, progress, save
from benchmarks.knowledge import KNOWN, drawn, violations
from benchmarks.machine import ROOT
from benchmarks.quality import METRIC, SETS, splits, tables

if TYPE_CHECKING:
    from autoft.records.hints import Hints
    from autoft.training.stack import Stack

SIDES = ("ours", "free", "all_bound", "absolute", "absolute_halves", "lipschitz", "lattice")
QUICK = ("heart_cleveland",)

#: Most training rows, and share of them that stops the training.
_MOST, _HELD_OUT = 10_000, 0.2
_IMPORTS = ("numpy", "pandas", "sklearn", "tensorflow", "keras")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """A set as all sides see it.

    Attributes:
        data: Training rows; each seed is a member with rows of its own held out, which fit nothing.
        hints: Effects on them.
        encode: From a table to ``[seeds, n, in]``.
        classes: Names of the classes.
    """

    data: Stack
    hints: Hints
    encode: Callable[[Any], Array]
    classes: tuple[str, ...]


def dataset(name: str, x: Any, y: Any, seeds: int) -> Problem:
    """Training rows as autoft prepares them, with the effects that are known of the set."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    from autoft.data.convert import convert
    from autoft.data.table import read
    from autoft.preprocessing.encode import encode
    from autoft.preprocessing.encoder import build_encoder
    from autoft.recipe.recipe import Recipe
    from autoft.training.stack import stack_data

    known, (_, target, task) = KNOWN[name], SETS[name]
    positive = known.positive if task == "binary" else None
    changes: dict[str, Any] = {"target": target, "task": task, "positive": positive, "schema.engine": "none"}
    changes |= {"knowledge.features": known.features(), "preprocess.categorical.embed_above": 1_000}
    recipe = Recipe().with_changes(**changes)
    ready = split(recipe, inspect_table(recipe, (x, y.rename(target))))
    strata = None if task == "regression" else ready.y
    divided = [
        train_test_split(np.arange(len(ready.y)), test_size=_HELD_OUT, random_state=seed, stratify=strata)
        for seed in range(seeds)
    ]
    data = stack_data(
        ready.plan,
        ready.encoded,
        ready.y,
        task=ready.target.task,
        classes=len(ready.target.classes),
        train=[np.sort(train) for train, _ in divided],
        held_out=[np.sort(held) for _, held in divided],
    )
    encoder = build_encoder(data.plan, data.statistics)

    def encoded(frame: Any) -> Array:
        cells = convert(read(frame, target=None).frame, ready.features).values
        return np.asarray(encoder(data.statistics.arrays(encode(data.plan, cells, len(frame))))["dense"])

    return Problem(data=data, hints=ready.description.hints, encode=encoded, classes=ready.target.classes)


def trained(problem: Problem, side: str, rates: Sequence[float], epochs: int, patience: int) -> dict[str, Any]:
    """Networks of every seed, chosen by the rows that it holds out.

    Returns:
        ``answers``: from a table and a seed to probabilities or values; and what is known of the training.
    """
    import numpy as np

    from benchmarks.monotone_training import Loop, build, side_by_side

    began, seeds, rows = time.process_time(), problem.data.members, len(problem.data.y)
    data = side_by_side(problem.data, len(rates))
    construction = build(side, data, data.start(0), problem.hints)
    loop, given = Loop(construction, data), list(rates) * seeds
    batch = 32 if rows < 1_000 else 128
    found = {
        variant: loop.train(given, batch=batch, epochs=epochs, patience=patience, seed=0, variant=variant)
        for variant in construction.variants
    }
    cpu_s, spent = time.process_time() - began, [run.spent for run in found.values()]
    tries = [(variant, k) for variant in found for k in range(len(rates))]
    chosen = [
        min(tries, key=lambda t, seed=seed: found[t[0]].losses[seed * len(rates) + t[1]])  # type: ignore[misc]
        for seed in range(seeds)
    ]
    places = [(variant, seed * len(rates) + k) for seed, (variant, k) in enumerate(chosen)]
    weights = {
        name: np.stack([found[variant].weights[name][place] for variant, place in places])
        for name in next(iter(found.values())).weights
    }

    def answers(frame: Any, seed: int) -> Any:
        own = {name: array[[seed]] for name, array in weights.items()}
        logits = loop.logits(own, problem.encode(frame)[[seed]])
        return problem.data.answers(seed, logits[0])

    return {
        "answers": answers,
        "epoch_ms": 1_000 * sum(cpu for cpu, _ in spent) / max(1, sum(epochs for _, epochs in spent)),
        "epochs": float(np.mean([found[variant].epochs[place] for variant, place in places])),
        "cpu_s": cpu_s,
        "parameters": construction.parameters,
        "held_out": [float(found[variant].losses[place]) for variant, place in places],
        "rates": [rates[k] for _, k in chosen],
        "variants": [variant for variant, _ in chosen],
    }


def piece(
    name: str, shared: str, sides: Sequence[str], seeds: int, epochs: int, patience: int, tries: int
) -> Callable[[], list[Row]]:
    """The piece: some sides on one set, one after the other."""
    from benchmarks.monotone_training import RATES

    whole = tables(name, shared)[0]
    x, y, x_test, y_test = drawn(name, shared, _MOST if len(whole) > _MOST else 0, 0)
    problem = dataset(name, x, y, seeds)
    trained(problem, "free", RATES[:1], 1, 1)  # what TensorFlow does once in a process is no side's

    def one(side: str) -> Row:
        found = trained(problem, side, RATES[:tries], epochs, patience)
        answers = found.pop("answers")
        seen = [
            looked_at(name, shared, problem.classes, partial(answers, seed=s), x_test, y_test) for s in range(seeds)
        ]
        tests = [own["test"] for own in seen]
        row = {"set": name, "metric": METRIC[SETS[name][2]], "side": side, "rows": len(x)}
        row |= {"test": statistics.mean(tests), "tests": tests}
        row |= {key: sum(own[key] for own in seen) for key in ("violations", "pairs")}
        columns = seen[0]["by_column"]
        return {**row, "by_column": {c: sum(own["by_column"][c] for own in seen) for c in columns}, **found}

    return lambda: [one(side) for side in sides]


def looked_at(
    name: str, shared: str, classes: Sequence[str], answers: Callable[[Any], Any], x_test: Any, y_test: Any
) -> dict[str, Any]:
    """Test score and violations of one network."""
    import numpy as np

    task, module, truth = SETS[name][2], splits(shared), np.asarray(y_test)
    if task == "regression":
        test = module.regression_scores(truth, answers(x_test))["rmse"]
        return {"test": test, **violations(KNOWN[name], name, x_test, answers)}
    test = module.classification_scores(truth, answers(x_test), classes)[METRIC[task]]
    place = classes.index(str(KNOWN[name].positive))
    return {"test": test, **violations(KNOWN[name], name, x_test, lambda frame: answers(frame)[:, place])}


def run(
    name: str, shared: str, sides: Sequence[str], *, seeds: int, epochs: int = 40, patience: int = 6, tries: int = 2
) -> list[Row]:
    """Some sides on one set, in a process of its own on one thread."""
    arguments: dict[str, Any] = {"name": name, "shared": shared, "sides": list(sides), "seeds": seeds}
    arguments |= {"epochs": epochs, "patience": patience, "tries": tries}
    measured = measure("benchmarks.constructions:piece", arguments, threads=1, imports=_IMPORTS, timeout_s=7_200)
    rows: list[Row] = measured.value
    return rows


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """By side: violations, accuracy and time, over the sets that both it and `ours` have.

    `violated` are shares of the pairs. `roc_auc` and `rmse` compare with `ours`: the mean difference of ROC-AUC, and
    the geometric mean of quotients of errors (above 1 is worse than `ours`), as is that of `epoch`, the time of one.
    """
    of = {(row["set"], row["side"]): row for row in rows}
    sides = [side for side in SIDES if any(row["side"] == side for row in rows)]

    def against(side: str, key: str, metrics: Sequence[str]) -> list[tuple[float, float]]:
        names = [name for name, other in of if other == side and (name, "ours") in of]
        pairs = [(of[name, side], of[name, "ours"]) for name in names]
        return [(row[key], ours[key]) for row, ours in pairs if row["metric"] in metrics]

    def quotient(side: str, key: str, metrics: Sequence[str]) -> float | None:
        logs = [math.log(value / ours) for value, ours in against(side, key, metrics)]
        return math.exp(statistics.mean(logs)) if logs else None

    def difference(side: str) -> float | None:
        found = [value - ours for value, ours in against(side, "test", ["roc_auc"])]
        return statistics.mean(found) if found else None

    def total(side: str, key: str) -> float:
        found: float = sum(row[key] for row in rows if row["side"] == side)
        return found

    compared: Mapping[str, Mapping[str, float | None]] = {
        "violated": {side: total(side, "violations") / max(1, total(side, "pairs")) for side in sides},
        "roc_auc": {side: difference(side) for side in sides},
        "rmse": {side: quotient(side, "test", ["rmse"]) for side in sides},
        "epoch": {side: quotient(side, "epoch_ms", ["rmse", "roc_auc"]) for side in sides},
        "cpu_s": {side: total(side, "cpu_s") for side in sides},
    }
    rounded = {
        key: {side: None if value is None else round(value, 4) for side, value in each.items()}
        for key, each in compared.items()
    }
    return {**rounded, "violations": {side: total(side, "violations") for side in sides if side != "free"}}


def kept(path: Path) -> list[Row]:
    """Rows of an earlier run, to go on with; none where there was no run."""
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    return rows


def _line(row: Row) -> str:
    return (
        f"{row['set']}, {row['side']}: {row['test']:.5g}, {row['violations']} of {row['pairs']} pairs, "
        f"{row['epoch_ms']:.3g} ms an epoch ({row['cpu_s']:.0f} s)"
    )


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, save."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--sides", type=lambda text: tuple(text.split(",")), default=SIDES)
    parser.add_argument("--more", action="store_true")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    own, rest = parser.parse_known_args(argv)
    given: Options = options("constructions", "ways to make a network monotone", rest, only=tuple(KNOWN))
    if unknown := set(own.sides) - set(SIDES):
        parser.error(f"--sides: {', '.join(sorted(unknown))}; there are {', '.join(SIDES)}")
    names = [name for name in (QUICK if given.quick and not given.only else KNOWN) if given.wants(name)]
    small = {"seeds": 1, "epochs": 3, "tries": 1} if given.quick else {"seeds": own.seeds}
    rows = kept(given.json or RESULTS / "constructions.json") if own.more else []
    names = [name for name in names if name not in {row["set"] for row in rows}]
    for place, name in enumerate(names):
        turned = own.sides[:: 1 if place % 2 == 0 else -1]  # a slow spell hits other sides on the next set
        try:
            rows += run(name, str(own.shared.resolve()), turned, **small)
        except PieceFailed as error:
            progress(f"{name} failed: {error}")
            continue
        progress("\n".join(_line(row) for row in rows if row["set"] == name))
        save("constructions", given, rows, summarize(rows))
    return finish("constructions", given, rows, summarize(rows))


if __name__ == "__main__":
    main()
