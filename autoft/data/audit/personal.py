"""Personal data: columns with names and addresses of persons, which no model should learn."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autoft.data.audit.checks import TableView, check, rows_by_text
from autoft.data.audit.findings import share_evidence, share_of
from autoft.data.audit.values import drawn_values
from autoft.records.findings import Finding

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: A column called by these words alone names persons ("product name" does not).
_NAMES = frozenset({"name", "names", "surname", "forename", "firstname", "lastname", "fullname", "nachname", "vorname"})
_BESIDE = frozenset(
    {
        *("first", "last", "full", "given", "family", "middle", "customer", "client", "patient", "passenger", "person"),
        *("user", "employee", "contact", "member", "student", "applicant", "owner", "holder"),
    }
)
_REACH = frozenset(
    {"email", "mail", "phone", "telephone", "mobile", "fax", "address", "street", "ssn", "iban", "passport"}
)
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}")
#: Share of distinct cells from which a column tells persons apart, and of e-mail addresses.
MOSTLY = 0.5
#: Fewer values prove nothing.
MIN_VALUES = 20


def meaning(column: str) -> str:
    """What a column of this name may hold of a person, or an empty text."""
    words = {word.casefold() for word in _WORDS.findall(column.replace("E-Mail", "email").replace("e-mail", "email"))}
    if words & _REACH:
        return "ways to reach persons"
    return "names of persons" if words & _NAMES and words <= _NAMES | _BESIDE else ""


@check("personal-data", scope="columns")
def personal_data(view: TableView) -> Iterator[Finding]:
    """Columns of texts, mostly distinct, that seem to hold names or addresses of persons."""
    import pandas as pd

    for column, values in view.columns("categorical", "text"):
        if column.kind == "categorical":
            counts = view.counts(column)
        else:
            counts = rows_by_text(*pd.factorize(drawn_values(values)))
        total = sum(counts.values())
        if total < MIN_VALUES or len(counts) <= MOSTLY * total:
            continue
        what = meaning(column.name)
        if not what and sum(_EMAIL.fullmatch(text.strip()) is not None for text in counts) > MOSTLY * len(counts):
            what = "ways to reach persons"
        if what:
            found = f"seems to hold {what}: {share_of(len(counts), total, 'values')} are distinct"
            fix = "accept personal-data to leave it out, or add it to data.drop: what a model learned can be read out "
            fix += "of it"
            evidence = share_evidence(len(counts), total, "distinct", "repeated")
            must = "describe rows rather than name persons"
            yield Finding("personal-data", "warning", column.name, must, found, fix, evidence)
