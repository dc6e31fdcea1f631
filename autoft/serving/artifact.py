"""The saved model: a folder that is whole or absent, checked before it is trusted.

``model.keras`` (from raw columns to answers), ``meta.json`` (columns, target, ranges of the training table),
``schema.pbtxt`` and ``statistics.pb`` (schema and statistics of the training table), ``evaluation.json``, ``README.md``
(the card), and ``manifest.json`` with the format and the SHA-256 of each file. No pickle anywhere.

Whoever forges a model can rewrite the sums too, so all else is checked as if they said nothing: the description against
itself and the model, the entries of the archive, the classes that it names, its weights, and its size by its layers.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from autoft import files
from autoft.data import repair
from autoft.errors import ArtifactError, reason_of
from autoft.files import FORMAT
from autoft.records.arrays import Array
from autoft.records.reading import read_json, read_record
from autoft.serving import model_file
from autoft.serving.archive import damaged
from autoft.serving.card import old_keras
from autoft.serving.meta import Meta as Meta
from autoft.serving.meta import contradictions, disagreements

_NEEDED = ("meta.json", "model.keras")
#: What else lies in the folder of a saved model.
_MORE = frozenset(
    {"README.md", "recipe.yaml", "schema.pbtxt", "statistics.pb"} | {"evaluation.json", "findings.json", "context.json"}
)


def save(
    folder: str | Path, model: Any, meta: Meta, extra: Mapping[str, str | bytes], probe: Mapping[str, Array]
) -> Meta:
    """Write an artifact in a locked run folder: beside its place first, read back and compared, then renamed.

    Returns `meta` with its layers.

    Args:
        folder: Its place; an artifact that is there already is replaced, anything else is refused.
        extra: Other files by name (``schema.pbtxt``, ``statistics.pb``, ``evaluation.json``).
        probe: Inputs for a few rows; the model read back must answer them as this one does, to 1e-6.

    Raises:
        ArtifactError: If the folder is something else, or the model does not survive the round trip.
        FileError: If it cannot be written.
    """
    place = _checked_place(folder)
    with files.writing(place, lambda: _safe(place)), files.replacing(place) as temporary:
        model.save(temporary / "model.keras")
        meta = replace(meta, layers=model_file.read_sources(temporary / "model.keras"))
        values = asdict(meta) | {"repairs": repair.to_json(meta.repairs)}
        files.write_atomic(temporary / "meta.json", json.dumps(values, indent=1, ensure_ascii=False))
        for name, text in extra.items():
            files.write_atomic(temporary / name, text)
        manifest = {"format": FORMAT, "sha256": files.digest_folder(temporary)}
        files.write_atomic(temporary / "manifest.json", json.dumps(manifest, indent=1))
        again, _ = load(temporary)
        _compare(model, again, probe)
    return meta


def _safe(place: Path) -> str:
    return "the run's trials are safe in its journal" if (place.parent / "journal.jsonl").is_file() else ""


def _compare(model: Any, again: Any, probe: Mapping[str, Array]) -> None:
    before, after = (np.asarray(m(as_tensors(probe))) for m in (model, again))
    largest = float(np.max(np.abs(before - after) / np.maximum(1.0, np.abs(before)))) if before.size else 0.0
    if not largest <= 1e-6:
        found, fix = f"answers differ by up to {largest:.1e}", "report this with the output of 'autoft doctor'"
        raise ArtifactError("The saved model", "answer as the trained one does", found, fix)


def as_tensors(inputs: Mapping[str, Array]) -> dict[str, Any]:
    """Inputs of a raw model as its backend takes them: numbers, and texts where it is TensorFlow."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return {name: keras.ops.convert_to_tensor(array) for name, array in inputs.items()}
    import tensorflow as tf

    texts = {name for name, array in inputs.items() if array.dtype == object}
    return {name: tf.constant(array, dtype=tf.string if name in texts else None) for name, array in inputs.items()}


def copy(source: Path, folder: str | Path) -> None:
    """Copy an artifact, checked on the way, as atomically as `save` writes one.

    Raises:
        ArtifactError: If the source is damaged, or the folder is something other than a saved model.
    """
    place = _checked_place(folder)
    with files.writing(place), files.replacing(place) as temporary:
        for name in files.digest_folder(source):
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, temporary / name)
        _verify(temporary)


def _checked_place(path: str | Path) -> Path:
    """The place of an artifact: free or one already, in a folder that can be written."""
    folder = Path(path)
    refuse_other_model(folder)
    files.prepare_folder(folder.parent)
    return folder


