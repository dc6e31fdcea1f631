"""Hostile files: a small saved model and over a hundred ways to forge it, and hostile recipes, tables and journals.

Each forgery makes its files in an empty folder and returns what a victim does with them. It has to be refused by an
error of autoft, must not run anything, and must not take more than `MOST_MB` of memory. Every forged model is signed
anew: its manifest fits.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autoft import files

#: Megabytes of memory that a hostile file may take.
MOST_MB = 500
#: A file of this name says that a forgery has run something.
MARKER = "executed"
HUGE = 2_000_000_000
_HEAVY = frozenset(
    {"65 MB of text", "weights that unpack to 100 MB", "11,000 files", "4,000 layers more", "100,000 classes"}
    | {"three million lists", "gzip that unpacks to 300 MB", "a cell of 20 MB", "packed zeros"}
)

Attempt = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """A hostile file: `make(model, folder)` writes it into an empty folder and returns the attempt to use it."""

    name: str
    kind: str
    make: Callable[[Path, Path], Attempt]

    @property
    def heavy(self) -> bool:
        """Whether making it takes a second."""
        return self.name.partition(": ")[2] in _HEAVY

    def outcome(self, model: Path, place: Path) -> str:
        """``refused`` by an error of autoft, ``executed``, ``accepted``, or the name of any other error.

        Args:
            model: What `save_model` has saved.
            place: An empty folder, in which it is tried.
        """
        from autoft.errors import AutoFTError

        try:
            with chdir(place):
                self.make(model, place)()
            found = "accepted"
        except AutoFTError:
            found = "refused"
        except Exception as error:  # noqa: BLE001  (what must not come is counted by its name)
            found = type(error).__name__
        places = (place, place.parent, Path(tempfile.gettempdir()))
        return "executed" if any((folder / MARKER).exists() for folder in places) else found


def forgeries() -> tuple[Forgery, ...]:
    """All of them, each with a name of its own."""
    parts: dict[str, Mapping[str, Callable[[Path, Path], Attempt]]] = {
        "description": {name: partial(_meta, change=change) for name, change in _META.items()},
        "raw description": {
            **{name: partial(_raw_meta, data=data) for name, data in _RAW_JSON.items()},
            "65 MB of text": partial(_raw_meta, data=b'{"columns": "' + b"x" * (65 * 2**20) + b'"}'),
        },
        "archive": {name: partial(_archive, change=change) for name, change in _ARCHIVE.items()},
        "configuration": {name: partial(_config, change=change) for name, change in _CONFIG.items()},
        "raw configuration": {
            name: partial(_archive, change=partial(_replaced, part="config.json", data=data))
            for name, data in _RAW_JSON.items()
        },
        "weights": {name: partial(_weights, change=change) for name, change in _WEIGHTS.items()},
        "folder": {name: partial(_folder, change=change) for name, change in _FOLDER.items()},
        "run": {
            f"{file}: {name}": partial(_run_file, file=file, data=data)
            for file in ("evaluation.json", "findings.json", "context.json")
            for name, data in _RAW_JSON.items()
        },
        "recipe": {name: partial(_recipe, text=text) for name, text in _RECIPES.items()},
        "table": {name: partial(_table, write=write) for name, write in _TABLES.items()},
        "journal": {name: partial(_journal, data=data) for name, data in _JOURNALS.items()},
    }
    return tuple(
        Forgery(name=f"{kind}: {name}", kind=kind, make=make)
        for kind, cases in parts.items()
        for name, make in cases.items()
    )


# The small model that is forged.


def save_model(folder: Path) -> Path:
    """A saved model of a number and a town, of two classes, without any training."""
    import keras

    from autoft.networks.layers.stacked import MemberMean, StackedDense
    from autoft.preprocessing.layers.numbers import MedianImpute, RobustScale, SmoothClip
    from autoft.records.columns import Column, Target
    from autoft.serving import artifact

    number = keras.Input((1,), dtype="float64", name="c000")
    town = keras.Input((1,), dtype="string", name="c001")
    lookup = keras.layers.StringLookup(vocabulary=["Oslo", "Rome"], name="lookup_c001")
    vectors = keras.layers.Flatten(name="flat")(keras.layers.Embedding(3, 2, name="towns")(lookup(town)))
    rows = keras.layers.Concatenate(dtype="float64", name="rows")([number, vectors])
    rows = SmoothClip(name="clip")(RobustScale(2, name="scale")(MedianImpute(2, name="impute")(rows)))
    answer = MemberMean("binary", 2, name="mean")(StackedDense(1, name="logits")(rows))
    meta = artifact.Meta(
        columns=(
            Column(id="c000", name="amount", kind="numeric", why="all values are numbers"),
            Column(id="c001", name="town", kind="categorical", why="2 distinct texts", distinct=2),
        ),
        target=Target(name="answer", task="binary", classes=("no", "yes"), positive="yes", dtype="object"),
        version="0",
        engine="",
        ranges={"c000": (0.0, 1.0)},
        vocabularies={"c001": ("Oslo", "Rome")},
    )
    probe = {"c000": np.array([[0.5]]), "c001": np.array([["Rome"]], dtype=object)}
    artifact.save(folder, keras.Model({"c000": number, "c001": town}, answer, name="autoft"), meta, {}, probe)
    return folder


def _load(folder: Path) -> Any:
    from autoft.serving.artifact import load

    return load(folder)


def _sign(folder: Path) -> Attempt:
    sums = dict(files.digest_folder(folder, leave_out=("manifest.json",)))
    (folder / "manifest.json").write_text(json.dumps({"format": files.FORMAT, "sha256": sums}))
    return partial(_load, folder)


def _copy(model: Path, place: Path) -> Path:
    return Path(shutil.copytree(model, place / "model"))


# Descriptions (meta.json) that contradict themselves or the model.


def _meta(model: Path, place: Path, change: Callable[[dict[str, Any]], Any]) -> Attempt:
    folder = _copy(model, place)
    content = json.loads((folder / "meta.json").read_text())
    change(content)
    (folder / "meta.json").write_text(json.dumps(content))
    return _sign(folder)


def _put(*path: Any, value: Any) -> Callable[[Any], None]:
    """A change that puts a value into nested data."""

    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


def _target(**values: Any) -> Callable[[Any], None]:
    return lambda content: content["target"].update(values)


def _column(position: int = 0, **values: Any) -> Callable[[Any], None]:
    return lambda content: content["columns"][position].update(values)


_REPAIR: dict[str, Any] = {"code": "outer-blanks", "column": "town", "action": "strip"}

_META: dict[str, Callable[[Any], Any]] = {
    "no columns": _put("columns", value=[]),
    "fewer columns than inputs": lambda content: content["columns"].pop(0),
    "an id that the model does not take": _column(id="c009"),
    "an id twice": _column(id="c001"),
    "an id that is a path": _column(id="../x"),
    "a name twice": _column(name="town"),
    "the target among the columns": _column(name="answer"),
    "a number as a text": _column(kind="text"),
    "a number as a category": _column(kind="categorical"),
    "a category as a number": _column(1, kind="numeric"),
    "a category that is not used": _column(1, kind="identifier"),
    "a kind that there is not": _column(kind="pickle"),
    "a negative count": _column(missing=-1),
    "a count of 31 digits": _column(distinct=10**30),
    "a date format of a number": _column(date_format="iso"),
    "a date format of a megabyte": _column(kind="date", date_format="%Y" * 500_000),
    "words of truth of a number": _column(true=["yes"], false=["no"]),
    "an order of a number": _column(order=["a"]),
    "an order of other categories": _column(1, order=["Rome", "Oslo", "Paris"]),
    "an order with one twice": _column(1, order=["Oslo", "Oslo"]),
    "three classes": _target(classes=["a", "b", "yes"]),
    "one class": _target(classes=["yes"]),
    "no classes": _target(classes=[]),
    "five classes of a model of two": _target(task="multiclass", classes=list("abcde"), positive=None),
    "100,000 classes": _target(task="multiclass", classes=list(range(100_000)), positive=None, dtype="int64"),
    "classes of a regression": _target(task="regression"),
    "a regression of two outputs": _target(task="regression", classes=[], positive=None, dtype="float64"),
    "a class that is an object": _target(classes=[{"no": 1}, "yes"]),
    "a class that is NaN": _target(classes=[float("nan"), 1.0], positive=1.0, dtype="float64"),
    "a class twice": _target(classes=["yes", "yes"]),
    "no positive class": _target(positive=None),
    "another positive class": _target(positive="perhaps"),
    "labels of two gigabytes": _target(dtype=f"S{HUGE}"),
    "labels of four gigabytes": _target(dtype=f"U{HUGE // 2}"),
    "labels that are tables": _target(dtype="(100000,100000)f8"),
    "labels that are records": _target(dtype="f8," * 1000 + "f8"),
    "labels that become equal": _target(dtype="bool"),
    "labels that are cut": _target(dtype="S1", classes=["yes", "yea"]),
    "labels that are numbers": _target(dtype="float64"),
    "a dtype that is code": _target(dtype="__import__('os').system('touch executed')"),
    "a threshold of NaN": _put("threshold", value=float("nan")),
    "a threshold of 2": _put("threshold", value=2.0),
    "a negative threshold": _put("threshold", value=-0.5),
    "a threshold of 400 digits": _put("threshold", value=10**400),
    "a matrix of other classes": _put("matrix", value=[[0.0]]),
    "a negative cost": _put("matrix", value=[[0.0, -1.0], [1.0, 0.0]]),
    "a cost of NaN": _put("matrix", value=[[0.0, float("nan")], [1.0, 0.0]]),
    "a range upside down": _put("ranges", "c000", value=[2.0, 1.0]),
    "a range without end": _put("ranges", "c000", value=[0.0, float("inf")]),
    "a range of a category": _put("ranges", "c001", value=[0.0, 1.0]),
    "a range of no column": _put("ranges", "c999", value=[0.0, 1.0]),
    "a range of three": _put("ranges", "c000", value=[0.0, 1.0, 2.0]),
    "categories of a number": _put("vocabularies", "c000", value=["a"]),
    "categories of no column": _put("vocabularies", "c999", value=["a"]),
    "a category twice": _put("vocabularies", "c001", value=["Oslo", "Oslo"]),
    "categories that are numbers": _put("vocabularies", "c001", value=[1, 2]),
    "words of a number": _put("words", "c000", value=["a"]),
    "an encoder of no column": _put("encoders", "c999", value="pickle"),
    "a repair by infinity": _put("repairs", value=[{**_REPAIR, "action": "scale", "factor": float("inf")}]),
    "a repair of no column": _put("repairs", value=[{**_REPAIR, "column": None}]),
    "a repair that runs code": _put("repairs", value=[{**_REPAIR, "action": "eval"}]),
    "no target": lambda content: content.pop("target"),
    "columns as text": _put("columns", value="c000"),
}

_RAW_JSON: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "not UTF-8": b"\xff\xfe\x00",
    "nested 100,000 deep": b"[" * 100_000,
    "three million lists": b"[" + b"[]," * 2_000_000 + b"[]]",
    "a number of 5,000 digits": b'{"columns": ' + b"9" * 5_000 + b"}",
}


def _raw_meta(model: Path, place: Path, data: bytes) -> Attempt:
    folder = _copy(model, place)
    (folder / "meta.json").write_bytes(data)
    return _sign(folder)


# Archives (model.keras).


Parts = list[tuple[zipfile.ZipInfo, bytes]]


def _archive(model: Path, place: Path, change: Callable[[Parts], Parts | bytes | None]) -> Attempt:
    """Change the parts of the archive; a change may give all its bytes instead."""
    folder = _copy(model, place)
    path = folder / "model.keras"
    with zipfile.ZipFile(path) as archive:
        parts = [(_entry(name), archive.read(name)) for name in archive.namelist()]
    changed = change(parts)
    if isinstance(changed, bytes):
        path.write_bytes(changed)
    else:
        path.write_bytes(_zipped(parts if changed is None else changed))
    return _sign(folder)


def _entry(name: str, *, packed: bool = False, mode: int = 0o100600) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    entry.external_attr = mode << 16
    return entry


def _zipped(parts: Parts) -> bytes:
    import warnings

    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # two parts of one name
        for entry, data in parts:
            archive.writestr(entry, data)
    return out.getvalue()


def _more(name: str, data: bytes = b"x", **settings: Any) -> Callable[[Parts], Parts]:
    return lambda parts: [*parts, (_entry(name, **settings), data)]


def _without(name: str) -> Callable[[Parts], Parts]:
    return lambda parts: [part for part in parts if part[0].filename != name]


def _replaced(parts: Parts, part: str, data: bytes, *, packed: bool = False) -> Parts:
    return [(_entry(part, packed=packed), data) if one[0].filename == part else one for one in parts]


def _lying(parts: Parts) -> bytes:
    """An archive whose directory gives a part's size as two gigabytes."""
    data = bytearray(_zipped(parts))
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 28] = struct.pack("<II", HUGE, HUGE)
    return bytes(data)


