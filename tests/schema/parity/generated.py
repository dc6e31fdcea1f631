"""Corrupted tables drawn by Hypothesis: a customer table of which any column may be spoilt, and constraints on it."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.schema.parity.cases import PLACES, Case, Table

#: Constraints of each column, of which some are drawn.
_CONSTRAINTS: dict[str, list[str]] = {
    "age": ["int_domain { min: 18 max: 90 }", "value_count { min: 1 max: 1 }", "presence { min_fraction: 1 }"],
    "income": ["float_domain { min: 0 max: 5000 disallow_nan: true }", "presence { min_fraction: 0.7 min_count: 2 }"],
    "plan": ['domain: "plans"', "unique_constraints { min: 2 max: 4 }", "presence { min_fraction: 0.9 }"],
    "paid": ["bool_domain {}", "presence { min_count: 3 }", 'not_in_environment: "SERVING"'],
    "tag": ["value_count { min: 1 max: 2 }", "presence { min_count: 1 }"],
}
_COMPARATORS = ["infinity_norm", "jensen_shannon_divergence", "normalized_abs_difference"]
_TYPES = {"age": "INT", "income": "FLOAT", "plan": "BYTES", "paid": "INT", "tag": "BYTES"}
_REST = f'string_domain {{ name: "plans" value: "free" value: "pro" value: "team" }} {PLACES}'
_OTHER_CELLS = [-1, 0, 7, 120, 0.5, 9e9, float("inf"), "free", "gold", "7", "x", "", None]


def _clean(rows: int) -> Table:
    return {
        "age": [20 + 7 * row % 60 for row in range(rows)],
        "income": [1000.0 + 37.5 * row for row in range(rows)],
        "plan": [("free", "pro", "team")[row % 3] for row in range(rows)],
        "paid": [row % 2 for row in range(rows)],
        "tag": [("new", "vip")[row % 2] for row in range(rows)],
    }


@st.composite
def _cells(draw: Any, cells: list[Any]) -> list[Any] | None:
    """The cells of a column, spoilt; None without the column."""
    what = draw(st.sampled_from(["keep", "keep", "drop", "blank", "empty", "odd", "other"]))
    if what == "drop":
        return None
    if what == "empty":
        return [None] * len(cells)
    if what == "blank":
        return [None if draw(st.booleans()) else cell for cell in cells]
    if what == "odd":
        kind = type(cells[0])
        odd = [cell for cell in _OTHER_CELLS if type(cell) is kind] or [None]
        return [*cells[:-1], draw(st.sampled_from(odd))]
    if what == "other":
        kind = draw(st.sampled_from([int, float, str]))
        pool = [cell for cell in _OTHER_CELLS if type(cell) is kind]
        return [draw(st.sampled_from(pool)) for _ in cells]
    return cells


@st.composite
def cases(draw: Any) -> Case:
    """A case; its name is that of its columns."""
    features = []
    for name, constraints in _CONSTRAINTS.items():
        chosen = [each for each in constraints if draw(st.booleans())]
        if draw(st.booleans()):
            threshold, distance = draw(st.sampled_from([0.05, 0.3])), draw(st.sampled_from(_COMPARATORS))
            chosen.append(f"drift_comparator {{ {distance} {{ threshold: {threshold} }} }}")
        features.append(f'feature {{ name: "{name}" type: {_TYPES[name]} {" ".join(chosen)} }}')
    table = {}
    for name, cells in _clean(draw(st.integers(1, 12))).items():
        if (spoilt := draw(_cells(cells))) is not None:
            table[name] = spoilt
    table = table or {"new": [1]}
    before = _clean(draw(st.integers(1, 12)))
    return Case(
        name="drawn",
        schema=" ".join([*features, _REST]),
        table=table,
        environment=draw(st.sampled_from([None, "TRAINING", "SERVING"])),
        previous=draw(st.sampled_from([None, before])),
    )


def drawn(count: int) -> list[Case]:
    """`count` cases, the same ones every time with one version of Hypothesis."""
    found: list[Case] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(cases())
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found
