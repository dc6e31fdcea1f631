"""Arguments, tables, JSON and measured processes of the benchmarks."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import common
from benchmarks.machine import ROOT, describe

ROWS = [{"rows": 500, "side": "autoft", "cpu_s": 1.23456}, {"rows": 5_000, "side": "ordinary", "more": [1, 2]}]


def test_a_result_has_four_parts_and_lies_where_it_was_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(common, "RESULTS", tmp_path / "results")
    wanted = tmp_path / "new" / "found.json"
    given = common.options("speed", "", ["--quick", "--json", str(wanted)])
    common.finish("speed", given, ROWS, {"ratio_500": 20.5})
    found = json.loads(wanted.read_text())
    assert list(found) == ["name", "machine", "rows", "summary"]
    assert found["rows"] == ROWS
    assert found["summary"] == {"ratio_500": 20.5, "quick": True}
    assert "ratio_500: 20.5" in capsys.readouterr().out
    assert not common.RESULTS.exists()


@pytest.mark.parametrize(("argv", "kept"), [([], True), (["--quick"], False), (["--only", "500"], False)])
def test_only_a_whole_run_is_kept_without_being_asked(argv, kept, tmp_path, monkeypatch):
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    common.finish("speed", common.options("speed", "", argv, only=[500]), ROWS, {})
    assert (tmp_path / "speed.json").exists() == kept


def test_a_result_is_json_that_everyone_can_read(tmp_path):
    given = common.options("speed", "", ["--json", str(tmp_path / "x.json")])
    with pytest.raises(ValueError, match="JSON"):
        common.finish("speed", given, [{"score": float("nan")}], {})


def test_the_table_shows_every_column_and_leaves_gaps_empty(capsys):
    common.show(ROWS, title="Speed")
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("Speed", "cpu_s", "1.235", "5,000", "ordinary"))
    assert "more" not in shown
    assert "None" not in shown


def test_parts_are_named_on_the_command_line():
    given = common.options("speed", "", ["--only", "500, 5_000"], only=[500, 5_000, 50_000])
    assert [size for size in (500, 5_000, 50_000) if given.wants(size)] == [500, 5_000]
    assert common.options("speed", "", [], only=[500]).wants(500)


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        common.options("speed", "", ["--only", "700"], only=[500, 5_000])
    assert "700" in capsys.readouterr().err


def test_the_sides_take_turns_at_going_first():
    order = common.alternating(["a", "b"], 3)
    assert order == [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_the_power(power):
    sizes = [10, 100, 1_000]
    assert common.exponent(sizes, [3 * n**power for n in sizes]) == pytest.approx(power)


def test_there_is_no_exponent_of_one_size():
    assert common.exponent([5, 5], [1, 2]) is None
    assert common.exponent([5, 50], [0, 2]) is None


def test_the_table_is_the_same_each_time_and_tells_of_classes():
    x, y = common.numeric_table(400, 30)
    again, _ = common.numeric_table(400, 30)
    assert (x == again).all()
    assert (x.shape, x.dtype, set(y.tolist())) == ((400, 30), "float32", {0, 1})
    between = abs(x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0)) / x.std(axis=0)
    assert between.max() > 0.4


def test_the_machine_is_described_without_its_name_and_folders():
    found = describe()
    text = json.dumps(found)
    assert found["cores"] >= 1
    assert found["packages"]["numpy"]
    assert str(ROOT) not in text
    assert str(Path.home()) not in text
    assert not platform.node() or platform.node() not in text.split('"')


def piece(folder: Path, body: str) -> dict[str, str]:
    """A module with a function `make` for a measured process; the environment in which it is found."""
    (folder / "bench_piece.py").write_text(body)
    return {"PYTHONPATH": str(folder)}


def test_work_is_measured_in_a_process_of_its_own(tmp_path):
    body = """
import os
def make(mb):
    import numpy as np
    data = np.ones(mb * 125_000)
    return lambda: {"sum": float(data.sum()), "threads": os.environ["OMP_NUM_THREADS"], "process": os.getpid()}
"""
    environment = piece(tmp_path, body)
    found = common.measure("bench_piece:make", {"mb": 80}, threads=2, imports=("numpy",), environment=environment)
    assert found.value["sum"] == 80 * 125_000
    assert found.value["threads"] == "2"
    assert found.value["process"] != os.getpid()
    assert found.cpu_s > 0
    assert 70 < found.peak_mb < 160


def test_work_that_fails_says_why(tmp_path):
    environment = piece(tmp_path, "def make():\n    raise ValueError('no such table')\n")
    with pytest.raises(common.PieceFailed, match="no such table"):
        common.measure("bench_piece:make", {}, imports=(), environment=environment)


@pytest.mark.parametrize("name", ["speed", "overhead", "scaling"])
def test_help_needs_no_tensorflow(name):
    code = (
        "import sys, contextlib\n"
        f"from benchmarks.{name} import main\n"
        "with contextlib.suppress(SystemExit):\n    main(['--help'])\n"
        "assert 'tensorflow' not in sys.modules and 'sklearn' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"benchmarks.{name}" in done.stdout
