"""Records: frozen dataclasses that the rooms hand to one another.

Modules, from ground to roof:

arrays      Array: the type of every numpy array in this package; docstrings say shapes
columns     Columns, target and preprocessing lines of a table
evidence    Evidence of findings as plain data: counts, rows to look up, one small chart (standard library only)
hints       Hints about the inputs, checked against the table and given by column id
reading     Records from plain data: what was written as JSON, with every value of the type that its record declares
scores      Scores of a search, its folds and its columns
decisions   Decisions: calibration, rules, goals (costs or a minimum), and what decisions cost
findings    Findings: what a check says about a table, in four parts
hint_tests  Results of hint tests, and curves of columns
slices      The frozen records of slices: what a model is worth on groups of rows (standard library only)
split       Split: which rows each member of a stack may see
trials      Trials, their results, and the progress of a run
evaluation  The evaluation of a finished run
problem     Problem and truth: what every score needs besides predictions, and the settings of a selection and it...
"""

from autoft.records.columns import USED_KINDS, Column, Kind, PlanLine, RepairCode, Target, Task
from autoft.records.decisions import (
    ONE_HALF,
    Alternative,
    AnyRule,
    Calibration,
    CalibrationMethod,
    CostMatrix,
    Costs,
    DecisionCosts,
    DecisionGoal,
    DecisionRule,
    Minimum,
    RowRule,
)
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding, Severity, finding
from autoft.records.hint_tests import Curve, HintSlice, HintTest, HintVerdict
from autoft.records.problem import BEST_TRIAL, Calibrate, Draws, Problem, SelectionRule, Truth
from autoft.records.scores import Baseline, FoldReport, Importance, Interval, Strategy
from autoft.records.trials import Progress, Trial, TrialStatus

__all__ = [
    "BEST_TRIAL",
    "ONE_HALF",
    "USED_KINDS",
    "Alternative",
    "AnyRule",
    "Baseline",
    "Calibrate",
    "Calibration",
    "CalibrationMethod",
    "Column",
    "CostMatrix",
    "Costs",
    "Curve",
    "DecisionCosts",
    "DecisionGoal",
    "DecisionRule",
    "Draws",
    "Evaluation",
    "Finding",
    "FoldReport",
    "HintSlice",
    "HintTest",
    "HintVerdict",
    "Importance",
    "Interval",
    "Kind",
    "Minimum",
    "PlanLine",
    "Problem",
    "Progress",
    "RepairCode",
    "RowRule",
    "SelectionRule",
    "Severity",
    "Strategy",
    "Target",
    "Task",
    "Trial",
    "TrialStatus",
    "Truth",
    "finding",
]
