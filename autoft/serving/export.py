"""Export of a saved model: a file or folder that is whole or absent, and never in the place of another."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from autoft import files
from autoft.errors import FileError, SetupError
from autoft.serving.artifact import load_meta
from autoft.serving.exporters import EXPORTERS


def export(artifact: str | Path, path: str | Path, format: str = "tf_saved_model") -> Path:
    """Write a saved model in a format of other programs.

    Args:
        artifact: Run folder or saved model.
        path: File or folder to write, which does not exist; it is returned.
        format: Name of an exporter.

    Raises:
        RecipeError: If there is no exporter of this name.
        SetupError: If a package that it needs is not installed.
        ArtifactError: If the saved model is damaged, or does not allow this format.
        FileError: If something stands at `path`, or it cannot be written.
    """
    exporter, path = EXPORTERS[format], Path(path)
    missing = [module for module in exporter.needs if find_spec(module) is None]
    if missing:
        found = f"{' and '.join(missing)} is not installed"
        raise SetupError(f"Exporter '{format}'", "have what it needs", found, f"run {exporter.install}")
    folder, _ = load_meta(artifact)
    if path.exists() or path.is_symlink():
        raise FileError(f"'{path}'", "be free", "something is there", "choose another name, or remove it")
    files.prepare_folder(path.parent)
    with files.writing(path), files.beside(path) as temporary:
        exporter.export(folder, temporary / path.name)
        files.flush_folder(temporary)
        os.rename(temporary / path.name, path)
    files.sync_folder(path.parent)
    return path
