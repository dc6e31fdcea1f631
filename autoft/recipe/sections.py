"""Sections of a recipe: frozen pydantic models with strict types.

The text under each field becomes its description in recipes/recipe.schema.json, which editors show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from autoft.recipe.messages import HALF, broken_rule
from autoft.records.columns import RepairCode
from autoft.registry import registry_of


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise broken_rule("", "hold every value once", "one is repeated", "remove the repetition")
    return values


def rising(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] < pair[1]:
        fix = "write [low, high] with low < high; what is searched cannot be fixed to one value"
        raise broken_rule("", "rise from low to high", f"it is [{pair[0]:g}, {pair[1]:g}]", fix)
    return pair


@dataclass(frozen=True, slots=True)
class OneOf:
    """A name in the registry of a kind (`autoft.registry.PLACES`), or one that the recipe itself knows, listed first or
    last: ``Annotated[str, OneOf("schema engine", first=("auto",), last=("none",))]``.

    The registry's room is imported only where a recipe gives another name than those of the recipe itself, and for
    the JSON Schema.
    """

    kind: str
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        return (*self.first, *registry_of(self.kind).names(), *self.last)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._valid)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"enum": list(self.names()), "type": "string"}

    def _valid(self, value: Any) -> str:
        if isinstance(value, str) and (value in (*self.first, *self.last) or value in self.names()):
            return value
        raise PydanticKnownError("literal_error", {"expected": ", ".join(f"'{name}'" for name in self.names())})


T = TypeVar("T")

#: Half of a character of UTF-16, which no file can hold.
SURROGATE = re.compile("[\ud800-\udfff]")

# Lists become tuples, so that a frozen recipe is frozen to the bottom; nothing else is converted.
Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], Strict(False), AfterValidator(distinct)]
Choices = Annotated[tuple[T, ...], Strict(False), Field(min_length=1), AfterValidator(distinct)]
Between = Annotated[tuple[T, T], Strict(False), AfterValidator(rising)]
#: The word of a recipe for all families but boosted trees.
NETWORKS = "networks"
Families = Annotated[
    Choices[Annotated[str, OneOf("network family", first=(NETWORKS,))]],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
]


class RecipeSection(BaseModel):
    """A part of a recipe: frozen, and strict about keys and types.

    An unknown key is an error. Values are not converted, except a list to a tuple and a whole number to a float. The
    text under a field is its description in the JSON Schema.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @field_validator("*")
    @classmethod
    def _encodable(cls, value: Any) -> Any:
        if any(SURROGATE.search(text) for text in _texts(value)):
            raise broken_rule("", HALF[0], "there is half a character (a surrogate)", HALF[1])
        return value


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value; sections in it look after themselves."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | dict):
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from _texts(part)


_KINDS = ("numeric", "boolean", "categorical", "date", "text", "identifier")
TaskChoice = Literal["auto", "binary", "multiclass", "regression"]


class _ColumnKind(OneOf):
    """A kind of column, or ``date`` with a format behind it."""

    def names(self) -> tuple[str, ...]:
        return _KINDS

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(_KINDS)}, {"pattern": "^date [^ ]"}], "type": "string"}

    def _valid(self, value: Any) -> str:
        dated = isinstance(value, str) and value.startswith("date ") and value[5:].strip()
        return str(value) if dated else super()._valid(value)


ColumnKind = Annotated[str, _ColumnKind("kind of column")]


def _schema_name(text: str) -> str:
    # The file is written where it is absent, so that a stranger's recipe must not choose just any name.
    if not text.endswith(".pbtxt"):
        raise broken_rule("", "end in .pbtxt", f"it is '{text}'", "rename it")
    return text


Activation = Literal["relu", "gelu", "silu", "selu", "tanh"]
Repairs = Annotated[tuple[RepairCode, ...], Strict(False), AfterValidator(distinct)]
_Positive = Annotated[float, Field(gt=0)]
_Share = Annotated[float, Field(ge=0, lt=1)]


