"""The saved model: a folder that is whole or absent, checked before it is trusted.

``model.keras`` (raw columns in, answers out), ``meta.json`` (columns, target, what was seen), ``schema.pbtxt`` and
``statistics.pb`` (what the training table was), ``evaluation.json`` and ``manifest.json`` with the SHA-256 of each.
No pickle anywhere.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft import files
from autoft.data import repair
from autoft.data.repair import Repair
from autoft.errors import ArtifactError
from autoft.records import Column, CostMatrix, Target

FORMAT = 1

#: Everything that autoft's models are made of; a file that names any other layer is refused unread.
_LAYERS = frozenset(
    {
        *("Functional", "InputLayer", "Concatenate", "StringLookup", "Cast"),
        *("MedianImpute", "RobustScale", "SmoothClip", "DateCycles", "Elapsed", "MissingIndicator", "Repeat", "Select"),
        *("QuantileNormal", "CountWords", "WordWeights", "Quotients", "SignedLog", "Products"),
        *("CategorySlots", "OneHotSlots", "StackedDense", "StackedEmbedding", "StackedDropout", "MemberMean"),
        *("PiecewiseLinear", "NumberVectors", "PeriodicVectors", "NTKDense", "Scale", "Bend"),
        *("EnsembleView", "EnsembleFirst", "EnsembleDense", "EnsembleLogits", "EnsembleMean", "WeightedMean"),
        *("Temperature", "Isotonic"),
    }
)
#: Other things in a model's configuration that carry a class name.
_PARTS = frozenset({"DTypePolicy", "__keras_tensor__"})
_NEEDED = ("meta.json", "model.keras")
_LARGEST, _RATIO = 2 * 2**30, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What prediction needs besides the Keras model.

    Attributes:
        columns: The feature columns, used or not.
        target: The target.
        version: autoft's version that saved it.
        engine: Schema engine whose schema and statistics lie beside it, or an empty text.
        ranges: Smallest and largest value of each numeric column in the training table, by column id.
        vocabularies: Categories of each categorical column in the training table, by column id.
        words: Words that the model knows of each text column, by column id.
        encoders: Name of the encoder of each column that has one of its own, by column id.
        threshold: Positive probability from which on a row is decided to be positive (binary tasks).
        repairs: What is done to a table before anything else, as it was to the training table.
        unused: Columns of the training table that are no inputs, though the table may have them.
        matrix: Costs ``[true][answered]`` by which more than two classes are decided; empty for the most probable one.
    """

    columns: tuple[Column, ...]
    target: Target
    version: str
    engine: str
    ranges: Mapping[str, tuple[float, float]]
    vocabularies: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encoders: Mapping[str, str] = field(default_factory=dict)
    threshold: float = 0.5
    repairs: tuple[Repair, ...] = ()
    unused: tuple[str, ...] = ()
    matrix: CostMatrix = ()


