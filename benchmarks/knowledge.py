"""What hints are worth: autoft with textbook hints against itself without, and boosting with and without constraints.

    python -m benchmarks.knowledge [--only SETS] [--minutes M] [--sizes 0,300,100] [--draws N] [--shared FOLDER]

Each set is divided as in `benchmarks.quality`; the sides train on all training rows, and on 100 and 300 of them (drawn
`N` times, stratified for classes), where knowledge matters most, and answer for the same test rows:

- `hints`: autoft with the hints below, `free`: autoft without (orders of categories are hints too);
- `boosting`, `boosting_monotone`: scikit-learn's HistGradientBoosting, ordered categories as ranks, the latter with the
  same effects as `monotonic_cst`.

`violations`: pairs of test rows that differ only by a rise in a column with an effect (to a larger value of the table,
drawn at random), for which the answer moves the wrong way by more than rounding; `pairs` is how many were looked at.

`planted`: one more training with a hint that is the opposite of what everybody knows, beside the other ones. Its
verdict must be `contradicted`, that of the others must not be, nor `contradicted in part`. Beside each verdict stands
under `tests` what it rests on: the gain by the hint with its interval, and how far networks without it go its way.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import HEAVY, Options, PieceFailed, Row, finish, measure, options, progress, save
from benchmarks.machine import ROOT
from benchmarks.quality import scored
from benchmarks.sets import METRIC, SETS, tables

if TYPE_CHECKING:
    from autoft.records.hint_tests import HintTest

#: Training rows of the small searches; 0 is all of them.
SIZES = (0, 300, 100)
SIDES = ("hints", "free", "boosting", "boosting_monotone")
#: Test rows that are moved, and how often each in each column.
_MOVED, _TIMES = 1_000, 3
#: Relative to the range of the answers: what rounding may do.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What textbooks say of a set.

    Attributes:
        effects: By column, 1 for a rising and -1 for a falling effect on the positive class or the number.
        orders: Categories from the lowest to the highest.
        positive: The class that effects are about.
        planted: A column and an effect that is wrong, instead of what `effects` says of it.
    """

    effects: Mapping[str, int]
    planted: tuple[str, int]
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    positive: str | None = None

    def features(self, *, planted: bool = False) -> dict[str, dict[str, Any]]:
        """The hints as a recipe has them."""
        effects = {**self.effects, **(dict([self.planted]) if planted else {})}
        words = {1: "increasing", -1: "decreasing"}
        found: dict[str, dict[str, Any]] = {name: {"effect": words[sign]} for name, sign in effects.items()}
        for name, order in self.orders.items():
            found[name]["order"] = list(order)
        return found


KNOWN: Mapping[str, Known] = {
    "telco_churn": Known(
        effects={"tenure": -1, "MonthlyCharges": 1, "Contract": -1},
        planted=("Contract", 1),
        orders={"Contract": ("Month-to-month", "One year", "Two year")},
        positive="Yes",
    ),
    "california_housing": Known(effects={"median_income": 1, "population": -1}, planted=("median_income", -1)),
    "german_credit": Known(
        effects={"duration": 1, "installment_rate": 1, "employment": -1, "checking_status": -1},
        planted=("checking_status", 1),
        orders={
            "employment": ("A71", "A72", "A73", "A74", "A75"),
            "checking_status": ("A11", "A12", "A13", "A14"),
        },
        positive="bad",
    ),
    "bike_sharing": Known(effects={"hum": -1, "windspeed": -1, "weathersit": -1, "yr": 1}, planted=("atemp", -1)),
    "diamonds": Known(
        effects={"carat": 1, "color": 1, "cut": 1, "clarity": 1},
        planted=("clarity", -1),
        orders={
            "cut": ("Fair", "Good", "Very Good", "Premium", "Ideal"),
            "color": ("J", "I", "H", "G", "F", "E", "D"),
            "clarity": ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"),
        },
    ),
    "heart_cleveland": Known(
        effects={"oldpeak": 1, "thalach": -1, "exang": 1, "trestbps": 1, "ca": 1}, planted=("ca", -1), positive="yes"
    ),
}
QUICK = ("heart_cleveland",)