def refuse_other_model(folder: Path) -> None:
    """Raise ArtifactError where something stands that is no saved model, or holds files besides one's own."""
    if not folder.exists() and not folder.is_symlink():
        return
    must, fix = "be free or hold a saved model", "choose another name"
    try:
        listed = {*_read_json(folder / "manifest.json")["sha256"]}
    except (ArtifactError, LookupError, TypeError):  # not ours, or damaged
        listed = set()
    if folder.is_symlink() or not (listed or all((folder / name).is_file() for name in ("manifest.json", *_NEEDED))):
        raise ArtifactError(f"'{folder}'", must, "something else is there", fix)
    known = {"manifest.json", *_NEEDED, *_MORE, *listed}
    others = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())
    others = [name for name in others if name not in known]
    if others:
        found = f"it also holds '{others[0]}', which autoft did not write"
        raise ArtifactError(f"'{folder}'", must, found, f"move that away, or {fix}")


def load(folder: str | Path) -> tuple[Any, Meta]:
    """The Keras model, and what prediction needs besides, after checking that every file is as it was saved.

    Raises:
        ArtifactError: If it is missing, damaged, of another format, or names layers of no installed package.
    """
    folder, meta = load_meta(folder)
    path = folder / "model.keras"
    model_file.check(path, meta.layers)
    import keras

    holes = old_keras(keras.__version__)
    if holes:
        warnings.warn(holes, stacklevel=2)
    try:
        return model_file.read_model(path, len(meta.target.classes) or 1), meta
    except ArtifactError:
        raise
    except Exception as error:  # Keras raises whatever it stumbles over
        found = f"it answers {reason_of(error, 200)}"
        fix = f"load it with the Keras that saved it (autoft {meta.version[:40]}; see environment in evaluation.json)"
        raise ArtifactError(f"'{path}'", f"be readable by Keras {keras.__version__}", found, fix) from error


def load_meta(folder: str | Path) -> tuple[Path, Meta]:
    """The folder of an artifact, checked, and all that prediction needs besides the Keras model.

    Raises:
        ArtifactError: If it is missing, damaged, of another format, or contradicts the model.
    """
    folder = find(folder)
    _verify(folder)
    meta = _meta(folder / "meta.json")
    for fault in (*contradictions(meta), *disagreements(meta, model_file.read_inputs(folder / "model.keras"))):
        raise damaged(folder / "meta.json", f"it {fault}")
    return folder, meta


def find(path: str | Path) -> Path:
    """The artifact's folder: `path` itself, or ``model`` in a run folder."""
    path = Path(path)
    for folder in (path, path / "model"):
        if (folder / "manifest.json").is_file() and not folder.is_symlink():
            return folder
    found = "it does not exist" if not path.exists() else "there is no manifest.json in it or in its folder 'model'"
    fix = "give the folder that 'autoft fit' or save() wrote"
    raise ArtifactError(f"'{path}'", "be a run folder or a saved model", found, fix)


def _verify(folder: Path) -> None:
    links = sorted(path for path in folder.rglob("*") if path.is_symlink())
    if links:
        raise damaged(links[0], "it is a link to somewhere else")
    manifest = _read_json(folder / "manifest.json")
    try:
        version = manifest["format"]
        expected = {str(name): str(digest) for name, digest in manifest["sha256"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise damaged(folder / "manifest.json", "it cannot be read") from error
    if version != FORMAT:
        saved, fix = f"it is of format {version}", "load it with the autoft that saved it"
        raise ArtifactError(f"'{folder}'", f"be of format {FORMAT}", saved, fix)
    found = files.digest_folder(folder, leave_out=("manifest.json",))
    for name in sorted({*expected, *found, *_NEEDED}):
        if name not in found:
            raise damaged(folder / name, "it is missing")
        if name not in expected or name not in _MORE.union(_NEEDED):
            raise damaged(folder / name, "it was added later")
        if expected[name] != found[name]:
            raise damaged(folder / name, f"its SHA-256 begins {found[name][:8]}, not {expected[name][:8]}")


def _read_json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise damaged(path, "it cannot be read") from error


def _meta(path: Path) -> Meta:
    content = _read_json(path)
    try:
        meta: Meta = read_record(Meta, content)
    except ValueError as error:
        raise damaged(path, f"it is not what autoft writes ({str(error)[:200]})") from error
    return meta
