"""What TFDV said about the cases, for Pythons without it."""

from __future__ import annotations

import base64
import json
import lzma
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autoft.schema.portable.messages import DatasetFeatureStatisticsList
from tests.schema.parity.cases import Case

FILE = Path(__file__).parents[1] / "recorded" / "parity.json"
#: Anomaly types by column, under ``*`` for the table as a whole.
Verdict = dict[str, list[str]]
TABLES = ("table", "previous")


def verdict(anomalies: Any, name: Any) -> Verdict:
    """The types of all reasons, by the key of the column; under ``*`` those of the table."""
    found = {key: sorted(name(reason.type) for reason in info.reason) for key, info in anomalies.anomaly_info.items()}
    if anomalies.data_missing:
        found["*"] = ["DATA_MISSING"]
    if anomalies.dataset_anomaly_info.reason:
        found["*"] = sorted(name(reason.type) for reason in anomalies.dataset_anomaly_info.reason)
    return dict(sorted(found.items()))


def write(said: list[tuple[Case, Verdict, dict[str, Any]]], engine: str) -> None:
    """Write cases, TFDV's verdicts, and its statistics of their tables, a compressed list for all of them."""
    every = DatasetFeatureStatisticsList()
    rows = []
    for case, found, statistics in said:
        where = {}
        for table, message in statistics.items():
            where[table] = len(every.datasets)
            every.datasets.add().MergeFromString(message.datasets[0].SerializeToString())
        told = {key: value for key, value in asdict(case).items() if value is not None}
        rows.append(json.dumps(told | {"verdict": found, "statistics": where}, ensure_ascii=True))
    packed = base64.b64encode(lzma.compress(every.SerializeToString(deterministic=True), preset=9)).decode()
    head = f'"engine": {json.dumps(engine)},\n"statistics": "{packed}",\n"cases": [\n'
    FILE.write_text("{" + head + ",\n".join(rows) + "\n]}\n", encoding="utf-8")


def read() -> list[tuple[Case, Verdict, dict[str, Any]]]:
    """What `write` wrote: case, verdict, and statistics by `TABLES`."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    every = DatasetFeatureStatisticsList.FromString(lzma.decompress(base64.b64decode(content["statistics"])))
    found = []
    for row in content["cases"]:
        said, where = row.pop("verdict"), row.pop("statistics")
        statistics = {}
        for table, place in where.items():
            statistics[table] = DatasetFeatureStatisticsList(datasets=[every.datasets[place]])
        found.append((Case(**row), said, statistics))
    return found
