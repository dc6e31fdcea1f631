"""Exit status of the commands."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.records import Finding

OK = 0
FAILED = 1
INTERRUPTED = 130
#: In pipelines (``check --against``, ``--strict``): warnings and errors.
WARNED = 1
REFUSED = 2


def status(findings: Sequence[Finding], strict: bool, *, errors: int) -> int:
    """The exit status that findings ask for; `errors` is the one for errors."""
    if has_errors(findings):
        return errors
    return WARNED if strict and any(finding.severity == "warning" for finding in findings) else OK


def has_errors(findings: Sequence[Finding]) -> bool:
    """Whether any finding is an error."""
    return any(finding.severity == "error" for finding in findings)
