"""What a recipe knows, in words."""

from __future__ import annotations

from autoft.recipe_knowledge import Hint, Knowledge


def hint_notes(knowledge: Knowledge) -> list[str]:
    """A sentence for each hint, with the expert's reason.

    >>> from autoft.recipe_knowledge import Hint
    >>> hint_notes(Knowledge(features={"age": Hint(effect="increasing", because="risk grows")}))
    ["With all else equal, the answer never falls with 'age' (risk grows)."]
    """
    notes = [
        f"{sentence}{f' ({hint.because})' if hint.because else ''}."
        for name, hint in knowledge.features.items()
        for sentence in _sentences(name, hint)
    ]
    notes += [f"'{one}' and '{other}' act together." for one, other in knowledge.interactions]
    notes += [f"'{one}' and '{other}' do not act on each other." for one, other in knowledge.no_interaction]
    notes += [f"'{ratio.name}' is '{ratio.of[0]}' divided by '{ratio.of[1]}'." for ratio in knowledge.ratios]
    return notes


def _sentences(name: str, hint: Hint) -> list[str]:
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