def _flagged(parts: Parts) -> bytes:
    """An archive that says that its parts are encrypted."""
    data = bytearray(_zipped(parts))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(magic) + offset
        data[at] |= 1
    return bytes(data)


def _flipped(parts: Parts) -> bytes:
    """An archive in which one bit of the weights is another."""
    data = bytearray(_zipped(parts))
    data[data.index(b"\x89HDF") + 2_000] ^= 1
    return bytes(data)


_ARCHIVE: dict[str, Callable[[Parts], Parts | bytes | None]] = {
    "a file above the folder": _more("../executed"),
    "a file above the assets": _more("assets/../../executed"),
    "an absolute file": _more("/tmp/executed"),
    "a file with backslashes": _more("..\\executed"),
    "a file of a drive": _more("C:executed"),
    "a name with a control character": _more("assets/a\x1b[2J"),
    "a name that ends early": lambda parts: _zipped([*parts, (_entry("assets/aXb"), b"x")]).replace(b"aXb", b"a\x00b"),
    "a part twice": lambda parts: [*parts, parts[1]],
    "a part twice in capitals": _more("CONFIG.JSON"),
    "a link": _more("assets/link", b"/etc/passwd", mode=0o120777),
    "a device": _more("assets/null", mode=0o020666),
    "a program beside the model": _more("evil.so"),
    "weights of NumPy": _more("model.weights.npz"),
    "weights that unpack to 100 MB": partial(_replaced, part="model.weights.h5", data=bytes(100_000_000), packed=True),
    "a configuration that is packed": partial(_replaced, part="config.json", data=b"{}" * 10, packed=True),
    "a part of two gigabytes that is not there": _lying,
    "an encrypted part": _flagged,
    "a changed bit": _flipped,
    "no configuration": _without("config.json"),
    "no weights": _without("model.weights.h5"),
    "no metadata": _without("metadata.json"),
    "11,000 files": lambda parts: [*parts, *((_entry(f"assets/{k}"), b"") for k in range(11_000))],
    "an empty file": lambda _: b"",
    "a file of weights alone": lambda parts: parts[-1][1],
    "half a file": lambda parts: _zipped(parts)[:3_000],
    "a pickle": lambda _: b"\x80\x04cposix\nsystem\n\x8c\x0etouch executed\x85R.",
}


