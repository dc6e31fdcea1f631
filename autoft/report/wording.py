"""Wording of numbers, names and counts in the report."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from autoft.errors import printable
from autoft.records.columns import Task
from autoft.records.evaluation import Evaluation
from autoft.records.scores import Interval

#: What stands where there is no number.
NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricWords:
    """A metric for people."""

    label: str
    meaning: str = ""
    more_is_better: bool = True
    row_loss: str = ""

    @property
    def better(self) -> str:
        return "higher" if self.more_is_better else "lower"

    @property
    def inner(self) -> str:
        """The label within a sentence: lower case unless it is an abbreviation or a name."""
        first = self.label.split()[0]
        kept = not first[1:].islower() or first in {"Matthews", "Brier"}
        return self.label if kept else self.label[0].lower() + self.label[1:]


def metric(name: str) -> MetricWords:
    """The metric's words; one that no installed package registers is called by its name."""
    from autoft.evaluation.metrics import METRICS  # needs numpy, which the import of the report does without

    if name not in METRICS:
        return MetricWords(label=clip(name.replace("_", " ").capitalize()))
    own = METRICS[name]
    label, meaning, more = clip(own.label), clip(own.meaning, 200), own.more_is_better
    return MetricWords(label=label, meaning=meaning, more_is_better=more, row_loss=own.row_loss)


def baseline_label(name: str, task: Task) -> str:
    """What a baseline is, in words."""
    labels = {
        "constant": "a constant answer",
        "linear": "linear regression" if task == "regression" else "logistic regression",
        "hist_gradient_boosting": "gradient boosting",
    }
    return labels.get(name) or clip(name.replace("_", " "))


def clip(text: object, limit: int = 80) -> str:
    r"""A text from the data on one line: control characters visible, long text cut, right-to-left text isolated.

    >>> clip("a\nb"), clip("x" * 100, 5)
    ('a\\nb', 'xxxx…')
    """
    # Cut before escaping, so that a cell of megabytes costs nothing.
    shown = printable(str(text)[: limit + 1])
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    if right_to_left(shown):
        # Isolates keep a Hebrew or Arabic name from rearranging the punctuation of the sentence around it.
        shown = f"\u2068{shown}\u2069"
    return shown or "(empty)"


def right_to_left(text: str) -> bool:
    """Whether a character of the text is written from right to left."""
    return any(unicodedata.bidirectional(character) in {"R", "AL"} for character in text)


def lines(text: str, limit: int = 150_000) -> str:
    r"""A text from the data of many lines, without control characters, cut at the limit.

    >>> lines("a: 1\r\nb: \x00")
    'a: 1\nb: \\x00'
    """
    shown = "\n".join(printable(line.replace("\t", "    ")) for line in text[:limit].splitlines())
    return shown if len(text) <= limit else f"{shown}\n… ({len(text) - limit:,} more characters in the run folder)"


def decimals(*values: float) -> int:
    """Decimals that show the largest of the values with three digits; negative: round to tens, hundreds ...

    >>> decimals(0.8473), decimals(1.0), decimals(48213.0), decimals(0.0021)
    (3, 3, -2, 5)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 3 if largest == 0 or 0.1 <= largest <= 1 else 2 - math.floor(math.log10(largest))


def decimals_of(intervals: Iterable[Interval | None]) -> int:
    """`decimals` of values and ends of intervals together."""
    known = [one for one in intervals if one is not None]
    return decimals(*(end for one in known for end in (one.value, one.low, one.high)))


def number(value: float | None, digits: int | None = None) -> str:
    """A number with three digits that count, or with the given decimals; never in exponents unless it is absurd.

    >>> number(0.84731), number(48213.0), number(-0.0004, 3), number(float("nan"))
    ('0.847', '48,200', '0.000', '–')
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    digits = decimals(value) if digits is None else digits
    # Adding zero turns a rounded -0.0 into 0.0.
    rounded = round(float(value), digits) + 0.0
    text = f"{value:.3g}" if digits > 9 or digits < -12 else f"{rounded:,.{max(digits, 0)}f}"
    return text.replace("-", "−")


def signed(value: float, digits: int | None = None) -> str:
    """A difference with its sign."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def span(interval: Interval, digits: int | None = None, why: str = "too few rows") -> str:
    """The ends of an interval, rounded alike; `why` there are none where they are undefined.

    >>> span(Interval(value=math.nan, low=math.nan, high=math.nan))
    'none: too few rows'
    """
    if math.isnan(interval.low) or math.isnan(interval.high):
        return f"none: {why}"
    digits = decimals_of([interval]) if digits is None else digits
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def with_span(interval: Interval, digits: int | None = None) -> str:
    """A value and the ends of its interval in one text."""
    return "{} ({})".format(*cells(interval, digits))


def cells(interval: Interval | None, digits: int | None = None, why: str = "too few rows") -> tuple[str, str]:
    """A value and the ends of its interval, rounded alike, as two cells of a table; `why` there is no interval."""
    if interval is None:
        return NONE, NONE
    digits = decimals_of([interval]) if digits is None else digits
    return number(interval.value, digits), span(interval, digits, why)


def first_of(most: int, total: int) -> str:
    """The remark that a list was cut off; nothing if it was not."""
    return f" (the first {most} of {total:,})" if total > most else ""


def setting(value: object) -> str:
    """The value of a hyperparameter.

    >>> setting(0.00123456), setting(256), setting(True), setting("relu"), setting(1e-7)
    ('0.00123', '256', 'yes', 'relu', '1e-7')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e9 else f"{value:.3g}".replace("e-0", "e-")
    return clip(value, 40)


def duration(seconds: float) -> str:
    """A length of time.

    >>> duration(4.21), duration(42), duration(190), duration(3900)
    ('4.2 s', '42 s', '3 min 10 s', '1 h 5 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def listing(items: Iterable[str]) -> str:
    """Items as part of a sentence."""
    known = list(items)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}" if known else ""


def split_gap_words(evaluation: Evaluation) -> str:
    """What a random split would have said, in one sentence; empty where that was not measured."""
    gap = evaluation.split_gap
    if gap is None:
        return ""
    digits = decimals(gap.folds, gap.random)
    name, folds, random = evaluation.objective, number(gap.folds, digits), number(gap.random, digits)
    return (
        f"On rows divided at random, gradient boosting would have had {name} {random}; on these folds, which respect "
        f"how rows depend on one another, it has {folds}."
    )
