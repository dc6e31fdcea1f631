"""Structure of the rows: columns that name what rows belong to or order them in time, and the order of the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import label_text
from autoft.data.audit.values import MAX_ROWS, codes, ranked, sample
from autoft.errors import quoted
from autoft.records.arrays import Array
from autoft.records.columns import Column, Task
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding, Severity

#: Fewer values are categories rather than groups, and fewer pairs of rows of one value prove nothing.
FEWEST_GROUPS, FEWEST_PAIRS = 20, 100
#: Agreement of the target within groups (0: as anywhere, 1: equal) that is notable, and that makes a warning by itself.
SAME_TARGET, CONSTANT_TARGET = 0.5, 0.8
#: Agreement of another column within groups that makes it nearly constant.
SAME_COLUMN = 0.8
#: With more rows for each value on average, that the target depends on it is something to learn, and no group.
LARGE = 50
#: Fewest other columns that are compared, and the share of them that must be nearly constant.
FEWEST_COLUMNS, MANY_COLUMNS = 3, 0.5
#: Most candidates that are looked at, those with the fewest values, and most other columns for each.
MOST_CANDIDATES, MOST_COLUMNS = 12, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """How alike the rows of one value are: the target, and the share of the other columns that agree."""

    column: Column
    groups: int
    size: float
    target: float
    others: float

    @property
    def same_target(self) -> bool:
        return self.target >= SAME_TARGET and self.size <= LARGE


@check("group-structure", scope="rows")
def hidden_groups(view: TableView) -> list[Finding]:
    """At most one finding: the column that should keep rows together in the folds. A warning where the target is nearly
    the same within each group (a model that recognises the group knows it), or fairly so and the rows are alike; a note
    where only one of the two holds. Columns that are no inputs count too."""
    if view.options.grouped:
        return []
    likely = [c for c in (*view.features, *view.unused) if may_group(c, int(view.usable.sum()))]
    likely = sorted(likely, key=lambda c: c.distinct)[:MOST_CANDIDATES]
    known = [alike for c in likely if (alike := similarity(c, view)) is not None]
    telling = [a for a in known if a.same_target or a.others >= MANY_COLUMNS]
    if not telling:
        return []
    return [_group_finding(max(telling, key=lambda a: (a.same_target, a.others, a.target)), view.target)]


def may_group(column: Column, rows: int) -> bool:
    kinds = ("categorical", "text", "identifier")
    if column.kind not in kinds and not (column.kind == "numeric" and column.integral):
        return False
    return FEWEST_GROUPS <= column.distinct <= 0.8 * (rows - column.missing)


def similarity(column: Column, view: TableView) -> Similarity | None:
    values = view.converted.values
    chosen, group = _members(values[column.id], view.usable)
    sizes = np.bincount(group).astype(np.float64) if len(group) else np.zeros(0)
    if (sizes * (sizes - 1)).sum() / 2 < FEWEST_PAIRS or len(sizes) < FEWEST_GROUPS:
        return None
    same = _agreement(view.answers[chosen], group, numeric=view.task == "regression")
    agree = []
    for other in [c for c in view.features if c.id != column.id][:MOST_COLUMNS]:
        cells = values[other.id][chosen]
        agree.append(_agreement(cells, group, numeric=cells.dtype != object) >= SAME_COLUMN)
    share = float(np.mean(agree)) if len(agree) >= FEWEST_COLUMNS else 0.0
    return Similarity(column=column, groups=len(sizes), size=float(sizes.mean()), target=same, others=share)


def _members(values: Array, rows: Array) -> tuple[Array, Array]:
    """Rows of whole groups of two or more, some 20,000 of them drawn with a fixed seed, and their groups' numbers."""
    groups = np.where(rows, codes(values), -1)
    sizes = np.bincount(groups[groups >= 0])
    several = np.random.default_rng(0).permutation(np.flatnonzero(sizes > 1))
    # One group more than fits, so that a large one does not leave nothing to look at.
    several = several[: int(np.searchsorted(np.cumsum(sizes[several]), MAX_ROWS)) + 1]
    number = np.full(len(sizes) + 1, -1)  # the last is for the rows without a value
    number[several] = np.arange(len(several))
    chosen = np.flatnonzero(number[groups] >= 0)
    return chosen, number[groups[chosen]]


