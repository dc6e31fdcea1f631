"""Console tables of schemas, and of a table beside a training table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from autoft.cli.console import SCREEN, safe, text_table
from autoft.formatting import counted
from autoft.schema.adaptation import name_of
from autoft.schema.edit import EditHint, domain_of
from autoft.serving.monitor import ColumnComparison, TableComparison

#: Categories that are shown of a list.
_SHOWN = 8


def show_schema(schema: Any, source: str) -> None:
    """Print a ``Schema`` as a table: a line for each column."""
    title = safe(f"{source}: {counted(len(schema.feature), 'column')}")
    table = text_table(title, "column", "type", "kind", "empty cells", "values", "not in")
    for feature in schema.feature:
        cells = (
            name_of(feature, "type") if feature.HasField("type") else "",
            ", ".join(feature.annotation.tag),
            _presence(feature),
            _values(schema, feature),
            ", ".join(feature.not_in_environment).lower(),
        )
        table.add_row(safe(feature.name), *map(safe, cells))
    SCREEN.print(table)


def _presence(feature: Any) -> str:
    if name_of(feature, "lifecycle_stage") in ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED"):
        return f"not checked ({name_of(feature, 'lifecycle_stage').lower().replace('_', ' ')})"
    if not feature.HasField("presence"):
        return "any, may be absent"
    if feature.presence.min_fraction <= 0:
        return "not all" if feature.presence.min_count else "any, may be absent"
    return "none" if feature.presence.min_fraction >= 1 else f"up to {1 - feature.presence.min_fraction:.4g}"


def _values(schema: Any, feature: Any) -> str:
    domain = domain_of(schema, feature)
    if domain is not None:
        more = f" and {len(domain.value) - _SHOWN:,} more" if len(domain.value) > _SHOWN else ""
        return ", ".join(domain.value[:_SHOWN]) + more
    for field in ("int_domain", "float_domain"):
        if feature.HasField(field):
            limits = getattr(feature, field)
            low, high = (f"{getattr(limits, end):.12g}" if limits.HasField(end) else "" for end in ("min", "max"))
            return f"{low} to {high}" if low and high else f"from {low} on" if low else f"up to {high}" if high else ""
    if feature.HasField("bool_domain"):
        return f"{feature.bool_domain.false_value or '0'} or {feature.bool_domain.true_value or '1'}"
    return ""


def show_compared(seen: TableComparison, console: Console = SCREEN) -> None:
    """Print how far each column of a table is from the training table's; the last line may be the target."""
    table = Table(
        title=f"{counted(seen.rows, 'row')} beside the training table",
        caption="JS: Jensen-Shannon divergence in bits; max: largest change of a share (docs/schema.md)",
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("column", overflow="fold")
    # Numbers stay on one line, so that all the width that there is goes to the names.
    for heading in ("distance", "limit", "unseen", "out of\nrange", "empty", "empty in\ntraining"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in seen.columns:
        table.add_row(*_line(line, line.column))
    if seen.target is not None:
        table.add_section()
        table.add_row(*_line(seen.target, f"{seen.target.column} (target)"))
    console.print(table)


def _line(line: ColumnComparison, name: str) -> list[Any]:
    shift = line.shift
    if shift is None:
        return [safe(name), "-", "", _share(line.unseen), _share(line.outside), "", ""]
    short = {"Jensen-Shannon": "JS", "infinity norm": "max"}
    distance = "" if shift.distance is None else f"{short[shift.measure]} {shift.distance:.3f}"
    return [
        safe(name, "yellow" if shift.drifted or shift.emptier else ""),
        safe(distance, "yellow" if shift.drifted else ""),
        f"{shift.limit:.3f}" if shift.limit < 1 else "few rows",
        _share(line.unseen),
        _share(line.outside),
        safe(_share(shift.missing), "yellow" if shift.emptier else ""),
        _share(shift.missing_before),
    ]


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def show_hints(hints: Sequence[EditHint]) -> None:
    """Print what a table has and a schema does not allow, and the command that would accept it."""
    for hint in hints:
        SCREEN.print(safe(f"# {hint.finding.where} {hint.finding.found}"), soft_wrap=True)
        SCREEN.print(safe(hint.command or "# no command accepts this"), soft_wrap=True)
    if not hints:
        SCREEN.print("the table fits the schema")
