"""Rounded measurements: numbers that are multiples of five only."""

import numpy as np

from autoft.data.audit import Finding, check


@check("lab:rounded", scope="columns")
def rounded(view):
    """Columns of numbers whose values are multiples of five."""
    for column, values in view.columns("numeric"):
        known = values[np.isfinite(values)]
        if len(known) >= 50 and (known % 5 == 0).all():
            found = "has multiples of five only"
            yield Finding("lab:rounded", "warning", column.name, "be measured", found, "ask how it was measured")
