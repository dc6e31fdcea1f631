"""Held to a schema without TFDV: what is said, when nothing is said, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

from autoft.errors import SchemaError
from autoft.schema.portable.messages import AnomalyType, Schema
from autoft.schema.portable.statistics import generate_statistics
from autoft.schema.portable.validate import validate_statistics
from autoft.schema.portable.validate.comparators import buckets_divergence, jensen_shannon
from autoft.schema.portable.validate.domains import real, whole
from tests.schema.parity.cases import columns as typed

SCHEMA = """
feature { name: "age" type: INT presence { min_fraction: 1 } int_domain { min: 18 max: 99 } }
feature { name: "plan" type: BYTES domain: "plans" }
feature { name: "churn" type: INT presence { min_count: 1 } not_in_environment: "SERVING" }
string_domain { name: "plans" value: "free" value: "pro" }
default_environment: "TRAINING" default_environment: "SERVING"
"""


def schema(text: str = SCHEMA) -> Any:
    return text_format.Parse(text, Schema())


def statistics(**columns: list[Any]) -> Any:
    return generate_statistics(typed(columns))


def clean() -> dict[str, list[Any]]:
    return {"age": [20, 30, 40], "plan": ["free", "pro", "pro"], "churn": [0, 1, 0]}


def types(found: Any) -> dict[str, list[str]]:
    return {name: [AnomalyType.Name(each.type) for each in info.reason] for name, info in found.anomaly_info.items()}


def test_a_table_that_fits_has_no_anomalies_and_the_schema_stays():
    found = validate_statistics(statistics(**clean()), schema())
    assert types(found) == {}
    assert found.baseline == schema()
    assert not found.data_missing


def test_several_reasons_are_told_one_by_one_and_together():
    table = clean() | {"age": [7, None, 130]}
    info = validate_statistics(statistics(**table), schema()).anomaly_info["age"]
    assert [AnomalyType.Name(each.type) for each in info.reason] == [
        "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        "INT_TYPE_SMALL_INT",
        "INT_TYPE_BIG_INT",
    ]
    assert info.short_description == "Multiple errors"
    assert "Unexpectedly small value: 7." in info.description
    assert list(info.path.step) == ["age"]


def test_unseen_categories_are_named_with_their_share():
    found = validate_statistics(statistics(**clean() | {"plan": ["free", "team", "free"]}), schema())
    assert "team (~33%)" in found.anomaly_info["plan"].description


def test_the_target_is_needed_to_train_and_not_to_serve():
    table = statistics(age=[20, 30], plan=["pro", "pro"])
    assert types(validate_statistics(table, schema(), "TRAINING")) == {"churn": ["SCHEMA_MISSING_COLUMN"]}
    assert types(validate_statistics(table, schema(), "SERVING")) == {}


def test_a_table_without_rows_is_missing_and_nothing_else():
    found = validate_statistics(statistics(age=[], plan=[], churn=[]), schema())
    assert found.data_missing
    assert types(found) == {}


def test_drift_has_its_distance_even_within_the_limit():
    compared = schema(
        'feature { name: "age" type: INT drift_comparator { jensen_shannon_divergence { threshold: 0.5 } } }'
    )
    rng = np.random.default_rng(0)
    before, near, far = (statistics(age=rng.integers(low, low + 50, 300).tolist()) for low in (20, 22, 65))
    kept = validate_statistics(near, compared, previous_statistics=before)
    assert types(kept) == {}
    assert 0 < kept.drift_skew_info[0].drift_measurements[0].value < 0.2
    left = validate_statistics(far, compared, previous_statistics=before)
    assert types(left) == {"age": ["COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"]}
    assert left.drift_skew_info[0].drift_measurements[0].value > 0.5


def test_distances_are_symmetric_and_between_zero_and_one():
    rng = np.random.default_rng(1)
    for _ in range(50):
        sides = []
        for _ in range(2):
            edges = np.sort(rng.choice(20, size=rng.integers(2, 9), replace=False)).astype(float)
            sides.append((np.column_stack([edges[:-1], edges[1:]]), rng.integers(1, 9, len(edges) - 1) * 1.0, 0.0))
        there, back = buckets_divergence(*sides), buckets_divergence(*reversed(sides))
        assert there == pytest.approx(back, abs=1e-12)
        assert 0 <= there <= 1 + 1e-12
        assert buckets_divergence(sides[0], sides[0]) == 0
    assert jensen_shannon(np.array([[1.0, 1.0], [9.0, 1.0]])) == pytest.approx(0.1467931024360521)


@pytest.mark.parametrize(
    ("text", "integer", "number"),
    [
        ("7", 7, 7.0),
        (" -3 ", -3, -3.0),
        ("1e3", None, 1000.0),
        ("0x1F", None, 31.0),
        ("٧", None, None),
        ("", None, None),
    ],
)
def test_texts_are_numbers_only_as_in_c(text, integer, number):
    assert whole(text) == integer
    assert real(text) == number


def test_what_no_verdict_can_be_given_on_is_refused_with_the_fix():
    with pytest.raises(SchemaError, match=r"'PROD'.*lists 'TRAINING', 'SERVING'.*Fix"):
        validate_statistics(statistics(**clean()), schema(), "PROD")


def test_neither_pandas_nor_tensorflow_is_imported():
    code = (
        "import sys; from autoft.schema.portable.validate import validate_statistics as v; "
        "from autoft.schema.portable import messages as m; "
        "v(m.DatasetFeatureStatisticsList(datasets=[{'num_examples': 1}]), m.Schema()); "
        "print([n for n in ('pandas', 'tensorflow', 'tensorflow_metadata', 'sklearn') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
