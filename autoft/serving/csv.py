"""Predictions as CSV text that is safe to open in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Spreadsheets run a cell as a formula if it begins so (OWASP, CSV Injection; the last four are full-width forms) and
# says something: a lone + or -- stays what it is.
_FORMULA = re.compile(r"[\t\r\n]*[=+\-@＝＋－＠](?=.*\w)", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9,]*\.?[0-9]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?%?\Z")


def guarded(cell: Any) -> Any:
    """A cell that no spreadsheet runs as a formula: such a text gets an apostrophe in front.

    Numbers, texts that are plain numbers, and signs alone stay what they are.

    >>> guarded("=1+1"), guarded("-5"), guarded("-"), guarded("Yes")
    ("'=1+1", '-5', '-', 'Yes')
    """
    return "'" + cell if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.match(cell) else cell


def changed(cells: Iterable[Any]) -> tuple[int, str]:
    """How many cells :func:`guarded` changes, and the first of them."""
    found = [cell for cell in cells if guarded(cell) is not cell]
    return len(found), found[0] if found else ""


def to_csv(
    predicted: Sequence[Any] | npt.NDArray[Any],
    classes: Sequence[Any] = (),
    proba: npt.NDArray[np.floating[Any]] | None = None,
    *,
    kept: Mapping[str, Sequence[Any]] = {},
    raw: bool = False,
) -> str:
    """Predictions as CSV text with a header and one line per row.

    `pandas.read_csv` gives the labels back, but for those that :func:`guarded` changes; texts such as ``007`` with
    ``dtype=str``, and texts such as ``NA`` with ``keep_default_na=False``.

    Args:
        predicted: One value per row: the column ``prediction``.
        classes: Labels of the columns of `proba`.
        proba: ``[rows, classes]``: columns ``probability_LABEL``; none if None.
        kept: Columns of the table that stand in front.
        raw: Write texts as they are instead of :func:`guarded`.

    >>> import numpy as np
    >>> print(to_csv(["no", "=1"], ["=1", "no"], np.array([[0.25, 0.75], [0.5, 0.5]])), end="")
    prediction,probability_=1,probability_no
    no,0.25,0.75
    '=1,0.5,0.5
    """
    import pandas as pd

    written: Callable[[Any], Any] = (lambda cell: cell) if raw else guarded
    # As objects, since pandas would make floats of whole numbers beside empty cells.
    columns: dict[str, Any] = {
        written(name): pd.Series(list(map(written, cells)), dtype=object) for name, cells in kept.items()
    }
    columns["prediction"] = list(map(written, predicted))
    if proba is not None:
        columns |= {f"probability_{label}": proba[:, index] for index, label in enumerate(classes)}
    return str(pd.DataFrame(columns).to_csv(index=False))
