"""Columns that name persons: no model should know them, and none learns from them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from autoft.data.audit.findings import finding, of, parted
from autoft.records import Finding

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: A column called by these words alone names persons ("product name" does not).
_NAMES = frozenset({"name", "names", "surname", "forename", "firstname", "lastname", "fullname", "nachname", "vorname"})
_BESIDE = frozenset(
    {
        *("first", "last", "full", "given", "family", "middle", "customer", "client"),
        *("patient", "passenger", "person", "user", "employee", "contact", "member", "student"),
        *("applicant", "owner", "holder"),
    }
)
_REACH = frozenset(
    {"email", "mail", "phone", "telephone", "mobile", "fax", "address", "street", "ssn", "iban", "passport"}
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}")
#: Share of distinct cells from which a column tells persons apart, and of e-mail addresses.
MOSTLY = 0.5


def meaning(column: str) -> str:
    """What a column of this name may hold of a person, or an empty text.

    >>> meaning("LastName"), meaning("customer_email"), meaning("product name")
    ('names of persons', 'ways to reach persons', '')
    """
    words = {word.casefold() for word in _WORDS.findall(column.replace("E-Mail", "email").replace("e-mail", "email"))}
    if words & _REACH:
        return "ways to reach persons"
    return "names of persons" if words & _NAMES and words <= _NAMES | _BESIDE else ""


def check(column: str, counts: Mapping[str, int]) -> list[Finding]:
    """A warning if a column of texts, mostly distinct, seems to hold names or addresses of persons."""
    total = sum(counts.values())
    if total < 20 or len(counts) <= MOSTLY * total:
        return []
    what = meaning(column)
    if not what and sum(_EMAIL.fullmatch(text.strip()) is not None for text in counts) > MOSTLY * len(counts):
        what = "ways to reach persons"
    if not what:
        return []
    found = f"it seems to hold {what} ({of(len(counts), total, 'values')} are distinct)"
    fix = "accept personal-data to leave it out, or add it to data.drop: what a model has seen can be read out of it"
    evidence = parted(len(counts), total, "distinct", "repeated")
    must = "describe rows rather than name persons"
    return [finding("personal-data", "warning", column, must, found, fix, evidence)]
