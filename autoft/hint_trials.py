"""Hints put to the test: the deployed configuration is trained again without each of them, and without all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.files import canonical_json
from autoft.journal import Journal
from autoft.knowledge import variants
from autoft.knowledge.hints import Effect
from autoft.prepare import Prepared
from autoft.records import Finding, HintTest, Interval, Progress
from autoft.search.outcome import OUT_OF_TIME, Outcome

if TYPE_CHECKING:
    from autoft.recipe import Recipe
    from autoft.run import Context
    from autoft.training.trial import Trainer

Array = NDArray[Any]

#: Rows and values by which is judged which way a network moves.
_ROWS, _GRID = 400, 16
#: Trainings side by side.
_TOGETHER = 4
#: Name of the training without any hint.
_ALL = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What the data say of the hints.

    Attributes:
        hints: One record a hint, in the order of the recipe.
        together: Gain of all hints over none; None where it was not tested.
    """

    hints: tuple[HintTest, ...] = ()
    together: Interval | None = None


def test(
    context: Context,
    prepared: Prepared,
    journal: Journal,
    stack: Trainer,
    outcome: Outcome,
    *,
    threshold: float,
    end: float,
) -> Tested:
    """Train without each hint, and without all, and compare on the rows that are held out.

    Verdicts are lines of the journal: a run that is repeated trains nothing for them.

    Args:
        context, prepared, journal: Of the run.
        stack: What trained the trials.
        outcome: Of the trial that is deployed, or has the largest weight in the blend.
        threshold: Of the decision.
        end: When it must be over, on the run's clock.
    """
    names = variants.names(prepared.inspected.hints)
    if not names:
        return Tested()
    of = _key(prepared, outcome, threshold)
    for fact in journal.contents.facts:
        if fact["type"] == "hints" and fact["of"] == of:
            return _read(fact)
    jobs = {name: (name,) for name in names} | ({_ALL: tuple(names)} if len(names) > 1 else {})
    context.tell(Progress(stage="evaluation", message=f"training without each of {len(names)} hints, to test them"))
    found = _trained(context, stack, outcome, jobs, end)
    tests = tuple(
        _judged(prepared, stack, outcome, _told(context.recipe, prepared, name), name, found.get(name), threshold)
        for name in names
    )
    together = _whole(found.get(_ALL if len(names) > 1 else names[0]))
    gain = None if together is None else _gain(prepared, outcome, together, threshold)
    tested = Tested(hints=tests, together=gain)
    if len(found) == len(jobs):  # what there was no time for shall have its turn in the run that goes on
        journal.append({"type": "hints", "of": of, **asdict(tested)})
    return tested


def tested_trial(prepared: Prepared, parts: Sequence[Outcome], left: float) -> Outcome:
    """The trial by which hints are tested: the heaviest whose trainings without each hint fit, or else the cheapest.

    Args:
        prepared: Of the run.
        parts: Outcomes of the deployed model, the heaviest first.
        left: Seconds.
    """
    fitting = (one for one in parts if seconds(prepared, one.seconds) <= left)
    return next(fitting, min(parts, key=lambda one: one.seconds))


def _read(fact: Mapping[str, Any]) -> Tested:
    def interval(value: Mapping[str, float] | None) -> Interval | None:
        return None if value is None else Interval(**value)

    hints = tuple(HintTest(**{**one, "gain": interval(one["gain"])}) for one in fact["hints"])
    return Tested(hints=hints, together=interval(fact["together"]))


def _key(prepared: Prepared, outcome: Outcome, threshold: float) -> str:
    """What verdicts depend on within a run."""
    return canonical_json({"params": outcome.params, "epochs": outcome.epochs, "finish": threshold})


def seconds(prepared: Prepared, trial: float) -> float:
    """What the test takes, from the seconds of a trial."""
    hints = len(variants.names(prepared.inspected.hints))
    return trial * (hints + (hints > 1))


def _trained(
    context: Context, stack: Trainer, outcome: Outcome, jobs: Mapping[str, tuple[str, ...]], end: float
) -> dict[str, Outcome]:
    """Outcomes by job, with a reason where one ended early; those are missing that there was no time for."""

    def out_of_time() -> bool:
        return context.watch.clock() > end or bool(context.interrupt)

    found: dict[str, Outcome] = {}
    left = list(jobs)
    while left and not out_of_time():
        # As many side by side as will be done in time.
        room = 1 if math.isinf(end) else int((end - context.watch.clock()) / max(outcome.seconds, 1e-3))
        now, left = left[: max(1, min(room, _TOGETHER))], left[max(1, min(room, _TOGETHER)) :]
        if room < 1:
            break
        params = [{**outcome.params, variants.WITHOUT: jobs[name]} for name in now]
        for name, one in zip(now, stack.train_all(params, out_of_time, outcome.limit), strict=True):
            if not one.reason.startswith(OUT_OF_TIME):
                found[name] = one
    return found


def _whole(outcome: Outcome | None) -> Outcome | None:
    """An outcome that can be compared; None for others."""
    return outcome if outcome is not None and outcome.status == "finished" and not outcome.reason else None


