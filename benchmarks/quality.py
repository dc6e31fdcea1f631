"""How good the models are: autoft against others on every shared set, on the split that all tools are given.

    python -m benchmarks.quality [--minutes M] [--only adult,taxis] [--shared FOLDER] [--sides plain_mlp] [--resume]

`FOLDER` (by default `shared` beside the checkout) holds the data sets (`data/`), the random 80/20 split with its
metrics (`bench/splits.py`) and what other tools were measured to reach on it (`bench/peers.md`). `benchmarks.sets` says
which sets there are, and how their test parts are cut: at random, the last 20 % in time, or whole groups. Each side is
trained on the training rows in a process of its own on two threads and answers for the test rows, which nothing has
seen: ROC-AUC for two classes, log-loss for more, root mean squared error for numbers.

`autoft` has M minutes for everything; it begins with the portfolio that was learned without the set
(`benchmarks.portfolio`). `networks_only` is autoft without trees, for as many minutes. `plain_mlp` (on the first 14
sets) is autoft too, with everything switched off that this benchmark is there to justify: perceptrons on scaled numbers
and one-hot columns alone, the best trial alone. The others are `benchmarks.peers`: scikit-learn's with its defaults,
LightGBM and CatBoost stopped early.

`--sides` runs some of the sides alone and takes the rest of each row from the file of results; `--resume` runs those
that are missing there. Both keep the rows of other sets, and save after each side, so that a long run can be cut.
`commits` says of which commit each side is.

`inside` says whether the test score lies in the 95 % interval that autoft reported from the training rows, widened by
1.96 standard errors of the test score (bootstrap). `boosting` is the best of HistGradientBoosting with and without
early stopping, of what `peers.md` records for it (another way to code categories is better on some sets, ours on
others), of LightGBM and of CatBoost; `ratio` compares with that: above 1 is better. Where more than a twentieth of the
test rows have the very features of a training row, `fresh` holds the scores on the others: models that learn rows by
heart gain on copies. `accuracy` is that of autoft's most probable class. `verdicts` compare with what is to be reached.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any

from benchmarks import peers
from benchmarks.common import HEAVY, RESULTS, Options, PieceFailed, Row, finish, measure, options, progress, save
from benchmarks.machine import ROOT, commit
from benchmarks.sets import EVERY, METRIC, SETS, settings, splits, tables, unlearned
from benchmarks.verdicts import BOOSTING, RECORDED, gain, strongest, summarize, table

QUICK = ("penguins", "heart_cleveland")

#: Sides of autoft, and all.
OWN = ("autoft", "networks_only", "plain_mlp")
SIDES = (*OWN, *peers.SKLEARN, *peers.BOOSTERS)

#: Share of test rows with a copy among the training rows from which on the score without them is given too.
_COPIES = 0.05
#: What a recipe says for the sides of autoft: no trees, and plain perceptrons alone.
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "networks_only": {"search.families": "networks"},
    "plain_mlp": {"search.space": {"architecture": ["mlp"], "numbers": ["plain"]}, "search.blend": 1},
}


def copies(name: str, shared: str) -> Any:
    """``[n]`` which of the test rows have all their features in common with a training row."""
    x, _, x_test, _ = tables(name, shared)
    known = set(x.astype(str).itertuples(index=False, name=None))
    return [row in known for row in x_test.astype(str).itertuples(index=False, name=None)]


def scored(name: str, shared: str, truth: Any, answers: Any, classes: Sequence[str]) -> dict[str, float]:
    """The test score, its standard error over 200 bootstrap draws, and where there are copies the score without."""
    import numpy as np

    task, module = EVERY[name].task, splits(shared)

    def score(rows: Any) -> float:
        y = np.asarray(truth)[rows]
        if task == "regression":
            return float(module.regression_scores(y, answers[rows])["rmse"])
        if task == "binary" and len(set(y)) < 2:
            return float("nan")
        return float(module.classification_scores(y, answers[rows], classes)[METRIC[task]])

    rng, n = np.random.default_rng(0), len(truth)
    drawn = []
    for _ in range(200):
        rows = rng.integers(0, n, n)
        try:
            drawn.append(score(rows))
        except ValueError:  # a draw without some class has no log-loss
            continue
    own = np.flatnonzero(~np.asarray(copies(name, shared)))
    fresh = {"fresh": score(own)} if len(own) < (1 - _COPIES) * n else {}
    return {"test": score(np.arange(n)), "error": float(np.nanstd(drawn)), **fresh}


def autoft(name: str, shared: str, minutes: float, side: str) -> Callable[[], dict[str, Any]]:
    """The piece: a whole fit within the minutes, and its test score."""
    x, y, x_test, y_test = tables(name, shared)
    target, task = EVERY[name].target, EVERY[name].task

    def work() -> dict[str, Any]:
        import numpy as np

        from autoft import AutoFineTuner
        from autoft.recipe.recipe import Recipe

        changes = CHANGES.get(side, {})
        given = {**settings(name), "minutes": minutes, "trials": 1_000, **changes}
        with unlearned(name):
            tuner = AutoFineTuner(recipe=Recipe().with_changes(**given)).fit((x, y.rename(target)))
        answers = tuner.predict(x_test) if task == "regression" else tuner.predict_proba(x_test)
        classes = [] if task == "regression" else [str(c) for c in tuner.classes_]
        found = tuner.evaluation_
        held_out = found.held_out[METRIC[task]]
        accuracy: dict[str, float] = {}
        if task != "regression":
            most = np.asarray(classes)[np.argmax(answers, axis=1)]
            accuracy["accuracy"] = float(np.mean(most == np.asarray(y_test, dtype=str)))
        return {
            **scored(name, shared, y_test, answers, classes),
            **accuracy,
            **{key: getattr(held_out, key) for key in ("value", "low", "high")},
            "trials": len(found.trials),
            "blend": [[found.trials[number].params["architecture"], round(share, 3)] for number, share in found.blend],
        }

    return work


def peer(name: str, shared: str, side: str) -> Callable[[], dict[str, Any]]:
    """The piece: another tool's model and its test score."""
    x, y, x_test, y_test = tables(name, shared)

    def work() -> dict[str, Any]:
        model = peers.trained(side, name, x, y)
        classes = [] if EVERY[name].task == "regression" else [str(c) for c in model.classes_]
        return scored(name, shared, y_test, peers.answers(model, EVERY[name], x_test), classes)

    return work


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run on each set: minutes of autoft's sides; all wanted sides again, or those that are missing."""

    shared: str
    minutes: float
    wanted: Sequence[str] = SIDES
    resume: bool = False

    def sides(self, name: str, known: Row) -> list[str]:
        """The sides to run on a set."""
        there = {*OWN[: 3 if name in SETS else 2], *peers.sides(name)}
        wanted = [side for side in self.wanted if side in there and peers.installed(side)]
        given = known.get("minutes", {})
        return [
            side
            for side in wanted
            if not self.resume or known.get(side) is None or given.get(side, self.minutes) != self.minutes
        ]


