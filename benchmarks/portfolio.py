"""The portfolio: settings that a search tries right after the default one, learned over many data sets.

    python -m benchmarks.portfolio [--shared FOLDER] [--only adult,taxis] [--side-by-side N] [--json FILE]
    python -m benchmarks.portfolio --choose FILE [FILE ...]

The first command trains every candidate of a fixed list (`candidates`) on the *training* rows of each set of the shared
folder, in the same folds, and notes the objective of its pooled held-out predictions; the test rows of the split are
never looked at. Each set is a process of its own, N of them side by side, and a line of FILE (JSON lines) is written
for every candidate as soon as it is trained (a run goes on where the file ends).

The second command chooses from such files, greedily: the candidate that lowers the mean over the sets of what is lost
against the best candidate of each set, then the one that lowers it most beside the first, and so on, at most eight. It
does so over all sets, and once for each set without it: what was learned without a set is what `benchmarks.quality`
begins with there. The result is `autoft/search/portfolio.json`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from typing import Any

from autoft.pipeline.context import Run
from autoft.pipeline.evaluate import baseline_inputs
from autoft.pipeline.search import trial_score
from autoft.pipeline.space import make_search_space
from autoft.pipeline.trainers import make_trainer
from autoft.search.portfolio import TIERS, Tier
from benchmarks.common import progress, show
from benchmarks.machine import ROOT, describe
from benchmarks.sets import METRIC, SETS, tables

#: Entries of a portfolio.
MOST = 8
#: A set says at most so much about a candidate: beyond, it is useless there, and how useless is no matter.
WORST = 0.5
#: Settings of each shape. Those of one shape train side by side.
EACH = 6

FILE = ROOT / "autoft" / "search" / "portfolio.json"

#: What fixes the shape of a network. The batch is a multiple of the smallest of the space, which grows with the rows.
SHAPES: tuple[Mapping[str, Any], ...] = (
    {"architecture": "linear", "numbers": "piecewise", "batch": 1},
    {"architecture": "linear", "numbers": "plain", "batch": 1},
    {"architecture": "mlp", "numbers": "piecewise", "width": 128, "depth": 2, "activation": "relu", "batch": 1},
    {"architecture": "tabm-mini", "width": 128, "depth": 2, "batch": 1},
    {"architecture": "realmlp", "width": 256, "depth": 3, "batch": 1},
    {"architecture": "mlp", "numbers": "piecewise", "width": 256, "depth": 3, "activation": "relu", "batch": 1},
    {"architecture": "tabm-mini", "width": 256, "depth": 2, "batch": 1},
    {"architecture": "realmlp", "width": 128, "depth": 2, "batch": 1},
    {"architecture": "mlp", "numbers": "piecewise", "width": 256, "depth": 2, "activation": "silu", "batch": 2},
    {"architecture": "tabm-mini", "width": 256, "depth": 3, "batch": 2},
    {"architecture": "realmlp", "width": 256, "depth": 3, "batch": 2},
    {"architecture": "tabm-mini", "width": 64, "depth": 2, "batch": 1},
    {"architecture": "mlp", "numbers": "plain", "width": 256, "depth": 3, "activation": "silu", "batch": 1},
)


def candidates() -> list[dict[str, Any]]:
    """The list, the same for every set: `EACH` settings of every shape, spread evenly over the limits of the space."""
    import numpy as np

    rng, found = np.random.default_rng(0), []
    for shape in SHAPES:
        # A Latin square: each of the three is cut into as many parts as there are settings, and each part is met once.
        parts = [(rng.permutation(EACH) + rng.uniform(size=EACH)) / EACH for _ in range(3)]
        for rate, dropout, l2 in zip(*parts, strict=True):
            low, high = (1e-3, 2e-2) if shape["architecture"] in ("linear", "realmlp") else (3e-4, 1e-2)
            found.append(
                {
                    **shape,
                    "learning_rate": float(f"{low * (high / low) ** rate:.3g}"),
                    "dropout": round(float(max(dropout - 0.2, 0.0) * 0.5), 3),  # a fifth of them without
                    "l2": float(f"{1e-6 * 3e3**l2:.3g}"),
                }
            )
    return found


def trained(name: str, shared: str, file: str) -> str:
    """Train all candidates on the training rows of a set and write a line for each."""
    from autoft.training import backend

    backend.prepare()
    from autoft.evaluation import baselines
    from autoft.pipeline.fit import prepare_dataset
    from autoft.recipe.recipe import Recipe

    x, y, *_ = tables(name, shared)
    target, task = SETS[name][1:3]
    recipe = Recipe().with_changes(target=target, task=task, objective=METRIC[task])
    dataset = prepare_dataset(recipe, (x, y.rename(target)))
    with tempfile.TemporaryDirectory() as folder:
        stack = make_trainer(Run(recipe=recipe, folder=Path(folder)), dataset, dataset.members)
        space = {d.name: d for d in make_search_space(recipe, dataset)}
        smallest = min(space["batch_size"].values)  # type: ignore[union-attr]
        rest = {"embedding": 8} if "embedding" in space else {}
        have = _known(file, name)
        for group in _groups(candidates()):
            if have.issuperset(number for number, _ in group):
                continue
            params = [{**rest, **_without(c, "batch"), "batch_size": smallest * c["batch"]} for _, c in group]
            outcomes = stack.train_all(params, lambda: False)
            lines = []
            for (number, candidate), outcome in zip(group, outcomes, strict=True):
                score = None if outcome.status == "failed" else trial_score(dataset, outcome)
                lines.append(_line(name, number, candidate, score, outcome.epochs, outcome.seconds))
            _write(file, lines)
    inputs = baseline_inputs(dataset)
    simple = baselines.train_baselines(inputs, dataset.truth, dataset.folds, dataset.problem, seed=0)
    _write(file, [_line(name, -1, {"baseline": k}, _scored(dataset, p), 0, 0.0) for k, p in simple.items()])
    return name


def _scored(dataset: Any, predictions: Any) -> float:
    from autoft.evaluation.scores import scores

    return float(scores(dataset.truth, predictions, dataset.problem)[dataset.objective])


def _groups(every: Sequence[Mapping[str, Any]]) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
    numbered = iter(enumerate(every))
    while group := list(islice(numbered, EACH)):
        yield group


def _without(params: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in names}


def _known(file: str, name: str) -> set[int]:
    """Candidates of a set that an earlier, interrupted run has left in the file."""
    if not Path(file).is_file():
        return set()
    lines = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    return {line["candidate"] for line in lines if line["set"] == name}


def _line(
    name: str, number: int, candidate: Mapping[str, Any], score: float | None, epochs: int, seconds: float
) -> dict[str, Any]:
    return {
        **{"set": name, "metric": METRIC[SETS[name][2]], "candidate": number, "params": dict(candidate)},
        **{"score": score, "epochs": epochs, "seconds": round(seconds, 2)},
    }


def _write(file: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """Append whole lines in one write: several processes write the same file."""
    with open(file, "a", encoding="utf-8") as out:
        out.write("".join(json.dumps(line) + "\n" for line in lines))


def losses(lines: Sequence[Mapping[str, Any]]) -> dict[str, dict[int, float]]:
    """By set and candidate, what is lost against the set's best candidate, as a share of the best one's error.

    >>> lines = [{"set": "a", "metric": "rmse", "candidate": c, "score": s} for c, s in enumerate((2.0, 2.5, None))]
    >>> losses(lines)
    {'a': {0: 0.0, 1: 0.25, 2: 0.5}}
    """
    errors: dict[str, dict[int, float]] = {}
    for line in lines:
        if line["candidate"] >= 0:
            score = line["score"]
            error = float("inf") if score is None else 1 - score if line["metric"] == "roc_auc" else score
            errors.setdefault(line["set"], {})[line["candidate"]] = error
    best = {name: min(own.values()) for name, own in errors.items()}
    return {name: {c: min(e / best[name] - 1, WORST) for c, e in own.items()} for name, own in errors.items()}


def chosen(lost: Mapping[str, Mapping[int, float]], most: int = MOST) -> list[int]:
    """Candidates in the order in which each lowers the mean loss over the sets most, beside those before it.

    >>> chosen({"a": {0: 0.0, 1: 0.2, 2: 0.1}, "b": {0: 0.4, 1: 0.0, 2: 0.1}})
    [1, 0]
    """
    everywhere = set.intersection(*(set(own) for own in lost.values()))
    have = dict.fromkeys(lost, float("inf"))
    order: list[int] = []
    while len(order) < min(most, len(everywhere)):
        left = {c: sum(min(have[name], own[c]) for name, own in lost.items()) for c in sorted(everywhere - set(order))}
        pick = min(left, key=left.__getitem__)
        if left[pick] >= sum(have.values()) - 1e-12:
            break
        order.append(pick)
        have = {name: min(have[name], own[pick]) for name, own in lost.items()}
    return order


def tier_of(candidate: Mapping[str, Any]) -> Tier:
    """The cheapest tier that a candidate belongs to, by what an epoch of it costs on two cores."""
    width = {"tabm-mini": 1, "realmlp": 0.5}.get(candidate["architecture"], 0) * candidate.get("width", 0)
    return "small" if width <= 64 else "medium" if width <= 128 else "large"


def choose(files: Sequence[Path]) -> None:
    """Choose from what was trained, print what each choice loses, write the portfolio."""
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    every, lost = candidates(), losses(lines)

    def chosen_by_tier(left_out: str = "") -> dict[str, list[int]]:
        cheap = {tier: {c for c, own in enumerate(every) if _rank(tier_of(own)) <= _rank(tier)} for tier in TIERS}
        sets = {name: own for name, own in lost.items() if name != left_out}
        return {
            tier: chosen({name: {c: own[c] for c in own if c in cheap[tier]} for name, own in sets.items()})
            for tier in TIERS
        }

    order, without = chosen_by_tier(), {name: chosen_by_tier(name) for name in sorted(lost)}
    rows = [
        {
            "set": name,
            **{f"{tier}, first": lost[name][order[tier][0]] for tier in TIERS},
            **{tier: min(lost[name][c] for c in order[tier]) for tier in TIERS},
            **{f"{tier}, learned without it": min(lost[name][c] for c in without[name][tier]) for tier in TIERS},
            **_best(lines, name),
        }
        for name in sorted(lost)
    ]
    show(rows, title="What is lost against the best candidate of each set, as a share of its error")
    for tier in TIERS:
        print(tier, *(json.dumps(every[c]) for c in order[tier]), sep="\n  ")
    numbers = sorted({c for own in (order, *without.values()) for tier in TIERS for c in own[tier]})
    taken = {c: statistics.median(line["epochs"] for line in lines if line["candidate"] == c) for c in numbers}
    FILE.write_text(
        json.dumps(
            {
                "about": "Written by python -m benchmarks.portfolio --choose; read by autoft/search/portfolio.py.",
                "candidates": {str(c): {**every[c], "epochs": int(taken[c])} for c in numbers},
                "order": order,
                "without": without,
            },
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )


def _rank(tier: Tier) -> int:
    return -TIERS.index(tier)


def _best(lines: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """The best candidate of a set and the baselines, on the same folds."""
    own = [line for line in lines if line["set"] == name and line["score"] is not None]
    tried = [line for line in own if line["candidate"] >= 0]
    sign = -1 if own[0]["metric"] == "roc_auc" else 1
    best = min(tried, key=lambda line: sign * line["score"])
    simple = {line["params"]["baseline"]: line["score"] for line in own if line["candidate"] < 0}
    return {"best": best["score"], "of": best["params"]["architecture"], **simple}


def main(argv: Sequence[str] | None = None) -> None:
    """Train the candidates, or choose from what was trained."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portfolio", description="the portfolio of settings")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--only", default="", help="names of sets")
    parser.add_argument("--side-by-side", type=int, default=1, metavar="N", help="sets that are trained at a time")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "recorded" / "portfolio.jsonl")
    parser.add_argument("--choose", type=Path, nargs="+", metavar="FILE", help="choose from these files")
    given = parser.parse_args(argv)
    if given.choose:
        choose(given.choose)
        return
    names = [name for name in given.only.split(",") if name] or list(SETS)
    began = time.monotonic()
    progress(json.dumps(describe()))
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.side_by_side, mp_context=spawning, max_tasks_per_child=1) as pool:
        running = [pool.submit(trained, name, str(given.shared.resolve()), str(given.json)) for name in names]
        for future in as_completed(running):
            progress(f"{future.result()}: done after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
