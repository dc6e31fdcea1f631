"""Inference of a schema from statistics: TFDV's ``infer_schema``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from autoft.errors import SchemaError
from autoft.schema.portable import messages
from autoft.schema.portable.statistics.features import BINARY

#: What TFDV takes for a whole number written as text; it must fit 64 bits, too.
_WHOLE = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+[ \t\n\v\f\r]*", re.ASCII)
#: The words that TFDV takes for truth values: each pair for itself, (true, false).
_TRUTHS = (("true", "false"), ("TRUE", "FALSE"), ("1", "0"))
ALL_ROWS = "All Examples"


def infer_schema(statistics: Any, infer_feature_shape: bool = False, max_string_domain_size: int = 100) -> Any:
    """The schema that TFDV infers from these statistics.

    Args:
        statistics: A ``DatasetFeatureStatisticsList``, this package's or another's.
        infer_feature_shape: Give features of a fixed number of values a shape instead of a value count. (TFDV's
            own default is True, in which case a later table with empty cells is an anomaly of the shape.)
        max_string_domain_size: The largest number of categories that the schema lists.

    Returns:
        A ``Schema``: for each column its type, its presence, how many values it has, and whether the values are
        truth values, whole numbers written as text, or categories, which are listed in alphabetical order.

    Raises:
        SchemaError: If the list has no statistics, or several and none of all rows.

    >>> import pandas as pd
    >>> from autoft.schema.portable.statistics import generate_statistics
    >>> schema = infer_schema(generate_statistics(pd.DataFrame({"city": ["Rome", "Oslo", None]})))
    >>> schema.feature[0].presence.min_count, schema.string_domain[0].value
    (1, ['Oslo', 'Rome'])
    """
    schema = messages.Schema()
    for described in _dataset_of(statistics).features:
        feature = schema.feature.add(name=_step_of(described))
        feature.type = _schema_type(described)
        common = getattr(described, described.WhichOneof("stats") or "num_stats").common_stats
        _presence(feature, common)
        _value_count(feature, common, infer_feature_shape)
        if described.HasField("num_stats"):
            _truth_numbers(feature, described)
        elif described.HasField("string_stats"):
            _texts(schema, feature, described.string_stats, max_string_domain_size)
    return schema


def _dataset_of(statistics: Any) -> Any:
    """The statistics of all rows: the only ones, or among slices those called ``All Examples``."""
    datasets = messages.own(statistics).datasets
    if len(datasets) == 1:
        return datasets[0]
    for dataset in datasets:
        if dataset.name == ALL_ROWS:
            return dataset
    found = f"there are {len(datasets)} and none is called '{ALL_ROWS}'"
    raise SchemaError("Statistics", "describe one table", found, "give the statistics of one table")


def _step_of(statistics: Any) -> str:
    """The name of the column that these statistics describe."""
    if statistics.HasField("path"):
        return ".".join(statistics.path.step)
    return str(statistics.name)


def _schema_type(statistics: Any) -> int:
    """The schema's number of a column's type, which is another one than in statistics, where texts are STRING."""
    name = messages.StatisticsType.Name(statistics.type)
    return int(messages.FeatureType.Value(name if name in messages.FeatureType.keys() else "BYTES"))  # noqa: SIM118


def _presence(feature: Any, common: Any) -> None:
    if not common.num_non_missing:
        feature.presence.min_count = 0
        return
    feature.presence.min_count = 1
    if not common.num_missing:
        feature.presence.min_fraction = 1.0


def _value_count(feature: Any, common: Any, infer_feature_shape: bool) -> None:
    low, high = common.min_num_values, common.max_num_values
    if common.presence_and_valency_stats:  # lists of lists, which only TFDV's statistics describe
        for level in common.presence_and_valency_stats:
            _range(feature.value_counts.value_count.add(), level.min_num_values, level.max_num_values)
    elif low and low == high and infer_feature_shape and not common.num_missing:
        feature.shape.dim.add(size=low)
    elif low:
        _range(feature.value_count, low, high)


def _range(count: Any, low: int, high: int) -> None:
    """The number of values if it is always the same; else at least one, and no upper limit."""
    if low == high:
        count.min = count.max = low
    elif low:
        count.min = 1


def _truth_numbers(feature: Any, statistics: Any) -> None:
    """Whole numbers from 0 to 1 are truth values, unless all are 0."""
    numbers = statistics.num_stats
    if feature.type == messages.FeatureType.Value("INT") and numbers.max == 1 and numbers.min >= 0:
        feature.bool_domain.SetInParent()


def _texts(schema: Any, feature: Any, texts: Any, max_string_domain_size: int) -> None:
    ranks = texts.weighted_string_stats if texts.HasField("weighted_string_stats") else texts
    values = [bucket.label for bucket in ranks.rank_histogram.buckets]
    if not values or texts.invalid_utf8_count or BINARY in values:
        return
    if (truth := _truth_texts(values)) is not None:
        feature.bool_domain.SetInParent()
        for field, word in zip(("true_value", "false_value"), truth, strict=True):
            if word in values:
                setattr(feature.bool_domain, field, word)
    elif all(map(whole, values)):
        feature.int_domain.SetInParent()
    elif texts.unique <= max_string_domain_size:
        feature.domain = domain_name(feature.name)
        schema.string_domain.add(name=feature.domain, value=sorted(values))


def _truth_texts(values: Sequence[str]) -> tuple[str, str] | None:
    return next((pair for pair in _TRUTHS if set(values) <= set(pair)), None)


def whole(text: str) -> bool:
    """Whether TFDV takes a text for a whole number.

    >>> [whole(text) for text in (" +05", "1.0", "9223372036854775808")]
    [True, False, False]
    """
    return _WHOLE.fullmatch(text) is not None and -(2**63) <= int(text) < 2**63


def domain_name(column: str) -> str:
    """The name that TFDV gives the domain of a column: the column's, quoted if it could be taken for a path.

    >>> domain_name("city"), domain_name("a.b"), domain_name("it's")
    ('city', "'a.b'", "'it''s'")
    """
    extension = re.fullmatch(r"\([^'()]*\)", column) is not None
    if column and (extension or not re.search(r"[.'()]", column)):
        return column
    return "'" + column.replace("'", "''") + "'"
