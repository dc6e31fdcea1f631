"""Redundant columns: copies, recodings, numbers in the same order, sums of others; and a target that is such a sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.predictors import LEAK_R2
from autoft.data.audit.values import ranked, sample, some_rows
from autoft.errors import listed, quoted
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.evidence import Chart, Evidence
from autoft.records.findings import Finding

#: |Spearman's rho| from which two columns have one order.
SAME_ORDER = 0.999
#: Rows on which likely pairs of columns are found, and on which rho is measured.
SCREENED, MEASURED = 2_000, 20_000
#: Columns whose correlations with all later ones are looked at together.
BLOCK = 512
#: Least mean number of rows per value of a recoding: two columns that name rows are none.
ROWS_PER_VALUE = 2.0
#: Fewer rows prove nothing.
MIN_ROWS = 50


def recodings(features: tuple[Column, ...], values: Mapping[str, Array], exact: Array) -> dict[str, str]:
    """Name of each column that is one-to-one with an earlier one -> the name of that one; `exact` are hashes of rows.
    Every value of one goes with exactly one value of the other in all rows, missing cells included."""
    # What is one-to-one in all rows is in a few; columns that already differ there are not looked at in full. Nor are
    # those without a value that comes back there: with two rows per value many would.
    some: dict[bytes, list[Column]] = defaultdict(list)
    for column in features:
        pattern, distinct = _pattern(drawn := some_rows(values[column.id], MEASURED))
        if distinct < len(drawn):
            some[pattern].append(column)
    groups: dict[tuple[bytes, int], list[str]] = defaultdict(list)
    for column in (column for alike in some.values() if len(alike) > 1 for column in alike):
        pattern, distinct = _pattern(values[column.id])
        rows = len(values[column.id])
        if rows >= MIN_ROWS and 2 <= distinct <= rows / ROWS_PER_VALUE:
            groups[pattern, distinct].append(column.name)
    found = {key: names for key, names in groups.items() if len(names) > 1}
    # Where every row stands there twice, two columns of measurements look like a recoding: of equal rows one counts.
    different = len(np.unique(exact)) if found else 0
    repeated = [names for (_, distinct), names in found.items() if distinct <= different / ROWS_PER_VALUE]
    return {other: first for first, *others in repeated for other in others}


def _pattern(values: Array) -> tuple[bytes, int]:
    """Codes in the order of the first rows, which are equal exactly where values are one-to-one, and their number."""
    codes, distinct = pd.factorize(values)
    return pd.util.hash_array(codes.astype(np.int64)).tobytes(), len(distinct)


def same_order(features: tuple[Column, ...], values: Mapping[str, Array]) -> dict[str, tuple[str, float]]:
    """Name of each numeric column that orders the rows as an earlier one does -> its name, Spearman's rho. Not dates:
    those of a beginning and an end have one order, and all that matters is the time between them."""
    columns = [column for column in features if column.kind == "numeric"]
    if len(columns) < 2 or len(values[columns[0].id]) < MIN_ROWS:
        return {}
    cells = [some_rows(values[column.id], SCREENED) for column in columns]
    parts = (np.column_stack(cells[start : start + BLOCK]) for start in range(0, len(cells), BLOCK))
    matrix = np.concatenate([_standardized(ranked(part).T) for part in parts])
    found: dict[str, tuple[str, float]] = {}
    left = np.ones(len(columns), dtype=bool)
    for i, rho in enumerate(_correlations(matrix)):
        for j in i + 1 + np.flatnonzero((rho > SAME_ORDER - 0.001) & left[i + 1 :] & left[i]):
            first, second = columns[i], columns[j]
            measured = spearman(values[first.id], values[second.id])
            if abs(measured) > SAME_ORDER:
                found[second.name], left[j] = (first.name, measured), False
    return found


def _standardized(ranks: Array) -> Array:
    """Rows of ranks around 0 whose squares sum to 1, in the single precision that is enough to find likely pairs."""
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(ranks, axis=1, keepdims=True)
    return np.asarray(ranks / np.maximum(lengths, 1e-300), dtype=np.float32)


def _correlations(matrix: Array) -> Iterator[Array]:
    """Of each row the correlations with all later ones, without their signs."""
    for start in range(0, len(matrix), BLOCK):
        # All against all at once would take gigabytes from ten thousand columns.
        rho = np.abs(matrix[start : start + BLOCK] @ matrix[start:].T)
        yield from (own[k + 1 :] for k, own in enumerate(rho))


def spearman(one: Array, other: Array) -> float:
    """Spearman's rho over the rows (at most 20,000 of them) that have both values; 0 if they are too few."""
    x, z = some_rows(one, MEASURED), some_rows(other, MEASURED)
    both = np.isfinite(x) & np.isfinite(z)
    if both.sum() < MIN_ROWS or np.ptp(x[both]) == 0 or np.ptp(z[both]) == 0:
        return 0.0
    return float(np.corrcoef(ranked(x[both]), ranked(z[both]))[0, 1])


