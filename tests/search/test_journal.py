"""What a journal has taken it gives back, whatever happens to the process, the disk or a few of its bytes."""

from __future__ import annotations

import errno
import json
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoft.errors import FileError, JournalError
from autoft.search import journal as module
from autoft.search.journal import Journal, encode, read

KEY = {"data": "aa11", "settings": "bb22"}
FACTS = (
    {"type": "started", "memory": '{"width":8}'},
    {"type": "trial", "memory": '{"width":8}', "score": 0.75, "reason": "Łódź"},
    {"type": "trial", "memory": '{"width":16}', "score": None, "reason": "diverged"},
)


def write(path: Path, facts=FACTS) -> bytes:
    journal = Journal(path, KEY)
    for fact in facts:
        journal.append(fact)
    return path.read_bytes()


def own_facts(path: Path) -> list[dict]:
    return [dict(fact) for fact in read(path).facts if fact["type"] != "key"]


def test_what_is_appended_is_read_back(tmp_path):
    path = tmp_path / "journal.jsonl"
    write(path)
    assert own_facts(path) == list(FACTS)
    assert read(path).key == KEY
    assert (read(path).damaged_lines, read(path).torn_bytes) == ((), b"")


def test_every_fact_is_on_the_disk_when_append_returns(tmp_path, monkeypatch):
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(os.fstat(descriptor).st_size), real(descriptor)))
    raw = write(tmp_path / "journal.jsonl")
    assert synced[-1] == len(raw)
    assert len(synced) >= 1 + len(FACTS)


def test_truncated_at_every_byte_it_loses_at_most_the_torn_line(tmp_path):
    path = tmp_path / "journal.jsonl"
    raw = write(path)
    ends = [i + 1 for i, byte in enumerate(raw) if byte == ord("\n")]
    new = {"type": "trial", "memory": '{"width":32}', "score": 0.5}
    for cut in range(len(raw) + 1):
        path.write_bytes(raw[:cut])
        whole = sum(end <= cut for end in ends)
        journal = Journal(path, KEY)
        journal.append(new)
        assert own_facts(path) == [*FACTS[: max(0, whole - 2)], new], f"cut at byte {cut}"
        assert read(path).damaged_lines == ()
        torn = raw[:cut][ends[whole - 1] if whole else 0 :]
        assert not torn or path.with_suffix(".torn").read_bytes().endswith(torn + b"\n")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_flipped_bit_costs_the_line_it_is_in(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    raw = bytearray(write(path))
    position, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    hit = bytes(raw[:position]).count(b"\n")  # from 0; the first two lines are the key
    newline = raw[position] == ord("\n")
    raw[position] ^= 1 << bit
    path.write_bytes(raw)
    journal = Journal(path, KEY)
    kept = [fact for number, fact in enumerate(FACTS, start=2) if number != hit]
    assert all(fact in own_facts(path) for fact in kept)
    assert all(fact in FACTS for fact in own_facts(path))
    # A bit that makes a newline leaves two damaged lines; one in a newline leaves what it stood between readable.
    if own_facts(path) != list(FACTS) and not newline:
        assert journal.contents.damaged_lines in ((hit + 1,), (hit + 1, hit + 2))
    journal.append({"type": "trial", "memory": "new"})
    assert own_facts(path)[-1] == {"type": "trial", "memory": "new"}


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 4))
def test_garbage_between_lines_is_never_believed(tmp_path_factory, garbage, after):
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    lines = write(path).splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[: after + 1], garbage + b"\n", *lines[after + 1 :]]))
    assert own_facts(path) == list(FACTS)
    assert len(read(path).damaged_lines) == garbage.count(b"\n") + 1


def test_zero_bytes_at_the_end_are_set_aside(tmp_path):
    path = tmp_path / "journal.jsonl"
    raw = write(path)
    path.write_bytes(raw + bytes(512))
    journal = Journal(path, KEY)
    assert journal.contents.torn_bytes == bytes(512)
    assert path.read_bytes() == raw
    assert (tmp_path / "journal.torn").read_bytes() == bytes(512) + b"\n"


