"""Files that are whole or absent: atomic writes, a kernel lock, fingerprints, clear errors for full disks."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import socket
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from autoft.errors import FileError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: Format of all files of a run and of a saved model; raised whenever one of them changes, and refused if it differs.
FORMAT = 1

#: Names of what is not finished: a folder ``.NAME.PROCESS.tmp``, a file ``.NAME.PROCESS.RANDOM.tmp``, and the folder
#: ``.NAME.PROCESS.old`` that a new one replaces.
_UNFINISHED = re.compile(r"\.(?P<name>.+?)\.(?P<process>\d{1,9})(?:\.[a-z0-9_]{8})?\.(?P<kind>tmp|old)")


def fingerprint(data: bytes) -> str:
    """SHA-256 of bytes as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def canonical_json(value: Any) -> str:
    """JSON text that is equal for equal values: sorted keys, no blanks, no NaN.

    >>> canonical_json({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def writing_error(path: Path, error: OSError, saved: str = "") -> FileError:
    """The four-part error for a failed write; `saved` says what is safe all the same."""
    reason = {
        errno.ENOSPC: "the disk is full",
        errno.EFBIG: "the file-size limit is reached",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the file system is read-only",
        errno.EACCES: "permission is denied",
        errno.EPERM: "permission is denied",
        errno.ENOTDIR: "a part of the path is a file, not a folder",
        errno.EISDIR: "it is a folder",
        errno.ENOENT: "its folder does not exist",
    }.get(error.errno or 0, error.strerror or type(error).__name__)
    full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    fix = f"{'free some space or ' if full else ''}choose another folder, and run the same command again"
    return FileError(f"'{path}'", "be writable", f"{reason}{'; ' + saved if saved else ''}", fix)


@contextlib.contextmanager
def writing(path: Path, saved: Callable[[], str] = str) -> Iterator[None]:
    """Turn every failed write in the block into a `FileError` about `path` that says what is `saved` by then."""
    try:
        yield
    except OSError as error:
        raise writing_error(path, error, saved()) from error
    except FileError as error:  # of a part of `path`: the user knows the whole, and what is safe
        if not isinstance(error.__cause__, OSError):
            raise
        raise writing_error(path, error.__cause__, saved()) from error


def write_atomic(path: str | Path, data: str | bytes) -> None:
    """Write a file so that a reader or a crash sees the old content or the new one, never a part.

    Temporary file in the same folder, fsync, rename, fsync of the folder.

    Raises:
        FileError: If the file cannot be written; the old file is then untouched.
    """
    path = Path(path)
    raw = data.encode("utf-8") if isinstance(data, str) else data
    umask = os.umask(0)  # the system tells it only to those who set it
    os.umask(umask)
    with writing(path):
        prefix = f".{path.name[:80]}.{os.getpid()}."
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                flush_to_disk(file)
            os.chmod(name, 0o666 & ~umask)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    sync_folder(path.parent)


def flush_to_disk(file: IO[Any]) -> None:
    """Flush the buffers of an open file, Python's and the system's."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable where the system can do that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def prepare_folder(path: str | Path) -> Path:
    """Create a folder if needed and prove, before anything is computed, that it can be written.

    Raises:
        FileError: If it is a file, or cannot be created or written.
    """
    folder = Path(path)
    with writing(folder):
        if folder.exists() and not folder.is_dir():
            raise FileError(f"'{folder}'", "be a folder", "it is a file", "choose another output folder")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            probe.write(b"probe")
    return folder


