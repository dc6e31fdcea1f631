"""The saved model: a folder that is whole or absent, checked before it is trusted.

``model.keras`` (raw columns in, answers out), ``meta.json`` (columns, target, what was seen), ``schema.pbtxt``,
``evaluation.json`` and ``manifest.json`` with the SHA-256 of each. No pickle anywhere.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoft import files
from autoft.errors import ArtifactError
from autoft.records import Column, Target

FORMAT = 1

#: Everything that autoft's models are made of; a file that names any other layer is refused unread.
_LAYERS = frozenset(
    {
        *("Functional", "InputLayer", "Concatenate", "StringLookup", "Cast"),
        *("MedianImpute", "RobustScale", "SmoothClip", "DateCycles", "MissingIndicator", "Repeat", "Select"),
        *("CategorySlots", "OneHotSlots", "StackedDense", "StackedEmbedding", "StackedDropout", "MemberMean"),
    }
)
_LARGEST, _RATIO = 2 * 2**30, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What prediction needs besides the Keras model.

    Attributes:
        columns: The feature columns, used or not.
        target: The target.
        version: autoft's version that saved it.
        engine: Schema engine whose schema lies beside it, or an empty text.
        ranges: Smallest and largest value of each numeric column in the training table, by column id.
        vocabularies: Categories of each categorical column in the training table, by column id.
    """

    columns: tuple[Column, ...]
    target: Target
    version: str
    engine: str
    ranges: Mapping[str, tuple[float, float]]
    vocabularies: Mapping[str, tuple[str, ...]]


def save(folder: str | Path, model: Any, meta: Meta, extra: Mapping[str, str], probe: Mapping[str, np.ndarray]) -> None:
    """Write an artifact: beside its place first, read back and compared on real rows, then renamed.

    Args:
        folder: Its place; an artifact that is there already is replaced, any other folder is not touched.
        model: The Keras model over raw columns.
        meta: What prediction needs besides.
        extra: Other files by name (``schema.pbtxt``, ``evaluation.json``).
        probe: Inputs for a few rows; the model read back must answer them as this one does, to 1e-6.

    Raises:
        ArtifactError: If the folder is something else, or the model does not survive the round trip.
        FileError: If it cannot be written.
    """
    folder = Path(folder)
    _check_place(folder)
    files.prepare_folder(folder.parent)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        model.save(temporary / "model.keras")
        files.write_atomic(temporary / "meta.json", json.dumps(asdict(meta), indent=1, ensure_ascii=False))
        for name, text in extra.items():
            files.write_atomic(temporary / name, text)
        manifest = {"format": FORMAT, "sha256": files.digest_folder(temporary)}
        files.write_atomic(temporary / "manifest.json", json.dumps(manifest, indent=1))
        again, _ = load(temporary)
        _compare(model, again, probe)
        _swap(temporary, folder)
    except OSError as error:
        raise files.writing_error(folder, error, "the run's trials are safe in its journal") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(new: Path, place: Path) -> None:
    """Put a finished folder in its place; a crash in between leaves the old one beside it."""
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    if place.exists():
        os.replace(place, old)
    os.replace(new, place)
    files.sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def _compare(model: Any, again: Any, probe: Mapping[str, np.ndarray]) -> None:
    before, after = (np.asarray(m(as_tensors(probe))) for m in (model, again))
    largest = float(np.max(np.abs(before - after) / np.maximum(1.0, np.abs(before)))) if before.size else 0.0
    if not largest <= 1e-6:
        raise ArtifactError(
            "The saved model",
            "answer as the trained one does",
            f"answers differ by up to {largest:.1e}",
            "report this with the output of 'autoft doctor'",
        )


