"""All checks of a table, column by column, with TFDV's ``Anomalies`` as the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autoft.errors import SchemaError
from autoft.schema.portable.messages import Anomalies, Feature, FeatureType, own
from autoft.schema.portable.validate import comparators
from autoft.schema.portable.validate.comparators import Comparison, Measured
from autoft.schema.portable.validate.domains import domain, unique
from autoft.schema.portable.validate.malformed import repair
from autoft.schema.portable.validate.presence import in_environment, presence, required, validated, value_counts
from autoft.schema.portable.validate.reasons import Reason, fill, key
from autoft.schema.portable.validate.view import View, only_dataset, rows, views, weighted

_NEW = "New column (column in data but not in schema)"


def validate_statistics(
    statistics: Any,
    schema: Any,
    environment: str | None = None,
    previous_statistics: Any = None,
    serving_statistics: Any = None,
) -> Any:
    """Departures of a table from a schema.

    Args:
        statistics: A ``DatasetFeatureStatisticsList`` of one table, from any engine.
        schema: A ``Schema``.
        environment: One of the schema's ``default_environment``; None expects every column.
        previous_statistics: Those of an earlier table, for the schema's drift comparators.
        serving_statistics: Those of a serving table, for the schema's skew comparators.

    Returns:
        ``Anomalies``: in ``anomaly_info`` one entry for each column that departs, with every reason; in
        ``dataset_anomaly_info`` what concerns the number of rows; in ``drift_skew_info`` every distance that the
        schema sets a limit to. A table without rows is ``data_missing`` and nothing else.

    Raises:
        SchemaError: If the schema does not know the environment, or statistics hold no or several tables.
        TypeError: If an argument is no such message.

    >>> from autoft.schema.portable.messages import DatasetFeatureStatisticsList, Schema
    >>> table = DatasetFeatureStatisticsList(datasets=[{"num_examples": 3}])
    >>> schema = Schema(feature=[{"name": "age", "type": "INT", "presence": {"min_count": 1}}])
    >>> validate_statistics(table, schema).anomaly_info["age"].short_description
    'Column dropped'
    """
    dataset, schema = only_dataset(own(statistics)), own(schema)
    if environment is not None and environment not in schema.default_environment:
        known = ", ".join(f"'{name}'" for name in schema.default_environment) or "none"
        found = f"the schema's default_environment lists {known}"
        raise SchemaError(
            f"Environment '{environment}'", "be known to the schema", found, "add it there, or correct it"
        )
    heavy = weighted(dataset)
    previous = _comparison(previous_statistics, "drift_comparator", heavy=heavy)
    serving = _comparison(serving_statistics, "skew_comparator", heavy=heavy)
    result = Anomalies(baseline=schema)
    if dataset.num_examples == 0:
        result.data_missing = True
        return result
    result.anomaly_name_format = Anomalies.SERIALIZED_PATH
    columns, described = views(dataset, heavy=heavy), _described(schema)
    for name in dict.fromkeys([*described, *columns]):
        reasons, measured = _column(name, described.get(name), columns, schema, environment, [previous, serving])
        _report(result, name, reasons)
        _report_distances(result, name, measured)
    if about_rows := list(comparators.number_of_rows(rows(dataset, heavy=heavy), schema, previous)):
        fill(result.dataset_anomaly_info, about_rows)
    return result


_SIDES = {
    "drift_comparator": ("current and previous", "previous"),
    "skew_comparator": ("training and serving", "serving"),
}


def _comparison(statistics: Any, comparator: str, *, heavy: bool) -> Comparison | None:
    """The other table of a comparison; weights count if both tables have them."""
    if statistics is None:
        return None
    dataset = only_dataset(own(statistics))
    heavy = heavy and weighted(dataset)
    between, control = _SIDES[comparator]
    return Comparison(
        comparator=comparator,
        between=between,
        control=control,
        columns=views(dataset, heavy=heavy),
        rows=rows(dataset, heavy=heavy),
    )


def _described(schema: Any) -> Mapping[str, Any]:
    """The schema's columns by name; of two with one name the first."""
    found: dict[str, Any] = {}
    for feature in schema.feature:
        found.setdefault(feature.name, feature)
    return found


def _column(
    name: str,
    described: Any,
    columns: Mapping[str, View],
    schema: Any,
    environment: str | None,
    comparisons: list[Comparison | None],
) -> tuple[list[Reason], dict[str, list[Measured]]]:
    """Reasons for an anomaly of one column, and its distances by the comparator that asked for them."""
    if described is None:
        return [Reason(type="SCHEMA_NEW_COLUMN", short="New column", description=_NEW)], {}
    if not validated(described):
        return [], {}
    view = columns.get(name)
    expected = in_environment(described, environment, list(schema.default_environment))
    if view is None:
        gone = "Column is completely missing"
        lost = [Reason(type="SCHEMA_MISSING_COLUMN", short="Column dropped", description=gone)]
        return lost if expected and required(described) else [], {}
    if not described.HasField("type"):
        short = "unspecified type: determine the type and set it, rather than deprecating."
        return [Reason(type="FEATURE_MISSING_TYPE", short=short)], {}
    feature = Feature()
    feature.CopyFrom(described)
    reasons = list(repair(feature, schema))
    if not view.present:
        if expected and required(feature):
            told = "The feature was not present in any examples."
            reasons.append(Reason(type="FEATURE_TYPE_NOT_PRESENT", short="Column dropped", description=told))
        return reasons, {}
    if not expected:
        told = f"New column {name} found in data but not in the environment {environment} in the schema."
        reasons.append(Reason(type="SCHEMA_NEW_COLUMN", short="Column missing in environment", description=told))
    reasons += _values(feature, view, schema)
    measured: dict[str, list[Measured]] = {}
    for comparison in comparisons:
        if comparison is None:
            continue
        if comparators.missing(feature, comparison):
            reasons.append(comparators.without_control(comparison))
        measured[comparison.comparator] = list(comparators.measure(feature, view, comparison))
        reasons += [each.reason for each in measured[comparison.comparator] if each.reason is not None]
    return reasons, measured


def _values(feature: Any, view: View, schema: Any) -> Iterator[Reason]:
    """Reasons about the values of a column that has some."""
    yield from value_counts(feature, view)
    yield from presence(feature, view)
    wanted = FeatureType.Name(feature.type)
    if wanted != ("BYTES" if view.type == "STRING" else view.type):
        told = f"Expected data of type: {wanted} but got {view.type}"
        yield Reason(type="UNEXPECTED_DATA_TYPE", short="Unexpected data type", description=told)
    yield from domain(feature, view, schema)
    yield from unique(feature, view)
    if (
        feature.WhichOneof("domain_info") is None
        and [each.name for each in view.stats.custom_stats].count("domain_info") == 1
    ):
        told = f"Updated semantic domain for feature: {feature.name}"
        yield Reason(type="SEMANTIC_DOMAIN_UPDATE", short="Updated semantic domain", description=told)


def _report(result: Any, name: str, reasons: list[Reason]) -> None:
    if reasons:
        info = result.anomaly_info[key(name)]
        info.path.step.append(name)
        fill(info, reasons)


def _report_distances(result: Any, name: str, measured: Mapping[str, list[Measured]]) -> None:
    if not any(measured.values()):
        return
    entry = result.drift_skew_info.add()
    entry.path.step.append(name)
    for comparator, found in measured.items():
        target = entry.drift_measurements if comparator == "drift_comparator" else entry.skew_measurements
        for each in found:
            target.add(type=each.type, value=each.value, threshold=each.threshold)
