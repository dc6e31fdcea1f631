"""Hints put to the test: the deployed configuration is trained again without each of them, and without all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar

from autoft.files import canonical_json
from autoft.knowledge.slices import declared
from autoft.pipeline.dataset import Dataset, HintTests
from autoft.pipeline.hint_tests import inputs, trainings
from autoft.pipeline.hint_tests.verdicts import HintJudge, is_whole, whole
from autoft.records import Finding, HintTest, HintVerdict, Progress, Severity, Trial
from autoft.records.reading import read_record
from autoft.records.trials import TrialResult
from autoft.search.journal import Journal

if TYPE_CHECKING:
    from autoft.pipeline.context import Context
    from autoft.recipe.recipe import Recipe
    from autoft.records.split import Member
    from autoft.training.trainer import Trainer


#: Verdicts with a finding: its code and severity.
_SPOKEN_OF: Mapping[HintVerdict, tuple[str, Severity]] = {
    "contradicted": ("hint-contradicted", "warning"),
    "contradicted in part": ("hint-contradicted", "warning"),
    "hurts": ("hint-hurts", "info"),
}

One = TypeVar("One", TrialResult, Trial)


def test(
    context: Context,
    dataset: Dataset,
    journal: Journal,
    stack: Trainer,
    outcome: TrialResult,
    trainer: Callable[[Dataset, Sequence[Member]], Trainer],
    *,
    threshold: float,
    end: float,
) -> HintTests:
    """Train without each hint, and without all, and compare on the rows that are held out.

    Verdicts are lines of the journal: a run that is repeated trains nothing for them.

    Args:
        context, dataset, journal: Of the run.
        stack: What trained the trials.
        outcome: Of the trial that is deployed, or has the largest weight in the blend.
        trainer: Makes a trainer of other inputs, and of any members.
        threshold: Of the decision.
        end: When it must be over, on the run's clock.
    """
    names = trainings.names(dataset)
    if not names:
        return HintTests()
    of = _key(context.recipe, dataset, outcome, threshold)
    for fact in journal.contents.facts:
        if fact["type"] == "hints" and fact["of"] == of:
            known: HintTests = read_record(HintTests, fact)
            return known
    jobs = trainings.jobs(dataset)
    context.tell(Progress(stage="evaluation", message=f"training without each of {len(names)} hints, to test them"))
    fitting = trainings.epochs(dataset, outcome, end - context.watch.clock())
    if fitting:  # shorter trainings, all of them
        late = lambda: bool(context.interrupt) or context.watch.clock() > end  # noqa: E731
        (outcome,) = stack.train_all([outcome.params], late, fitting)
    found = trainings.trained(context, dataset, stack, outcome, trainer, end)
    court = HintJudge(recipe=context.recipe, dataset=dataset, stack=stack, outcome=outcome, threshold=threshold)
    tests = tuple(_of_short(court.judged(name, found), fitting) for name in names)
    tests += tuple(court.untested(name, inputs.CROSSED) for name in inputs.crossed(dataset))
    together = whole(found.get(jobs[-1]))
    gain = None if together is None else court.gain(together)
    tested = HintTests(hints=tests, together=gain)
    if len(found) == len(jobs):  # what there was no time for shall have its turn in the run that goes on
        journal.append({"type": "hints", "of": of, **asdict(tested)})
    return tested


def tested_trial(dataset: Dataset, parts: Sequence[One], left: float) -> One:
    """The trial by which hints are tested: the first whose trainings without each hint fit, or else the cheapest.

    They fit if need be with fewer epochs (`trainings.epochs`). A worse trial trained for long is no better: a model
    that knows little leans on whatever stands in for what it does not see, and so contradicts true hints.

    A trial that the clock ended early is nothing that others can be compared with: it is taken only if there is no
    whole one.

    Args:
        prepared: Of the run.
        parts: Those of the deployed model, the heaviest first, then the other trials, the best first.
        left: Seconds.
    """
    parts = [one for one in parts if is_whole(one)] or parts
    fitting = (one for one in parts if trainings.epochs(dataset, one, left) != 0)
    return next(fitting, min(parts, key=lambda one: one.seconds))


def _of_short(test: HintTest, epochs: int | None) -> HintTest:
    """A test, which says so where trainings were shortened."""
    if not epochs or test.verdict == "not tested":
        return test
    return replace(test, where=f"{epochs} epochs, for lack of time")


def _key(recipe: Recipe, dataset: Dataset, outcome: TrialResult, threshold: float) -> str:
    """What verdicts depend on within a run."""
    found = {"params": outcome.params, "epochs": outcome.epochs, "finish": threshold}
    if dataset.description.hints.effects:  # these are looked at by group
        found["slices"] = [[name, limits] for _, name, limits in declared(recipe)]
    if read := inputs.names(dataset):  # tests of before there were such lack them
        found["inputs"] = read
    return canonical_json(found)


def findings(tested: HintTests) -> tuple[Finding, ...]:
    """A warning for each hint that the data contradict, everywhere or in part, and a note for each that hurts."""
    return tuple(_finding(one) for one in tested.hints if one.verdict in _SPOKEN_OF)


def _finding(test: HintTest) -> Finding:
    code, severity = _SPOKEN_OF[test.verdict]
    found = "the same networks are better without that hint on rows that were held out"
    if test.verdict == "hurts":
        must = "help networks to read it"
        fix = "strike the hint, unless it is there for another reason; the model follows it as it is"
    else:
        must, fix = "agree with what is known of it", "strike the hint"
        if test.slices:
            groups = " and ".join(f"where '{one.column}' is {one.group}" for one in test.slices)
            found, fix = f"{groups}, {found}", "write down for which rows it holds, or strike it"
        fix = f"ask where the data come from, or {fix}; the model obeys it as it is"
    must, column = f"{must} ({test.hint})", test.hint.partition(":")[0]
    return Finding(code=code, severity=severity, column=column, must=must, found=found, fix=fix)