# Configurations (config.json in the archive).


def _config(model: Path, place: Path, change: Callable[[Any], Any]) -> Attempt:
    def changed(parts: Parts) -> Parts:
        config = json.loads(next(data for entry, data in parts if entry.filename == "config.json"))
        change(config)
        return _replaced(parts, "config.json", json.dumps(config).encode())

    return _archive(model, place, changed)


def _layer(name: str, /, **values: Any) -> Callable[[Any], None]:
    """A change of a layer's own configuration."""

    def change(config: Any) -> None:
        next(one for one in config["config"]["layers"] if one["name"] == name)["config"].update(values)

    return change


def _class(name: str, module: str = "keras.layers", registered: str | None = None, **config: Any) -> Any:
    """A change that gives the layer `clip` another class."""

    def change(content: Any) -> None:
        layer = next(one for one in content["config"]["layers"] if one["name"] == "clip")
        layer.update(class_name=name, module=module, registered_name=registered, build_config=None)
        layer["config"] = {"name": "clip", **config}

    return change


def _crowd(config: Any) -> None:
    layers = config["config"]["layers"]
    layers += [{**layers[-1], "name": f"more_{k}"} for k in range(4_000)]


def _code(name: str, module: str = "builtins") -> dict[str, Any]:
    return {"class_name": "function", "module": module, "config": name, "registered_name": name}


