"""Section `evaluate` of a recipe: how models are held out, scored and compared."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from autoft.recipe.messages import broken_rule
from autoft.recipe.sections import Choices, OneOf, RecipeSection, Text
from autoft.records.split import RowDependence, Stretch
from autoft.registry import registry_of


class _ObjectiveName(OneOf):
    """The name of a metric that can be an objective; for another name of a metric (`aliases`) it stands itself."""

    def names(self) -> tuple[str, ...]:
        metrics = [metric for metric in registry_of(self.kind) if metric.objective]
        return (*self.first, *(m.name for m in metrics), *(other for m in metrics for other in m.aliases))

    def _valid(self, value: Any) -> str:
        for metric in registry_of(self.kind) if isinstance(value, str) and value not in self.first else ():
            if value in metric.aliases:
                return str(metric.name)
            if metric.objective and value.lower() in metric.synonyms:
                must, fix = f"be one of {', '.join(self.names())}", f"perhaps '{metric.name}' is meant"
                raise broken_rule("", must, f'it is "{value}"', fix)
        return super()._valid(value)


Objective = Annotated[str, _ObjectiveName("metric", first=("auto",))]

#: Units of a time span, in seconds.
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SPAN = re.compile(rf"(\d+(?:\.\d+)?) ({'|'.join(_UNITS)})s?")
TimeSpan = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=rf"^\d+(\.\d+)? ({'|'.join(_UNITS)})s?$")]


def span_of(text: str | int) -> Stretch:
    """A span as the recipe writes it.

    >>> span_of(24), span_of("7 days")
    (Stretch(amount=24, seconds=False), Stretch(amount=604800.0, seconds=True))
    """
    if isinstance(text, int):
        return Stretch(amount=text)
    found = _SPAN.fullmatch(text)
    assert found is not None  # the recipe is valid
    return Stretch(amount=float(found[1]) * _UNITS[found[2]], seconds=True)


class Evaluate(RecipeSection):
    """Evaluation on held-out rows."""

    folds: Annotated[int, Field(ge=2, le=50)] = 5
    """Number of blocks of rows, each held out once."""
    objective: Objective = "auto"
    """The metric to improve; auto is roc_auc for two classes, log_loss for more, rmse for numbers. average_precision
    is another name of pr_auc; mae and pinball train their own losses."""
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The quantile to predict with objective pinball."""
    calibration: Literal["auto", "none"] = "auto"
    """auto calibrates class probabilities on held-out rows where that helps; none leaves them alone."""
    strategy: Literal["corrected", "nested", "holdout"] = "corrected"
    """How the choice of the best trial is paid for (see docs/evaluation.md)."""
    draws: Annotated[int, Field(ge=50, le=10_000)] = 500
    """Bootstrap draws behind the intervals."""
    group: Text | None = None
    """Column whose equal values stay in one block (a patient, a customer)."""
    time: Text | Choices[Text] | None = None
    """Column that orders the rows in time, or several from the coarse to the fine ([year, month, day]): every block is
    then one stretch of time, and a holdout the last one."""
    windows: Literal["blocks", "expanding"] = "blocks"
    """With a time: blocks trains on all other stretches of time, the later ones included; expanding on the rows before
    a stretch alone, and the first stretch is never scored."""
    gap: TimeSpan = 0
    """Rows (24) or time ("7 days") before a stretch that an expanding window does not train on."""
    horizon: TimeSpan | None = None
    """Rows or time from the beginning of a stretch on that an expanding window is scored on; left out means all."""
    rows: Literal["auto", "independent"] = "auto"
    """Where neither group nor time is given: auto uses columns that show beyond doubt that rows depend on one another,
    and says so; independent divides the rows at random."""
    copies: Literal["together", "apart"] = "together"
    """Rows that are equal, or nearly: together keeps them in one block, so that the score is that on rows never seen;
    apart deals them like other rows, where new tables repeat known rows as often as this one repeats itself."""
    holdout: Annotated[float, Field(ge=0.05, le=0.5)] = 0.2
    """Share of the rows that strategy holdout keeps away from everything."""

    @model_validator(mode="after")
    def _expanding_windows(self) -> Evaluate:
        fix = "set windows: expanding, or remove it"
        for name, given in (("gap", self.gap != 0), ("horizon", self.horizon is not None)):
            if given and self.windows != "expanding":
                raise broken_rule(name, "come with windows: expanding", f"windows is {self.windows}", fix)
        if self.horizon is not None and span_of(self.horizon).amount == 0:
            raise broken_rule("horizon", "be more than nothing", f"it is {self.horizon}", "lengthen or remove it")
        if self.windows == "expanding" and self.strategy == "nested":
            must, fix = "be blocks under strategy: nested, which holds out pairs of them", "choose another strategy"
            raise broken_rule("windows", must, "it is expanding", fix)
        return self

    @property
    def dependence(self) -> RowDependence:
        """The columns that the recipe names, by which rows depend on one another."""
        time = () if self.time is None else (self.time,) if isinstance(self.time, str) else self.time
        return RowDependence(group=self.group, time=time)

    @model_validator(mode="after")
    def _quantile_of_objective(self) -> Evaluate:
        needed = self.objective != "auto" and registry_of("metric")[self.objective].needs_quantile
        if self.quantile is not None and not needed:
            those = " or ".join(metric.name for metric in registry_of("metric") if metric.needs_quantile)
            found = f"the objective is {self.objective}"
            raise broken_rule("quantile", f"be left out unless the objective is {those}", found, "remove it")
        if self.quantile is None and needed:
            found, fix = "evaluate.quantile is missing", "add it, such as 'quantile: 0.9'"
            raise broken_rule("objective", f"come with a quantile where it is {self.objective}", found, fix)
        return self
