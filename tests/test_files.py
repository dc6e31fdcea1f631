"""Files are whole or absent, one run at a time works in a folder, and a full disk is said in four parts."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoft import files
from autoft.errors import FileError

HOLDER = """
import sys, time
from autoft import files
with files.locked(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
"""


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.endswith(".tmp")]


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@contextlib.contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: writing fails in the middle, as on a full disk.

    Only around the write itself: the test runner's own output may be a file that is already larger.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_write_atomic_replaces_the_whole_content(tmp_path):
    path = tmp_path / "a.json"
    files.write_atomic(path, "löng " * 100)
    files.write_atomic(path, b"short")
    assert path.read_bytes() == b"short"
    assert leftovers(tmp_path) == []


def test_written_files_have_ordinary_permissions(tmp_path):
    mask = os.umask(0o027)
    try:
        files.write_atomic(tmp_path / "a", "x")
    finally:
        os.umask(mask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_failed_write_keeps_the_old_file_and_leaves_no_part(tmp_path, monkeypatch, moment):
    path = tmp_path / "a.json"
    files.write_atomic(path, "old")
    monkeypatch.setattr(os, moment, full_disk)
    with pytest.raises(FileError, match=r"must be writable, but the disk is full\. Fix: free some space"):
        files.write_atomic(path, "new")
    assert path.read_text() == "old"
    assert leftovers(tmp_path) == []


def test_file_size_limit_in_the_middle_of_a_write(tmp_path):
    path = tmp_path / "a.bin"
    files.write_atomic(path, b"old")
    with pytest.raises(FileError, match="the file-size limit is reached"), files_limited_to(4096):
        files.write_atomic(path, bytes(10_000))
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


def test_interrupted_write_leaves_no_part(tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(tmp_path / "a", "x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused_at_once(tmp_path):
    path = tmp_path / "runs"
    path.write_text("mine")
    with pytest.raises(FileError, match="must be a folder, but it is a file"):
        files.prepare_folder(path)
    with pytest.raises(FileError, match="a part of the path is a file"):
        files.prepare_folder(path / "churn")
    assert path.read_text() == "mine"


def test_folder_name_that_no_system_takes(tmp_path):
    with pytest.raises(FileError, match="must be writable"):
        files.prepare_folder(tmp_path / ("x" * 300))


def test_full_disk_is_found_before_anything_is_computed(tmp_path):
    with pytest.raises(FileError, match="the file-size limit is reached"), files_limited_to(0):
        files.prepare_folder(tmp_path / "run")


def test_folders_are_taken_back_where_nothing_of_use_was_written(tmp_path):
    def fail(folder: Path, place: Path, file: str):
        with files.taken_back(folder):
            (files.prepare_folder(place) / file).write_text("")
            raise KeyError

    (tmp_path / "mine").mkdir()
    run = tmp_path / "new" / "run"
    for folder in (run, tmp_path / "mine"):
        with pytest.raises(KeyError):
            fail(folder, folder, ".lock")
    assert [*tmp_path.rglob("*")] == [tmp_path / "mine"]
    with files.taken_back(run):
        files.prepare_folder(run.parent)
    with pytest.raises(KeyError):
        fail(run / "deeper", run, "journal.jsonl")
    assert [*run.iterdir()] == [run / "journal.jsonl"]


def test_writing_names_the_whole_and_what_is_safe(tmp_path):
    with pytest.raises(FileError) as caught, files.writing(tmp_path / "model", lambda: "3 trials are safe"):
        files.write_atomic(tmp_path / "absent" / "part.json", "x")
    assert caught.value.where == f"'{tmp_path / 'model'}'"
    assert caught.value.found.endswith("; 3 trials are safe")


def test_a_lock_is_free_again_when_its_process_is_killed(tmp_path):
    path = tmp_path / ".lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"locked\n"
            with pytest.raises(FileError, match=f"one run at a time, but it is in use by process {holder.pid} on "):
                files.locked(path).__enter__()
            with pytest.raises(FileError, match=f"process {holder.pid}"):  # the refusal has not overwritten the name
                files.locked(path).__enter__()
        finally:
            holder.send_signal(signal.SIGKILL)
    with files.locked(path):
        assert path.read_text().startswith(f"process {os.getpid()} on ")


def test_lock_is_free_after_the_block_and_after_an_error(tmp_path):
    path = tmp_path / ".lock"
    with pytest.raises(ZeroDivisionError), files.locked(path):
        raise ZeroDivisionError
    with files.locked(path), pytest.raises(FileError, match="one run at a time"):
        files.locked(path).__enter__()
    with files.locked(path):
        pass


def test_a_full_disk_does_not_keep_a_run_from_locking(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with files.locked(tmp_path / ".lock"), pytest.raises(FileError, match="one run at a time"):
            files.locked(tmp_path / ".lock").__enter__()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_system_without_locks_is_still_usable(tmp_path, monkeypatch):
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", unsupported)
    with files.locked(tmp_path / ".lock"):
        files.write_atomic(tmp_path / "a", "x")
    assert (tmp_path / "a").exists()


def test_digest_covers_every_file_below(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.bin").write_bytes(b"1")
    (tmp_path / "a").write_bytes(b"2")
    found = files.digest_folder(tmp_path)
    assert list(found) == ["a", "b/c.bin"]
    assert found["b/c.bin"] == files.fingerprint(b"1")
    assert list(files.digest_folder(tmp_path, leave_out=("a",))) == ["b/c.bin"]


def test_canonical_json_refuses_what_other_readers_cannot_read():
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.canonical_json({"score": float("nan")})