def _judged(
    prepared: Prepared,
    stack: Trainer,
    outcome: Outcome,
    told: HintTest,
    name: str,
    without: Outcome | None,
    threshold: float,
) -> HintTest:
    """The verdict on one hint."""
    from autoft.evaluate.hint_tests import verdict

    if _whole(without) is None:
        lost = without and f"training without it ended early: {without.reason}"
        return replace(told, verdict="not tested", where=lost or "there was no time to train without it")
    assert without is not None
    effect = next((e for e in prepared.inspected.hints.effects if name == f"{e.column}: effect"), None)
    by_member = [] if effect is None else _moves(prepared, stack, without, effect)
    word, gain = verdict(
        _differences(prepared, outcome, without, threshold), share=_share(prepared), by_member=by_member
    )
    return replace(told, verdict=word, gain=gain, obeyed=float(np.mean(by_member)) if by_member else None)


def _told(recipe: Recipe, prepared: Prepared, name: str) -> HintTest:
    """A hint in words, before it is tested."""
    hints = prepared.inspected.hints
    named = {column.id: column.name for column in prepared.features} | {ratio.id: ratio.name for ratio in hints.ratios}
    ids, _, what = name.partition(": ")
    columns = [named.get(one, one) for one in ids.split(", ")]
    own = recipe.knowledge.features.get(columns[0]) if len(columns) == 1 else None
    if what == "effect" and own is not None:
        about = f" (of '{own.label}')" if own.label is not None else ""
        what = f"effect {own.effect}{about}"
    elif what == "importance":
        what = f"importance {hints.importance[ids]}"
    elif what == "apart":
        what = "no interaction"
    because = (own.because if own is not None else None) or ""
    return HintTest(hint=f"{', '.join(columns)}: {what}", because=because, verdict="not tested")


def _share(prepared: Prepared) -> float:
    """Rows of a block over rows that its network trains on."""
    members = prepared.members[: prepared.split.k]
    return float(np.mean([len(m.held_out) / len(m.train) for m in members]))


def _gain(prepared: Prepared, outcome: Outcome, without: Outcome, threshold: float) -> Interval:
    from autoft.evaluate.hint_tests import gain_over_blocks

    return gain_over_blocks(_differences(prepared, outcome, without, threshold), share=_share(prepared))


def _differences(prepared: Prepared, outcome: Outcome, without: Outcome, threshold: float) -> list[float]:
    """Objective with the hint less the objective without, on each block; positive is better."""
    from autoft.evaluate import row_costs
    from autoft.evaluate.metrics import METRICS
    from autoft.evaluate.weighted import of_rows, point_scores

    metric, y = METRICS[prepared.objective], prepared.y

    def score(one: Outcome, rows: Array) -> float:
        problem = {**prepared.problem, "row_weights": of_rows(prepared.weights, rows), "threshold": threshold}
        problem["costs"] = row_costs.of_rows(prepared.costs, rows)
        pooled = one.held_out[one.checkpoints.index(one.epochs)]
        return float(metric.better(np.array(point_scores(y[rows], pooled[rows], **problem)[prepared.objective])))

    blocks = [member.held_out for member in prepared.members[: prepared.split.k]]
    return [score(outcome, rows) - score(without, rows) for rows in blocks]


def _moves(prepared: Prepared, stack: Trainer, without: Outcome, effect: Effect) -> list[float]:
    """How far each network that was trained without an effect goes its way, on held-out rows."""
    from autoft.evaluate.hint_tests import obeyed
    from autoft.training.bag import Part, build_bag

    plan, k = prepared.plan, prepared.split.k
    if effect.column not in plan.numbers:
        return []
    j = plan.numbers.index(effect.column)
    grid = _grid(prepared, j)
    if len(grid) < 2:
        return []
    bag = build_bag(stack.data, [Part(architecture=stack.architecture(without.params), weights=without.weights)], k)
    ask = partial(_curves, bag.own_answers, prepared, grid, j, effect)
    return [float(obeyed(ask(s, m.held_out[: _ROWS // k]), effect.sign)) for s, m in enumerate(prepared.members[:k])]


def _grid(prepared: Prepared, column: int) -> Array:
    """Quantiles of a number, ascending; rows set aside for the final score have no part in them."""
    values = prepared.encoded.numbers[prepared.split.blocks >= 0, column]
    known = values[np.isfinite(values)]
    quantiles = np.quantile(known, np.linspace(0.02, 0.98, _GRID)) if len(known) else known
    return np.asarray(np.unique(quantiles))


def _curves(
    answers: Callable[..., Array],
    prepared: Prepared,
    grid: Array,
    column: int,
    effect: Effect,
    member: int,
    rows: Array,
) -> Array:
    """Answers ``[rows, grid]`` of one member along the values of a column."""
    changed = prepared.encoded.rows(np.repeat(rows, len(grid)))
    changed.numbers[:, column] = np.tile(grid, len(rows))
    found = answers(changed, np.full(len(changed), member))
    output = found if effect.output is None else found[:, effect.output]
    return np.asarray(output).reshape(len(rows), len(grid))


def findings(tested: Tested) -> tuple[Finding, ...]:
    """A warning for each hint that the data contradict."""
    return tuple(
        Finding(
            code="hint-contradicted",
            severity="warning",
            column=one.hint.partition(":")[0],
            must=f"agree with what is known of it ({one.hint})",
            found="the same networks are better without that hint on rows that were held out",
            fix="ask where the data come from, or strike the hint; the model obeys it as it is",
        )
        for one in tested.hints
        if one.verdict == "contradicted"
    )
