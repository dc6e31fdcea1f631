"""A saved model is whole or absent, and nothing in it is believed before it has been checked."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import pytest

from autoft import files
from autoft.errors import ArtifactError, FileError
from autoft.networks.layers.stacked import MemberMean, StackedDense
from autoft.preprocessing.layers.numbers import MedianImpute, RobustScale, SmoothClip
from autoft.records.columns import Column, Target
from autoft.serving import artifact, model_file
from autoft.serving.card import SAFE_KERAS, card

#: Number of no process.
DEAD = 999_999_999
LAYERS = [f"autoft>{name}" for name in ("MedianImpute", "MemberMean", "RobustScale", "SmoothClip", "StackedDense")]
PROBE = {"c000": np.array([[1.5], [np.nan], [-40.0]])}
META = artifact.Meta(
    columns=(Column(id="c000", name="naïve/<b>", kind="numeric", why="numbers"),),
    target=Target(name="y", task="regression", classes=()),
    version="0.1.0",
    engine="",
    ranges={"c000": (-1.0, 2.5)},
    vocabularies={},
    unused=("Łódź",),
)


def build(bias: float = 0.0) -> keras.Model:
    """One number in, one number out, through layers that autoft's models are made of."""
    inputs = keras.Input((1,), dtype="float64", name="c000")
    impute, scale, dense = MedianImpute(2, name="impute"), RobustScale(2, name="scale"), StackedDense(1, name="logits")
    x = SmoothClip(name="clip")(scale(impute(inputs)))
    model = keras.Model({"c000": inputs}, MemberMean("regression", 2, name="mean")(dense(x)))
    impute.set_weights([np.array([0.5, 0.6]).reshape(2, 1, 1)])
    scale.set_weights([np.array([0.5, 0.6]).reshape(2, 1, 1), np.array([2.0, 2.2]).reshape(2, 1, 1)])
    dense.set_weights([np.array([0.7, 0.8], np.float32).reshape(2, 1, 1), np.full((2, 1, 1), bias, np.float32)])
    return model


def answers(model: keras.Model) -> np.ndarray:
    return np.asarray(model(artifact.as_tensors(PROBE)))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build()


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    artifact.save(folder, model, META, {"evaluation.json": "{}"}, PROBE)
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def sign_again(folder: Path) -> None:
    """What an attacker can do too: a manifest that fits."""
    sums = files.digest_folder(folder, leave_out=("manifest.json",))
    (folder / "manifest.json").write_text(json.dumps({"format": artifact.FORMAT, "sha256": dict(sums)}))


