"""Saved files: a saved model held in memory, so that what becomes of its folder changes nothing, and its pickle."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autoft import files
from autoft.errors import ArtifactError
from autoft.evaluation.metrics import METRICS
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.registered_layers import registered_layers
from autoft.serving.artifact import Meta, load_meta

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFiles:
    """Every file of a saved model, by its relative path."""

    content: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: str | Path) -> SavedFiles:
        """The files of a run folder's or a saved model, checked against its manifest. Raises ArtifactError."""
        place, _ = load_meta(folder)
        names = [path.relative_to(place).as_posix() for path in sorted(place.rglob("*")) if path.is_file()]
        try:
            read = cls(content={name: (place / name).read_bytes() for name in names})
            expected = json.loads(read.content[_MANIFEST])["sha256"]
        except (OSError, LookupError, ValueError) as error:  # all was there and right a moment ago
            raise _changed(place) from error
        found = {name: files.fingerprint(raw) for name, raw in read.content.items() if name != _MANIFEST}
        if found != expected:
            raise _changed(place)
        return read

    def refuse_change(self, folder: Path) -> None:
        """Raise ArtifactError if the folder holds another model by now."""
        path = folder / _MANIFEST
        if not path.is_file() or path.read_bytes() != self.content[_MANIFEST]:
            raise _changed(folder)

    @contextmanager
    def unpacked(self, *names: str) -> Iterator[Path]:
        """A temporary folder with the files (those of `names` that there are, where it is given)."""
        with ExitStack() as until:
            with files.writing(Path("the temporary folder")):
                folder = Path(until.enter_context(TemporaryDirectory(prefix="autoft-")))
                for name in self.content:
                    if not names or name in names:
                        (folder / name).parent.mkdir(parents=True, exist_ok=True)
                        (folder / name).write_bytes(self.content[name])
            yield folder


def _changed(folder: Path) -> ArtifactError:
    found, fix = "another process has changed it meanwhile", "load it again when that has ended"
    return ArtifactError(f"'{folder}'", "stay as it is while it is read", found, fix)


def importable(function: Any) -> bool:
    """Whether `pickle` finds a function by its name. What has no name, such as an object, is left to `pickle`.

    >>> importable(importable), importable(lambda: 1)
    (True, False)
    """
    name = getattr(function, "__qualname__", None)
    if name is None:
        return True
    try:
        return attrgetter(name)(sys.modules[function.__module__]) is function
    except (AttributeError, KeyError):
        return False


def foreign_classes(meta: Meta, objective: str) -> tuple[type, ...]:
    """Classes by which a model is loaded and its scores are read (layers, encoders, the objective), but for autoft's.
    Whoever unpickles them imports their modules, which registers them."""
    layers = registered_layers()
    found = [layers[name] for name in meta.layers if name in layers]
    found += [type(ENCODERS[name]) for name in sorted({*meta.encoders.values()})]
    found.append(type(METRICS[objective]))
    return tuple(own for own in found if own.__module__.partition(".")[0] != "autoft")