def as_tensors(inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Arrays of numbers and texts as TensorFlow tensors."""
    import tensorflow as tf

    def tensor(array: np.ndarray) -> Any:
        return tf.constant(array, dtype=tf.string if array.dtype == object else tf.float64)

    return {name: tensor(array) for name, array in inputs.items()}


def copy(source: Path, folder: str | Path) -> None:
    """Copy an artifact, checked on the way, as atomically as `save` writes one.

    Raises:
        ArtifactError: If the source is damaged, or the folder is something other than a saved model.
    """
    folder = Path(folder)
    _check_place(folder)
    files.prepare_folder(folder.parent)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        shutil.copytree(source, temporary)
        _verify(temporary)
        _swap(temporary, folder)
    except OSError as error:
        raise files.writing_error(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_place(folder: Path) -> None:
    if folder.exists() and not (folder / "manifest.json").is_file():
        raise ArtifactError(
            f"'{folder}'", "be free or hold a saved model", "something else is there", "choose another name"
        )


def load(folder: str | Path) -> tuple[Any, Meta]:
    """Read an artifact after checking that every file is the one that was saved.

    Returns:
        The Keras model and what prediction needs besides.

    Raises:
        ArtifactError: If it is missing, damaged, from another format, or names layers that autoft never writes.
    """
    folder = find(folder)
    _verify(folder)
    raw = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    _check_layers(folder / "model.keras")
    import keras

    import autoft.networks.stacked
    import autoft.preprocess.layers  # noqa: F401  (registers the layers)

    model = keras.models.load_model(folder / "model.keras", compile=False, safe_mode=True)
    return model, _meta(raw)


def find(path: str | Path) -> Path:
    """The artifact's folder: `path` itself, or ``model`` in a run folder."""
    path = Path(path)
    for folder in (path, path / "model"):
        if (folder / "manifest.json").is_file() and not folder.is_symlink():
            return folder
    found = "it does not exist" if not path.exists() else "there is no manifest.json in it or in its folder 'model'"
    raise ArtifactError(
        f"'{path}'", "be a run folder or a saved model", found, "give the folder that 'autoft fit' or save() wrote"
    )


def _verify(folder: Path) -> None:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        expected, version = dict(manifest["sha256"]), manifest["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / "manifest.json", "it cannot be read") from error
    if version != FORMAT:
        raise ArtifactError(
            f"'{folder}'",
            f"be of format {FORMAT}",
            f"it is of format {version}",
            "load it with the autoft that saved it",
        )
    found = files.digest_folder(folder, leave_out=("manifest.json",))
    for name in sorted({*expected, *found}):
        if name not in found:
            raise _damaged(folder / name, "it is missing")
        if name not in expected:
            raise _damaged(folder / name, "it was added later")
        if expected[name] != found[name]:
            raise _damaged(folder / name, f"its SHA-256 begins {found[name][:8]}, not {expected[name][:8]}")


def _damaged(path: Path, found: str) -> ArtifactError:
    return ArtifactError(
        f"'{path}'", "be as it was saved", found, "copy the model again, or run 'autoft fit' again (trials are kept)"
    )


def _check_layers(path: Path) -> None:
    """Look at the archive before Keras does: sizes, and the class of every layer."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            size = sum(e.file_size for e in entries)
            if size > _LARGEST or any(e.file_size > _RATIO * max(e.compress_size, 1024) for e in entries):
                raise _damaged(path, "it unpacks to more than a model of its size can hold")
            config = json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise _damaged(path, "it is not a Keras archive") from error
    strange = sorted(set(_classes(config)) - _LAYERS)
    if strange:
        raise ArtifactError(
            f"'{path}'", "hold only autoft's layers", f"it names {', '.join(strange)}", "do not use this file"
        )


def _classes(config: Any) -> list[str]:
    """Class names of all layers in a Keras configuration."""
    if isinstance(config, list):
        return [name for item in config for name in _classes(item)]
    if not isinstance(config, dict):
        return []
    names = [name for value in config.values() for name in _classes(value)]
    is_layer = "class_name" in config and isinstance(config.get("config"), dict) and "name" in config["config"]
    policy = config.get("class_name") == "DTypePolicy"
    return [*names, str(config["class_name"])] if is_layer and not policy else names


def _meta(raw: Mapping[str, Any]) -> Meta:
    columns = tuple(Column(**{**c, "false": tuple(c["false"]), "true": tuple(c["true"])}) for c in raw["columns"])
    target = Target(**{**raw["target"], "classes": tuple(raw["target"]["classes"])})
    return Meta(
        columns=columns,
        target=target,
        version=raw["version"],
        engine=raw["engine"],
        ranges={k: (float(v[0]), float(v[1])) for k, v in raw["ranges"].items()},
        vocabularies={k: tuple(v) for k, v in raw["vocabularies"].items()},
    )
