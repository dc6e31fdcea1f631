"""All checks of a table, column by column, with TFDV's ``Anomalies`` as the result."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from autoft.errors import SchemaError
from autoft.schema.portable.messages import Anomalies, FeatureType, path_step
from autoft.schema.portable.validate import comparators
from autoft.schema.portable.validate.comparators import Earlier, Measured
from autoft.schema.portable.validate.domains import domain, unique
from autoft.schema.portable.validate.presence import in_environment, presence, repair, required, validated, value_counts
from autoft.schema.portable.validate.view import Reason, View, fill, views

_NEW = "New column (column in data but not in schema)"


def validate_statistics(
    statistics: Any, schema: Any, environment: str | None = None, previous_statistics: Any = None
) -> Any:
    """Departures of a table from a schema.

    Args:
        statistics: A ``DatasetFeatureStatisticsList`` of one table.
        environment: One of the schema's ``default_environment``; None expects every column.
        previous_statistics: Those of an earlier table, for the schema's drift comparators.

    Returns:
        ``Anomalies``: in ``anomaly_info`` one entry for each column that departs, with every reason; in
        ``dataset_anomaly_info`` what concerns the number of rows; in ``drift_skew_info`` every distance that the
        schema sets a limit to. A table without rows is ``data_missing`` and nothing else.

    Raises:
        SchemaError: If the schema does not know the environment.

    >>> from autoft.schema.portable.messages import DatasetFeatureStatisticsList, Schema
    >>> table = DatasetFeatureStatisticsList(datasets=[{"num_examples": 3}])
    >>> schema = Schema(feature=[{"name": "age", "type": "INT", "presence": {"min_count": 1}}])
    >>> validate_statistics(table, schema).anomaly_info["age"].short_description
    'Column dropped'
    """
    if environment is not None and environment not in schema.default_environment:
        known = ", ".join(f"'{name}'" for name in schema.default_environment) or "none"
        found, fix = f"the schema's default_environment lists {known}", "add it there, or correct it"
        raise SchemaError(f"Environment '{environment}'", "be known to the schema", found, fix)
    result, dataset, earlier = Anomalies(baseline=schema), statistics.datasets[0], None
    if dataset.num_examples == 0:
        result.data_missing = True
        return result
    if previous_statistics is not None:
        before = previous_statistics.datasets[0]
        earlier = Earlier(columns=views(before), rows=before.num_examples)
    result.anomaly_name_format = Anomalies.SERIALIZED_PATH
    columns, described = views(dataset), {feature.name: feature for feature in reversed(schema.feature)}
    for name in dict.fromkeys([*(feature.name for feature in schema.feature), *columns]):
        feature = described.get(name)
        reasons, measured = _column(name, feature, columns.get(name), schema, environment, earlier)
        if reasons:
            info = result.anomaly_info[path_step(name)]
            info.path.step.append(name)
            fill(info, reasons)
        if measured:
            entry = result.drift_skew_info.add()
            entry.path.step.append(name)
            for each in measured:
                entry.drift_measurements.add(type=each.type, value=each.value, threshold=each.threshold)
    if about_rows := list(comparators.number_of_rows(dataset.num_examples, schema, earlier)):
        fill(result.dataset_anomaly_info, about_rows)
    return result


def _column(
    name: str, described: Any, view: View | None, schema: Any, environment: str | None, earlier: Earlier | None
) -> tuple[list[Reason], list[Measured]]:
    """Reasons for an anomaly of one column, and its distances from the earlier table."""
    if described is None:
        return [Reason("SCHEMA_NEW_COLUMN", "New column", _NEW)], []
    if not validated(described):
        return [], []
    expected = in_environment(described, environment, list(schema.default_environment))
    if view is None:
        lost = [Reason("SCHEMA_MISSING_COLUMN", "Column dropped", "Column is completely missing")]
        return lost if expected and required(described) else [], []
    if not described.HasField("type"):
        short = "unspecified type: determine the type and set it, rather than deprecating."
        return [Reason("FEATURE_MISSING_TYPE", short)], []
    feature = deepcopy(described)
    reasons = list(repair(feature, schema))
    if not view.present:
        if expected and required(feature):
            told = "The feature was not present in any examples."
            reasons.append(Reason("FEATURE_TYPE_NOT_PRESENT", "Column dropped", told))
        return reasons, []
    if not expected:
        told = f"New column {name} found in data but not in the environment {environment} in the schema."
        reasons.append(Reason("SCHEMA_NEW_COLUMN", "Column missing in environment", told))
    reasons += _values(feature, view, schema)
    if earlier is None:
        return reasons, []
    measured = list(comparators.measure(feature, view, earlier))
    far = [each.reason for each in measured if each.reason is not None]
    return [*reasons, *comparators.missing(feature, earlier), *far], measured


def _values(feature: Any, view: View, schema: Any) -> Iterator[Reason]:
    """Reasons about the values of a column that has some."""
    yield from value_counts(feature, view)
    yield from presence(feature, view)
    wanted = FeatureType.Name(feature.type)
    if wanted != ("BYTES" if view.type == "STRING" else view.type):
        told = f"Expected data of type: {wanted} but got {view.type}"
        yield Reason("UNEXPECTED_DATA_TYPE", "Unexpected data type", told)
    yield from domain(feature, view, schema)
    yield from unique(feature, view)
