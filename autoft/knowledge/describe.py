"""Sentences on what a recipe knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autoft.recipe.knowledge import HintSpec, Knowledge
from autoft.records.columns import Column, PlanLine


def hint_notes(knowledge: Knowledge) -> list[str]:
    """A sentence for each hint, with the expert's reason.

    >>> from autoft.recipe.knowledge import HintSpec
    >>> hint_notes(Knowledge(features={"age": HintSpec(effect="increasing", because="risk grows")}))
    ["With all else equal, the answer never falls with 'age' (risk grows)."]
    """
    notes = [
        # The reason stands once, behind what comes first.
        f"{sentence}{f' ({hint.because})' if hint.because and not place else ''}."
        for name, hint in knowledge.features.items()
        for place, sentence in enumerate(_sentences(name, hint))
    ]
    notes += [f"'{one}' and '{other}' act together." for one, other in knowledge.interactions]
    notes += [f"'{one}' and '{other}' do not act on each other." for one, other in knowledge.no_interaction]
    notes += [f"'{ratio.name}' is '{ratio.of[0]}' divided by '{ratio.of[1]}'." for ratio in knowledge.ratios]
    return notes


def _sentences(name: str, hint: HintSpec) -> list[str]:
    unit = f" {hint.unit}" if hint.unit else ""
    found = []
    if hint.effect is not None:
        what = "the answer" if hint.label is None else f"the probability of '{hint.label}'"
        never = "falls" if hint.effect == "increasing" else "rises"
        found.append(f"With all else equal, {what} never {never} with '{name}'")
    if hint.order is not None:
        found.append(f"The categories of '{name}' rise from {', '.join(hint.order)}")
    if hint.between is not None:
        found.append(f"'{name}' lies between {hint.between[0]:g} and {hint.between[1]:g}{unit}")
    elif hint.unit is not None:
        found.append(f"'{name}' is in {hint.unit}")
    if hint.scale is not None:
        found.append(f"What counts of '{name}' is by how many times it is larger")
    if hint.use is not None:
        kept = "is never an input" if hint.use == "never" else "is no input, but its groups are compared"
        found.append(f"'{name}' {kept}")
    if hint.importance is not None:
        found.append(f"'{name}' matters {'much' if hint.importance == 'high' else 'little'}")
    return found


def hinted_lines(lines: Sequence[PlanLine], knowledge: Knowledge, columns: Sequence[Column]) -> tuple[PlanLine, ...]:
    """Lines of a plan in the order of `columns`, with the units that are known and with lines for unused columns.

    >>> age = PlanLine(column="age", kind="numeric", text="The median is subtracted.", inputs=1)
    >>> hinted_lines([age], Knowledge(features={"age": HintSpec(unit="years")}), [])[0].text
    'In years. The median is subtracted.'
    """
    units = {name: hint.unit for name, hint in knowledge.features.items() if hint.unit}
    known = {
        line.column: replace(line, text=f"In {units[line.column]}. {line.text}") if line.column in units else line
        for line in lines
    }
    for column in columns:
        if column.name in knowledge.unused:
            text = f"{_why_unused(column.name, knowledge)}."
            known[column.name] = PlanLine(column=column.name, kind=column.kind, text=text, inputs=0)
    names = [column.name for column in columns if column.name in known]
    return tuple(known[name] for name in dict.fromkeys([*names, *known]))


def _why_unused(name: str, knowledge: Knowledge) -> str:
    hint = knowledge.features.get(name)
    if hint is None or hint.use is None:
        return "Not an input: it says what a positive row is worth"
    because = f": {hint.because}" if hint.because else ""
    groups = "; its groups are compared" if hint.use == "audit" else ""
    return f"Never an input{because}{groups}"
