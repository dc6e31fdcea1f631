"""A schema made to fit later statistics, too: TFDV's ``update_schema``."""

from __future__ import annotations

from typing import Any

from autoft.schema.portable import messages
from autoft.schema.portable.infer import add_features, common_of, dataset_of, schema_type, step_of, whole

_SKIPPED = frozenset(("PLANNED", "ALPHA", "DEBUG_ONLY", "DEPRECATED", "DISABLED"))


def update_schema(schema: Any, statistics: Any, max_string_domain_size: int = 100) -> Any:
    """The schema, relaxed as far as a table's statistics depart from it, as TFDV relaxes it.

    New columns are added; columns that are gone, empty or of another type become DEPRECATED, so that they are no
    longer looked at; shares, ranges, numbers of values and lists of categories are widened; a domain of truth values
    or of whole numbers in texts is dropped when other texts come.

    Args:
        schema: A ``Schema``; it stays as it is.
        statistics: A ``DatasetFeatureStatisticsList``.
        max_string_domain_size: The largest number of categories that is listed for a new column.

    Returns:
        A new ``Schema``.

    >>> import pandas as pd
    >>> from autoft.schema.portable.infer import infer_schema
    >>> from autoft.schema.portable.statistics import generate_statistics
    >>> schema = infer_schema(generate_statistics(pd.DataFrame({"city": ["Rome", "Oslo"]})))
    >>> revised = update_schema(schema, generate_statistics(pd.DataFrame({"city": ["Rome", "Lima", None, None]})))
    >>> revised.feature[0].presence.min_fraction, revised.string_domain[0].value
    (0.5, ['Lima', 'Oslo', 'Rome'])
    """
    dataset = dataset_of(statistics)
    revised = messages.Schema()
    revised.CopyFrom(messages.own(schema))
    found = {step_of(feature): feature for feature in dataset.features}
    for feature in revised.feature:
        if messages.LifecycleStage.Name(feature.lifecycle_stage) not in _SKIPPED:
            _revise(revised, feature, found.get(feature.name))
    known = {feature.name for feature in revised.feature}
    new = [feature for name, feature in found.items() if name not in known]
    add_features(revised, new, False, max_string_domain_size)
    return revised


def _revise(schema: Any, feature: Any, statistics: Any | None) -> None:
    common = None if statistics is None else common_of(statistics)
    if common is None or not common.num_non_missing:
        if feature.presence.min_count or feature.presence.min_fraction:
            feature.lifecycle_stage = messages.LifecycleStage.Value("DEPRECATED")
        return
    assert statistics is not None
    if feature.HasField("type") and feature.type != schema_type(statistics):
        feature.lifecycle_stage = messages.LifecycleStage.Value("DEPRECATED")
        return
    _presence(feature, common)
    _value_count(feature, common)
    if statistics.HasField("num_stats"):
        _numbers(feature, statistics)
    elif statistics.HasField("string_stats"):
        _texts(schema, feature, statistics.string_stats)


def _presence(feature: Any, common: Any) -> None:
    share = common.num_non_missing / (common.num_non_missing + common.num_missing)
    if feature.presence.min_fraction > share:
        feature.presence.min_fraction = share
    if feature.presence.min_count > common.num_non_missing:
        feature.presence.min_count = common.num_non_missing


def _value_count(feature: Any, common: Any) -> None:
    low, high = common.min_num_values, common.max_num_values
    if feature.HasField("shape"):
        size = 1
        for dim in feature.shape.dim:
            size *= dim.size
        if common.num_missing or not low == high == size:
            feature.ClearField("shape")
    if not feature.HasField("value_count"):
        return
    count = feature.value_count
    if count.HasField("max") and count.max < high:
        count.max = high
    if count.min > low:
        if low:
            count.min = low
        else:
            count.ClearField("min")


def _numbers(feature: Any, statistics: Any) -> None:
    numbers = statistics.num_stats
    domain = feature.WhichOneof("domain_info")
    if domain == "bool_domain" and (numbers.min < 0 or numbers.max > 1):
        feature.ClearField("bool_domain")
        feature.int_domain.min, feature.int_domain.max = int(numbers.min), int(numbers.max)
    elif domain == "int_domain":
        _widen(feature.int_domain, int(numbers.min), int(numbers.max))
    elif domain == "float_domain":
        _widen(feature.float_domain, numbers.min, numbers.max)


def _widen(domain: Any, low: float, high: float) -> None:
    if domain.HasField("min") and low < domain.min:
        domain.min = low
    if domain.HasField("max") and high > domain.max:
        domain.max = high


def _texts(schema: Any, feature: Any, texts: Any) -> None:
    values = {bucket.label: bucket.sample_count for bucket in texts.rank_histogram.buckets}
    domain = feature.WhichOneof("domain_info")
    if domain == "bool_domain":
        if not values.keys() <= {feature.bool_domain.true_value, feature.bool_domain.false_value}:
            feature.ClearField("bool_domain")
    elif domain == "int_domain":
        if not all(map(whole, values)):
            feature.ClearField("int_domain")
        elif values:
            _widen(feature.int_domain, min(map(int, values)), max(map(int, values)))
    elif domain == "string_domain":
        _list_more(feature.string_domain, feature, values)
    elif domain == "domain":
        for shared in schema.string_domain:
            if shared.name == feature.domain:
                _list_more(shared, feature, values)
    if feature.HasField("unique_constraints"):
        feature.unique_constraints.min = min(feature.unique_constraints.min, texts.unique)
        feature.unique_constraints.max = max(feature.unique_constraints.max, texts.unique)


def _list_more(domain: Any, feature: Any, values: dict[str, float]) -> None:
    """Add the unseen categories if more of the values are unseen than the feature allows."""
    allowed = 1.0
    if feature.distribution_constraints.HasField("min_domain_mass"):
        allowed = feature.distribution_constraints.min_domain_mass
    unseen = values.keys() - set(domain.value)
    total = sum(values.values())
    if unseen and sum(values[text] for text in unseen) > (1 - allowed) * total:
        listed = sorted(unseen.union(domain.value))
        del domain.value[:]
        domain.value.extend(listed)
