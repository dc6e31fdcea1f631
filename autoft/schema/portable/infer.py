"""Inference of a schema from statistics: TFDV's ``infer_schema``."""

from __future__ import annotations

import re
from typing import Any

from autoft.schema.portable import messages
from autoft.schema.portable.validate.domains import whole

#: The words that TFDV takes for truth values: each pair for itself, (true, false).
_TRUTHS = (("true", "false"), ("TRUE", "FALSE"), ("1", "0"))


def infer_schema(statistics: Any, max_string_domain_size: int = 100) -> Any:
    """The ``Schema`` that TFDV infers from the statistics of one table with ``infer_feature_shape=False``. (With a
    shape, which is TFDV's default, every later table with empty cells would be an anomaly.) For each column its type,
    its presence, how many values it has, and whether the values are truth values, whole numbers written as text, or
    categories; at most `max_string_domain_size` of these are listed, in alphabetical order."""
    schema = messages.Schema()
    for described in statistics.datasets[0].features:
        feature = schema.feature.add(name=described.path.step[0])
        # The schema's types have other numbers than those of statistics, where texts are STRING.
        name = messages.StatisticsType.Name(described.type)
        feature.type = messages.FeatureType.Value("BYTES" if name == "STRING" else name)
        common = getattr(described, described.WhichOneof("stats")).common_stats
        if common.num_non_missing:
            feature.presence.min_count = feature.value_count.min = feature.value_count.max = 1
            if not common.num_missing:
                feature.presence.min_fraction = 1.0
        else:
            feature.presence.min_count = 0
        if described.HasField("string_stats"):
            _texts(schema, feature, described.string_stats, max_string_domain_size)
        elif name == "INT" and described.num_stats.max == 1 and described.num_stats.min >= 0:
            feature.bool_domain.SetInParent()  # unless all are 0
    return schema


def _texts(schema: Any, feature: Any, texts: Any, max_string_domain_size: int) -> None:
    values = [bucket.label for bucket in texts.rank_histogram.buckets]
    if not values:
        return
    if (truth := next((pair for pair in _TRUTHS if set(values) <= set(pair)), None)) is not None:
        feature.bool_domain.SetInParent()
        for field, word in zip(("true_value", "false_value"), truth, strict=True):
            if word in values:
                setattr(feature.bool_domain, field, word)
    elif all(whole(value) is not None for value in values):
        feature.int_domain.SetInParent()
    elif texts.unique <= max_string_domain_size:
        feature.domain = domain_name(feature.name)
        schema.string_domain.add(name=feature.domain, value=sorted(values))


def domain_name(column: str) -> str:
    """The name that TFDV gives the domain of a column; one in brackets is the name of an extension."""
    return column if re.fullmatch(r"\([^'()]*\)", column) else messages.path_step(column)