@check("identical-columns", "one-to-one-columns", "correlated-copies", scope="pairs")
def redundant_columns(view: TableView) -> Iterator[Finding]:
    """Columns that repeat an earlier one, cell by cell or under other values."""
    values, by_name = view.converted.values, {column.name: values for column, values in view.columns()}
    equal = copies(view.features, values)
    left = tuple(column for column in view.features if column.name not in equal)
    recoded = recodings(left, values, view.hashes.exact)
    ordered = same_order(tuple(column for column in left if column.name not in recoded), values)
    adds_nothing = "add one of the two to data.drop: it adds nothing and splits the importance"
    must, accept = "say something that other columns do not", "accept {} to leave it out, or " + adds_nothing
    for name, first in equal.items():
        drawn = _together(first, by_name[first], name, by_name[name])
        evidence = Evidence(counts={"rows": len(view)}, sketch=drawn)
        found = f"equals column {quoted(first)} in every row"
        yield Finding("identical-columns", "warning", name, "differ from other columns", found, adds_nothing, evidence)
    for name, first in recoded.items():
        found = f"recodes column {quoted(first)}: each of its values goes with one value there in every row"
        evidence, fix = _pairs(first, by_name[first], name, by_name[name]), accept.format("one-to-one-columns")
        yield Finding("one-to-one-columns", "warning", name, must, found, fix, evidence)
    for name, (first, rho) in ordered.items():
        found = f"orders the rows as column {quoted(first)} does (Spearman's rho {rho:.4f})"
        drawn = _together(first, by_name[first], name, by_name[name])
        evidence, fix = Evidence(counts={"rho": rho}, sketch=drawn), accept.format("correlated-copies")
        yield Finding("correlated-copies", "warning", name, must, found, fix, evidence)


def copies(features: Sequence[Column], values: Mapping[str, Array]) -> dict[str, str]:
    """Name of each column that equals an earlier one in every row -> the name of that one."""

    def alike(columns: Iterable[Column], rows: int) -> list[list[Column]]:
        groups: dict[bytes, list[Column]] = defaultdict(list)
        for column in columns:
            groups[pd.util.hash_array(some_rows(values[column.id], rows)).tobytes()].append(column)
        return [group for group in groups.values() if len(group) > 1]

    # What is equal in all rows is so in a few: only such columns are looked at in full.
    likely = [column for group in alike(features, SCREENED) for column in group]
    groups = alike(likely, len(values[features[0].id]) if features else 0)
    return {other.name: first.name for first, *others in groups for other in others}


def _pairs(first: str, one: Array, second: str, other: Array) -> Evidence:
    """The values that go together, the most frequent first."""
    cells = pd.DataFrame({"one": one, "other": other})
    counted = cells.groupby(["one", "other"]).size().sort_values(ascending=False, kind="stable").reset_index()
    examples = tuple((str(a), str(b), int(rows)) for a, b, rows in counted.head(6).itertuples(index=False))
    drawn = charts.bars({f"{a[:18]}, {b[:18]}": rows for a, b, rows in examples})
    counts = {"rows": len(one), "pairs": len(counted)}
    return Evidence(counts=counts, head=(first, second, "rows"), examples=examples, sketch=drawn)


