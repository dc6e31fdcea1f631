"""The catalogue of docs/reliability.md: every case names tests, and these exist."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults import cases

SIZES = {"D": 32, "P": 10, "S": 20, "X": 15}


def test_every_case_of_the_catalogue_names_tests_that_exist(root: Path) -> None:
    named = cases()
    assert list(named) == [f"{letter}{n:02d}" for letter, size in SIZES.items() for n in range(1, size + 1)]
    assert [case for case, tests in named.items() if not tests] == []
    absent = []
    for test in sorted({test for tests in named.values() for test in tests}):
        file, _, name = test.partition("::")
        text = (root / "tests" / file).read_text(encoding="utf-8") if (root / "tests" / file).exists() else ""
        if f"def {name.partition('[')[0]}(" not in text:
            absent.append(test)
    assert absent == []
