"""Tests of hints: a chosen configuration is trained again without each of them, and without all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from autoft.evaluation.metrics import METRICS
from autoft.files import canonical_json
from autoft.knowledge import variants
from autoft.knowledge.slices import declared
from autoft.pipeline.context import Provisional, Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.hint_tests import jobs
from autoft.pipeline.hint_tests.verdicts import HintTester
from autoft.pipeline.results import HintTests, Selection
from autoft.pipeline.trainers import MakeTrainer
from autoft.recipe.recipe import Recipe
from autoft.records.findings import Finding, Severity
from autoft.records.hint_tests import HintTest, HintVerdict
from autoft.records.trials import OUT_OF_MEMORY, OUT_OF_TIME, TrialResult, Trials
from autoft.training.program import out_of_memory
from autoft.training.trial_trainer import TrialTrainer

#: Code and severity of the finding on a verdict.
_FINDINGS: Mapping[HintVerdict, tuple[str, Severity]] = {
    "contradicted": ("hint-contradicted", "warning"),
    "contradicted in part": ("hint-contradicted", "warning"),
    "hurts": ("hint-hurts", "info"),
}


def test_hints(
    dataset: Dataset,
    trials: Trials,
    selection: Selection,
    trainer: TrialTrainer,
    make_trainer: MakeTrainer,
    run: Run,
    *,
    end: float,
) -> HintTests:
    """Verdicts on all hints, with a finding for each that the data contradict or that hurts; over at `end`."""
    if not jobs.hints_to_test(dataset):
        return HintTests()
    result = jobs.choose_trial(dataset, rank_trials(dataset, trials, selection), end - run.clock())
    variants = Variants(run=run, dataset=dataset, trainer=trainer, make_trainer=make_trainer, result=result, end=end)
    tests = run_hint_tests(variants, threshold=selection.rule.threshold)
    run.findings += hint_findings(tests)
    return tests


def rank_trials(dataset: Dataset, trials: Trials, selection: Selection) -> list[TrialResult]:
    """Results of the chosen trials, the heaviest first, then those of all other finished trials, the best first."""
    shares, sign = dict(selection.blend), -1 if METRICS[dataset.objective].direction == "max" else 1
    finished = [
        (-shares.get(trial.number, 0.0), sign * trial.score, result)
        for trial, result in zip(trials.trials, trials.outcomes, strict=True)
        if result.status == "finished" and trial.score is not None
    ]
    return [result for _, _, result in sorted(finished, key=lambda one: one[:2])]


def run_hint_tests(variants: Variants, *, threshold: float) -> HintTests:
    """Train a configuration without each hint, and without all, and compare on the held-out rows."""
    run, dataset = variants.run, variants.dataset
    key = _key(run.recipe, dataset, variants.result, threshold)
    return run.remember(HintTests, key, lambda: _test(variants, threshold))


def _test(variants: Variants, threshold: float) -> HintTests | Provisional[HintTests]:
    run, dataset, end = variants.run, variants.dataset, variants.end
    names, trainings = jobs.hints_to_test(dataset), jobs.training_jobs(dataset)
    run.tell("evaluation", f"training without each of {len(names)} hints, to test them")
    shorter = jobs.fitting_epochs(dataset, variants.result, end - run.clock())
    if shorter:  # all trainings, that with all hints too
        (again,) = variants.trainer.train_all(
            [variants.result.params], lambda: bool(run.interrupt) or run.clock() > end, shorter
        )
        variants = replace(variants, result=again)
    found = variants.train()
    tester = HintTester(
        recipe=run.recipe, dataset=dataset, trainer=variants.trainer, result=variants.result, threshold=threshold
    )
    tests = tuple(_note_epochs(tester.test(name, found), shorter) for name in names)
    tests += tuple(tester.untested(name, jobs.CROSSED) for name in jobs.crossed_orders(dataset))
    together = found.get(trainings[-1])
    gain = tester.gain(together) if together is not None and jobs.is_whole(together) else None
    tested = HintTests(hints=tests, together=gain)
    return tested if len(found) == len(trainings) else Provisional(result=tested)


def _note_epochs(test: HintTest, epochs: int | None) -> HintTest:
    if not epochs or test.verdict == "not tested":
        return test
    return replace(test, where=f"{epochs} epochs, for lack of time")


def _key(recipe: Recipe, dataset: Dataset, result: TrialResult, threshold: float) -> str:
    """What verdicts depend on within a run."""
    found = {"params": result.params, "epochs": result.epochs, "finish": threshold}
    if dataset.description.hints.effects:  # these are looked at by group
        found["slices"] = [[name, limits] for _, name, limits in declared(recipe)]
    if read := jobs.reading_hints(dataset):
        found["inputs"] = read
    return canonical_json(found)


def hint_findings(tests: HintTests) -> list[Finding]:
    """A warning for each hint that the data contradict, everywhere or in part, and a note for each that hurts."""
    return [_finding(one) for one in tests.hints if one.verdict in _FINDINGS]


def _finding(test: HintTest) -> Finding:
    code, severity = _FINDINGS[test.verdict]
    found, groups = "makes models worse on held-out rows than they are without it", ""
    if test.verdict == "hurts":
        must = "help models to read it"
        fix = "strike the hint, unless it is there for another reason; the model keeps to it"
    else:
        must, fix = "agree with what is known of it", "strike the hint"
        if test.slices:
            groups = " where " + " and ".join(f"'{one.column}' is {one.group}" for one in test.slices)
            fix = "write down for which rows it holds, or strike it"
        fix = f"ask where the data come from, or {fix}; the model keeps to it"
    column, _, hint = test.hint.partition(":")
    found = f"has a hint ({hint.strip()}) that {found}{groups}"
    return Finding(code, severity, column, f"{must} ({test.hint})", found, fix)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variants:
    """Trainings of one configuration without hints."""

    run: Run
    dataset: Dataset
    trainer: TrialTrainer
    make_trainer: MakeTrainer
    result: TrialResult
    end: float

    def train(self) -> dict[str, TrialResult]:
        """Results by job, with a reason where one ended early; trainings that there was no time for are missing."""
        found: dict[str, TrialResult] = {}
        trainings = jobs.training_jobs(self.dataset)
        left = [job for job in trainings if not jobs.needs_other_inputs(self.dataset, job)]
        other = [job for job in trainings if jobs.needs_other_inputs(self.dataset, job)]
        # As many side by side as end in time; where the device gains nothing by it, each ends before the next.
        while left and (many := max(0, int(min(self._room(), self.trainer.together(self.result.params))))):
            now, left = left[:many], left[many:]
            params = [{**self.result.params, variants.WITHOUT: self._names_inside(job)} for job in now]
            out_of_time = self._out_of_time(len(left) + jobs.OTHER_INPUTS_TIMES * len(other))
            found |= zip(now, self.trainer.train_all(params, out_of_time, self.result.limit), strict=True)
        while other and self._room() >= jobs.OTHER_INPUTS_TIMES:
            job, other = other[0], other[1:]
            found[job] = self._train_on_other_inputs(job, self._out_of_time(jobs.OTHER_INPUTS_TIMES * len(other)))
        comparable = {job: self._accept(one) for job, one in found.items()}
        return {job: one for job, one in comparable.items() if not one.reason.startswith(OUT_OF_TIME)}

    def _names_inside(self, job: str) -> tuple[str, ...]:
        """Hints that a job switches off in the trials' program."""
        return variants.names(self.dataset.description.hints) if job == jobs.ALL else (job,)

    def _train_on_other_inputs(self, job: str, out_of_time: Callable[[], bool]) -> TrialResult:
        """One training on other inputs; a failed one where the device has no memory for a second set of rows."""
        if job == jobs.ALL:
            rows, off = jobs.read_plainly(self.run.recipe, self.dataset), self._names_inside(job)
        else:
            rows = jobs.read_without(self.run.recipe, self.dataset, (job,))
            off = tuple(filter(None, (jobs.reference_job(self.dataset, job),)))
        params = {**self.result.params, variants.WITHOUT: off}
        try:
            return self.make_trainer(rows, self.dataset.folds).train(params, out_of_time, self.result.limit)
        except Exception as error:
            if not out_of_memory(error):
                raise
            return TrialResult(params=params, status="failed", reason=OUT_OF_MEMORY)

    def _room(self) -> float:
        """How many trainings will end in time."""
        if self.run.interrupt:
            return 0.0
        if math.isinf(self.end):
            return math.inf
        return (self.end - self.run.clock()) / max(self.result.seconds, 1e-3)

    def _out_of_time(self, following: float) -> Callable[[], bool]:
        """Asked after every epoch of some trainings side by side whether they must end.

        Networks without a hint may want more epochs than those with it had: they get them as long as there is time for
        the trainings that follow.
        """
        asked = itertools.count(1)
        return lambda: self._room() <= (following if next(asked) >= self._epochs else 0.0)

    def _accept(self, without: TrialResult) -> TrialResult:
        """A training that the clock ended is as good as any if it had all the epochs of the trial."""
        whole = len(without.curves.get("held_out", ())) >= self._epochs
        return replace(without, reason="") if whole and without.reason.startswith(OUT_OF_TIME) else without

    @property
    def _epochs(self) -> int:
        return len(self.result.curves.get("held_out", ()))