_CONFIG: dict[str, Callable[[Any], Any]] = {
    "a layer of 2e9 units": _layer("logits", units=HUGE),
    "a layer of -5 units": _layer("logits", units=-5),
    "a layer of half a unit": _layer("logits", units=0.5),
    "a layer of units of 31 digits": _layer("logits", units=10**30),
    "2e9 towns": _layer("towns", input_dim=HUGE),
    "vectors of 2e9 numbers": _layer("towns", output_dim=HUGE),
    "2e9 members": _layer("scale", members=HUGE),
    "other members": _layer("mean", members=3),
    "an input of 2e9 numbers": _layer("c000", batch_shape=[None, HUGE]),
    "an input of 2e9 rows": _layer("c000", batch_shape=[HUGE, 1]),
    "an input of no shape": _layer("c000", batch_shape="1"),
    "an input of texts for numbers": _layer("c000", dtype="string"),
    "an input of another name": _layer("c000", name="c005"),
    "a layer of Keras of 2e9 units": _class("Dense", units=HUGE),
    "rows that are repeated 2e9 times": _class("RepeatVector", n=HUGE),
    "padding of 2e9 numbers": _class("ZeroPadding1D", padding=HUGE),
    "a Lambda": _class("Lambda", function={"class_name": "__lambda__", "config": {"code": "4wEA"}}),
    "a Lambda under another name": _class("Lambda", registered="autoft>SmoothClip"),
    "a model of other files": _class("TFSMLayer", filepath="/tmp/model"),
    "a module of PyTorch": _class("TorchModuleWrapper", module="keras.layers"),
    "a function of the system": _class("function", "os", "system"),
    "a layer of no package": _class("SmoothClip", registered="evil>SmoothClip"),
    "an activation that runs code": _class("Activation", activation=_code("exec")),
    "an activation that loads files": _class("Activation", activation=_code("get_file", "keras.utils")),
    "an initializer that runs code": _layer("towns", embeddings_initializer=_code("system", "os")),
    "towns from a file": _layer("lookup_c001", vocabulary="/etc/passwd"),
    "a dtype that there is not": _layer("clip", dtype="float1000000000"),
    "NaN among the settings": _layer("towns", mask_zero=float("nan")),
    "4,000 layers more": _crowd,
    "no layers": _put("config", "layers", value=[]),
    "no outputs": _put("config", "output_layers", value=[]),
    "the rows as the answer": _put("config", "output_layers", value=["rows", 0, 0]),
    "two answers": _put("config", "output_layers", value=[["mean", 0, 0], ["mean", 0, 0]]),
    "a layer that is not there": _put("config", "output_layers", value=["absent", 0, 0]),
    "no model": _put("config", value=None),
    "a list of layers": _put("class_name", value="Sequential"),
}