def run(name: str, plan: Plan, known: Row, keep: Callable[[Row], Any]) -> Row:
    """The wanted sides on one set, the others as they are known; `keep` is called with the row after each side."""
    row = {"set": name, "metric": METRIC[EVERY[name].task], **known}
    for side in plan.sides(name, known):
        piece = "autoft" if side in OWN else "peer"
        arguments = {"minutes": plan.minutes} if side in OWN else {}
        try:
            measured = measure(
                f"benchmarks.quality:{piece}",
                {"name": name, "shared": plan.shared, "side": side, **arguments},
                threads=2,
                imports=HEAVY if side in OWN else peers.imports(side),
                timeout_s=plan.minutes * 180 + 1_800,
            )
        except (PieceFailed, TimeoutExpired) as error:
            progress(f"{name}, {side} failed: {error}")
            row[side] = None
            continue
        row |= noted(row, side, measured.value, measured.wall_s)
        if side == "autoft":
            row |= {"wall_s": measured.wall_s, "cpu_s": measured.cpu_s}
        if side in OWN:
            row["minutes"] = {**row.get("minutes", {}), side: plan.minutes}
        progress(f"{name}, {side}: {measured.value['test']:.5g} ({measured.wall_s:.0f} s)")
        keep(compared(row, plan.shared))
    return compared(row, plan.shared)