class Data(RecipeSection):
    """The table and the column to predict."""

    path: Text | None = None
    """File of the table (CSV, Parquet, ...; docs/tables.md), relative to the recipe's folder and inside it."""
    target: Text | None = None
    """Name of the column to predict."""
    positive: str | int | float | bool | None = None
    """Binary tasks: the label whose probability, precision and recall are reported."""
    columns: dict[str, ColumnKind] = Field(default_factory=dict)
    """How to understand a column, where the inferred kind is wrong; of dates also their format, "date %d/%m/%y"."""
    decimal: Literal[".", ","] | None = None
    """Sign before decimals in columns of numbers such as 1,234 whose cells do not say it themselves."""
    missing: Annotated[tuple[str, ...], Strict(False), AfterValidator(distinct)] | None = None
    """Words that mean a missing cell, in place of NA, N/A, None, null and the like; empty cells are missing anyway."""
    drop: Names = ()
    """Columns that are never used."""
    weight: Text | None = None
    """Column of non-negative numbers that weigh the rows: a row of weight 2 counts as two; it is no feature."""

    @model_validator(mode="after")
    def _keep_target(self) -> Data:
        if self.target in self.drop:
            raise broken_rule("drop", "not name the target", f"it names '{self.target}'", "remove it from the list")
        if self.weight is not None and self.weight in (self.target, *self.drop, *self.columns):
            found = f"'{self.weight}' is also the target, or under drop or columns"
            raise broken_rule("weight", "be a column that nothing else names", found, "name it only here")
        return self


class Schema(RecipeSection):
    """The schema of the table."""

    file: Annotated[Text, AfterValidator(_schema_name)] | None = None
    """Schema in TFDV's text format, inside the recipe's folder: written if absent, enforced after that."""
    engine: Annotated[str, OneOf("schema engine", first=("auto",), last=("none",))] = "auto"
    """What checks tables against the schema; auto takes TFDV where it is installed and the table has at most 1,000
    columns, and else autoft's own engine."""
    drop_missing_target: bool = False
    """Leave out rows without a target instead of refusing them."""
    keep_target_spellings: bool = False
    """Labels that look like spellings of one word (A and a) are different classes; else they are refused."""
    allow_leak: Names = ()
    """Columns that may predict the target almost perfectly."""


class Numeric(RecipeSection):
    """Numeric columns."""

    outliers: Literal["clip", "keep"] = "clip"
    """clip squeezes values smoothly into three robust units around the median; keep leaves them as they are."""
    scale: Literal["robust", "quantile"] = "robust"
    """robust divides by the interquartile range; quantile gives the values of a column a normal distribution."""


class Categorical(RecipeSection):
    """Categorical columns."""

    max_categories: Annotated[int, Field(ge=2, le=10_000)] = 200
    """Most categories distinguished per column, the most frequent ones; the others count as unknown."""
    embed_above: Annotated[int, Field(ge=1)] = 16
    """Columns with more categories are embedded, the others one-hot encoded."""


class Preprocess(RecipeSection):
    """Preprocessing of columns."""

    numeric: Numeric = Field(default_factory=Numeric)
    categorical: Categorical = Field(default_factory=Categorical)
    features: Literal["auto", "none"] = "auto"
    """auto adds inputs that are learned from the target: of columns with more categories than max_categories, and of
    whole numbers that repeat, the mean answer and the number of rows of each category or value; and differences,
    products and ratios of two numbers, where trees get clearly better by them; none adds none."""
    encoders: dict[str, Annotated[str, OneOf("column encoder")]] = Field(default_factory=dict)
    """Encoders of single columns by name, autoft's own or those of installed packages (docs/extending.md)."""
    accept: Repairs = ()
    """Codes of findings that are repaired before training, and in the same way when predicting (docs/schema.md)."""