# Weights (model.weights.h5 in the archive).


def _weights(model: Path, place: Path, change: Callable[[Any], Any]) -> Attempt:
    import h5py

    def changed(parts: Parts) -> Parts:
        content = io.BytesIO(next(data for entry, data in parts if entry.filename == "model.weights.h5"))
        with h5py.File(content, "r+") as file:
            change(file)
        return _replaced(parts, "model.weights.h5", content.getvalue())

    return _archive(model, place, changed)


#: The variables of the layer of towns.
_VARS = "layers/embedding/vars"


def _instead(write: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A change that puts something else in the place of the towns' vectors."""

    def change(file: Any) -> None:
        del file[_VARS]["0"]
        write(file[_VARS])

    return change


def _link(kind: str, *place: str) -> Callable[[Any], None]:
    def write(group: Any) -> None:
        import h5py

        group["0"] = getattr(h5py, kind)(*place)

    return _instead(write)


def _virtual(group: Any) -> None:
    import h5py

    layout = h5py.VirtualLayout(shape=(3, 2), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(3, 2))
    group.create_virtual_dataset("0", layout)


def _references(group: Any) -> None:
    import h5py

    group.create_dataset("0", (3, 2), dtype=h5py.ref_dtype)


def _set(value: float) -> Callable[[Any], None]:
    def change(file: Any) -> None:
        file[_VARS]["0"][0, 0] = value

    return change


def _twice(file: Any) -> None:
    file[_VARS]["1"] = file[_VARS]["0"]


def _circle(file: Any) -> None:
    file[_VARS]["up"] = file["layers"]


def _made(*arguments: Any, **settings: Any) -> Callable[[Any], None]:
    return _instead(lambda group: group.create_dataset("0", *arguments, **settings))


_WEIGHTS: dict[str, Callable[[Any], Any]] = {
    "NaN": _set(float("nan")),
    "infinity": _set(float("inf")),
    "minus infinity": _set(float("-inf")),
    "2e9 rows that are not there": _made((HUGE, 2), dtype="f4"),
    "2e9 rows in pieces": _made((HUGE, 2), dtype="f4", chunks=(1_000_000, 2)),
    "packed zeros": _made(data=np.zeros((3_000_000, 2), np.float32), compression="gzip"),
    "parts of another file": _made((3, 2), dtype="f4", external=[("/etc/passwd", 0, 24)]),
    "a link to another file": _link("ExternalLink", "/etc/passwd", "x"),
    "a link inside": _link("SoftLink", "/layers"),
    "an array made of others": _instead(_virtual),
    "an array in two places": _twice,
    "groups in a circle": _circle,
    "another shape": _made(data=np.zeros((2, 2), np.float32)),
    "texts": _made(data=[b"a", b"b"]),
    "references": _instead(_references),
    "complex numbers": _made(data=np.zeros((3, 2), np.complex64)),
    "no vectors": _instead(lambda _: None),
    "no layers": lambda file: file.clear(),
}


# The folder around them.


def _folder(model: Path, place: Path, change: Callable[[Path], Any]) -> Attempt:
    folder = _copy(model, place)
    return change(folder) or partial(_load, folder)


def _manifest(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps({**content, **values}))

    return change


def _linked(folder: Path) -> None:
    (folder / "meta.json").rename(folder.parent / "meta.json")
    (folder / "meta.json").symlink_to(folder.parent / "meta.json")


def _added(name: str) -> Callable[[Path], Attempt]:
    def change(folder: Path) -> Attempt:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"import os; os.system('touch executed')")
        return _sign(folder)

    return change


