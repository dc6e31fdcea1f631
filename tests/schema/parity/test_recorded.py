"""The portable engine against what TFDV said: runs on every Python, without TFDV."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import text_format

from autoft.schema.portable.messages import AnomalyType, Schema
from autoft.schema.portable.statistics import generate_statistics
from autoft.schema.portable.validate import validate_statistics
from tests.schema.parity.cases import Case, columns, handmade
from tests.schema.parity.recorded import TABLES, read, verdict

RECORDED = read()


def own_statistics(case: Case) -> dict[str, Any]:
    tables = {name: table for name in TABLES if (table := getattr(case, name)) is not None}
    return {name: generate_statistics(columns(table)) for name, table in tables.items()}


def judged(case: Case, of: dict[str, Any]) -> dict[str, list[str]]:
    schema = text_format.Parse(case.schema, Schema())
    found = validate_statistics(of["table"], schema, case.environment, of.get("previous"))
    return verdict(found, AnomalyType.Name)


@pytest.mark.parametrize(("case", "said", "statistics"), RECORDED, ids=[case.name for case, _, _ in RECORDED])
def test_the_verdict_is_that_of_tfdv(case, said, statistics):
    assert judged(case, statistics) == said, "on TFDV's statistics"
    assert judged(case, own_statistics(case)) == said, "on own statistics"


def test_the_record_is_of_these_cases():
    recorded = [case for case, _, _ in RECORDED if not case.name.startswith("drawn-")]
    # Compared as text, since NaN differs from itself.
    assert [repr(case) for case in recorded] == [repr(case) for case in handmade()]


def test_the_record_is_of_many_corrupted_tables():
    corrupted = [case for case, said, _ in RECORDED if said]
    assert len(corrupted) >= 150
    assert sum(case.name.startswith("drawn-") for case in corrupted) >= 50
