"""Predictions as CSV text that is safe to open in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Spreadsheets run a cell as a formula if it begins so (OWASP, CSV Injection); the last four are full-width forms.
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")


def guarded(cell: Any) -> Any:
    """A cell that no spreadsheet runs as a formula: such a text gets an apostrophe in front.

    Numbers, and texts that are plain numbers, stay what they are.

    >>> guarded("=1+1"), guarded("-5"), guarded(-5), guarded("Yes")
    ("'=1+1", '-5', -5, 'Yes')
    """
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.match(cell):
        return "'" + cell
    return cell


def to_csv(
    predicted: Sequence[Any] | npt.NDArray[Any],
    classes: Sequence[Any] = (),
    proba: npt.NDArray[np.floating[Any]] | None = None,
    *,
    raw: bool = False,
) -> str:
    """Predictions as CSV text with a header and one line per row.

    Args:
        predicted: One value per row: the column ``prediction``.
        classes: Labels of the columns of `proba`.
        proba: ``[rows, classes]``: columns ``probability_LABEL``; none if None.
        raw: Write texts as they are instead of :func:`guarded`.

    >>> import numpy as np
    >>> print(to_csv(["no", "=1"], ["=1", "no"], np.array([[0.25, 0.75], [0.5, 0.5]])), end="")
    prediction,probability_=1,probability_no
    no,0.25,0.75
    '=1,0.5,0.5
    """
    import pandas as pd

    columns: dict[str, Any] = {"prediction": [cell if raw else guarded(cell) for cell in predicted]}
    if proba is not None:
        columns |= {f"probability_{label}": proba[:, index] for index, label in enumerate(classes)}
    return str(pd.DataFrame(columns).to_csv(index=False))