def rewrite(folder: Path, change) -> None:
    """Change config.json inside model.keras, and sign again."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, "config.json": json.dumps(config).encode()}.items():
            archive.writestr(name, data)
    sign_again(folder)


def beside(folder: Path) -> list[str]:
    """What a save has left beside its place."""
    return [p.name for p in folder.parent.iterdir() if p.name.startswith(".")]


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_round_trip(saved, model):
    again, meta = artifact.load(saved)
    np.testing.assert_allclose(answers(again), answers(model), rtol=0, atol=1e-6)
    assert meta == replace(META, layers=dict.fromkeys(LAYERS, f"autoft {version('autoft')}"))
    assert {p.name for p in saved.iterdir()} == {"evaluation.json", "manifest.json", "meta.json", "model.keras"}
    assert beside(saved) == []


def test_a_run_folder_stands_for_its_model(folder):
    assert artifact.find(folder.parent) == folder


def test_nothing_there(tmp_path):
    with pytest.raises(ArtifactError, match="must be a run folder or a saved model, but it does not exist"):
        artifact.load(tmp_path / "absent")
    with pytest.raises(ArtifactError, match=r"there is no manifest\.json"):
        artifact.load(tmp_path)


@pytest.mark.parametrize("name", ["model.keras", "meta.json", "evaluation.json"])
def test_every_file_is_checked_and_the_changed_one_named(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=rf"{name}' must be as it was saved, but its SHA-256 begins \w{{8}}, not"):
        artifact.load(folder)


@pytest.mark.parametrize("size", [0, 100])
def test_truncated_model(folder, size):
    os.truncate(folder / "model.keras", size)
    with pytest.raises(ArtifactError, match=r"model\.keras' must be as it was saved"):
        artifact.load(folder)


@pytest.mark.parametrize("name", ["model.keras", "meta.json"])
@pytest.mark.parametrize("signed", [False, True])
def test_missing_file(folder, name, signed):
    (folder / name).unlink()
    if signed:
        sign_again(folder)
    with pytest.raises(ArtifactError, match=f"{name}' must be as it was saved, but it is missing"):
        artifact.load(folder)


def test_added_file(folder):
    (folder / "assets").mkdir()
    (folder / "assets" / "evil.so").write_bytes(b"\x7fELF")
    with pytest.raises(ArtifactError, match=r"evil\.so' must be as it was saved, but it was added later"):
        artifact.load(folder)


@pytest.mark.parametrize("name", ["model.keras", "manifest.json"])
def test_links_are_refused(folder, tmp_path, name):
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    with pytest.raises(ArtifactError, match=f"{name}' must be as it was saved, but it is a link"):
        artifact.load(folder)


def test_another_format(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(ArtifactError, match="must be of format 1, but it is of format 99"):
        artifact.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "sha256": 3}', "[" * 100_000, "\udce4"])
def test_unreadable_manifest(folder, text):
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ArtifactError, match=r"manifest\.json' must be as it was saved, but it cannot be read"):
        artifact.load(folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"columns": [{"id": 1}]}', "[" * 100_000])
def test_unreadable_meta_with_a_manifest_that_fits(folder, text):
    (folder / "meta.json").write_text(text)
    sign_again(folder)
    with pytest.raises(ArtifactError, match=r"meta\.json' must be as it was saved"):
        artifact.load(folder)


@pytest.fixture
def unread(monkeypatch):
    """Keras must not even look at the file."""

    def load_model(*_: object, **__: object) -> None:
        pytest.fail("Keras has read the file")

    monkeypatch.setattr(keras.models, "load_model", load_model)


@pytest.mark.parametrize(
    "thing",
    [
        {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "x", "function": "y"}},
        {"class_name": "TorchModuleWrapper", "module": "keras.layers", "config": {}},
        {"class_name": "function", "module": "os", "config": "system"},
        {"class_name": "Lambda", "module": "keras.layers", "registered_name": "autoft>SmoothClip"},
        {"class_name": "SmoothClip", "module": "autoft.preprocessing.layers", "registered_name": "SmoothClip"},
        {"class_name": "InputLayer", "module": "os"},
        {"class_name": "InputLayer", "module": "keras.layers", "registered_name": "Lambda"},
        {"class_name": "SmoothClip", "registered_name": "evil>SmoothClip"},
    ],
)
@pytest.mark.parametrize("deep", [False, True])
def test_unknown_classes_are_refused_unread(folder, unread, thing, deep):
    def add(config):
        config["config"]["layers"][-1]["config"]["extra"] = [{"more": thing}] if deep else thing

    rewrite(folder, add)
    name = "evil>SmoothClip" if thing.get("registered_name") == "evil>SmoothClip" else thing["class_name"]
    with pytest.raises(
        ArtifactError, match=f"hold only layers of installed packages, but it names {name}. Fix: do not "
    ):
        artifact.load(folder)


def test_keras_own_safe_mode_is_on(folder, monkeypatch):
    """If a Lambda got past the list of layers, Keras would still not run it."""
    monkeypatch.setattr(model_file, "KERAS_CLASSES", model_file.KERAS_CLASSES | {"Lambda", "__lambda__", "function"})
    inputs = keras.Input((1,), name="c000")
    keras.Model({"c000": inputs}, keras.layers.Lambda(lambda x: x * 2)(inputs)).save(folder / "model.keras")
    sign_again(folder)
    with pytest.raises(ArtifactError, match=rf"be readable by Keras {keras.__version__}, but .*(?i:lambda)"):
        artifact.load(folder)


def from_elsewhere(folder: Path, source: str) -> None:
    """The artifact as if its layer SmoothClip were ``gates>Clip`` of a package."""

    def rename(config):
        for one in config["config"]["layers"]:
            if one["class_name"] == "SmoothClip":
                one.update(class_name="Clip", registered_name="gates>Clip", module="gates.layers")

    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps({**meta, "layers": {**meta["layers"], "gates>Clip": source}}))
    rewrite(folder, rename)


@pytest.mark.parametrize(
    ("source", "found", "fix"),
    [
        ("gate-layers 1.2", "gates>Clip of gate-layers 1.2, which is not installed", "pip install gate-layers==1.2"),
        ("numpy 0.1", f"of numpy 0.1, of which {np.__version__} is installed", "pip install numpy==0.1"),
        ("", "which no package provided when it was saved", "import the module that declares it"),
        ("evil; rm -rf / 1", "it names gates>Clip. Fix", "do not use this file"),
    ],
)
def test_the_package_of_a_missing_layer_is_named(folder, unread, source, found, fix):
    from_elsewhere(folder, source)
    with pytest.raises(ArtifactError, match="hold only layers of installed packages") as error:
        artifact.load(folder)
    assert found in str(error.value)
    assert fix in error.value.fix


def archive(path: Path, parts: dict[str, bytes], compressed: int) -> None:
    with zipfile.ZipFile(path, "w", compressed) as out:
        for name, data in parts.items():
            out.writestr(name, data)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"config.json": b"{}", "model.weights.h5": bytes(50_000_000)}, "unpacks to more than"),
        ({"config.json": b"[" * 200_000}, "config.json cannot be read"),
        ({"config.json": b"\xff\xfe"}, "config.json cannot be read"),
        ({"config.json": b"5"}, "not that of a model with named inputs"),
        ({"config.json": b"{}", "../evil.py": b"1"}, "name or kind is unsafe"),
        ({}, "there is no config.json"),
    ],
)
def test_hostile_archives_are_refused_unread(folder, unread, parts, found):
    compressed = zipfile.ZIP_DEFLATED if len(parts) == 2 else zipfile.ZIP_STORED
    if parts:
        parts = {"metadata.json": b"{}", "model.weights.h5": b"", **parts}
    archive(folder / "model.keras", parts or {"metadata.json": b"{}"}, compressed)
    sign_again(folder)
    with pytest.raises(ArtifactError, match=rf"model\.keras' must be as it was saved, but it.*{found}"):
        artifact.load(folder)


def test_an_archive_that_is_none(folder, unread):
    (folder / "model.keras").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    sign_again(folder)
    with pytest.raises(ArtifactError, match="it is not a Keras archive"):
        artifact.load(folder)


def test_saving_again_replaces_and_leaves_nothing_behind(folder):
    (folder.parent / f".{folder.name}.{DEAD}.tmp").mkdir()  # of a process that was killed
    (folder.parent / f".{folder.name}.{DEAD}.old").mkdir()
    artifact.save(folder, build(bias=5.0), META, {}, PROBE)
    assert answers(artifact.load(folder)[0]).mean() > 3
    assert not (folder / "evaluation.json").exists()
    assert beside(folder) == []


@pytest.mark.parametrize("place", ["file", "full folder"])
def test_a_foreign_place_is_not_touched(tmp_path, model, saved, place):
    target = tmp_path / "mine"
    if place == "file":
        target.write_text("my work")
    else:
        target.mkdir()
        (target / "work.txt").write_text("my work")
    kept = target if place == "file" else target / "work.txt"
    for write in (lambda: artifact.save(target, model, META, {}, PROBE), lambda: artifact.copy(saved, target)):
        with pytest.raises(ArtifactError, match="must be free or hold a saved model, but something else is there"):
            write()
        assert kept.read_text() == "my work"
    assert beside(target) == []


@pytest.mark.parametrize("name", ["notes.txt", ".model.keras.swp", "sub/mine.csv"])
def test_what_others_put_into_a_saved_model_is_not_lost(folder, saved, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("my work")
    with pytest.raises(ArtifactError, match=f"also holds '{name}', which autoft did not write"):
        artifact.copy(saved, folder)
    assert (folder / name).read_text() == "my work"


def test_a_folder_with_a_manifest_of_others_is_not_touched(saved, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "manifest.json").write_text('{"name": "web app"}')
    with pytest.raises(ArtifactError, match="something else is there"):
        artifact.copy(saved, tmp_path / "app")


def test_a_damaged_saved_model_can_be_written_again(folder, saved):
    (folder / "manifest.json").write_text("{")
    artifact.copy(saved, folder)
    assert artifact.load_meta(folder)


@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
def test_a_failed_save_leaves_the_old_artifact_in_place(folder, monkeypatch, call):
    model = build(bias=5.0)
    (folder.parent / "journal.jsonl").touch()
    monkeypatch.setattr(os, call, full)
    with pytest.raises(FileError, match=r"model' must be writable, but the disk is full; the run's trials are safe"):
        artifact.save(folder, model, META, {}, PROBE)
    monkeypatch.undo()
    assert answers(artifact.load(folder)[0]).mean() < 3
    assert beside(folder) == []


def test_a_full_disk_while_keras_writes(folder):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    model = build(bias=5.0)
    (folder.parent / "journal.jsonl").touch()
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        with pytest.raises(FileError, match=r"must be writable, but .*; the run's trials are safe in its journal"):
            artifact.save(folder, model, META, {}, PROBE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert answers(artifact.load(folder)[0]).mean() < 3
    assert beside(folder) == []


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_an_error_between_two_renames_keeps_the_old_artifact(folder, saved, monkeypatch, error):
    real, calls = os.replace, []

    def replace(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise error
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises((FileError, KeyboardInterrupt)):
        artifact.copy(saved, folder)
    assert artifact.load(folder)
    assert beside(folder) == []


def test_a_model_that_reads_back_another_is_not_saved(folder, monkeypatch):
    other = build(bias=0.001)
    real = artifact.load
    monkeypatch.setattr(artifact, "load", lambda path: (other, real(path)[1]))
    with pytest.raises(
        ArtifactError, match=r"must answer as the trained one does, but answers differ by up to 1\.0e-03"
    ):
        artifact.save(folder, build(), META, {}, PROBE)
    monkeypatch.undo()
    assert (folder / "evaluation.json").exists()


def test_copy(folder, tmp_path):
    artifact.copy(folder, tmp_path / "new" / "copy")
    assert files.digest_folder(tmp_path / "new" / "copy") == files.digest_folder(folder)
    assert beside(tmp_path / "new" / "copy") == []


def test_a_damaged_source_is_not_copied(folder, saved, tmp_path):
    target = tmp_path / "copy"
    artifact.copy(saved, target)
    os.truncate(folder / "model.keras", 10)
    with pytest.raises(ArtifactError, match=r"model\.keras' must be as it was saved"):
        artifact.copy(folder, target)
    assert files.digest_folder(target) == files.digest_folder(saved)
    assert beside(target) == []


def test_a_full_disk_while_copying(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(FileError, match="copy' must be writable, but the disk is full"):
        artifact.copy(saved, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_an_old_keras_is_warned_of(folder, monkeypatch):
    monkeypatch.setattr(keras, "__version__", "3.13.2")
    with pytest.warns(UserWarning, match=r"Keras 3\.13\.2 has known holes in the loading of models"):
        artifact.load(folder)


def test_the_card_names_the_floor_and_says_what_the_model_holds():
    text = card(replace(META, vocabularies={"c001": ("canary",)}))
    assert f"Keras {SAFE_KERAS} or later" in text
    assert "whoever has the model has them" in text
    assert "canary" not in text
    assert META.columns[0].name not in text