def _answered(name: str, data: bytes) -> Callable[[Path], Attempt]:
    """The monitor is asked about a table, by a schema or statistics that are forged."""

    def change(folder: Path) -> Attempt:
        (folder / "schema.pbtxt").write_bytes(b'feature { name: "amount" type: FLOAT }')
        (folder / name).write_bytes(data)
        _sign(folder)

        def ask() -> Any:
            import pandas as pd

            from autoft.serving.monitor import TableMonitor

            return TableMonitor.load(folder).compare(pd.DataFrame({"amount": [0.5], "town": ["Rome"]}))

        return ask

    return change


_FOLDER: dict[str, Callable[[Path], Any]] = {
    "a changed description": lambda folder: (folder / "meta.json").write_text("{}") and None,
    "a changed model": lambda folder: os.truncate(folder / "model.keras", 100),
    "no model": lambda folder: (folder / "model.keras").unlink(),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a description elsewhere": _linked,
    "a manifest of another format": _manifest(format=99),
    "a manifest of a format of 31 digits": _manifest(format=10**30),
    "a manifest without sums": _manifest(sha256=[]),
    "a manifest of files elsewhere": _manifest(sha256={"../../etc/passwd": "0"}),
    "a manifest nested deeply": lambda folder: (folder / "manifest.json").write_bytes(b"[" * 100_000) and None,
    "a program beside the model": _added("sitecustomize.py"),
    "a pickle in a folder": _added("assets/state.pkl"),
    "a schema that is none": _answered("schema.pbtxt", b"feature { name: 1 }"),
    "a schema that is not text": _answered("schema.pbtxt", b"\xff\xfe"),
    "a schema nested deeply": _answered("schema.pbtxt", b"feature { struct_domain {" * 5_000),
    "statistics that are none": _answered("statistics.pb", b"\xff" * 1_000),
    "statistics of no table": _answered("statistics.pb", b""),
}