def drawn(name: str, shared: str, rows: int, draw: int) -> tuple[Any, Any, Any, Any]:
    """Some of the training rows (0: all of them), and the test rows."""
    from sklearn.model_selection import train_test_split

    x, y, x_test, y_test = tables(name, shared)
    if rows:
        strata = None if SETS[name][2] == "regression" else y
        x, _, y, _ = train_test_split(x, y, train_size=rows, random_state=draw, stratify=strata)
    return x.reset_index(drop=True), y.reset_index(drop=True), x_test, y_test


def raised(known: Known, name: str, frame: Any, column: str) -> tuple[Any, Any]:
    """Positions of test rows, and the same rows with a larger value in one column."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng([len(name), len(column)])
    rows = np.tile(rng.permutation(len(frame))[:_MOVED], _TIMES)
    moved = frame.iloc[rows].reset_index(drop=True)
    order = known.orders.get(column)
    if order:
        rank = moved[column].astype(str).map({text: place for place, text in enumerate(order)}).to_numpy()
        after = rank + rng.integers(1, len(order), len(rank))
        kept = after < len(order)
        moved = moved[kept].assign(**{column: [order[int(place)] for place in after[kept]]})
        return rows[kept], moved.reset_index(drop=True)
    numbers = pd.to_numeric(moved[column], errors="coerce").to_numpy()
    if frame[column].dtype == object:  # yes and no
        return rows[:0], moved[:0]
    after = rng.choice(pd.to_numeric(frame[column], errors="coerce").dropna().to_numpy(), len(numbers))
    kept = after > numbers
    return rows[kept], moved[kept].assign(**{column: after[kept].astype(frame[column].dtype)}).reset_index(drop=True)


def violations(known: Known, name: str, frame: Any, answers: Callable[[Any], Any]) -> dict[str, Any]:
    """Pairs that move the wrong way, by column with an effect and in all."""
    import numpy as np

    before, found, pairs = answers(frame), {}, 0
    slack = _ROUNDING * float(np.ptp(before))
    for column, sign in known.effects.items():
        rows, moved = raised(known, name, frame, column)
        if not len(rows):
            continue
        wrong = sign * (answers(moved) - before[rows]) < -slack
        found[column], pairs = int(wrong.sum()), pairs + len(rows)
    return {"violations": sum(found.values()), "pairs": pairs, "by_column": found}


def autoft(
    name: str, shared: str, rows: int, draw: int, minutes: float | None, trials: int, side: str
) -> Callable[[], dict[str, Any]]:
    """The piece: a whole fit with or without hints."""
    x, y, x_test, y_test = drawn(name, shared, rows, draw)
    known, (_, target, task, *_) = KNOWN[name], SETS[name]

    def work() -> dict[str, Any]:
        from autoft import AutoFineTuner
        from autoft.recipe.recipe import Recipe
        from autoft.search import portfolio

        changes: dict[str, Any] = {"target": target, "task": task, "minutes": minutes, "objective": METRIC[task]}
        changes |= {"trials": trials, "seed": draw, "positive": known.positive}
        if side != "free":
            changes["knowledge.features"] = known.features(planted=side == "planted")
        with portfolio.without(name):
            tuner = AutoFineTuner(recipe=Recipe().with_changes(**changes)).fit((x, y.rename(target)))

        def proba(frame: Any) -> Any:
            return tuner.predict(frame) if task == "regression" else tuner.predict_proba(frame)

        def one(frame: Any) -> Any:
            answers = proba(frame)
            return answers if task == "regression" else answers[:, list(tuner.classes_).index(known.positive)]

        classes = [] if task == "regression" else [str(c) for c in tuner.classes_]
        told = replace(known, effects={**known.effects, **dict([known.planted])}) if side == "planted" else known
        return {
            **scored(name, shared, y_test, proba(x_test), classes),
            **violations(told, name, x_test, one),
            **spoken(tuner.evaluation_.hints),
        }

    return work


def spoken(hints: Sequence[HintTest]) -> dict[str, dict[str, Any]]:
    """Of a row: `verdicts` by hint, and `tests` with what each rests on (None where it was not tested)."""

    def test(one: HintTest) -> dict[str, Any]:
        gain = one.gain
        numbers = (None, None, None) if gain is None else (gain.value, gain.low, gain.high)
        # The ends of an interval may be infinite, which JSON has no word for.
        ends = [value if value is not None and math.isfinite(value) else None for value in numbers]
        return {"verdict": one.verdict, **dict(zip(("gain", "low", "high"), ends, strict=True)), "obeyed": one.obeyed}

    return {"verdicts": {one.hint: one.verdict for one in hints}, "tests": {one.hint: test(one) for one in hints}}


def boosting(name: str, shared: str, rows: int, draw: int, side: str) -> Callable[[], dict[str, Any]]:
    """The piece: scikit-learn's boosting, with the effects as constraints or not."""
    x, y, x_test, y_test = drawn(name, shared, rows, draw)
    known, (_, _, task, *_) = KNOWN[name], SETS[name]

    def work() -> dict[str, Any]:
        import numpy as np
        from sklearn import ensemble
        from sklearn.preprocessing import OrdinalEncoder

        texts = [c for c in x.columns if x[c].dtype.kind not in "iufb" and c not in known.orders]
        texts = [c for c in texts if x[c].nunique() <= 255]
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
        codes.fit(x[texts])

        def coded(frame: Any) -> Any:
            out = frame.drop(columns=[c for c in frame.columns if frame[c].dtype.kind not in "iufb"]).astype(float)
            for column, order in known.orders.items():
                out[column] = frame[column].astype(str).map({t: k for k, t in enumerate(order)}).astype(float)
            return out.assign(**dict(zip(texts, codes.transform(frame[texts]).T, strict=True))) if texts else out

        effects = dict(known.effects) if side == "boosting_monotone" else None
        kind = "Regressor" if task == "regression" else "Classifier"
        model = getattr(ensemble, f"HistGradientBoosting{kind}")(
            random_state=0, categorical_features=texts or None, monotonic_cst=effects
        )
        # Constraints are about the second class.
        classes = [] if task == "regression" else sorted(set(map(str, y)), key=lambda c: (c == known.positive, c))
        model.fit(coded(x), y if task == "regression" else np.array([classes.index(str(v)) for v in y]))

        def one(frame: Any) -> Any:
            return model.predict(coded(frame)) if task == "regression" else model.predict_proba(coded(frame))[:, 1]

        answers = one(x_test)
        if task != "regression":
            both = {classes[0]: 1 - answers, classes[1]: answers}
            classes = sorted(classes)
            answers = np.column_stack([both[c] for c in classes])
        return {**scored(name, shared, y_test, answers, classes), **violations(known, name, x_test, one)}

    return work


