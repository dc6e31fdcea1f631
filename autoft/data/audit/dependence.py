"""Dependence of rows that is beyond doubt: a time in whose order the file is and along which the target changes, or a
column that names things whose rows have the same target.

What is found here is used where the recipe says nothing, so it asks for more than the findings of `row_structure`. An
order of the file shows that rows were collected in it (a shuffled table is to be predicted at random places). A column
of groups must also have a name that says what it is: of a city or a model, new rows are mostly of known ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView
from autoft.data.audit.row_structure import (
    CONSTANT_TARGET,
    FEWEST_TIMES,
    MANY_COLUMNS,
    ORDERED,
    SURE,
    Similarity,
    change_along,
    drawn_target,
    in_order,
    may_group,
    neighbours,
    similarity,
)
from autoft.data.audit.values import codes, ranked
from autoft.data.row_times import date_parts, seconds_of_parts
from autoft.errors import quoted
from autoft.formatting import number
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding
from autoft.records.split import RowDependence

#: Fewer rows leave doubt.
FEWEST_ROWS = 100
#: Share of the rows that must have another row in their group.
REPEATED = 0.8
#: Words in the name of a column that names what rows belong to.
_THINGS = frozenset(
    {"id", "uid", "uuid", "pid", "subject", "patient", "person", "participant", "individual", "respondent", "user"}
    | {"customer", "client", "member", "household", "family", "student", "pupil", "donor", "speaker", "writer"}
    | {"animal", "mouse", "rat", "dog", "cat", "cow", "specimen", "device", "machine", "engine", "vehicle", "sensor"}
    | {"well", "session", "batch"}
)
#: Words in the name of a date at which the row did not come into being.
_OTHER_DATES = frozenset(["birth", "birthday", "birthdate", "born", "dob", "expiry", "expiration", "due"])


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDependence:
    """Columns to use, and the finding that says so; empty where there is doubt."""

    rows: RowDependence = field(default_factory=RowDependence)
    findings: tuple[Finding, ...] = ()


def find_dependence(view: TableView, frame: pd.DataFrame, taken: frozenset[str] = frozenset()) -> FoundDependence:
    """The dependence of rows that is beyond doubt. A time goes before a group: later rows of known things.

    Args:
        frame: The table of the view.
        taken: Columns that the recipe uses otherwise.
    """
    if view.usable.sum() < FEWEST_ROWS:
        return FoundDependence()
    return _by_time(view, frame, taken) or _by_group(view, taken) or FoundDependence()


def target_drift(view: TableView, times: Array, names: tuple[str, ...]) -> tuple[Finding, ...]:
    """A note where the target changes along the time that orders the rows: its first and its last fifth.

    Args:
        times: Of the rows, ``[n]``; nothing is found where one is missing.
    """
    rows = np.flatnonzero(view.usable)
    if len(rows) < FEWEST_ROWS or not np.isfinite(times).all():
        return ()
    effect = change_along(times[rows], view.answers[rows], view.task)
    if not effect:
        return ()
    line, y_label = drawn_target(view, rows[np.argsort(times[rows], kind="stable")])
    fifth = len(line) // 5
    first, last = (number(float(part.mean())) for part in (line[:fifth], line[-fifth:]))
    shown = ", ".join(map(quoted, names))
    what = y_label[:1].lower() + y_label[1:]
    found = f"drifts with time ({shown}): {what} is {first} in the first fifth of the rows and {last} in the last "
    found += f"(effect {effect:.2f} of 1)"
    fix = "expect later rows to differ again, and train again as they come; a column that says why it changes helps"
    drawn = charts.over_rows(line, y_label=y_label, x_label="Rows in the order of time")
    evidence = Evidence(counts={"effect": round(effect, 4)}, sketch=drawn)
    return (Finding("target-drift", "info", view.target, "be as it was before", found, fix, evidence),)


def _words(name: str) -> set[str]:
    """The words in a name, in lower case and as they are in the singular.

    >>> sorted(_words("customerID")), sorted(_words("subject#"))
    (['customer', 'id'], ['subject'])
    """
    return set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))


def _times(view: TableView, frame: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], Array]]:
    """Columns of dates, and parts of dates side by side, that are known in every row, with their seconds."""
    for column, times in view.columns("date"):
        if not column.clock and np.isfinite(times).all() and not _OTHER_DATES & _words(column.name):
            yield (column.name,), times
    for names in date_parts(str(name) for name in frame.columns if str(name) != view.target):
        times_or_none = seconds_of_parts(frame, names)
        if times_or_none is not None and not _OTHER_DATES & set().union(*map(_words, names)):
            yield names, times_or_none


def _by_time(view: TableView, frame: pd.DataFrame, taken: frozenset[str]) -> FoundDependence | None:
    rows = np.flatnonzero(view.usable)
    answers = view.answers[rows]
    for names, times in _times(view, frame):
        own = times[rows]
        if taken.intersection(names) or len(np.unique(own)) < FEWEST_TIMES or not in_order(own):
            continue
        effect = change_along(own, answers, view.task)
        ratio, deviations = neighbours(ranked(answers) if view.task == "regression" else answers, view.task)
        alike = ratio <= ORDERED and deviations >= SURE
        if effect or alike:
            found = _time_finding(view, names, rows, effect, ratio if alike else 1.0)
            return FoundDependence(rows=RowDependence(time=names), findings=(found,))
    return None


def _time_finding(view: TableView, names: tuple[str, ...], rows: Array, effect: float, ratio: float) -> Finding:
    shown = ", ".join(map(quoted, names))
    why = [f"changes with it (effect {effect:.2f} of 1)"] if effect else []
    why += [f"differs between neighbouring rows by {ratio:.0%} of what it does in a shuffled file"] if ratio < 1 else []
    found = f"is in the order of time ({shown}), and {quoted(view.target)} {' and '.join(why)}: folds are stretches of "
    found += "time, and the score is that on rows of other times"
    fix = "nothing to do if later rows are to be predicted; for rows among these, set evaluate: rows: independent"
    line, y_label = drawn_target(view, rows)
    drawn = charts.over_rows(line, y_label=y_label)
    counts = {"effect": round(effect, 4), "difference of neighbours, shuffled is 1": round(ratio, 4)}
    must = "have independent rows, unless its folds respect the time"
    return Finding("rows-in-time", "warning", None, must, found, fix, Evidence(counts=counts, sketch=drawn))


def _by_group(view: TableView, taken: frozenset[str]) -> FoundDependence | None:
    rows = int(view.usable.sum())
    likely = [c for c in (*view.features, *view.unused) if c.name not in taken and _THINGS & _words(c.name)]
    known = [a for c in likely if may_group(c, rows) and (a := similarity(c, view)) is not None and _certain(a, view)]
    if not known:
        return None
    best = max(known, key=lambda a: (a.target, a.others))
    name, target = best.column.name, quoted(view.target)
    found = (
        f"names groups of rows, within which {target} agrees to {best.target:.0%}: no group is in two folds, and the "
    )
    found += "score is that on new groups"
    fix = "nothing to do if rows of new groups are to be predicted; for more rows of these, set evaluate: rows: "
    fix += "independent"
    agreement = {"target": best.target, "other columns": best.others}
    sketch = charts.bars(agreement, x_label="Agreement among rows of one value", marked=["target"])
    counts = {"groups looked at": best.groups, "agreement of the target": round(best.target, 3)}
    must = "not tie rows of different folds together"
    finding = Finding("rows-in-groups", "warning", name, must, found, fix, Evidence(counts=counts, sketch=sketch))
    return FoundDependence(rows=RowDependence(group=name), findings=(finding,))


def _certain(alike: Similarity, view: TableView) -> bool:
    """Whether nearly all rows are in groups of several, and these have one target, or nearly so and are alike too."""
    group = codes(view.converted.values[alike.column.id])[view.usable]
    sizes = np.bincount(group[group >= 0])
    repeated = sizes[sizes > 1].sum() >= REPEATED * len(group)
    same = alike.target >= CONSTANT_TARGET or (alike.same_target and alike.others >= MANY_COLUMNS)
    return bool(repeated and same)