def _run_file(model: Path, place: Path, file: str, data: bytes) -> Attempt:
    """A file of a run folder, read for a report."""
    from autoft.pipeline import run_folder

    (place / file).write_bytes(data)
    if file == "evaluation.json":
        return partial(run_folder.read_evaluation, place)
    if file == "findings.json" and data == b"[]":
        (place / file).write_bytes(b"[[]]")  # an empty list is a run without findings
    return partial(run_folder.read_findings if file == "findings.json" else run_folder.read_profile, place)


# Recipes.


_RECIPES: dict[str, str] = {
    "a tag that runs code": "a: !!python/object/apply:os.system ['touch executed']",
    "a tag that makes an object": "!!python/object/new:subprocess.Popen [['touch', 'executed']]",
    "a tag by another name": "%TAG ! tag:yaml.org,2002:python/\n---\na: !object/apply:os.system ['touch executed']",
    "a billion laughs": "\n".join(["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40))]),
    "lists in lists": "[" * 5_000,
    "maps in maps": "{a: " * 5_000,
    "more than 64 kB": "x" * 70_000,
    "a key twice": "name: a\nname: b",
    "a file outside": 'data: {path: "../../etc/passwd"}',
    "an absolute file": 'data: {path: "/etc/passwd"}',
    "an address": 'data: {path: "https://example.com/a.csv"}',
    "a file of another scheme": 'data: {path: "file:///etc/passwd"}',
    "a schema that is a program": "schema: {file: conftest.py}",
    "a name that is a path": "name: ../../x",
    "a setting of 5,000 digits": "seed: " + "9" * 5_000,
    "a negative number of trials": "trials: -1",
    "settings that there are not": "data: {path: a.csv, loader: pickle}",
    "escapes for the terminal": '"\\e]0;owned\\a": 1',
}


def _recipe(model: Path, place: Path, text: str) -> Attempt:
    from autoft.recipe.recipe import read_recipe

    (place / "recipe.yaml").write_text(text)
    return partial(read_recipe, place / "recipe.yaml")


# Tables.


def _bomb(path: Path) -> Path:
    with gzip.open(path.with_suffix(".csv.gz"), "wb", compresslevel=9) as file:
        file.write(b"a,b\n")
        for _ in range(300):
            file.write(b"1," + b"x" * 1_000_000 + b"\n")
    return path.with_suffix(".csv.gz")


def _written(data: bytes, suffix: str = ".csv") -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.with_suffix(suffix).write_bytes(data)
        return path.with_suffix(suffix)

    return write


def _parquet_cut(path: Path) -> Path:
    import pandas as pd

    path = path.with_suffix(".parquet")
    pd.DataFrame({"a": range(1_000)}).to_parquet(path)
    os.truncate(path, path.stat().st_size - 20)
    return path


_TABLES: dict[str, Callable[[Path], Any]] = {
    "gzip that unpacks to 300 MB": _bomb,
    "half a gzip file": _written(gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)[:60], ".csv.gz"),
    "a pickle": _written(b"\x80\x04cposix\nsystem\n\x8c\x0etouch executed\x85R.", ".pkl"),
    "a pickle called CSV": _written(b"\x80\x04cposix\nsystem\n\x8c\x0etouch executed\x85R.\x00"),
    "an HDF5 file": _written(b"\x89HDF\r\n\x1a\n", ".h5"),
    "a zip archive called CSV": _written(b"PK\x03\x04" + bytes(100)),
    "NUL bytes": _written(b"a,b\n1,\x002\n"),
    "a Parquet file that is cut": _parquet_cut,
    "a Parquet file of rubbish": _written(b"PAR1" + bytes(200) + b"PAR1", ".parquet"),
    "a device": lambda _: "/dev/zero",
    "a folder": lambda path: path.parent,
    "an address": lambda _: "http://example.com/a.csv",
    "an address of a cloud": lambda _: "s3://bucket/a.csv",
    "a quote without end": _written(b'a,b\n"' + b"x" * 1_000_000),
    "a cell of 20 MB": _written(b"a,b\n1," + b"x" * 20 * 2**20 + b"\n"),
    "rows of other lengths": _written(b"a,b\n1,2\n1,2,3\n"),
}


def _table(model: Path, place: Path, write: Callable[[Path], Any]) -> Attempt:
    from autoft.data.table import read

    return partial(read, write(place / "table"))


# Journals.


def _line(body: bytes) -> bytes:
    return b"%08x %s\n" % (zlib.crc32(body), body)


_KEY = _line(b'{"key":{"data":"a"},"type":"key"}')
_TRIAL = b'{"memory":"m","type":"trial","value":1}'

_JOURNALS: dict[str, bytes] = {
    "the key of another run": _line(b'{"key":{"data":"b"},"type":"key"}'),
    "no key": _line(_TRIAL),
    "a key that is no key": _line(b'{"key":5,"type":"key"}'),
    "a key without content": _line(b'{"type":"key"}'),
    "a wrong sum": _KEY + b"00000000 " + _TRIAL + b"\n",
    "a line nested deeply": _KEY + _line(b'{"type":"trial","memory":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a line that is a list": _KEY + _line(b"[1]"),
    "a trial without parameters": _KEY + _line(b'{"type":"trial"}'),
    "a type that is a list": _KEY + _line(b'{"type":[],"memory":"m"}'),
    "parameters that are a list": _KEY + _line(b'{"type":"trial","memory":[]}'),
    "a line without end": _KEY + b"x" * 1_000_000,
    "rubbish": b"\x00\xff" * 1_000 + b"\n",
}


def _journal(model: Path, place: Path, data: bytes) -> Attempt:
    """A journal is opened as a run would; a line that is not believed counts as refused."""
    from autoft.errors import JournalError
    from autoft.search.journal import Journal

    (place / "journal.jsonl").write_bytes(data)

    def use() -> Any:
        journal = Journal(place / "journal.jsonl", {"data": "a"})
        trials, deaths = journal.contents.trials(), journal.contents.deaths("m")
        if not trials and not deaths:
            raise JournalError("A forged line", "be believed", "it is set aside", "nothing to do")
        return trials

    return use
