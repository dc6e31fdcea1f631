"""What goes wrong, and what autoft does then: the catalogue of docs/reliability.md, kills, journals, hostile files.

`catalogue` runs the tests that docs/reliability.md names for each of its cases; a case is met if all of them pass.
`kills` counts processes that were killed, or folders as a killed process leaves them, whose next run ends with the
result of one that was not. `journal` cuts a journal off at every byte and flips a bit of every byte: no more than the
line that was hit may be lost. `bad_inputs` are tables that have to be refused with a clear message, before training.
`hostile` are forged files (`benchmarks.hostile`), `warnings` the false ones on healthy tables
(`benchmarks.false_alarms`), `memory` that of a trial (`benchmarks.trial_memory`).

`lost_trials` are the kills after which the result is another one, and the damages of a journal that cost more than
the line that was hit. `--quick` leaves out the kills of whole processes, and has fewer files and trials.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from autoft.errors import AutoFTError
from autoft.search.journal import Journal, read
from benchmarks import false_alarms, hostile, trial_memory
from benchmarks.common import Row, finish, options, progress
from benchmarks.machine import ROOT

#: A line of a table of docs/reliability.md: id, what happens, what autoft does, tests.
CASE = re.compile(r"^\| (?P<id>[DPSX]\d\d) \|.*\| (?P<tests>[^|]*) \|$", re.MULTILINE)
KEY = {"data": "d0", "settings": "s0"}


def cases() -> dict[str, tuple[str, ...]]:
    """The tests of each case of the catalogue, by its id: names as pytest has them, from the folder of tests."""
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    return {line["id"]: tuple(re.findall(r"`([^`]+)`", line["tests"])) for line in CASE.finditer(text)}


def outcomes(tests: Sequence[str], *arguments: str) -> dict[str, bool]:
    """Whether each test passed, by its name from the folder of tests; those that were skipped are left out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outcome.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", f"--junitxml={path}", *arguments]
        subprocess.run([*command, *(f"tests/{test}" for test in tests)], cwd=ROOT, stdout=sys.stderr, check=False)
        found = {}
        for case in ElementTree.parse(path).iter("testcase"):
            if case.find("skipped") is None:
                module = case.attrib["classname"].removeprefix("tests.").replace(".", "/")
                found[f"{module}.py::{case.attrib['name']}"] = {e.tag for e in case} <= {"system-out", "system-err"}
    return found


def catalogue(quick: bool) -> Row:
    """Cases whose tests all pass."""
    named = cases()
    found = outcomes(sorted({test for tests in named.values() for test in tests}), "-m", "slow or not slow")
    unmet = []
    for case, tests in named.items():
        ran = [[passed for name, passed in found.items() if name == t or name.startswith(t + "[")] for t in tests]
        if not ran or not all(outcome and all(outcome) for outcome in ran):
            unmet.append(case)
    return {"part": "catalogue", "met": len(named) - len(unmet), "tried": len(named), "unmet": ", ".join(unmet)}


def kills(quick: bool) -> Row:
    """Runs after a kill, or in a folder as a kill leaves it, that end with the result of an unbroken run."""
    found = outcomes(["crash"], "-m", "not slow" if quick else "slow or not slow")
    return {"part": "kills", "met": sum(found.values()), "tried": len(found), "unmet": _failed(found)}


def journals(quick: bool) -> Row:
    """Damages of a journal that cost at most the line that was hit, and after which it goes on."""
    facts = [{"type": "trial", "memory": json.dumps({"width": n}), "score": n / 10} for n in range(4)]
    lost = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        Journal(path, KEY).append(*facts)
        raw = path.read_bytes()
        for at in range(len(raw)):
            for damaged in (raw[:at], raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]):
                path.write_bytes(damaged)
                tried += 1
                lost += not _goes_on(path, facts, cut=len(damaged) == at)
    return {"part": "journal", "met": tried - lost, "tried": tried}


def _goes_on(path: Path, facts: Sequence[Mapping[str, Any]], *, cut: bool) -> bool:
    """Whether a damaged journal still has every fact but those of the line that was hit, and takes another."""
    whole = path.read_bytes().count(b"\n")
    try:
        journal = Journal(path, KEY)
        journal.append({"type": "trial", "memory": "new"})
    except AutoFTError:
        return False
    kept = [fact for fact in read(path).facts if fact["type"] == "trial"]
    wanted = max(0, whole - 2) if cut else len(facts) - 1
    believed = all(fact in facts for fact in kept[:-1])
    # A flipped bit may make or remove a newline, which costs the lines on its both sides.
    return believed and kept[-1]["memory"] == "new" and len(kept) - 1 >= wanted - (not cut)


def bad_inputs(quick: bool) -> Row:
    """Tables that are refused before any training, with a message in four parts that names what is wrong."""
    names = ("test_refused_before_training", "test_tables_that_cannot_be_predicted", "test_wrong_arguments_are_named")
    found = outcomes([f"contract/test_bad_input.py::{name}" for name in names])
    return {"part": "bad_inputs", "met": sum(found.values()), "tried": len(found), "unmet": _failed(found)}


def hostile_files(quick: bool) -> Row:
    """Forged files that are refused by one clear error."""
    rows = hostile.measure(quick)
    met, tried = (sum(row[name] for row in rows) for name in ("refused", "tried"))
    return {"part": "hostile", "met": met, "tried": tried}


def warnings(quick: bool) -> Row:
    """False warnings per 20 columns: the larger figure of `check` and of a prediction."""
    tables = false_alarms.QUICK if quick else [*false_alarms.SETS, *false_alarms.MADE]
    summary = false_alarms.measure(ROOT.parent / "shared", tables)[1]
    return {"part": "warnings", "false_warnings_per_20_columns": summary["false_warnings_per_20_columns"]}


def memory(quick: bool) -> Row:
    """Growth of the resident memory by a trial."""
    row = trial_memory.mb_per_trial(trial_memory.QUICK if quick else trial_memory.TRIALS)
    return {"part": "memory", "mb_per_trial": row["mb_per_trial"]}


PARTS: dict[str, Callable[[bool], Row]] = {
    "catalogue": catalogue,
    "kills": kills,
    "journal": journals,
    "bad_inputs": bad_inputs,
    "hostile": hostile_files,
    "warnings": warnings,
    "memory": memory,
}


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """The figures of the parts that ran."""
    by = {row["part"]: row for row in rows}
    broken = [by[part]["tried"] - by[part]["met"] for part in ("kills", "journal") if part in by]
    figures = {
        "lost_trials": sum(broken) if broken else None,
        **{part: f"{by[part]['met']} of {by[part]['tried']}" for part in ("catalogue", "hostile") if part in by},
        "false_warnings_per_20_columns": by.get("warnings", {}).get("false_warnings_per_20_columns"),
        "mb_per_trial": by.get("memory", {}).get("mb_per_trial"),
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _failed(found: Mapping[str, bool]) -> str:
    return ", ".join(name for name, passed in found.items() if not passed)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    given = options("faults", (__doc__ or "").splitlines()[0], argv, only=tuple(PARTS))
    rows: list[Row] = []
    for part, run in PARTS.items():
        if given.wants(part):
            progress(f"{part} ...")
            rows.append(run(given.quick))
    finish("faults", given, rows, summary(rows), title="Faults and what becomes of them")


if __name__ == "__main__":
    main()
