"""Tables that depart from a schema, each in one way or in several, for both engines.

Hand-made cases are below; `generated` draws more with Hypothesis. A table is columns of cells by name; None is a
missing cell, and a cell may be a list.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Table = dict[str, list[Any]]
NAN, INF = math.nan, math.inf
WORDS = 'string_domain { name: "words" value: "a" value: "b" }'
PLACES = 'default_environment: "TRAINING" default_environment: "SERVING"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A table, the schema in text format that it is held to, and the tables that it is compared with.

    `weight` is the column with the weights of the rows, in all of these tables.
    """

    name: str
    schema: str
    table: Table
    environment: str | None = None
    previous: Table | None = None
    serving: Table | None = None
    weight: str | None = None


def arrow(table: Table) -> Any:
    """The table as a ``pyarrow.RecordBatch`` of lists, which both engines read."""
    import pyarrow as pa

    arrays = []
    for cells in table.values():
        lists = [cell if cell is None or isinstance(cell, list) else [cell] for cell in cells]
        values = [value for cell in lists or [] for value in cell or [] if value is not None]
        if not values and all(cell is None for cell in lists):
            arrays.append(pa.nulls(len(lists)))
            continue
        kind = {int: pa.int64(), float: pa.float64(), str: pa.binary()}[type(values[0]) if values else str]
        coded = [None if c is None else [v.encode() if isinstance(v, str) else v for v in c] for c in lists]
        arrays.append(pa.array(coded, type=pa.list_(kind)))
    return pa.RecordBatch.from_arrays(arrays, names=list(table))


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
            "type: INT shape { dim { size: 1 } }",
            "type: INT shape { dim { size: 2 } }",
            "type: INT shape {}",
        ],
        [[1, 2, 3], [[1, 2], [3, 4]], [[1, 2], [3]], [1, None], [[1, 2, 3, 4], [5]], [[], [1]]],
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
    yield from _weighted()
    for number, (kind, now, before) in enumerate(_COMPARED):
        for side in ("drift", "skew"):
            for name in ("infinity_norm", "jensen_shannon_divergence", "normalized_abs_difference"):
                schema = _x(f"type: {kind} {side}_comparator {{ {name} {{ threshold: 0.2 }} }}")
                others = {"previous": {"x": before}} if side == "drift" else {"serving": {"x": before}}
                yield Case(name=f"{side}-{name}-{number}", schema=schema, table={"x": now}, **others)


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


def _weighted() -> Iterator[Case]:
    """Rows of weight 0 to 8, which change shares and distances, but neither ranges nor the number of rows."""
    heavy = 'feature { name: "w" type: FLOAT }'
    words: Table = {"x": ["a", "b", "c", None], "w": [8.0, 1.0, 1.0, 2.0]}
    light: Table = {"x": ["a", "b", "c", None], "w": [1.0, 1.0, 8.0, 0.0]}
    for number, declared in enumerate(
        (
            'domain: "words" distribution_constraints { min_domain_mass: 0.8 }',
            'domain: "words"',
            "presence { min_fraction: 0.8 }",
            "presence { min_fraction: 1 }",
            "presence { min_count: 5 }",
            "shape {}",
            "drift_comparator { infinity_norm { threshold: 0.5 } }",
            "drift_comparator { jensen_shannon_divergence { threshold: 0.2 } }",
            "drift_comparator { normalized_abs_difference { threshold: 0.2 } }",
        )
    ):
        for side, (now, before) in {"heavy": (words, light), "light": (light, words)}.items():
            schema = _x(f"type: BYTES {declared}", f"{heavy} {WORDS}")
            yield Case(name=f"weighted-{side}-{number}", schema=schema, table=now, previous=before, weight="w")
    schema = _x("type: FLOAT drift_comparator { jensen_shannon_divergence { threshold: 0.2 } }", heavy)
    now, before = {"x": [0.0, 5.0, 9.0], "w": [9.0, 1.0, 1.0]}, {"x": [0.0, 5.0, 9.0], "w": [1.0, 1.0, 9.0]}
    yield Case(name="weighted-numbers", schema=schema, table=now, previous=before, weight="w")
    schema = _x("type: INT presence { min_count: 1 }", f"{heavy} dataset_constraints {{ min_examples_count: 3 }}")
    yield Case(name="weighted-size", schema=schema, table={"x": [1, 2], "w": [5.0, 5.0]}, weight="w")
    # Numbers that all weigh nothing are too much for TFDV's own statistics.
    schema = _x("type: BYTES presence { min_count: 1 }", heavy)
    yield Case(name="weighted-nothing", schema=schema, table={"x": [None, "a"], "w": [5.0, 0.0]}, weight="w")
