"""Exit status of the commands."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.records.findings import Finding

OK = 0
FAILED = 1
#: The run was interrupted: its results until then are saved, or it ended at once.
ENDED_EARLY = 3
INTERRUPTED = 130
#: In pipelines (``check --against``, ``--strict``): warnings and errors.
WARNED = 1
REFUSED = 2


def status(findings: Sequence[Finding], strict: bool, *, errors: int) -> int:
    """The exit status that findings ask for; `errors` is the one for errors."""
    found = {finding.severity for finding in findings}
    return errors if "error" in found else WARNED if strict and "warning" in found else OK
