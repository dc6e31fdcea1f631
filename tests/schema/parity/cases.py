"""Tables that depart from a schema, each in one way or in several, for both engines.

Hand-made cases are below; `generated` draws more with Hypothesis. A table is columns of cells by name; None is a
missing cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.data.typed import Cells, Typed

Table = dict[str, list[Any]]
NAN, INF = math.nan, math.inf
WORDS = 'string_domain { name: "words" value: "a" value: "b" }'
PLACES = 'default_environment: "TRAINING" default_environment: "SERVING"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A table, the schema in text format that it is held to, and the earlier table that it is compared with."""

    name: str
    schema: str
    table: Table
    environment: str | None = None
    previous: Table | None = None


def columns(table: Table) -> Typed:
    """The table as both engines read it."""
    return Typed(
        cells={name: _cells(cells) for name, cells in table.items()},
        rows=max(map(len, table.values())),
        unreadable=frozenset(),
    )


def _cells(cells: list[Any]) -> Cells:
    missing = np.array([cell is None for cell in cells], dtype=bool)
    if all(isinstance(cell, int | float | None) for cell in cells) and not missing.all():
        kind = type(next(cell for cell in cells if cell is not None))
        return Cells(
            values=np.array([kind(0) if cell is None else cell for cell in cells], dtype=kind), missing=missing
        )
    return Cells(values=np.array([*cells, None], dtype=object)[:-1], missing=missing)


def _x(declared: str, rest: str = "") -> str:
    return f'feature {{ name: "x" {declared} }} {rest}'.strip()


#: Group, then constraints of a column x, then its cells in tables that are held to each of these constraints.
SINGLE: list[tuple[str, list[str], list[list[Any]]]] = [
    (
        "presence",
        [
            "type: INT presence { min_fraction: 1 min_count: 1 }",
            "type: INT presence { min_fraction: 0.5 }",
            "type: INT presence { min_count: 4 }",
            "type: INT",
        ],
        [[1, 2, 3, 4], [1, None, 3, 4], [1, None, None, None], [None] * 4],
    ),
    (
        "type",
        ["type: INT", "type: FLOAT", "type: BYTES"],
        [[1, 2, 3], [1.5, 2.0, None], ["a", "b", "1"], [1.0, 2.0, 3.0]],
    ),
    (
        "values",
        [
            "type: INT value_count { min: 1 max: 1 }",
            "type: INT value_count { min: 2 max: 3 }",
            "type: INT value_count { max: 0 }",
            "type: INT value_counts { value_count { min: 2 } }",
            "type: INT value_counts { value_count { min: 1 } value_count { min: 1 } }",
            "type: INT shape { dim { size: 1 } }",
            "type: INT shape { dim { size: 2 } }",
            "type: INT shape {}",
        ],
        [[1, 2, 3], [1, None]],
    ),
    (
        "categories",
        [
            'type: BYTES domain: "words"',
            'type: BYTES domain: "words" distribution_constraints { min_domain_mass: 0.75 }',
            'type: BYTES string_domain { value: "a" value: "c" }',
            'type: BYTES domain: "words" distribution_constraints { min_domain_mass: 0 }',
        ],
        [["a", "b", "a", "b"], ["a", "b", "a", "c"], ["c", "d", "a", None], ["", "a", "b", "A"], ["a", "é", "b ", "b"]],
    ),
    (
        "truths",
        [
            "type: INT bool_domain {}",
            "type: FLOAT bool_domain {}",
            'type: BYTES bool_domain { true_value: "yes" false_value: "no" }',
            'type: BYTES bool_domain { true_value: "yes" }',
        ],
        [[0, 1, 1], [0, 2, 1], [-1, 0, 1], [0.0, 1.0, 0.5], [0.0, 1.0, 3.0], ["yes", "no", None], ["yes", "Yes", "no"]],
    ),
    (
        "whole",
        [
            "type: INT int_domain { min: 0 max: 10 }",
            "type: INT int_domain { max: 3 }",
            "type: BYTES int_domain { min: 0 }",
        ],
        [[0, 10, 5], [-1, 5, 3], [11, 4, None], [-5, 50, 1], ["1", "10", "3"], ["1", "x"], ["-4", " 7"], ["1.5", "2"]],
    ),
    (
        "fractions",
        [
            "type: FLOAT float_domain { min: 0 max: 1 }",
            "type: FLOAT float_domain { disallow_nan: true disallow_inf: true }",
            "type: BYTES float_domain { min: 0 max: 10 disallow_inf: true }",
        ],
        [
            [0.0, 0.5, 1.0],
            [0.1, 1.5, None],
            [-0.1, 0.2],
            [0.1, NAN, 0.3],
            [0.5, INF, 0.7],
            [-INF, NAN, 2.0],
            ["0.5", "1e1"],
            ["0.5", "inf"],
            ["1,5", "2"],
        ],
    ),
    (
        "different",
        ["type: BYTES unique_constraints { min: 2 max: 3 }", "type: INT unique_constraints { min: 1 max: 3 }"],
        [["a", "b", "c"], ["a", "a"], ["a", "b", "c", "d"], [1, 2, 3], [None, None]],
    ),
    (
        "stage",
        [
            f"type: FLOAT presence {{ min_count: 1 }} lifecycle_stage: {stage}"
            for stage in ("PLANNED", "ALPHA", "BETA", "PRODUCTION", "DEPRECATED", "DEBUG_ONLY", "DISABLED")
        ],
        [["a", "b"]],
    ),
    (
        "malformed",
        [
            "",
            "type: INT presence { min_fraction: 1.5 }",
            "type: INT presence { min_fraction: -0.5 min_count: 9 }",
            "type: INT value_count { min: -1 max: 1 }",
            "type: INT value_count { min: 3 max: 2 }",
            "type: INT shape { dim { size: 0 } }",
            "type: INT float_domain { min: 3 }",
            'type: INT domain: "words"',
            'type: BYTES domain: "nowhere"',
            "type: INT int_domain { max: 1 } distribution_constraints { min_domain_mass: 0.5 }",
            "type: FLOAT distribution_constraints { min_domain_mass: 0.5 }",
            "type: TYPE_UNKNOWN",
        ],
        [[1, 2, None]],
    ),
]
_COMPARED = [
    ("INT", [1, 2, 3, 4], [1, 2, 3, 4]),
    ("INT", [1, 2, 3, 4], [1, 10, 20, 30]),
    ("FLOAT", [0.1, 0.2, 0.3, 0.9], [0.1, 0.2, 0.3, 0.8]),
    ("FLOAT", [0.1, 0.2, 0.3, 0.9], [5.0, 6.0, None, 9.5]),
    ("FLOAT", [0.1, 0.2, 0.3, INF], [0.1, 0.2, 0.3, 0.9]),
    ("FLOAT", [7.0, 7.0, 7.0], [7.0, 7.0]),
    ("BYTES", ["a", "b", "a", "b"], ["a", "b"]),
    ("BYTES", ["a", "b", "a", "b"], ["a", "a", "a", "b", None]),
    ("BYTES", ["c", "c", None], ["a", "b"]),
    ("BYTES", ["a", "b"], [None, None]),
    ("BYTES", ["a", "b"], [1, 2]),
]