def test_zero_bytes_in_place_of_a_line_cost_that_line(tmp_path):
    path = tmp_path / "journal.jsonl"
    lines = write(path).splitlines(keepends=True)
    lines[3] = bytes(len(lines[3]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    assert own_facts(path) == [FACTS[0], FACTS[2]]
    assert read(path).damaged_lines == (4,)


def test_an_empty_file_is_a_new_journal(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.touch()
    assert Journal(path, KEY).contents.key == KEY
    assert read(path).key == KEY


def test_a_damaged_first_line_does_not_cost_the_run(tmp_path):
    path = tmp_path / "journal.jsonl"
    raw = write(path)
    path.write_bytes(b"X" + raw[1:])
    journal = Journal(path, KEY)
    assert journal.contents.damaged_lines == (1,)
    assert own_facts(path) == list(FACTS)


def test_a_file_that_is_no_journal_is_not_written_to(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text("my diary\nline two\n")
    with pytest.raises(JournalError, match="begin with the key of its run"):
        Journal(path, KEY)
    assert path.read_text() == "my diary\nline two\n"


def test_a_journal_of_another_run_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "journal.jsonl"
    raw = write(path)
    with pytest.raises(JournalError, match=r"another run wrote it \(settings: bb22 before, cc33 now\)"):
        Journal(path, {**KEY, "settings": "cc33"})
    assert path.read_bytes() == raw


def test_unreadable_journal_is_an_error_in_four_parts(tmp_path):
    with pytest.raises(JournalError, match="must be readable, but Is a directory"):
        read(tmp_path)


@pytest.mark.parametrize("written", [0, 7, 40])
def test_a_full_disk_says_what_is_safe_and_leaves_whole_lines(tmp_path, monkeypatch, written):
    path = tmp_path / "journal.jsonl"
    raw = write(path)
    journal = Journal(path, KEY)

    def half(file, data):
        file.write(data[:written])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write_all", half)
    with pytest.raises(FileError, match=r"the disk is full; 2 trials are safe in the journal. Fix: free some space"):
        journal.append({"type": "trial", "memory": "lost"})
    monkeypatch.undo()
    assert path.read_bytes() == raw
    journal.append({"type": "trial", "memory": "kept"})
    assert own_facts(path) == [*FACTS, {"type": "trial", "memory": "kept"}]


@pytest.mark.parametrize("gone", ["journal", "folder"])
def test_a_journal_that_was_removed_is_not_called_safe_nor_begun_again(tmp_path, gone):
    folder = tmp_path / "run"
    folder.mkdir()
    write(folder / "journal.jsonl")
    journal = Journal(folder / "journal.jsonl", KEY)
    (folder / "journal.jsonl").unlink()
    if gone == "folder":
        folder.rmdir()
    for attempt in (lambda: journal.append({"type": "started", "memory": "m"}), lambda: full(journal, folder)):
        with pytest.raises(FileError, match="removed or moved while it ran, and its trials with it") as caught:
            attempt()
        assert "safe" not in str(caught.value)
    assert not (folder / "journal.jsonl").exists()


def full(journal: Journal, folder: Path) -> None:
    with journal.writing(folder / "trials"):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_takes_a_part_of_a_line(tmp_path):
    """Writes on a nearly full disk succeed with fewer bytes than asked."""
    path = tmp_path / "journal.jsonl"
    raw = write(path)
    journal = Journal(path, KEY)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(raw) + 50, before[1]))
    try:
        with pytest.raises(FileError, match="the file-size limit is reached; 2 trials are safe"):
            journal.append({"type": "trial", "memory": "x" * 200})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == raw


def test_full_disk_while_a_torn_line_is_set_aside(tmp_path, monkeypatch):
    path = tmp_path / "journal.jsonl"
    torn = write(path)[:-5]
    path.write_bytes(torn)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="the disk is full; 1 trials are safe"):
        Journal(path, KEY)
    monkeypatch.undo()
    assert path.read_bytes() == torn
    assert Journal(path, KEY).contents.trials().keys() == {'{"width":8}'}


def test_deaths_are_starts_without_an_end():
    memory = '{"width":8}'
    facts = [{"type": t, "memory": memory} for t in ("started", "started", "abandoned", "started")]
    lines = b"".join(encode(f) for f in facts)
    contents = module.Contents(
        facts=tuple(json.loads(line[9:]) for line in lines.splitlines()),
        damaged_lines=(),
        torn_bytes=b"",
        whole_bytes=0,
    )
    assert contents.deaths(memory) == 2
    assert contents.deaths("another") == 0


def test_the_last_line_of_a_trial_counts(tmp_path):
    path = tmp_path / "journal.jsonl"
    write(path, [{"type": "trial", "memory": "m", "score": s} for s in (0.1, 0.2)])
    assert read(path).trials()["m"]["score"] == 0.2