def save(
    folder: str | Path, model: Any, meta: Meta, extra: Mapping[str, str | bytes], probe: Mapping[str, NDArray[Any]]
) -> None:
    """Write an artifact in a locked run folder: beside its place first, read back and compared, then renamed.

    Args:
        folder: Its place; an artifact that is there already is replaced, any other folder is not touched.
        model: The Keras model over raw columns.
        meta: What prediction needs besides.
        extra: Other files by name (``schema.pbtxt``, ``statistics.pb``, ``evaluation.json``).
        probe: Inputs for a few rows; the model read back must answer them as this one does, to 1e-6.

    Raises:
        ArtifactError: If the folder is something else, or the model does not survive the round trip.
        FileError: If it cannot be written.
    """
    folder = Path(folder)
    _check_place(folder)
    files.prepare_folder(folder.parent)
    _clear(folder, ".tmp")  # nobody else is at work here: the run folder is locked
    with files.writing(folder, "the run's trials are safe in its journal"), _beside(folder) as temporary:
        model.save(temporary / "model.keras")
        files.write_atomic(temporary / "meta.json", _meta_text(meta))
        for name, text in extra.items():
            files.write_atomic(temporary / name, text)
        manifest = {"format": FORMAT, "sha256": files.digest_folder(temporary)}
        files.write_atomic(temporary / "manifest.json", json.dumps(manifest, indent=1))
        again, _ = load(temporary)
        _compare(model, again, probe)
        _swap(temporary, folder)


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder` that is gone afterwards, whatever happens."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(new: Path, place: Path) -> None:
    """Put a finished folder in its place; an error brings the old one back, a kill leaves it beside the place."""
    files.flush_folder(new)
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    try:
        if place.exists():
            os.replace(place, old)
        os.replace(new, place)
    except BaseException:
        if old.exists() and not place.exists():
            os.replace(old, place)
        raise
    files.sync_folder(place.parent)
    _clear(place, ".old")  # of this time, or of a kill between the two renames


def _clear(place: Path, suffix: str) -> None:
    """Remove what killed processes have left beside a place."""
    for leftover in place.parent.iterdir():
        if leftover.name.startswith(f".{place.name}.") and leftover.name.endswith(suffix):
            shutil.rmtree(leftover, ignore_errors=True)


def _compare(model: Any, again: Any, probe: Mapping[str, NDArray[Any]]) -> None:
    before, after = (np.asarray(m(as_tensors(probe))) for m in (model, again))
    largest = float(np.max(np.abs(before - after) / np.maximum(1.0, np.abs(before)))) if before.size else 0.0
    if not largest <= 1e-6:
        raise ArtifactError(
            "The saved model",
            "answer as the trained one does",
            f"answers differ by up to {largest:.1e}",
            "report this with the output of 'autoft doctor'",
        )


def as_tensors(inputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Inputs of a raw model as its backend takes them: numbers, and texts where it is TensorFlow."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return {name: keras.ops.convert_to_tensor(array) for name, array in inputs.items()}
    import tensorflow as tf

    def tensor(array: NDArray[Any]) -> Any:
        return tf.constant(array, dtype=tf.string if array.dtype == object else None)

    return {name: tensor(array) for name, array in inputs.items()}


def copy(source: Path, folder: str | Path) -> None:
    """Copy an artifact, checked on the way, as atomically as `save` writes one.

    Raises:
        ArtifactError: If the source is damaged, or the folder is something other than a saved model.
    """
    folder = Path(folder)
    _check_place(folder)
    files.prepare_folder(folder.parent)
    with files.writing(folder), _beside(folder) as temporary:
        for name in files.digest_folder(source):
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, temporary / name)
        _verify(temporary)
        _swap(temporary, folder)


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
    folder, meta = load_meta(folder)
    _check_layers(folder / "model.keras")
    import keras

    path = folder / "model.keras"
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True), meta
    except Exception as error:  # Keras raises whatever it stumbles over
        found = f"it answers {(str(error).strip().splitlines() or [type(error).__name__])[0][:200]}"
        fix = f"load it with the Keras that saved it (autoft {meta.version}; see environment in evaluation.json)"
        raise ArtifactError(f"'{path}'", f"be readable by Keras {keras.__version__}", found, fix) from error


def load_meta(folder: str | Path) -> tuple[Path, Meta]:
    """The folder of an artifact that has been checked, and what it knows of tables: all but the Keras model.

    Raises:
        ArtifactError: If it is missing, damaged or from another format.
    """
    folder = find(folder)
    _verify(folder)
    return folder, _meta(folder / "meta.json")


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
    links = sorted(path for path in folder.rglob("*") if path.is_symlink())
    if links:
        raise _damaged(links[0], "it is a link to somewhere else")
    manifest = _read_json(folder / "manifest.json")
    try:
        version = manifest["format"]
        expected = {str(name): str(digest) for name, digest in manifest["sha256"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder / "manifest.json", "it cannot be read") from error
    if version != FORMAT:
        raise ArtifactError(
            f"'{folder}'",
            f"be of format {FORMAT}",
            f"it is of format {version}",
            "load it with the autoft that saved it",
        )
    found = files.digest_folder(folder, leave_out=("manifest.json",))
    for name in sorted({*expected, *found, *_NEEDED}):
        if name not in found:
            raise _damaged(folder / name, "it is missing")
        if name not in expected:
            raise _damaged(folder / name, "it was added later")
        if expected[name] != found[name]:
            raise _damaged(folder / name, f"its SHA-256 begins {found[name][:8]}, not {expected[name][:8]}")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, "it cannot be read") from error


def _damaged(path: Path, found: str) -> ArtifactError:
    return ArtifactError(
        f"'{path}'", "be as it was saved", found, "copy the model again, or run 'autoft fit' again (trials are kept)"
    )


def _check_layers(path: Path) -> None:
    """Look at the archive before Keras does: sizes, and the class of every layer."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            bomb = sum(e.file_size for e in entries) > _LARGEST
            bomb = bomb or any(e.file_size > _RATIO * max(e.compress_size, 1024) for e in entries)
            strange = [] if bomb else sorted(set(_classes(json.loads(archive.read("config.json")))) - _LAYERS - _PARTS)
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError) as error:
        # Runtime errors: an encrypted archive, or lists in lists without end.
        raise _damaged(path, "it is not a Keras archive") from error
    if bomb:
        raise _damaged(path, "it unpacks to more than a model of its size can hold")
    if strange:
        raise ArtifactError(
            f"'{path}'", "hold only autoft's layers", f"it names {', '.join(strange)}", "do not use this file"
        )


def _classes(config: Any) -> list[str]:
    """Class names in a Keras configuration, wherever they stand: what Keras might build."""
    if isinstance(config, list):
        return [name for item in config for name in _classes(item)]
    if not isinstance(config, dict):
        return []
    names = [name for value in config.values() for name in _classes(value)]
    return [*names, str(config["class_name"])] if "class_name" in config else names


def _meta_text(meta: Meta) -> str:
    values = asdict(meta) | {"repairs": repair.to_json(meta.repairs)}
    return json.dumps(values, indent=1, ensure_ascii=False)


def _meta(path: Path) -> Meta:
    raw = _read_json(path)
    try:
        tuples = ("false", "true", "order")  # older models have no order
        columns = tuple(Column(**{**c, **{k: tuple(c.get(k, ())) for k in tuples}}) for c in raw["columns"])
        return Meta(
            columns=columns,
            target=Target(**{**raw["target"], "classes": tuple(raw["target"]["classes"])}),
            version=raw["version"],
            engine=raw["engine"],
            ranges={k: (float(v[0]), float(v[1])) for k, v in raw["ranges"].items()},
            vocabularies={k: tuple(v) for k, v in raw["vocabularies"].items()},
            words={k: tuple(v) for k, v in raw.get("words", {}).items()},
            encoders={str(k): str(v) for k, v in raw["encoders"].items()},
            threshold=_threshold(raw.get("threshold", 0.5)),  # older models have none
            repairs=repair.from_json(raw.get("repairs", [])),
            unused=tuple(raw.get("unused", ())),
            matrix=_matrix(raw.get("matrix", []), len(raw["target"]["classes"])),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, "it is not what autoft writes") from error


def _threshold(value: Any) -> float:
    threshold = float(value)
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold {threshold}")
    return threshold


def _matrix(rows: Any, classes: int) -> CostMatrix:
    matrix = tuple(tuple(float(cost) for cost in row) for row in rows)
    bad = any(not 0 <= cost < math.inf for row in matrix for cost in row)
    if bad or (matrix and [len(row) for row in matrix] != [classes] * classes):
        raise ValueError(f"matrix of {len(matrix)} rows")
    return matrix
