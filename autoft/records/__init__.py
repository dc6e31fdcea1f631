"""The frozen records that the packages hand to one another (standard library only)."""

from autoft.records.columns import USED_KINDS, Column, Kind, PlanLine, RepairCode, Target, Task
from autoft.records.decisions import (
    Alternative,
    Calibration,
    CalibrationMethod,
    CostMatrix,
    Costs,
    DecisionCosts,
    DecisionGoal,
    DecisionRule,
    Minimum,
)
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding, Severity
from autoft.records.hint_tests import Curve, HintSlice, HintTest, HintVerdict
from autoft.records.scores import Baseline, FoldReport, Importance, Interval, Strategy
from autoft.records.trials import Progress, Trial, TrialStatus

__all__ = [
    "USED_KINDS",
    "Alternative",
    "Baseline",
    "Calibration",
    "CalibrationMethod",
    "Column",
    "CostMatrix",
    "Costs",
    "Curve",
    "DecisionCosts",
    "DecisionGoal",
    "DecisionRule",
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
    "Progress",
    "RepairCode",
    "Severity",
    "Strategy",
    "Target",
    "Task",
    "Trial",
    "TrialStatus",
]
