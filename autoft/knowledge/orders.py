"""Orders of categories that their names show."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Words that rise; a column's categories are in order where one line has all of them.
_LADDERS = (
    ("none", "very low", "low", "low-medium", "medium", "mid", "medium-high", "high", "very high"),
    ("none", "mild", "moderate", "severe", "critical"),
    ("never", "rarely", "seldom", "sometimes", "often", "usually", "always"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("tiny", "small", "medium", "large", "huge"),
    ("small", "medium", "big"),
    ("terrible", "bad", "poor", "fair", "average", "good", "very good", "excellent"),
    ("fair", "good", "very good", "premium", "ideal"),
    ("worst", "worse", "normal", "better", "best"),
    ("beginner", "intermediate", "advanced", "expert"),
    ("little", "moderate", "quite rich", "rich"),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("bronze", "silver", "gold", "platinum"),
    ("first", "second", "third", "fourth", "fifth"),
)
_BELOW, _ABOVE = r"<=?|under|below|less than|up to|≤", r">=?|over|above|more than|from|≥"
_NUMERALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS = {name: str(n) for n, name in enumerate(_NUMERALS, start=1)}
_NUMBERED = re.compile(rf"(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE}))?[\s$€£]*(?P<number>\d[\d,]*\.?\d*)(?P<rest>.*)")


def evident_order(names: Iterable[str]) -> tuple[str, ...] | None:
    """The names from the lowest to the highest, or None where that cannot be read off them.

    They are words of a well-known ladder, or each begins with a number of its own. A number that follows a word is
    none: it may be that of a shop.

    >>> evident_order(["high", "low", "medium"])
    ('low', 'medium', 'high')
    >>> evident_order(["5-9 years", "10+ years", "< 5 years"])
    ('< 5 years', '5-9 years', '10+ years')
    >>> evident_order(["shop 1", "shop 2", "shop 3"]) is None
    True
    """
    known = list(names)
    if len(known) < 2:
        return None
    folded = {re.sub(r"[\s_]+", " ", name.strip().casefold()): name for name in known}
    if len(folded) < len(known):
        return None
    for ladder in _LADDERS:
        if set(folded) <= set(ladder):
            return tuple(folded[word] for word in ladder if word in folded)
    found = {name: _place(text) for text, name in folded.items()}
    places = [place for place in found.values() if place is not None]
    # Two bare numbers are codes as often as they are amounts.
    if len(places) < len(known) or len(set(places)) < len(known) or len(known) < 3:
        return None
    return tuple(sorted(known, key=lambda name: found[name] or (0.0, 0)))


def _place(text: str) -> tuple[float, int] | None:
    """The number that a text begins with, and whether it means less (-1) or more (1) than that."""
    first = text.split(" ")[0]
    match = _NUMBERED.match(text.replace(first, _WORDS[first], 1) if first in _WORDS else text)
    if match is None:
        return None
    return float(match["number"].replace(",", "")), -1 if match["below"] else 1 if match["above"] else 0