def run(name: str, shared: str, rows: int, draw: int, budget: dict[str, Any], side: str) -> Row:
    """One side on one draw of one set."""
    mine = not side.startswith("boosting")
    arguments = {"name": name, "shared": shared, "rows": rows, "draw": draw, "side": side}
    measured = measure(
        f"benchmarks.knowledge:{'autoft' if mine else 'boosting'}",
        {**arguments, **(budget if mine else {})},
        threads=2,
        imports=HEAVY if mine else ("numpy", "pandas", "sklearn"),
        timeout_s=3_600,
    )
    row: Row = {"set": name, "metric": METRIC[SETS[name][2]], "rows": rows, "draw": draw, "side": side}
    return {**row, **measured.value, "cpu_s": measured.cpu_s, "wall_s": measured.wall_s}


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """What is wanted: no violations, no loss where rows abound, a gain where they are few, right verdicts."""
    share = {
        f"violations_{side}": sum(r["violations"] for r in rows if r["side"] == side)
        / max(1, sum(r["pairs"] for r in rows if r["side"] == side))
        for side in SIDES
    }
    planted = [r for r in rows if r["side"] == "planted"]
    found = [r["set"] for r in planted if _of_planted(r) == "contradicted"]
    false = [
        f"{r['set']}: {hint}"
        for r in rows
        if r["side"] in ("hints", "planted")
        for hint, verdict in r["verdicts"].items()
        if verdict.startswith("contradicted") and not hint.startswith(f"{KNOWN[r['set']].planted[0]}:")
    ]
    return {
        "violations": sum(r["violations"] for r in rows if r["side"] == "hints"),
        **{name: value for name, value in share.items() if name != "violations_hints"},
        **{f"gain_{size or 'all'}": _gain(rows, size) for size in SIZES},
        "further_behind_than_allowed": [s for s in KNOWN if (_lost(rows, s) or 0) > 0],
        "planted_contradicted": found,
        "planted": len(planted),
        "true_contradicted": false,
    }


