"""Whoever gets a finding can look its code up."""

from __future__ import annotations

import re
from pathlib import Path

#: How the package writes the code of a finding.
CODE = re.compile(r"""(?:code=|code = |finding\(|_copy\()f?"([a-z{][a-z.{}]*(?:-[a-z]+)+)""")


def test_the_code_of_every_finding_of_the_schema_is_documented(root: Path) -> None:
    modules = [path for room in ("data", "schema", "serving") for path in (root / "autoft" / room).rglob("*.py")]
    codes = {code for module in modules for code in CODE.findall(module.read_text(encoding="utf-8"))}
    codes.remove("{column.kind}-dropped")
    codes |= {f"{kind}-dropped" for kind in ("empty", "constant", "identifier")}
    assert {"target-leak", "engine-changed", "target-sorted", "correlated-copies", "missing-column"} <= codes
    text = (root / "docs" / "schema.md").read_text(encoding="utf-8")
    assert sorted(code for code in codes if f"`{code}`" not in text) == []
