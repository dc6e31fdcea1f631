"""The card of a saved model (``README.md``): what it is, how it is loaded, and what to know before it is handed on."""

from __future__ import annotations

import re
from importlib.metadata import version

from autoft.formatting import counted
from autoft.serving.meta import Meta

#: Older versions of Keras have known holes in the loading of models, among them CVE-2026-12479 and CVE-2026-12481.
SAFE_KERAS = "3.15.1"


def old_keras(installed: str) -> str:
    """What is wrong with a version of Keras that loads models, in one sentence; empty for a safe one.

    >>> old_keras("3.13.2")
    "Keras 3.13.2 has known holes in the loading of models: pip install 'keras>=3.15.1'"
    >>> old_keras("3.15.1"), old_keras("4.0")
    ('', '')
    """
    own, safe = (tuple(map(int, re.findall(r"\d+", text)[:3])) for text in (installed, SAFE_KERAS))
    if own >= safe:
        return ""
    return f"Keras {installed} has known holes in the loading of models: pip install 'keras>={SAFE_KERAS}'"


def card(meta: Meta) -> str:
    """The card as Markdown; no cell of the table is in it."""
    used = [column for column in meta.columns if column.used]
    kinds = {kind: sum(column.kind == kind for column in used) for kind in dict.fromkeys(one.kind for one in used)}
    inputs = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    keras = version("keras")
    return f"""# A model that autoft {meta.version} has trained

It predicts one column ({meta.target.task}) from {counted(len(used), "column")}: {inputs}.
The scores, and how they were measured, are in `evaluation.json`.

```python
import autoft

model = autoft.load("this folder")
```

- Saved with Keras {keras}. Load models of other people with Keras {SAFE_KERAS} or later only: older versions have known
  holes in the loading of models.
- autoft checks the files before it uses them. That shows damage and forgery, and not that the answers are good.
- The categories and words that the model distinguishes are cells of the training table. They are in `meta.json` and in
  `model.keras`, since the model cannot answer without them; whoever has the model has them.
"""
