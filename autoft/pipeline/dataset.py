"""Records of the table: its description, and the dataset that everything is trained on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from autoft.data.convert import Converted
from autoft.data.table import Table
from autoft.evaluation.metrics import METRICS
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.arrays import Array
from autoft.records.columns import Column, Repair, Target
from autoft.records.decisions import Costs, DecisionGoal
from autoft.records.findings import Finding
from autoft.records.hints import Hints
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Strategy
from autoft.records.split import Member, RowDependence, Split
from autoft.schema.contract import Contract
from autoft.schema.engine import Engine

#: Of a table that was not compared with a schema.
_UNCHECKED = Contract(schema=None, text="", findings=())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableDescription:
    """A table that has been read and understood.

    Attributes:
        table: The canonical table, without rows and columns that the recipe leaves out.
        columns: All columns, the target included.
        target: The column to predict, None where it is absent.
        converted: Cells by column id.
        findings: Everything found so far, in the order of the checks.
        weights: ``[n]`` of the rows, None where the recipe names no column of weights.
        kept: ``[n]`` positions of the rows in the table that was read, None where it has all of them.
        names: ``[n]`` hashes of the cells of columns that the recipe leaves out, None where it leaves none out.
        repairs: What was repaired in the table, as the recipe accepts it.
        contract: The schema and whether the table fits it, once it was compared with it.
        engine: What checked it, None if nothing did.
        rows: How rows depend on one another, as the recipe says or as the audit found beyond doubt.
    """

    table: Table
    columns: tuple[Column, ...]
    target: Target | None
    converted: Converted
    findings: tuple[Finding, ...]
    weights: Array | None = None
    kept: Array | None = None
    names: Array | None = None
    repairs: tuple[Repair, ...] = ()
    hints: Hints = field(default_factory=Hints)
    contract: Contract = _UNCHECKED
    engine: Engine | None = None
    rows: RowDependence = field(default_factory=RowDependence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Everything that a training needs.

    Attributes:
        y: ``[n]`` class positions or values.
        members: Training and held-out rows of each network of a stack; the first `split.k` are the folds.
        encoded: Cells of the inputs, by row.
        weights: ``[n]`` of the rows, None where all count the same.
        costs: What decisions follow (costs of answers, or a minimum), where the recipe says it.
        refit: Whether the deployed model is trained again on all rows.
    """

    description: TableDescription
    target: Target
    features: tuple[Column, ...]
    layout: InputLayout
    encoded: Encoded
    y: Array
    split: Split
    members: tuple[Member, ...]
    strategy: Strategy
    objective: str
    findings: tuple[Finding, ...]
    weights: Array | None = None
    quantile: float | None = None
    costs: DecisionGoal | None = None
    refit: bool = False

    @property
    def folds(self) -> tuple[Member, ...]:
        """The members that leave out one block each: K of them."""
        return self.members[: self.split.k]

    @property
    def gains(self) -> bool:
        """Whether the deployed model is a mean of the folds' models that can be better than each of them."""
        return self.strategy == "corrected" and not (self.refit or self.split.windows)

    @property
    def outputs(self) -> int:
        """Logits of a network."""
        return len(self.target.classes) if self.target.task == "multiclass" else 1

    @property
    def problem(self) -> Problem:
        """What is predicted, and what counts."""
        goal = replace(self.costs, gains=None) if isinstance(self.costs, Costs) else self.costs
        return Problem(
            task=self.target.task,
            objective=self.objective,
            positive_index=self.target.positive_index,
            quantile=self.quantile,
            goal=goal,
        )

    @property
    def truth(self) -> Truth:
        """True answers of all rows, and what belongs to each of these rows."""
        return Truth(
            y=self.y,
            weights=self.weights,
            clusters=self.split.clusters,
            blocks=self.split.blocks,
            gains=self.costs.gains if isinstance(self.costs, Costs) else None,
        )

    @property
    def trained_quantile(self) -> float | None:
        """The quantile whose loss is trained, None for the usual loss of the task."""
        return METRICS[self.objective].trained_quantile(self.quantile)
