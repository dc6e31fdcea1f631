"""Tests of hints: a chosen configuration is trained again without each of them, and without all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autoft.files import canonical_json
from autoft.knowledge.slices import declared
from autoft.pipeline.context import Provisional, Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.hint_tests.inputs import CROSSED, crossed_orders, reading_hints
from autoft.pipeline.hint_tests.jobs import choose_trial, fitting_epochs, hints_to_test, is_whole, training_jobs
from autoft.pipeline.hint_tests.trainings import Variants
from autoft.pipeline.hint_tests.verdicts import HintTester
from autoft.pipeline.results import HintTests, Selection
from autoft.pipeline.select import rank_trials
from autoft.pipeline.trainers import MakeTrainer
from autoft.recipe.recipe import Recipe
from autoft.records.findings import Finding, Severity
from autoft.records.hint_tests import HintTest, HintVerdict
from autoft.records.trials import TrialResult, Trials
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
    if not hints_to_test(dataset):
        return HintTests()
    result = choose_trial(dataset, rank_trials(dataset, trials, selection), end - run.clock())
    variants = Variants(run=run, dataset=dataset, trainer=trainer, make_trainer=make_trainer, result=result, end=end)
    tests = run_hint_tests(variants, threshold=selection.rule.threshold)
    run.findings += hint_findings(tests)
    return tests


def run_hint_tests(variants: Variants, *, threshold: float) -> HintTests:
    """Train a configuration without each hint, and without all, and compare on the held-out rows."""
    run, dataset = variants.run, variants.dataset
    key = _key(run.recipe, dataset, variants.result, threshold)
    return run.remember(HintTests, key, lambda: _test(variants, threshold))


def _test(variants: Variants, threshold: float) -> HintTests | Provisional[HintTests]:
    run, dataset, end = variants.run, variants.dataset, variants.end
    names, jobs = hints_to_test(dataset), training_jobs(dataset)
    run.tell("evaluation", f"training without each of {len(names)} hints, to test them")
    shorter = fitting_epochs(dataset, variants.result, end - run.clock())
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
    tests += tuple(tester.untested(name, CROSSED) for name in crossed_orders(dataset))
    together = found.get(jobs[-1])
    gain = tester.gain(together) if together is not None and is_whole(together) else None
    tested = HintTests(hints=tests, together=gain)
    return tested if len(found) == len(jobs) else Provisional(result=tested)


def _note_epochs(test: HintTest, epochs: int | None) -> HintTest:
    if not epochs or test.verdict == "not tested":
        return test
    return replace(test, where=f"{epochs} epochs, for lack of time")


def _key(recipe: Recipe, dataset: Dataset, result: TrialResult, threshold: float) -> str:
    """What verdicts depend on within a run."""
    found = {"params": result.params, "epochs": result.epochs, "finish": threshold}
    if dataset.description.hints.effects:  # these are looked at by group
        found["slices"] = [[name, limits] for _, name, limits in declared(recipe)]
    if read := reading_hints(dataset):
        found["inputs"] = read
    return canonical_json(found)


def hint_findings(tests: HintTests) -> list[Finding]:
    """A warning for each hint that the data contradict, everywhere or in part, and a note for each that hurts."""
    return [_finding(one) for one in tests.hints if one.verdict in _FINDINGS]


def _finding(test: HintTest) -> Finding:
    code, severity = _FINDINGS[test.verdict]
    found, groups = "makes networks worse on held-out rows than they are without it", ""
    if test.verdict == "hurts":
        must = "help networks to read it"
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