def handmade() -> Iterator[Case]:
    """Every hand-made case, with a name that says what is wrong in it."""
    for group, constraints, tables in SINGLE:
        for first, declared in enumerate(constraints):
            for second, cells in enumerate(tables):
                yield Case(name=f"{group}-{first}-{second}", schema=_x(declared, WORDS), table={"x": cells})
    yield from _columns()
    yield from _environments()
    yield from _sizes()
    for number, (kind, now, before) in enumerate(_COMPARED):
        for name in ("infinity_norm", "jensen_shannon_divergence", "normalized_abs_difference"):
            schema = _x(f"type: {kind} drift_comparator {{ {name} {{ threshold: 0.2 }} }}")
            yield Case(name=f"drift-{name}-{number}", schema=schema, table={"x": now}, previous={"x": before})


def _columns() -> Iterator[Case]:
    needed = _x("type: INT presence { min_count: 1 }")
    yield Case(name="column-missing", schema=needed, table={"y": [1, 2]})
    yield Case(name="column-missing-optional", schema=_x("type: INT"), table={"y": [1, 2]})
    yield Case(name="column-new", schema=_x("type: INT"), table={"x": [1, 2], "y": ["a", None]})
    yield Case(name="column-new-empty", schema=_x("type: INT"), table={"x": [1, 2], "y": [None, None]})
    for name in ("x.y", "a b", "it's", "é", "a(b)", "", "X"):
        yield Case(name=f"column-named-{name}", schema=_x("type: INT"), table={"x": [1, 2], name: [1, 2]})
    yield Case(name="column-twice", schema=_x("type: FLOAT") + _x("type: INT"), table={"x": [1, 2]})
    several = _x("type: INT presence { min_fraction: 1 } value_count { min: 2 } int_domain { min: 1 max: 2 }")
    yield Case(name="column-all-at-once", schema=several, table={"x": [0, None, 5]})
    drift = 'type: BYTES drift_comparator { infinity_norm { threshold: 0.1 } } domain: "words"'
    yield Case(name="column-not-before", schema=_x(drift, WORDS), table={"x": ["a"]}, previous={"y": ["a"]})
    yield Case(name="column-drifts-outside", schema=_x(drift, WORDS), table={"x": ["c"]}, previous={"x": ["a"]})


def _environments() -> Iterator[Case]:
    for mark in ("", 'not_in_environment: "SERVING"', 'in_environment: "SERVING"', 'not_in_environment: "TRAINING"'):
        schema = _x(f"type: INT presence {{ min_count: 1 }} int_domain {{ max: 3 }} {mark}", PLACES)
        for environment in (None, "TRAINING", "SERVING"):
            for table in ({"x": [1, 9]}, {"x": [None, None], "y": [1, 2]}, {"y": [1, 2]}):
                name = f"environment-{mark or 'all'}-{environment}-{'-'.join(table)}"
                yield Case(name=name, schema=schema, table=table, environment=environment)


def _sizes() -> Iterator[Case]:
    table: Table = {"x": [1, 2, 3, 4]}
    for limits in (
        "min_examples_count: 4",
        "min_examples_count: 5",
        "max_examples_count: 3",
        "min_examples_count: 1 max_examples_count: 3",
        "min_examples_count: 5 max_examples_count: 3",
    ):
        yield Case(name=f"size-{limits}", schema=_x("type: INT", f"dataset_constraints {{ {limits} }}"), table=table)
    for limits in ("min_fraction_threshold: 0.9", "max_fraction_threshold: 1.2"):
        schema = _x("type: INT", f"dataset_constraints {{ num_examples_drift_comparator {{ {limits} }} }}")
        for rows in (0, 2, 4, 8):
            yield Case(name=f"size-{limits}-{rows}", schema=schema, table=table, previous={"x": [1] * rows})
    yield Case(name="size-none", schema=_x("type: INT presence { min_count: 1 }"), table={"x": []})
