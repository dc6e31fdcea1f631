"""What the table of `benchmarks.quality` says, against what is to be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import peers
from benchmarks.common import Row
from benchmarks.sets import METRIC, NEW, SETS

#: By how much boosting may be better where it is better.
WITHIN = {"binary": 0.01, "multiclass": 0.03, "regression": 0.03}
#: Scores to reach in five minutes: at least of ROC-AUC, at most of errors.
SCORES = {"adult": 0.930, "wine_quality": 0.90, "bike_sharing": 36.0, "diamonds": 510.0}
#: Sets of the first 14 on which autoft is to be better than the best boosting (in a minute, in five), and level with
#: AutoGluon's minute.
BETTER, LEVEL = {1.0: 10, 5.0: 12}, 11
#: Sides that `boosting` is the best of, and tools whose scores are recorded.
BOOSTING = ("sk_hgb", "sk_hgb_early", *peers.BOOSTERS)
RECORDED = ("autogluon", "realmlp")
OTHERS = (*peers.SKLEARN, *peers.BOOSTERS, *RECORDED)

#: Columns of the table beside autoft's, and the scores that they show the best of.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "HistGradientBoosting, best known": ("sk_hgb", "sk_hgb_early", "recorded"),
    "LightGBM": ("lightgbm",),
    "CatBoost": ("catboost",),
    "forest": ("sk_rf",),
    "MLP": ("sk_mlp",),
    "linear": ("sk_linear",),
    "recorded: AutoGluon, 60 s": ("autogluon",),
}


def strongest(scores: Sequence[float | None], metric: str) -> float | None:
    """The best of some scores."""
    known = [score for score in scores if score is not None]
    return (max if metric == "roc_auc" else min)(known) if known else None


def gain(row: Row, other: str) -> float | None:
    """How many times better autoft is than another: of ROC-AUC the quotient, of errors its inverse."""
    mine, theirs = row.get("autoft"), row.get(other)
    if mine is None or theirs is None:
        return None
    return float(mine / theirs if row["metric"] == "roc_auc" else theirs / mine)


def best_of_all(row: Row) -> bool:
    """Whether no other tool is better."""
    return row.get("autoft") is not None and all(
        found >= 1 for other in OTHERS if (found := gain(row, other)) is not None
    )


def summarize(rows: Sequence[Row], minutes: float = 5.0) -> dict[str, Any]:
    """What the table says, against what is wanted."""
    first, new = ([row for row in rows if row["set"] in sets] for sets in (SETS, NEW))
    new = [row for row in new if any(row.get(other) is not None for other in OTHERS)]  # those that are compared

    def better(other: str, level: float = 1.0) -> int:
        return sum((gain(row, other) or 0) >= level for row in first)

    far = [
        row["set"]
        for row in first
        if (ratio := gain(row, "boosting")) is not None and ratio < 1 - WITHIN[SETS[row["set"]].task]
    ]
    found = {
        "minutes": minutes,
        "sets": len(rows),
        "better_than_hgb": better("boosting"),
        "further_behind_hgb_than_allowed": far,
        "better_than_sk_mlp": better("sk_mlp"),
        "better_than_plain_mlp": better("plain_mlp"),
        "better_than_networks_only": [row["set"] for row in rows if (gain(row, "networks_only") or 0) > 1],
        "inside_the_reported_interval": sum(bool(row.get("inside")) for row in rows),
        "outside_the_reported_interval": [row["set"] for row in rows if row.get("inside") is False],
        "level_with_autogluon": [row["set"] for row in first if (gain(row, "autogluon") or 0) >= 0.9999],
        "best_of_all_on_new_sets": [row["set"] for row in new if best_of_all(row)],
        "failures": sum("autoft" in row and row["autoft"] is None for row in rows),
    }
    return {**found, "verdicts": verdicts(found, rows, len(new))}


def verdicts(found: Mapping[str, Any], rows: Sequence[Row], new: int) -> list[str]:
    """A line for each figure to reach: what is wanted, what was found, and whether that is enough."""
    wanted = BETTER[max(minutes for minutes in BETTER if minutes <= max(found["minutes"], min(BETTER)))]
    better, far, level = (
        found[key] for key in ("better_than_hgb", "further_behind_hgb_than_allowed", "level_with_autogluon")
    )
    best, outside = len(found["best_of_all_on_new_sets"]), found["outside_the_reported_interval"]
    lines = [
        (better >= wanted, f"better than the best boosting on at least {wanted} of 14", better),
        (not far, "nowhere further behind it than 1 / 3 / 3 %", _listed(far)),
        (
            len(level) >= LEVEL,
            f"level with AutoGluon's recorded minute on at least {LEVEL} of 14",
            len(level),
        ),
        (best * 2 >= new > 0, "best of all on at least half of the new sets", f"{best} of {new}"),
        (len(outside) <= 1, "the interval holds the test score on all sets but one", f"outside: {_listed(outside)}"),
        (not found["failures"], "no failure", found["failures"]),
    ]
    said = [f"{_word(good)}: {text} ({number})" for good, text, number in lines]
    by_set = {row["set"]: row for row in rows}
    for name, bound in SCORES.items():
        if (score := by_set.get(name, {}).get("autoft")) is not None:
            area = METRIC[SETS[name].task] == "roc_auc"
            good, sign = (score >= bound, ">=") if area else (score <= bound, "<=")
            alone = by_set[name].get("networks_only")
            beside = "" if alone is None else f", networks only {alone:.4g}"
            said.append(f"{_word(good)}: {name} {METRIC[SETS[name].task]} {sign} {bound:g} ({score:.4g}{beside})")
    return said


def table(rows: Sequence[Row], recorded: Mapping[str, Mapping[str, float]]) -> str:
    """The rows in Markdown, the best of each in bold.

    Args:
        rows: What was run.
        recorded: Scores of others by set and tool.
    """
    head = ("set", "metric", "autoft", "reported from the training rows", *COLUMNS)
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        metric, known = row["metric"], {**recorded.get(row["set"], {}), **row}
        known["recorded"] = recorded.get(row["set"], {}).get("sk_hgb")
        scores = [strongest([known.get(side) for side in sides], metric) for sides in (("autoft",), *COLUMNS.values())]
        best = strongest(scores, metric)
        own, *others = (f"**{_number(x, metric)}**" if x == best else _number(x, metric) for x in scores)
        low, high = (_number(row.get(key), metric) for key in ("low", "high"))
        names = {"roc_auc": "ROC-AUC", "log_loss": "log-loss", "rmse": "RMSE"}
        reported = f"{_number(row.get('reported'), metric)}, {low} to {high}"
        lines.append("| " + " | ".join([row["set"], names[metric], own, reported, *others]) + " |")
    return "\n".join(lines)


def _number(value: float | None, metric: str) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if metric != "rmse" else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _word(good: bool) -> str:
    return "reached" if good else "missed"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