class Space(RecipeSection):
    """Hyperparameters to search; without a key autoft chooses. Dropout and L2 are always searched."""

    architecture: Choices[Annotated[str, OneOf("network family")]] | None = None
    """Kinds of models, as in search.families: mlp has hidden layers, linear none, realmlp and tabm (or tabm-mini) are
    the papers'."""
    numbers: Choices[Literal["piecewise", "plain"]] | None = None
    """How numbers enter mlp and linear: piecewise (curves) or plain."""
    width: Choices[Annotated[int, Field(ge=1, le=8192)]] | None = None
    """Units per hidden layer."""
    depth: Choices[Annotated[int, Field(ge=1, le=32)]] | None = None
    """Number of hidden layers."""
    batch_size: Choices[Annotated[int, Field(ge=1, le=65536)]] | None = None
    """Rows per step."""
    activation: Choices[Activation] | None = None
    """Activations of the hidden layers."""
    embedding: Choices[Annotated[int, Field(ge=1, le=1024)]] | None = None
    """Numbers per embedded category."""
    learning_rate: Between[_Positive] | None = None
    """[low, high]."""
    dropout: Between[_Share] | None = None
    """[low, high], within 0 to 1."""
    l2: Between[_Positive] | None = None
    """[low, high]."""
    weight_decay: Between[_Positive] | None = None
    """[low, high] of decoupled weight decay (AdamW); not searched unless given."""
    label_smoothing: Between[_Share] | None = None
    """[low, high], within 0 to 1, for classification; not searched unless given."""
    clip: Between[_Positive] | None = None
    """[low, high] of the largest gradient norm; not searched unless given."""
    schedule: Choices[Literal["constant", "cosine"]] | None = None
    """Courses of the learning rate; not searched unless given."""
    class_balance: Between[Annotated[float, Field(ge=0, le=1)]] | None = None
    """[low, high] of the exponent b of class weights (n / (K n_c))^b, within 0 to 1, for classification; searched by
    itself where the objective looks at the labels of rare classes."""
    focal: Between[Annotated[float, Field(ge=0)]] | None = None
    """[low, high] of the focal loss' exponent, for classification; not searched unless given."""
    shrinkage: Between[Annotated[float, Field(gt=0, le=1)]] | None = None
    """[low, high] of the factor of each tree, within 0 to 1, for trees."""
    leaves: Choices[Annotated[int, Field(ge=2, le=4096)]] | None = None
    """Most leaves of a tree."""
    leaf_rows: Between[Annotated[float, Field(ge=1)]] | None = None
    """[low, high] of the fewest training rows in a leaf of a tree."""


#: Most trials of a search that has a limit neither of trials nor of time.
_TRIALS = 30


class Search(RecipeSection):
    """The search for hyperparameters."""

    algorithm: Annotated[str, OneOf("search algorithm")] = "bayesian"
    """How the next trial is proposed."""
    families: Families | None = None
    """Kinds of models to search (trees, mlp, realmlp ...), or networks: all but boosted trees; without it all are."""
    trials: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Most trials that are run; left out means 30 or, with minutes, as many as there is time for."""
    minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    """Most minutes that the run may take, up to a year; left out means no limit."""
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Most epochs per trial."""
    patience: Annotated[int, Field(ge=1, le=10_000)] = 12
    """Epochs without improvement after which a trial stops."""
    pruning: Literal["median", "none"] = "median"
    """median stops a trial whose held-out loss is worse than the median of the others at the same epoch."""
    blend: Annotated[int, Field(ge=1, le=10)] = 5
    """Most trials whose answers are weighted together in the model; 1 takes the best trial alone."""
    refit: Literal["auto", "folds", "full"] = "auto"
    """The model: folds is the mean of the folds' networks; full trains the chosen configurations again on all rows, the
    newest included; auto is full with expanding windows, else folds."""
    space: Space = Field(default_factory=Space)

    @model_validator(mode="after")
    def _families_once(self) -> Search:
        if self.families and self.space.architecture:
            found = "search.space.architecture names some too"
            raise broken_rule(
                "families", "be the only place that names kinds of models", found, "remove one of the two"
            )
        return self

    def architectures(self) -> tuple[str, ...] | None:
        """Names of the families that the recipe names; None where it names none."""
        if self.families is None:
            return self.space.architecture
        every = registry_of("network family")
        networks = [f.name for f in every if f.traits.searched and not f.trees]
        found = (own for name in self.families for own in (networks if name == NETWORKS else [name]))
        return tuple(dict.fromkeys(found))

    @property
    def names_families(self) -> bool:
        """Whether it writes out the kinds of models that it wants: then none is left out for lack of time."""
        return bool(self.space.architecture or (self.families and NETWORKS not in self.families))

    @property
    def most_trials(self) -> int | None:
        """Most trials that are run; None where minutes alone end the search."""
        return _TRIALS if self.trials is None and self.minutes is None else self.trials


class Report(RecipeSection):
    """The report."""

    title: Text | None = None
    """Heading of the report; left out means the recipe's name."""
    private: bool = False
    """Whether cells that fewer than ten rows hold are kept out of report, findings, schema, messages and model."""
