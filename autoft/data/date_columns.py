"""Columns of dates: when a column is one, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoft.data import column_findings, date_formats
from autoft.data.audit.findings import first_cell
from autoft.data.cells import Distinct
from autoft.data.column_findings import DECLARE, Inferred, percent, ruled_out
from autoft.data.dates import FOREIGN_DATE, UNITS
from autoft.errors import SchemaError, cell, quoted
from autoft.formatting import counted
from autoft.records.findings import Finding

#: Share of the cells that must be dates for the rest to count as mistakes (texts are no dates by chance), and that of
#: dates whose century is unknown, which are used as categories.
NEARLY_ALL, NEARLY_ALL_SHORT = 0.9, 0.99
#: Share from which a person would ask what the rest is.
MOSTLY = 0.5
#: The first and the last year of dates that need no question.
YEARS = (1900, 2100)


def date_of_texts(name: str, distinct: Distinct) -> Inferred | None:
    """Dates in texts; a category with a finding where they are dates that are not read. None for other texts."""
    form = date_formats.find_format(distinct)
    if form is None:
        return _short_years(name, distinct) or _foreign_dates(name, distinct)
    wrong = np.isnan(distinct.dates(form).seconds)
    share = distinct.share(~wrong)
    if share >= NEARLY_ALL:
        return date_column(name, distinct, form)
    if share < MOSTLY:
        return _foreign_dates(name, distinct)
    fix = f"it is used as a category; write dates as YYYY-MM-DD, or {DECLARE}"
    finding = column_findings.mixed(name, distinct, wrong, "hold dates of one form", fix)
    return Inferred("categorical", f"only {percent(share)} of the values are dates", {}, (finding,))


def _short_years(name: str, distinct: Distinct) -> Inferred | None:
    """Dates whose century would have to be guessed."""
    short = date_formats.find_short_years(distinct)
    if distinct.share(short) < NEARLY_ALL_SHORT:
        return None
    count, first = counted(distinct.rows(short), "value"), first_cell(distinct.first(short))
    found = f"has {count} with a year of two digits ({first})"
    fix = f"it is used as a category; write dates as YYYY-MM-DD, or {DECLARE} (69 to 99 are then 1969 to 1999)"
    finding = Finding("date-format", "warning", name, "have years of four digits to be a date", found, fix)
    return Inferred("categorical", "years of two digits are not guessed", {}, (finding,))


def _foreign_dates(name: str, distinct: Distinct) -> Inferred | None:
    """Dates that a person would read: with the months of another language, or zones by names that mean several."""
    if distinct.values.dtype != object or distinct.share(foreign := distinct.matches(FOREIGN_DATE)) < NEARLY_ALL:
        return None
    found = f"has {counted(distinct.rows(foreign), 'value')} that look like dates or durations in a form that is not "
    found += f"read ({first_cell(distinct.first(foreign))})"
    fix = "it is used as a category; write dates as YYYY-MM-DD, times with an offset (+02:00), durations as numbers"
    finding = Finding("date-format", "warning", name, "be in a form of docs/schema.md (Dates) to be a date", found, fix)
    return Inferred("categorical", "its dates or durations are of no form that is read", {}, (finding,))


def date_column(name: str, distinct: Distinct, form: str | None) -> Inferred:
    """A column of dates with its findings; `form` is None for one that came as times."""
    dates = distinct.dates(form or "iso")
    wrong, findings = np.isnan(dates.seconds), []
    if wrong.any():
        fix = "they count as missing; correct them"
        must = f"hold {date_formats.words(form, None)} only"
        findings.append(column_findings.mixed(name, distinct, wrong, must, fix))
    either, other = date_formats.find_ambiguous(distinct, form or "iso")
    if either.any():
        findings.append(_ambiguous(name, distinct.first(either)[1], form or "iso", other))
    zones = {bool(zoned) for zoned in dates.zoned[~wrong]}
    if len(zones) > 1:
        naive = ~wrong & ~dates.zoned
        found = f"has {counted(distinct.rows(naive), 'date')} without a time zone beside others with one "
        found += f"({first_cell(distinct.first(naive))})"
        must = "name the time zone of every date or of none"
        fix = "those without are read as UTC; write all of them with their zone"
        findings.append(Finding("mixed-zones", "warning", name, must, found, fix))
    far = ~wrong & ~date_formats.within(dates.seconds, YEARS)
    if far.any():
        findings.append(column_findings.date_range(name, distinct, dates.seconds, far, YEARS))
    why = "a column of times"
    if form is not None:
        why = f"the values are {date_formats.words(form, None)} ({'ISO' if form == 'iso' else form})"
    zoned = zones.pop() if len(zones) == 1 and form not in UNITS else None
    facts = {"date_format": form, "zoned": zoned, "distinct": len(np.unique(dates.seconds[~wrong]))}
    return Inferred("date", why, facts, tuple(findings))


def declared_date(name: str, distinct: Distinct, wanted: str) -> Inferred:
    """Dates of the format that is wanted, or if that is empty of the one that most cells have."""
    if distinct.values.dtype.kind == "M":
        return date_column(name, distinct, None)
    form = date_formats.name_format(wanted) if wanted else date_formats.find_format(distinct, declared=True)
    if form is None and wanted:
        where, found = f"The date format of column {quoted(name)}", f"it is {quoted(wanted)}"
        fix = "write it as '%d/%m/%Y', '%m/%d/%Y', '%d/%m/%y', 'excel' ... (docs/schema.md lists all)"
        raise SchemaError(where, "be one that autoft reads", found, fix)
    share = 0.0 if form is None else distinct.share(~np.isnan(distinct.dates(form).seconds))
    if form is None or share < (0 if wanted else MOSTLY) or not share:
        must = f"be a date of the format {quoted(wanted)}" if wanted else "be a date of one format"
        raise ruled_out(
            name, must, f"only {percent(share)} of its values are" if share else "none of its values is one", distinct
        )
    inferred = date_column(name, distinct, form)
    said = (line for line in inferred.findings if not wanted or line.code != "ambiguous-date")
    return replace(inferred, findings=tuple(said))


def _ambiguous(name: str, example: str, form: str, other: str) -> Finding:
    """The day cannot be told from the month, or from a year of two digits; `other` is the other format."""
    what, first = ("day and year", "year" if form.startswith("%y") else "day")
    if "y" not in {form[1:2], other[1:2]}:
        what, first = "day and month", "day"
    found = f"has dates whose {what} could be either, such as {cell(example)}"
    fix = f"they are read with the {first} first; else declare it as 'date {other}' under data.columns"
    return Finding("ambiguous-date", "warning", name, "say which part of a date is the day", found, fix)