def _agreement(values: Array, group: Array, *, numeric: bool) -> float:
    """How much more two rows of a group agree than any two: 0 as anywhere, 1 always; 0 for constant columns. For
    numbers the intraclass correlation of their ranks (one-way analysis of variance), else Cohen's kappa of pairs."""
    sizes = np.bincount(group).astype(np.float64)
    rows = len(values)
    if numeric:
        ranks = ranked(values)
        total = ((ranks - ranks.mean()) ** 2).sum()
        means = np.bincount(group, weights=ranks) / sizes
        within = ((ranks - means[group]) ** 2).sum()
        if total == 0 or rows == len(sizes):
            return 0.0
        between_square, within_square = (total - within) / (len(sizes) - 1), within / (rows - len(sizes))
        typical = (rows - (sizes**2).sum() / rows) / (len(sizes) - 1)
        return float((between_square - within_square) / (between_square + (typical - 1) * within_square))
    categories = codes(values, missing=True)
    counts = np.bincount(categories).astype(np.float64)
    anywhere = (counts * (counts - 1)).sum() / (rows * (rows - 1))
    joint = np.unique(group * len(counts) + categories, return_counts=True)[1].astype(np.float64)
    inside = (joint * (joint - 1)).sum() / (sizes * (sizes - 1)).sum()
    return float((inside - anywhere) / (1 - anywhere)) if anywhere < 1 else 0.0


def _group_finding(alike: Similarity, target: str) -> Finding:
    name = alike.column.name
    words = []
    if alike.same_target:
        words.append(f"{quoted(target)} agrees to {alike.target:.0%}")
    if alike.others >= MANY_COLUMNS:
        words.append(f"{alike.others:.0%} of the other columns are nearly constant")
    found = f"may name groups of rows: among rows of one value {' and '.join(words)}"
    known = alike.same_target and (alike.target >= CONSTANT_TARGET or alike.others >= MANY_COLUMNS)
    fix = f"if its values name what rows belong to (a person, a machine), set evaluate: group: {quoted(name)}, "
    fix += "so that rows of one value are never in two folds"
    agreement = {"target": max(alike.target, 0.0), "other columns": alike.others}
    marked = ["target"] if alike.same_target else ["other columns"]
    drawn = charts.bars(agreement, x_label="Agreement among rows of one value", marked=marked)
    counts = {"groups looked at": alike.groups, "agreement of the target": round(alike.target, 3)}
    evidence = Evidence(counts=counts, sketch=drawn)
    must = "not tie rows of different folds together"
    return Finding("group-structure", "warning" if known else "info", name, must, found, fix, evidence)


#: Fewer rows prove nothing, and fewer different values are no time.
FEWEST_ROWS, FEWEST_TIMES = 50, 20
#: Stretches of time, of as many rows each, whose targets are compared, and rows on which they are, at most.
STRETCHES, MOST_ROWS = 10, 100_000
#: Below this probability the target changes with time; from this effect on (Cramer's V; its like for ranks) notably.
UNLIKELY, NOTABLE = 1e-6, 0.1
#: A column with this share of steps in one direction is in order.
IN_ORDER = 0.995
#: Standard deviations of a shuffled file beyond which chance is no explanation, whatever the number of tables.
SURE = 8.0
#: Largest difference of neighbours, relative to a shuffled file, in one that is sorted by the target, or in some order.
SORTED, ORDERED = 0.05, 0.8


@check("time-structure", "target-sorted", "target-follows-order", scope="rows")
def row_order(view: TableView) -> list[Finding]:
    """A column of time, where the recipe names none; and whether the target depends on the place of a row in the file.
    Where a time is known, only a sorted file is worth a finding."""
    times = [] if view.options.timed else _time_column(view)
    return times + _target_in_file_order(view, explained=view.options.timed or bool(times))


def _time_column(view: TableView) -> list[Finding]:
    """At most one finding: the column that should order the folds in time. A warning for a date along which the target
    changes (chi-squared test of classes against tenths of time, or Kruskal-Wallis test for numbers): a random split
    learns from the future there. Merely a note for a column in whose order the file is."""
    if view.usable.sum() < FEWEST_ROWS:
        return []
    best: tuple[bool, float, Column] | None = None
    for column, times in view.columns("date", "numeric"):
        known = view.usable & np.isfinite(times)
        if column.clock or column.distinct < FEWEST_TIMES or known.sum() < FEWEST_ROWS:
            continue
        # That the target changes with a number is what features are for; of a date it means that the world changes.
        effect = change_along(times[known], view.answers[known], view.task) if column.kind == "date" else 0.0
        if (effect or in_order(times[known])) and (best is None or (effect > 0, effect) > best[:2]):
            best = (effect > 0, effect, column)
    return [] if best is None else [_time_finding(best[2], best[1], view)]


def in_order(times: Array) -> bool:
    steps = np.diff(times)
    steps = steps[steps != 0]
    return len(steps) >= FEWEST_TIMES - 1 and bool(max((steps > 0).mean(), (steps < 0).mean()) >= IN_ORDER)