def _of_planted(row: Row) -> str | None:
    column = KNOWN[row["set"]].planted[0]
    return next((v for hint, v in row["verdicts"].items() if hint.startswith(f"{column}: effect")), None)


def _pairs(rows: Sequence[Row], size: int, name: str | None = None) -> list[tuple[Row, Row]]:
    """Rows of autoft with and without hints on the same training rows."""
    of = {(r["set"], r["draw"], r["side"]): r for r in rows if r["rows"] == size and name in (None, r["set"])}
    return [(r, of[s, d, "free"]) for (s, d, side), r in of.items() if side == "hints" and (s, d, "free") in of]


def _gain(rows: Sequence[Row], size: int) -> dict[str, float | None]:
    """Mean gain by hints: of ROC-AUC a difference, of errors the share by which they are smaller."""
    found: dict[str, float | None] = {}
    for metric in ("roc_auc", "rmse"):
        each = [_better(a, b) for a, b in _pairs(rows, size) if a["metric"] == metric]
        found[metric] = statistics.mean(each) if each else None
    return found


def _better(hints: Row, free: Row) -> float:
    if hints["metric"] == "roc_auc":
        return float(hints["test"] - free["test"])
    return float(1 - hints["test"] / free["test"])


def _lost(rows: Sequence[Row], name: str) -> float | None:
    """How much further behind than .003 of ROC-AUC or 1 % of the error hints are with all rows; 0 if they are not."""
    pairs = _pairs(rows, 0, name)
    if not pairs:
        return None
    allowed = 0.003 if pairs[0][0]["metric"] == "roc_auc" else 0.01
    return max(0.0, -_better(*pairs[0]) - allowed)


def plan(
    given: Options, names: Sequence[str], draws: int, sizes: Sequence[int] = SIZES
) -> list[tuple[str, int, int, str]]:
    """`(set, rows, draw, side)` of every training."""
    if given.quick:
        return [(name, 100, 0, side) for name in names for side in SIDES]
    whole = [(name, 0, 0, side) for name in names for side in (*SIDES, "planted")] if 0 in sizes else []
    few = [
        (name, size, draw, side)
        for size in sizes
        for draw in range(draws)
        for name in names
        for side in SIDES
        if size and not (name == "heart_cleveland" and size > 200)  # which has 242 training rows
    ]
    return [*whole, *few]


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, save."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--small-trials", type=int, default=6)
    parser.add_argument("--sizes", type=lambda text: tuple(map(int, text.split(","))), default=SIZES)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    own, rest = parser.parse_known_args(argv)
    given = options("knowledge", "hints against none, violations, verdicts", rest, only=tuple(KNOWN))
    names = [name for name in (QUICK if given.quick and not given.only else KNOWN) if given.wants(name)]
    rows: list[Row] = []
    for name, size, draw, side in plan(given, names, own.draws, own.sizes):
        # Few rows get a number of trials: within a fraction of a minute the machine would decide, not the hints.
        few = {"minutes": None, "trials": own.small_trials}
        budget = few if size else {"minutes": own.minutes, "trials": 1_000}
        try:
            rows.append(run(name, str(own.shared.resolve()), size, draw, budget, side))
        except PieceFailed as error:
            progress(f"{name}, {size or 'all'} rows, {side} failed: {error}")
            continue
        last = rows[-1]
        progress(
            f"{name}, {size or 'all'} rows, draw {draw}, {side}: {last['test']:.5g}, {last['violations']} of "
            f"{last['pairs']} pairs ({last['wall_s']:.0f} s)"
        )
        save("knowledge", given, rows, summarize(rows))
    return finish("knowledge", given, rows, summarize(rows))


if __name__ == "__main__":
    main()
