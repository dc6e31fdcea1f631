"""Both engines side by side, where TFDV is installed: the record is true, and so are tables that nobody recorded."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given, settings

from autoft.schema.portable.messages import AnomalyType, DatasetFeatureStatisticsList, Schema
from autoft.schema.portable.validate import validate_statistics
from tests.schema.parity.cases import Case
from tests.schema.parity.generated import cases
from tests.schema.parity.recorded import read, verdict
from tests.schema.parity.test_recorded import own_statistics

pytest.importorskip("tensorflow_data_validation")

from tests.schema.parity.tfdv_engine import anomalies, statistics

RECORDED = read()


def theirs(message: Any) -> Any:
    """Own statistics as TensorFlow Metadata's generated class."""
    from tensorflow_metadata.proto.v0 import statistics_pb2

    return statistics_pb2.DatasetFeatureStatisticsList.FromString(message.SerializeToString())


def ours(case: Case, of: dict[str, Any]) -> Any:
    """Own anomalies, whoever made the statistics."""
    of = {name: DatasetFeatureStatisticsList.FromString(each.SerializeToString()) for name, each in of.items()}
    schema = text_format.Parse(case.schema, Schema())
    return validate_statistics(of["table"], schema, case.environment, of.get("previous"))


def words(found: Any) -> dict[str, set[tuple[str, ...]]]:
    """Every reason in words, but for those that quote a whole schema."""
    infos = {**dict(found.anomaly_info), "*": found.dataset_anomaly_info}
    return {
        key: {(r.short_description, r.description) for r in info.reason if r.short_description != "Invalid domain type"}
        for key, info in infos.items()
    }


def distances(found: Any) -> dict[tuple[str, ...], list[tuple[int, float, float]]]:
    return {
        tuple(entry.path.step): [(each.type, each.value, each.threshold) for each in entry.drift_measurements]
        for entry in found.drift_skew_info
    }


@pytest.mark.parametrize("part", range(4))
def test_tfdv_says_what_is_recorded_on_both_statistics(part):
    for case, said, _ in RECORDED[part::4]:
        true = statistics(case)
        found = anomalies(case, true)
        assert verdict(found, AnomalyType.Name) == said, case.name
        own = {name: theirs(message) for name, message in own_statistics(case).items()}
        assert verdict(anomalies(case, own), AnomalyType.Name) == said, case.name


def test_words_and_distances_are_those_of_tfdv_too():
    for case, _, of in RECORDED:
        found, own = anomalies(case, {name: theirs(message) for name, message in of.items()}), ours(case, of)
        assert words(own) == words(found), case.name
        far, own_far = distances(found), distances(own)
        assert own_far.keys() == far.keys(), case.name
        for key, measured in far.items():
            assert own_far[key] == [pytest.approx(each, abs=1e-12) for each in measured], case.name


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(case=cases())
def test_tables_that_nobody_recorded(case):
    true = statistics(case)
    said = verdict(anomalies(case, true), AnomalyType.Name)
    assert verdict(ours(case, true), AnomalyType.Name) == said
    assert verdict(ours(case, own_statistics(case)), AnomalyType.Name) == said