def noted(row: Row, side: str, spent: Mapping[str, Any], seconds: float) -> Row:
    """What a side adds to a row."""
    found: Row = {side: spent["test"]}
    found["seconds"] = {**row.get("seconds", {}), side: round(seconds, 1)}
    found["commits"] = {**row.get("commits", {}), side: commit()[:7]}
    if "fresh" in spent:
        found["fresh"] = {**row.get("fresh", {}), side: spent["fresh"]}
    if side == "networks_only":
        found["networks_reported"] = [spent[key] for key in ("value", "low", "high")]
    if side == "autoft":
        low, high = spent["low"] - 1.96 * spent["error"], spent["high"] + 1.96 * spent["error"]
        found |= {"reported": spent["value"], "low": spent["low"], "high": spent["high"], "error": spent["error"]}
        found |= {"inside": low <= spent["test"] <= high, "trials": spent["trials"], "blend": spent["blend"]}
        found["accuracy"] = spent.get("accuracy")
    return found


def compared(row: Row, shared: str) -> Row:
    """A row with what was recorded of others, the best boosting, and how autoft compares."""
    others = peers.recorded(shared).get(row["set"], {})
    row = {**row, **{tool: others.get(tool) for tool in RECORDED}}
    row["boosting"] = strongest([*(row.get(side) for side in BOOSTING), others.get("sk_hgb")], row["metric"])
    return {**row, "ratio": gain(row, "boosting")}


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, save."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--sides", type=lambda text: tuple(text.split(",")), metavar="A,B")
    parser.add_argument("--resume", action="store_true", help="run what is missing in the file of results")
    parser.add_argument("--table", action="store_true", help="print the file of results in Markdown")
    own, rest = parser.parse_known_args(argv)
    given: Options = options("quality", "test scores against others on all sets", rest, only=[*EVERY])
    if unknown := set(own.sides or ()) - set(SIDES):
        parser.error(f"--sides: {', '.join(sorted(unknown))}; there are {', '.join(SIDES)}")
    if lacking := [side for side in SIDES if not peers.installed(side)]:
        progress(f"not installed, and left out: {', '.join(lacking)}")
    if own.table:
        result = json.loads((given.json or RESULTS / "quality.json").read_text(encoding="utf-8"))
        print(
            table(result["rows"], peers.recorded(str(own.shared.resolve()))), *result["summary"]["verdicts"], sep="\n"
        )
        return dict(result)
    shared, minutes = str(own.shared.resolve()), 0.3 if given.quick else own.minutes
    plan = Plan(shared=shared, minutes=minutes, wanted=own.sides or SIDES, resume=own.resume)
    known: dict[str, Row] = {}
    if own.sides or own.resume:  # the file keeps what is not run
        given = replace(given, json=given.json or RESULTS / "quality.json")
        known = _known(given.json)
    names = [name for name in (QUICK if given.quick and not given.only else EVERY) if given.wants(name)]
    rows = dict(known)

    def keep(row: Row) -> list[Row]:
        rows[row["set"]] = row
        ordered = [rows[name] for name in EVERY if name in rows]
        save("quality", given, ordered, summarize(ordered, minutes))
        return ordered

    for name in names:
        ordered = keep(run(name, plan, known.get(name, {}), keep))
    result = finish("quality", given, ordered, summarize(ordered, minutes))
    print("\n".join(result["summary"]["verdicts"]))
    return result


def _known(path: Path | None) -> dict[str, Row]:
    """The rows of an earlier run by set."""
    if path is None or not path.is_file():
        return {}
    earlier = json.loads(path.read_text(encoding="utf-8"))
    minutes = dict.fromkeys(OWN, earlier["summary"]["minutes"])
    return {row["set"]: {"minutes": minutes, **row} for row in earlier["rows"]}


if __name__ == "__main__":
    main()
