"""Whoever gets a finding can look its code up."""

from __future__ import annotations

import re
from pathlib import Path

from autoft.data.audit import OWN

#: How the package writes the code of a finding.
CODE = re.compile(r"""(?:code=|code = |Finding\()f?"([a-z{][a-z.{}]*(?:-[a-z]+)+)""")


def test_the_code_of_every_finding_of_the_schema_is_documented(root: Path) -> None:
    modules = [path for room in ("data", "schema", "serving") for path in (root / "autoft" / room).rglob("*.py")]
    codes = {code for module in modules for code in CODE.findall(module.read_text(encoding="utf-8"))}
    codes |= {code for one in OWN for code in one.codes}
    assert {"target-leak", "engine-changed", "target-sorted", "correlated-copies", "missing-column"} <= codes
    text = (root / "docs" / "schema.md").read_text(encoding="utf-8")
    assert sorted(code for code in codes if f"`{code}`" not in text) == []
