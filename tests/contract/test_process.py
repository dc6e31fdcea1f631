"""The process around autoft: threads, locale, time zone, hash seed, temporary folders, network."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoft import AutoFineTuner
from autoft.files import temporary_folder
from autoft.pipeline.fit import prepare_dataset
from tests.contract import zoo
from tests.tables import features, mixed_table, tiny_recipe


def test_threads_get_the_same_answers(binary: Any) -> None:
    new = features(mixed_table(30, seed=9), "outcome")
    alone = binary.predict_proba(new)
    with ThreadPoolExecutor(4) as threads:
        for answers in threads.map(lambda _: binary.predict_proba(new), range(8)):
            np.testing.assert_array_equal(answers, alone)


def test_the_surroundings_make_no_difference(tmp_path: Path) -> None:
    """Turkish letters, another time zone, another order of sets, a terminal that has only ASCII."""
    zoo.plain().assign(since="2020-03-29T02:30:00").to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "r.yaml").write_text("data: {path: d.csv, target: y}\nschema: {engine: none}\n")
    command = [sys.executable, "-m", "autoft", "check", "r.yaml", "--json"]
    surroundings = [
        {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "1"},
        {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "2", "PYTHONIOENCODING": "ascii"},
    ]
    outputs = [
        subprocess.run(command, cwd=tmp_path, env=os.environ | own, capture_output=True, check=True).stdout
        for own in surroundings
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 2


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_temporary_folders_are_the_users_own() -> None:
    owner = AutoFineTuner(target="y")  # with which the folder goes
    assert stat.S_IMODE(temporary_folder(owner).stat().st_mode) == 0o700


def test_nothing_calls_the_network(binary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        pytest.fail("something called the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    prepare_dataset(tiny_recipe(target="y", **{"schema.engine": "auto"}), zoo.plain())
    binary.predict(features(mixed_table(30, seed=9), "outcome"))
