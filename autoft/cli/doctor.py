"""``autoft doctor``: what is installed and works on this machine."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from rich.table import Table

from autoft.cli.console import SCREEN, safe
from autoft.serving.card import SAFE_KERAS, old_keras

PACKAGES = ("autoft", "keras", "tensorflow", "tensorflow-data-validation", "keras-tuner", "numpy", "pandas")
PROBE_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One line of the doctor's report; `bad` marks what needs attention."""

    name: str
    text: str
    bad: bool = False


def run(options: argparse.Namespace) -> None:
    grid = Table.grid(padding=(0, 2))
    for fact in diagnose():
        grid.add_row(safe(fact.name), safe(fact.text, "bold yellow" if fact.bad else ""))
    SCREEN.print(grid)


def diagnose() -> list[Diagnosis]:
    """Versions, the backend, and whether TFDV works here (tried in processes of their own: takes some seconds)."""
    facts = [Diagnosis(name="python", text=f"{platform.python_version()} on {platform.platform()}")]
    installed = {name: _version(name) for name in PACKAGES}
    for name, found in installed.items():
        facts.append(Diagnosis(name=name, text=found or "not installed", bad=found is None and name != PACKAGES[3]))
    holes = old_keras(installed["keras"] or SAFE_KERAS)
    if holes:
        facts.append(Diagnosis(name="keras is old", text=holes, bad=True))
    probes = {
        "backend": _start("import keras; print(keras.backend.backend())"),
        "tfdv works": _start("import tensorflow_data_validation; print('yes')") if installed[PACKAGES[3]] else None,
    }
    for name, process in probes.items():
        text = "no: not installed; autoft's own checks run without it (pip install 'autoft[tfdv]', Python 3.11)"
        facts.append(Diagnosis(name=name, text=text) if process is None else _finish(name, process))
    return facts


def _version(package: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def _start(code: str) -> subprocess.Popen[str]:
    # A library that does not fit the machine may end the process that imports it.
    command = [sys.executable, "-c", code]  # of this file alone
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603


def _finish(name: str, process: subprocess.Popen[str]) -> Diagnosis:
    try:
        output, errors = process.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Diagnosis(name=name, text=f"no: no answer within {PROBE_SECONDS} s", bad=True)
    bad = process.returncode != 0
    last = ((errors if bad else output).strip().splitlines() or [f"exit {process.returncode}"])[-1]
    return Diagnosis(name=name, text=f"no: {last}" if bad else last, bad=bad)