def _together(first: str, one: Array, second: str, other: Array) -> Chart:
    """Some rows of two columns: points for numbers, of other columns how often each value of the first comes."""
    one, other = some_rows(one, 400), some_rows(other, 400)
    if one.dtype != object and other.dtype != object:
        return charts.scatter(one, other, x_label=first, y_label=second)
    texts, counts = np.unique([str(text) for text in one if text is not None], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return charts.bars({texts[i]: int(counts[i]) for i in order}, x_label=f"Rows with this {first} and {second}")


#: Fewer rows prove nothing, nor do fewer for each column.
FITTED_ROWS, ROWS_PER_COLUMN = 100, 3
#: Rows that are looked at, and columns.
MOST_ROWS, MOST_COLUMNS = 5_000, 100
#: Share of its spread by which a sum may differ, as by rounding; how near to 1 or -1 its weights are; and a column with
#: less than this share of the spread of the sum is no part of it.
ROUNDING, WEIGHT, PART = 1e-3, 0.01, 1e-3
#: Longer sums are not named, and columns with fewer values have sums by chance.
MOST_PARTS, MIN_DISTINCT = 12, 10


@check("sum-of-columns", "sum-leak", scope="pairs")
def sums(view: TableView) -> Iterator[Finding]:
    """A note for each column that is the sum or difference of earlier ones, and a warning if the target of a regression
    is a weighted sum of three or more columns (of two `pair-leak` says so)."""
    features, rows = _numbers(view)
    if len(features) < 2 or len(rows) < max(FITTED_ROWS, ROWS_PER_COLUMN * len(features)):
        return
    matrix = np.column_stack([view.converted.values[column.id][rows] for column in features])
    spread = matrix.std(axis=0)
    scaled = (matrix - matrix.mean(axis=0)) / spread
    basis: list[int] = []
    for j, column in enumerate(features):
        weights, rest = _fit(scaled[:, basis], scaled[:, j])
        if rest > ROUNDING:
            basis.append(j)
            continue
        weights = weights * spread[j] / spread[basis]
        parts = np.flatnonzero(np.abs(weights) * spread[basis] > PART * spread[j])
        if 2 <= len(parts) <= MOST_PARTS and (np.abs(np.abs(weights[parts]) - 1) < WEIGHT).all():
            yield _sum(column, [features[basis[i]] for i in parts], weights[parts], len(view))
    if view.task == "regression":
        yield from _leak(view, [features[j] for j in basis], scaled[:, basis], rows)


def _numbers(view: TableView) -> tuple[list[Column], Array]:
    """Columns of numbers that are filled and vary, and rows in which all of them are; at most `MOST_ROWS`."""
    usable = np.flatnonzero(view.usable)
    drawn = usable[sample(len(usable), MOST_ROWS)]
    cells = {column.id: (column, values[drawn]) for column, values in view.columns("numeric")}
    some = [column for column, own in cells.values() if len(own) and np.isfinite(own).mean() > 0.8][:MOST_COLUMNS]
    some = [column for column in some if len(np.unique(cells[column.id][1])) >= MIN_DISTINCT]
    if not some:
        return [], drawn[:0]
    filled = np.all([np.isfinite(cells[column.id][1]) for column in some], axis=0)
    return [column for column in some if filled.any() and np.ptp(cells[column.id][1][filled]) > 0], drawn[filled]


def _fit(matrix: Array, y: Array) -> tuple[Array, float]:
    """Weights of the least squares, and the spread that is left as a share of that of `y` (both are centred)."""
    if not matrix.shape[1]:
        return np.zeros(0), 1.0
    weights = np.linalg.lstsq(matrix.T @ matrix, matrix.T @ y, rcond=None)[0]
    return weights, float(np.std(y - matrix @ weights) / max(float(np.std(y)), 1e-300))


def _sum(column: Column, parts: Sequence[Column], weights: Array, rows: int) -> Finding:
    signs = ["-" if weight < 0 else "+" for weight in weights]
    words = " ".join(f"{sign} {quoted(part.name)}" for sign, part in zip(signs, parts, strict=True))
    found = f"is a sum of other columns in every row that was looked at ({words.removeprefix('+ ')})"
    fix = "nothing to do, as networks can take it; add one of them to data.drop for importances that are not shared"
    must, evidence = "say something that other columns do not", Evidence(counts={"rows": rows, "parts": len(parts)})
    return Finding("sum-of-columns", "info", column.name, must, found, fix, evidence)


def _leak(view: TableView, features: Sequence[Column], matrix: Array, rows: Array) -> Iterator[Finding]:
    """A warning if the sum that fits the target in one half of the rows is the target in the other."""
    y = view.answers[rows]
    if len(features) < 3 or np.ptp(y) == 0:
        return
    y = (y - y.mean()) / y.std()
    half = np.random.default_rng(0).permutation(len(y)) % 2 == 0
    weights, _ = _fit(matrix[half], y[half])
    score = 1 - float(np.var(y[~half] - matrix[~half] @ weights) / np.var(y[~half]))
    parts = [features[i] for i in np.flatnonzero(np.abs(weights) > PART)]
    if score < LEAK_R2 or len(parts) < 3 or {part.name for part in parts} & set(view.options.allow_leak):
        return
    names = listed([part.name for part in parts], MOST_PARTS)
    found = f"is a weighted sum of {len(parts)} other columns ({names}; R2 {score:.5f})"
    fix = "if they are known only afterwards, add them to data.drop; else list one under schema.allow_leak"
    evidence = Evidence(counts={"R2": score, "parts": len(parts)})
    yield Finding("sum-leak", "warning", view.target, "not be a sum of the features", found, fix, evidence)
