"""Audit checks: the view of a table that they get, and their registry.

A check is a function of a `TableView` that gives findings. autoft's own are listed in `autoft.data.audit`; a package
adds its own by the entry point group ``autoft.checks``:

    @check("lab:rounded", scope="columns")
    def rounded(view: TableView) -> Iterator[Finding]:
        for column, values in view.columns("numeric"):
            if (values[np.isfinite(values)] % 5 == 0).all():
                found = "has multiples of five only"
                yield Finding("lab:rounded", "warning", column.name, "be measured", found, "ask how it was measured")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

import numpy as np
import pandas as pd

from autoft.data.audit.values import Keys, keys
from autoft.data.cells import Distinct
from autoft.data.convert import Converted
from autoft.errors import AutoFTError, SetupError, bare_cell
from autoft.records.arrays import Array
from autoft.records.columns import Column, Kind, Task
from autoft.records.findings import Finding
from autoft.registry import Registry

#: What a check looks at: each column alone, pairs of columns, the rows, or the target and what predicts it.
Scope = Literal["columns", "pairs", "rows", "target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """What the recipe says that an audit needs to know.

    Attributes:
        positive: For binary tasks the class whose precision and recall matter, None if it is not chosen.
        drop_missing_target: Whether rows without a target are left out instead of refused.
        keep_target_spellings: Whether labels that look like spellings of one word are different classes.
        max_categories: Categories of a column that are distinguished; the others count as unknown.
        fewest_rows: Rows that hold a category before it is distinguished.
        encoded: Columns with an encoder of their own, for which that does not hold.
        grouped: Whether the recipe names a group, so that none needs to be suggested.
        apart: Whether equal rows may stand in different folds.
        missing_words: By column how many cells hold each word that means a missing cell.
    """

    folds: int = 5
    positive: Any = None
    allow_leak: tuple[str, ...] = ()
    drop_missing_target: bool = False
    keep_target_spellings: bool = False
    max_categories: int = 200
    fewest_rows: int = 1
    encoded: tuple[str, ...] = ()
    grouped: bool = False
    timed: bool = False
    apart: bool = False
    missing_words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


DEFAULTS = AuditOptions()


@dataclass(frozen=True, kw_only=True, eq=False)
class TableView:
    """A training table as a check sees it; all arrays have one entry per row and are read only.

    Attributes:
        labels: The target as it was read.
        answers: ``[n]`` the target as numbers: values (NaN where missing or no number) for a regression, else class
            positions in the order of appearance (-1 where missing).
        usable: ``[n]`` which rows have an answer to learn from.
        features: Columns that become inputs.
        unused: The others, the target not among them.
        names: ``[n]`` hashes of what tells rows apart and is no input: identifiers, and what the recipe leaves out;
            None where there is nothing of the kind.
    """

    labels: pd.Series[Any]
    answers: Array
    usable: Array
    features: tuple[Column, ...]
    unused: tuple[Column, ...]
    converted: Converted
    task: Task
    names: Array | None = None
    options: AuditOptions = DEFAULTS

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        columns: Sequence[Column],
        converted: Converted,
        *,
        target: str | None,
        task: Task = "binary",
        names: Array | None = None,
        options: AuditOptions = DEFAULTS,
    ) -> TableView:
        """The view of a canonical table; without a target no row has a label. `names` are hashes of cells that are not
        in the frame."""
        labels = pd.Series(np.full(len(frame), np.nan)) if target is None else frame[target]
        distinct = Distinct.of(labels) if task == "regression" else None
        answers = distinct.spread(distinct.numbers, np.nan) if distinct else pd.factorize(labels.to_numpy())[0]
        features = tuple(column for column in columns if column.name != target and column.used)
        identifiers = [column.name for column in columns if column.kind == "identifier" and column.name != target]
        if identifiers:
            own = pd.util.hash_pandas_object(frame[identifiers], index=False).to_numpy()
            names = own if names is None else own * np.uint64(3) + names
        return cls(
            labels=labels,
            answers=answers,
            usable=np.isfinite(answers) if task == "regression" else answers >= 0,
            features=features,
            unused=tuple(column for column in columns if column.name != target and not column.used),
            converted=converted,
            task=task,
            names=names,
            options=options,
        )

    @cached_property
    def hashes(self) -> Keys:
        """Hashes of the rows' features."""
        return keys(self.features, self.converted)

    @property
    def target(self) -> str:
        """The user's name of the target."""
        return str(self.labels.name)

    def __len__(self) -> int:
        return len(self.labels)

    def columns(self, *kinds: Kind) -> Iterator[tuple[Column, Array]]:
        """The features of some kinds (of all kinds without any) and their values."""
        for column in self.features:
            if not kinds or column.kind in kinds:
                yield column, self.converted.values[column.id]

    def counts(self, column: Column) -> dict[str, int]:
        """Rows by value of a column of texts, as `rows_by_text` has them."""
        return rows_by_text(*self.hashes.texts[column.id])


def rows_by_text(codes: Array, distinct: Array) -> dict[str, int]:
    """Rows by text, the most frequent first, then in sorted order; `codes` ``[n]`` are positions, -1 where missing."""
    rows = np.bincount(codes[codes >= 0], minlength=len(distinct)).tolist()
    texts = distinct.tolist()
    order = sorted(sorted(range(len(texts)), key=texts.__getitem__), key=rows.__getitem__, reverse=True)
    return {texts[i]: rows[i] for i in order}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Check:
    """A registered check of one `scope`; its findings have the declared `codes`."""

    name: str
    codes: tuple[str, ...]
    scope: Scope
    function: Callable[[TableView], Iterable[Finding]]

    @property
    def __wrapped__(self) -> Callable[[TableView], Iterable[Finding]]:
        return self.function

    def __call__(self, view: TableView) -> list[Finding]:
        """Its findings; a SetupError names it and its package if it fails or gives a code that it does not declare."""
        where = f"The audit check '{self.name}' of the package '{self.function.__module__.partition('.')[0]}'"
        try:
            found = list(self.function(view))
        except AutoFTError:
            raise
        except Exception as error:
            failure = f"raises {type(error).__name__}: {bare_cell(str(error))}"
            raise SetupError(where, "run on every table", failure, "repair or uninstall the package") from error
        if foreign := {line.code for line in found} - set(self.codes):
            fix = "add it to the codes in @check"
            raise SetupError(where, "declare its codes", f"gives a finding '{min(foreign)}'", fix)
        return found


CHECKS: Registry[Check] = Registry("audit check", "autoft.checks", own="autoft.data.audit")


def check(*codes: str, scope: Scope, name: str = "") -> Callable[[Callable[[TableView], Iterable[Finding]]], Check]:
    """Register a function as a check (a decorator); it is called by its first code if no name is given."""

    def registered(function: Callable[[TableView], Iterable[Finding]]) -> Check:
        made = Check(name=name or codes[0], codes=codes, scope=scope, function=function)
        CHECKS.register(made)
        return made

    return registered


def run_checks(view: TableView, checks: Iterable[Check]) -> list[Finding]:
    """The findings of some checks in their order; checks of columns that follow one another go column by column."""
    position = {column.name: i for i, column in enumerate(view.features)}
    findings: list[Finding] = []
    for scope, group in groupby(checks, key=lambda one: one.scope):
        found = [line for one in group for line in one(view)]
        if scope == "columns":
            found.sort(key=lambda line: position.get(line.column or "", len(position)))
        findings += found
    return findings
