"""Personal data: columns with names and addresses of persons, which no model should learn."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import pandas as pd

from autoft.data.audit.checks import TableView, check, rows_by_text
from autoft.data.audit.findings import share_evidence, share_of
from autoft.data.audit.values import drawn_values
from autoft.records.findings import Finding

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: A column called by these words alone names persons ("product name" does not),
_NAMES = frozenset({"name", "names", "surname", "forename", "firstname", "lastname", "fullname", "nachname", "vorname"})
#: or, if by one of these, anything: games, beers, flats. Its values or the other columns decide.
_ANYTHING = frozenset({"name", "names", "full"})
_BESIDE = frozenset(
    {
        *("first", "last", "full", "given", "family", "middle", "customer", "client", "patient", "passenger", "person"),
        *("user", "employee", "contact", "member", "student", "applicant", "owner", "holder"),
    }
)
_REACH = frozenset(
    {"email", "mail", "phone", "telephone", "mobile", "fax", "address", "street", "ssn", "iban", "passport"}
)
#: A column called by such words alone, as in "Birth_date", describes persons.
_OF_PERSONS = frozenset(
    {
        *("age", "sex", "gender", "birth", "birthday", "born", "dob", "married", "marital", "nationality"),
        *("salary", "occupation", "job", "profession", "employer", "diagnosis"),
    }
)
_DETAILS = frozenset({"date", "of", "day", "year", "status", "years", "at", "title"})
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sr|Sra)\b\.?\s")
#: Frequent given names of many countries. Of the names of persons a good part begins or ends with one; of other names
#: (games, streets, brands) one in a hundred.
_GIVEN_NAMES = """
aaron abdul abdullah adam ahmed aisha alan albert alejandro alex alexander alexandra alexei ali alice alina amanda
amina amit amy ana anastasia andre andrea andreas andrei andrew angela anita anja ann anna anne antonio arthur ashley
barbara ben benjamin bernd betty bill bob boris brandon brian bruno camille carla carlos carol caroline catherine
charles charlotte chen chloe chris christian christina christine christopher claire claudia cynthia daniel daniela
david deborah dennis diana diego dimitri dmitry donald donna dorothy edward elena elif elizabeth ella emily emma
enrique eric erik eva fabio fatima felix fernando francesco francisco frank gabriel gary george giovanni giulia grace
hannah hans harry hassan heather heidi helen helena henry hiroshi hui ian ibrahim igor inga ingrid irina isabel ivan
jack jacob james jan jane janet jason javier jean jennifer jessica jim joan johan johanna john jonathan jorge jose
joseph juan judith julia julie jun jürgen karen karim karl katarzyna kate katharina katherine kathleen keiko kelly
kenneth kevin khalid klaus laila lars laura lauren leila leo leon li lin linda lisa louis louise lucas lucia luigi
luis lukas magdalena manuel marco margaret maria marie mario mark marta martin martina mary matthew mehmet mei michael
michel michelle miguel mohamed mohammad mohammed monika muhammad mustafa nancy natalia nicholas nicole nikita nina
noah olga oliver olivia omar oscar pablo pamela patricia patrick paul paula pedro peter petra philip pierre piotr
priya rachel rahul raj ralph ravi rebecca ricardo richard robert roberto roger rosa ruth ryan samantha samuel sandra
sanjay sara sarah sean sergei sergey sharon silvia simon sofia sophia sophie stefan stephanie stephen steven sunita
susan susanne svetlana takashi tatiana teresa thomas tim timothy tom tomasz ursula victor victoria vikram vladimir
walter wang wei werner william wolfgang yan yang yoko yuki yusuf zhang
"""
_GIVEN = frozenset(_GIVEN_NAMES.split())
#: Share of the values with a given name, or a title, from which they are names of persons. Of games it is 0.02.
GIVEN, TITLED = 0.1, 0.05
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}")
#: Share of distinct cells from which a column tells persons apart, and of e-mail addresses.
MOSTLY = 0.5
#: Fewer values prove nothing.
MIN_VALUES = 20


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORDS.findall(text.replace("E-Mail", "email").replace("e-mail", "email"))}


def meaning(column: str) -> str:
    """What a column of this name may hold of a person, or an empty text."""
    words = _words(column)
    if words & _REACH:
        return "ways to reach persons"
    return "names of persons" if words & _NAMES and words <= _NAMES | _BESIDE else ""


def persons(columns: Iterable[str]) -> bool:
    """Whether a table with columns of these names describes persons.

    >>> persons(["Name", "Sex"]), persons(["Name", "Platform", "Age rating"])
    (True, False)
    """
    every = [_words(column) for column in columns]
    return any(words & _OF_PERSONS and words <= _OF_PERSONS | _DETAILS for words in every)


def name_persons(texts: Collection[str]) -> bool:
    """Whether texts look like names of persons.

    >>> name_persons(["Smith, John", "Maria Silva", "Li Wei"]), name_persons(["Tetris", "Doom", "Zelda"])
    (True, False)
    """
    parts = [re.findall(r"\w+", text.casefold()) for text in texts]
    titled = sum(_TITLE.search(text) is not None for text in texts)
    given = sum(2 <= len(words) <= 4 and not _GIVEN.isdisjoint((*words[:2], words[-1])) for words in parts)
    return titled >= TITLED * len(texts) or given >= GIVEN * len(texts)


@check("personal-data", scope="columns")
def personal_data(view: TableView) -> Iterator[Finding]:
    """Columns of texts, mostly distinct, that seem to hold names or addresses of persons."""
    described = persons(column.name for column in (*view.features, *view.unused))
    for column, values in view.columns("categorical", "text"):
        if column.kind == "categorical":
            counts = view.counts(column)
        else:
            counts = rows_by_text(*pd.factorize(drawn_values(values)))
        total = sum(counts.values())
        if total < MIN_VALUES or len(counts) <= MOSTLY * total:
            continue
        what = meaning(column.name)
        if what and _words(column.name) <= _ANYTHING and not described and not name_persons(counts):
            what = ""
        if not what and sum(_EMAIL.fullmatch(text.strip()) is not None for text in counts) > MOSTLY * len(counts):
            what = "ways to reach persons"
        if what:
            found = f"seems to hold {what}: {share_of(len(counts), total, 'values')} are distinct"
            fix = "accept personal-data to leave it out, or add it to data.drop: what a model learned can be read out "
            fix += "of it"
            evidence = share_evidence(len(counts), total, "distinct", "repeated")
            must = "describe rows rather than name persons"
            yield Finding("personal-data", "warning", column.name, must, found, fix, evidence)