@contextlib.contextmanager
def taken_back(folder: Path) -> Iterator[None]:
    """Where the block fails, remove the folders on the way to `folder` that it made and left without a file of use."""
    lock = folder / ".lock"
    made = [path for path in (lock, folder, *folder.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # something is in it
            if lock in made and folder.is_dir() and [*folder.iterdir()] == [lock]:
                lock.unlink()
            for path in made:
                if path.is_dir():
                    path.rmdir()
        raise


def temporary_folder(owner: object) -> Path:
    """A new folder that is removed with its owner, by the process that made it: a fork has the owner too."""
    with writing(Path("the temporary folder")):
        folder = tempfile.mkdtemp(prefix="autoft-")
    weakref.finalize(owner, _remove, folder, os.getpid())
    return Path(folder)


def _remove(folder: str, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Hold an exclusive lock on a file while the block runs.

    The kernel frees it when the process dies, however it dies, so a crash never blocks the next run.

    Raises:
        FileError: If another process holds it; the message names that process.
    """
    path = Path(path)
    # Unbuffered, so that nothing is left to be written when the file is closed on a full disk.
    with writing(path):
        file = open(path, "a+b", buffering=0)  # noqa: SIM115  (closed below, after the lock)
    try:
        if fcntl is not None:
            _lock(file, path)
        with contextlib.suppress(OSError):  # who holds it is said as a courtesy; the lock does not need it
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        file.close()


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL):
            return  # a file system without locks (some network drives): better unlocked than unusable
        file.seek(0)
        holder = file.read(200).decode("utf-8", "replace").strip() or "another process"
        found, fix = f"it is in use by {holder}", "wait for that run to end, or choose another folder"
        raise FileError(f"Folder '{path.parent}'", "be used by one run at a time", found, fix) from error


def digest_folder(folder: Path, *, leave_out: tuple[str, ...] = ()) -> Mapping[str, str]:
    """SHA-256 of every file below `folder`, by relative path with forward slashes, in sorted order."""
    digests = {}
    for name in sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()):
        if name not in leave_out:
            with open(folder / name, "rb") as file:  # in blocks: a file may be larger than the memory
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def flush_folder(folder: Path) -> None:
    """Bring every file below `folder`, whoever wrote it, to the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())
        elif path.is_dir():
            sync_folder(path)
    sync_folder(folder)


@contextlib.contextmanager
def beside(place: Path) -> Iterator[Path]:
    """An empty folder beside a place, as long as the block runs; what killed processes left there is removed."""
    remove_leftovers(place.parent, {place.name}.__contains__)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        temporary.mkdir()
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `folder` when the block ends without an error.

    What was there stays until then; a process that is killed leaves it whole, in its place or beside it.
    """
    with beside(folder) as temporary:
        yield temporary
        flush_folder(temporary)
        _swap(temporary, folder)


def _swap(new: Path, place: Path) -> None:
    """Put a finished folder in its place; an error brings the old one back, a kill leaves it beside the place."""
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    try:
        if place.exists():
            os.replace(place, old)
        os.replace(new, place)
    except BaseException:
        if old.exists() and not place.exists():
            os.replace(old, place)
        raise
    sync_folder(place.parent)
    remove_leftovers(place.parent, {place.name}.__contains__)  # of this time, or of a kill between the two renames


def remove_leftovers(folder: Path, ours: Callable[[str], bool]) -> None:
    """Remove what processes that were killed while they wrote have left in a folder, of the names that are `ours`.

    A folder that was on its way out when its process died goes back to its place, if that is free. What a living
    process writes stays; this one's own was left by an earlier process of the same number.
    """
    for leftover in sorted(folder.iterdir()):
        found = _UNFINISHED.fullmatch(leftover.name)
        if found is None or not ours(found["name"]) or _lives(int(found["process"])):
            continue
        place = folder / found["name"]
        if found["kind"] == "old" and not place.exists():
            os.replace(leftover, place)
        elif leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def unfinished(name: str) -> str | None:
    """The name of what a temporary file or folder would have become, None for what is none."""
    found = _UNFINISHED.fullmatch(name)
    return None if found is None else found["name"]


def _lives(process: int) -> bool:
    """Whether there is another process of this number."""
    if process == os.getpid():
        return False
    if os.name == "nt":  # asking would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True


def refuse_other(path: Path, ours: Callable[[Path], bool], what: str) -> None:
    """Raise FileError where something stands at `path` that autoft did not write; `what` it may be ("a report")."""
    if path.is_dir():
        raise FileError(f"'{path}'", "be a file", "it is a folder", "add the name of a file")
    if path.is_file() and path.stat().st_size and not ours(path):
        found, fix = "another file is there", "choose another name, or remove the file"
        raise FileError(f"'{path}'", f"be free or {what}", found, fix)