def change_along(times: Array, target: Array, task: Task) -> float:
    """How much the target changes with time, 0 to 1; 0 where that may be chance or is small."""
    from scipy import stats

    chosen = sample(len(times), MOST_ROWS)
    stretch = np.searchsorted(np.quantile(times[chosen], np.arange(1, STRETCHES) / STRETCHES), times[chosen])
    stretch, size = np.unique(stretch, return_inverse=True)[1], len(chosen)
    groups = int(stretch.max()) + 1
    values = target[chosen]
    if groups < 2 or len(np.unique(values)) < 2:
        return 0.0
    if task == "regression":
        result = stats.kruskal(*(values[stretch == g] for g in range(groups)))
        # Epsilon squared (Tomczak and Tomczak 2014), as a correlation to be on the scale of Cramer's V.
        effect = float(np.sqrt(max(result.statistic / (size - 1), 0.0)))
        return effect if result.pvalue < UNLIKELY and effect >= NOTABLE else 0.0
    places = np.unique(values, return_inverse=True)[1]
    counts = np.bincount(places * groups + stretch, minlength=(int(places.max()) + 1) * groups).reshape(-1, groups)
    tested = stats.chi2_contingency(counts)
    effect = float(np.sqrt(tested[0] / (size * (min(counts.shape) - 1))))
    return effect if tested[1] < UNLIKELY and effect >= NOTABLE else 0.0


def _time_finding(column: Column, effect: float, view: TableView) -> Finding:
    times = view.converted.values[column.id]
    known = np.flatnonzero(view.usable & np.isfinite(times))
    order = known[np.argsort(times[known], kind="stable")]
    found = "has values in the order of the rows"
    severity: Severity = "info"
    fix = f"if it is a time, set evaluate: time: {quoted(column.name)}, so that the model is scored on later rows"
    if effect:
        severity = "warning"
        found = f"is a date along which the target changes (effect {effect:.2f} of 1): random folds learn from later "
        found += "rows"
        fix = f"set evaluate: time: {quoted(column.name)} if the model is to predict rows later than these"
    line, y_label = drawn_target(view, order)
    drawn = charts.over_rows(line, y_label=y_label, x_label=f"Rows in the order of {column.name}")
    evidence = Evidence(counts={"effect": round(effect, 4)}, sketch=drawn)
    must = "not order the rows in time, unless the recipe says so"
    return Finding("time-structure", severity, column.name, must, found, fix, evidence)


def _target_in_file_order(view: TableView, *, explained: bool) -> list[Finding]:
    """A finding where neighbouring rows have more similar targets than in a shuffled file. Classes: the number of
    changes from row to row (the runs test of Wald and Wolfowitz 1940). Numbers: the squared differences of the ranks of
    neighbours (Bartels 1982). Either is divided by what a shuffled file has on average."""
    rows = np.flatnonzero(view.usable)
    values = ranked(view.answers[rows]) if view.task == "regression" else view.answers[rows]
    if len(values) < FEWEST_ROWS or (values == values[0]).all():
        return []
    ratio, deviations = neighbours(values, view.task)
    if deviations < SURE or ratio > ORDERED or (explained and ratio > SORTED):
        return []
    line, y_label = drawn_target(view, rows)
    counts = {"difference of neighbours, shuffled is 1": round(ratio, 4)}
    evidence = Evidence(counts=counts, sketch=charts.over_rows(line, y_label=y_label))
    found = "is sorted by the target"
    if ratio > SORTED:
        found = f"has similar targets in neighbouring rows: their difference is {ratio:.0%} of that in a shuffled file"
    fix = "nothing to do, as folds do not depend on the order of the file; "
    fix += "if the order is that of time, name the column of time in evaluate: time"
    code = "target-sorted" if ratio <= SORTED else "target-follows-order"
    return [Finding(code, "info", None, "be in an order that says nothing of the target", found, fix, evidence)]


def neighbours(values: Array, task: Task) -> tuple[float, float]:
    """How much neighbours differ, as a share of a shuffled file's, and by how many of its standard deviations less."""
    rows = len(values)
    if task == "regression":
        ratio = float((np.diff(values) ** 2).mean() / 2 / values.var())
        return ratio, (1 - ratio) * np.sqrt(rows)
    counts = np.bincount(values).astype(np.float64)
    differ = 1 - (counts * (counts - 1)).sum() / (rows * (rows - 1))
    if differ == 1:  # every row has a class of its own
        return 1.0, 0.0
    ratio = float((np.diff(values) != 0).mean() / differ)
    # Neighbouring pairs overlap, which at most doubles the variance of independent ones.
    return ratio, float((1 - ratio) * differ * np.sqrt(rows / (2 * differ * (1 - differ))))


def drawn_target(view: TableView, rows: Array) -> tuple[Array, str]:
    """What is drawn over some rows: the values of a regression, or 1 for the most frequent class; and its name."""
    answers = view.answers[rows]
    if view.task == "regression":
        return answers, f"Mean of {view.target}"
    common = answers == np.bincount(answers).argmax()
    label = label_text(view.labels.iloc[int(rows[np.flatnonzero(common)[0]])])
    return common.astype(np.float64), f"Share of {label}"
