"""Records that the stages of a run hand to one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from autoft.records import Costs, DecisionRule, Problem, Truth
from autoft.records.arrays import Array
from autoft.records.trials import Trials
from autoft.search.space import Dimension

if TYPE_CHECKING:
    from autoft.records.split import Member
    from autoft.training.ensemble import Ensemble

from typing import TYPE_CHECKING

from autoft.data.table import Table
from autoft.records import Column, DecisionGoal, Finding, Strategy, Target
from autoft.records.hints import Hints

if TYPE_CHECKING:
    from autoft.data.convert import Converted
    from autoft.data.repair import Repair
    from autoft.preprocessing.encode import Encoded
    from autoft.preprocessing.layout import InputLayout
    from autoft.records.split import Member, Split
    from autoft.schema.contract import Contract
    from autoft.schema.engine import Engine

from typing import TYPE_CHECKING

from autoft.records import HintTest, Interval

if TYPE_CHECKING:
    from autoft.records.split import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class HintTests:
    """What the data say of the hints.

    Attributes:
        hints: One record a hint, in the order of the recipe.
        together: Gain of all hints over none; None where it was not tested.
    """

    hints: tuple[HintTest, ...] = ()
    together: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableDescription:
    """A table that has been read, understood and checked.

    Attributes:
        table: The canonical table, without rows and columns that the recipe leaves out.
        columns: All columns, the target included.
        target: The column to predict, None where it is absent.
        converted: Cells by column id.
        contract: The schema and whether the table fits it.
        engine: What checked it, None if nothing could.
        findings: Everything found.
        weights: ``[n]`` of the rows, None where the recipe names no column of weights.
        kept: ``[n]`` positions of the rows in the table that was read, None where it has all of them.
        repairs: What was repaired in the table, as the recipe accepts it.
        hints: What the recipe knows of the inputs.
    """

    table: Table
    columns: tuple[Column, ...]
    target: Target | None
    converted: Converted
    contract: Contract
    engine: Engine | None
    findings: tuple[Finding, ...]
    weights: NDArray[Any] | None = None
    kept: NDArray[Any] | None = None
    repairs: tuple[Repair, ...] = ()
    hints: Hints = field(default_factory=Hints)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """Everything that a training needs.

    Attributes:
        inspected: The table.
        target: The column to predict.
        features: The feature columns.
        plan, encoded: Layout and cells of the network's inputs.
        y: ``[n]`` class positions or values.
        split, members: Who may see what.
        strategy: How the score is made.
        objective: The metric that is tuned.
        findings: Everything found.
        weights: ``[n]`` of the rows, None where all count the same.
        quantile: Of the objective ``pinball``.
        costs: What decisions follow (costs of answers, or a minimum), where the recipe says it.
    """

    description: TableDescription
    target: Target
    features: tuple[Column, ...]
    plan: InputLayout
    encoded: Encoded
    y: NDArray[Any]
    split: Split
    members: tuple[Member, ...]
    strategy: Strategy
    objective: str
    findings: tuple[Finding, ...]
    weights: NDArray[Any] | None = None
    quantile: float | None = None
    costs: DecisionGoal | None = None

    @property
    def problem(self) -> Problem:
        """What every score needs to know besides rows and predictions."""
        costs = replace(self.costs, gains=None) if isinstance(self.costs, Costs) else self.costs
        return Problem(
            task=self.target.task,
            objective=self.objective,
            positive_index=self.target.positive_index,
            quantile=self.quantile,
            goal=costs,
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
        from autoft.evaluation.metrics import METRICS

        return METRICS[self.objective].trained_quantile(self.quantile)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchResult:
    """What the search has found, and what the evaluation needs of it.

    Attributes:
        found: Trials and outcomes.
        blend: Numbers of the trials in the deployed model, and their weights.
        space: What was searched.
        baselines: Held-out predictions of simple models.
        bag: The deployed model.
        gains: What the bag leaves of its members' distance to the best score, by metric; empty where not measured.
        finish: Calibration and threshold of the deployed model.
        tested: What the data say of the hints.
    """

    found: Trials
    blend: tuple[tuple[int, float], ...]
    space: tuple[Dimension, ...]
    baselines: Mapping[str, Array]
    bag: Ensemble
    gains: Mapping[str, float]
    finish: DecisionRule
    tested: HintTests = field(default_factory=HintTests)
