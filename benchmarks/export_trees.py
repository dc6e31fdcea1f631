"""Exported models: every family, and boosted trees as a layer, in every format that runs a Keras model.

A *family* is trained by autoft: one trial of two folds on `common.numeric_table`, 400 rows x 12 columns of numbers,
some cells missing. Its model over raw columns is looked at in the formats that have float64, which preprocessing needs;
for ONNX (whose converter makes NaN of float64 limits) and LiteRT (which has no float64) it is its network over encoded
rows. The reference is what TensorFlow answers from the model that is saved. A *forest* is the layer `Forest` alone:
five members of 100 trees of 31 leaves, with and without columns of categories; the reference is what scikit-learn
answers, so that the difference is that of the whole way.

Each format is written and asked in a process of its own on one thread: `difference` is the largest of probabilities,
logits or raw scores on 2,000 rows with missing and huge cells, `ms_per_row` the best of five runs over these rows (of
all members), `mb` the size of what was written. LiteRT has to do with its own operators (no Flex operators of
TensorFlow). What fails is in the table with its reason; a package that is not installed is no failure: ONNX needs
``tf2onnx`` and ``onnxruntime``, LiteRT ``ai_edge_litert`` or TensorFlow's own interpreter, JAX ``jax``.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import PieceFailed, Row, finish, measure, numeric_table, options, progress, save

FORMATS = ("keras", "saved_model", "jax", "onnx", "litert")
#: Formats without the float64 that raw columns need.
NARROW = ("onnx", "litert")
FORESTS = ("forest", "forest with categories")
ROWS, COLUMNS, ASKED, MEMBERS = 400, 12, 2_000, 5
#: Largest difference that is allowed.
TARGET = 1e-5

Ask = Callable[[Mapping[str, Any]], Any]


def trained(name: str, folder: str, trees: int) -> Callable[[], None]:
    """The piece that writes ``raw`` and ``encoded``: a model, the rows to ask it, and the answers to expect."""

    def work() -> None:
        import numpy as np

        if name in FORESTS:
            _keep(Path(folder) / "encoded", *_forest(trees, categories=name != "forest"))
            return
        model, rows = _family(name, Path(folder))
        _keep(Path(folder) / "raw", model, rows, np.asarray(model(rows, training=False)))
        stacked = model.get_layer("numbers")([rows[tensor.name] for tensor in model.inputs])
        encoded = model.get_layer("preprocess")({"numbers": stacked})
        network = model.get_layer("network_0")
        own = {tensor.name: np.asarray(encoded[tensor.name]) for tensor in network.inputs}
        _keep(Path(folder) / "encoded", network, own, np.asarray(network(own, training=False)))

    return work


def _keep(folder: Path, model: Any, rows: Mapping[str, Any], expected: Any) -> None:
    import numpy as np

    folder.mkdir()
    model.save(folder / "model.keras")
    np.savez(folder / "rows.npz", **rows)
    np.save(folder / "expected.npy", expected)


def _awkward(x: Any, rng: Any) -> Any:
    import numpy as np

    rows = x[rng.integers(0, len(x), ASKED)]
    return np.where(rng.random(rows.shape) < 0.02, rng.choice([-3e38, 0.0, 3e38], rows.shape), rows).astype(np.float32)


def _family(name: str, folder: Path) -> tuple[Any, dict[str, Any]]:
    import numpy as np
    import pandas as pd

    from autoft import AutoFineTuner

    x, y = numeric_table(ROWS, COLUMNS)
    rng = np.random.default_rng(1)
    x[rng.random(x.shape) < 0.05] = np.nan
    table = pd.DataFrame(x.astype(float), columns=[f"x{j}" for j in range(COLUMNS)])
    recipe = {
        "search": {"space": {"architecture": [name]}, "epochs": 4},
        "evaluate": {"draws": 100},
        "schema": {"engine": "none"},
    }
    tuner = AutoFineTuner(target="y", recipe=recipe, trials=1, folds=2, seed=0, directory=folder / "run")
    model: Any = tuner.fit(table.assign(y=np.where(y, "yes", "no"))).model_
    asked = _awkward(x, rng).astype(float)
    return model, {tensor.name: asked[:, j : j + 1] for j, tensor in enumerate(model.inputs)}


def _forest(trees: int, *, categories: bool) -> tuple[Any, dict[str, Any], Any]:
    from dataclasses import asdict

    import keras
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    from autoft.networks.forest import forest_size, forest_weights, read_boosting
    from autoft.networks.layers.forest import Forest

    x, y = numeric_table(5_000, COLUMNS)
    rng = np.random.default_rng(1)
    codes = [COLUMNS - 2, COLUMNS - 1] if categories else []
    x[:, codes] = rng.integers(0, 40, (len(x), len(codes)))
    if codes:
        y = y ^ (x[:, codes[0]] % 3 == 1)
    x[rng.random(x.shape) < 0.05] = np.nan
    asked = _awkward(x, rng)
    with threadpool_limits(1):
        models = [
            HistGradientBoostingClassifier(
                max_iter=trees, categorical_features=codes or None, early_stopping=False
            ).fit(x[s::MEMBERS], y[s::MEMBERS])
            for s in range(MEMBERS)
        ]
        expected = np.stack([model.decision_function(asked) for model in models])[..., None]
    weights = forest_weights([read_boosting(model, COLUMNS) for model in models])
    rows = keras.Input(batch_shape=(MEMBERS, None, COLUMNS), name="rows")
    layer = Forest(**asdict(forest_size(weights)), name="forest")
    network = keras.Model({"rows": rows}, layer(rows))
    for name, weight in layer.held.items():
        weight.assign(weights[f"forest/{name}"])
    return network, {"rows": np.stack([asked] * MEMBERS)}, expected


def asked(form: str, folder: str) -> Callable[[], dict[str, Any]]:
    """The piece that writes a format and asks it: difference, milliseconds a row and megabytes."""
    import numpy as np

    if form == "jax":
        from autoft.training import backend

        backend.prepare()
    with np.load(Path(folder) / "rows.npz") as file:
        rows = dict(file)
    expected = np.load(Path(folder) / "expected.npy")

    def work() -> dict[str, Any]:
        path, ask = _writers()[form](Path(folder), rows)
        found = np.asarray(ask(rows))
        times = []
        for _ in range(5):
            begin = time.perf_counter()
            np.asarray(ask(rows))
            times.append(time.perf_counter() - begin)
        return {
            "difference": float(np.abs(found.reshape(expected.shape) - expected).max()),
            "ms_per_row": min(times) / ASKED * 1e3,
            "mb": _size(path) / 1e6,
        }

    return work


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def _model(folder: Path) -> Any:
    import keras

    from autoft.preprocessing.registered_layers import registered_layers

    return keras.models.load_model(folder / "model.keras", custom_objects=registered_layers(), compile=False)


def _writers() -> dict[str, Callable[[Path, Mapping[str, Any]], tuple[Path, Ask]]]:
    return {"keras": _keras, "saved_model": _saved_model, "onnx": _onnx, "litert": _litert, "jax": _jax}


def _keras(folder: Path, rows: Mapping[str, Any]) -> tuple[Path, Ask]:
    import tensorflow as tf

    model = _model(folder)
    return folder / "model.keras", tf.function(lambda given: model(given, training=False))


def _jax(folder: Path, rows: Mapping[str, Any]) -> tuple[Path, Ask]:
    import jax

    model = _model(folder)
    return folder / "model.keras", jax.jit(lambda given: model(given, training=False))


def _exported(folder: Path, name: str, form: str, rows: Mapping[str, Any]) -> Path:
    model = _model(folder)
    model(rows, training=False)  # ONNX wants a model that has been called
    model.export(str(folder / name), format=form, verbose=False)
    return folder / name


def _saved_model(folder: Path, rows: Mapping[str, Any]) -> tuple[Path, Ask]:
    import tensorflow as tf

    path = _exported(folder, "saved_model", "tf_saved_model", rows)
    loaded = tf.saved_model.load(str(path))
    given = {name: tf.constant(cells) for name, cells in rows.items()}
    return path, lambda rows: (loaded, loaded.serve(given))[1]


def _onnx(folder: Path, rows: Mapping[str, Any]) -> tuple[Path, Ask]:
    import onnxruntime

    path = _exported(folder, "model.onnx", "onnx", rows)
    threads = onnxruntime.SessionOptions()
    threads.intra_op_num_threads = threads.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), threads)
    return path, lambda rows: session.run(None, rows)[0]


def _litert(folder: Path, rows: Mapping[str, Any]) -> tuple[Path, Ask]:
    import tensorflow as tf

    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        Interpreter = tf.lite.Interpreter
    exported = _exported(folder, "for_litert", "tf_saved_model", rows)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(exported))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    path = folder / "model.tflite"
    path.write_bytes(converter.convert())
    run = Interpreter(model_path=str(path), num_threads=1).get_signature_runner("serving_default")

    def ask(rows: Mapping[str, Any]) -> Any:
        (answers,) = run(**rows).values()
        return answers

    return path, ask


def asked_in_process(form: str, folder: str) -> Row:
    """What `asked` finds, or why it finds nothing."""
    environment = {"KERAS_BACKEND": "jax"} if form == "jax" else {}
    imports = ("numpy",) if form == "jax" else ("numpy", "tensorflow", "keras")
    try:
        found = measure(
            "benchmarks.export_trees:asked",
            {"form": form, "folder": folder},
            imports=imports,
            environment=environment,
        )
    except PieceFailed as error:
        lines = [
            line for line in str(error).splitlines() if re.match(r"\w*(Error|Exception)\b|\tError code|Flex ops", line)
        ]
        reason = lines[-1].strip() if lines else "the process ended"
        return {"failed": reason[:120], "installed": "ModuleNotFoundError" not in reason}
    return dict(found.value)


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    from autoft.networks.family import FAMILIES

    names = (*FORESTS, *FAMILIES.names())
    given = options("export_trees", __doc__ or "", argv, only=names)
    rows: list[Row] = []
    for name in filter(given.wants, names):
        with tempfile.TemporaryDirectory() as folder:
            arguments = {"name": name, "folder": folder, "trees": 10 if given.quick else 100}
            measure("benchmarks.export_trees:trained", arguments)
            for form in ("keras", "saved_model") if given.quick else FORMATS:
                over = "encoded" if name in FORESTS or form in NARROW else "raw"
                found = asked_in_process(form, str(Path(folder) / over))
                rows.append({"model": name, "over": over, "format": form, **found})
                save("export_trees", given, rows, summary(rows))
                progress(f"{name} as {form}: {rows[-1]}")
    return finish("export_trees", given, rows, summary(rows), title="Exported models")


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """The largest difference, and what did not work where the packages for it are installed.

    >>> rows = [{"model": "mlp", "format": "onnx", "failed": "no", "installed": True}, {"difference": 1e-6}]
    >>> summary(rows)
    {'largest_difference': 1e-06, 'failed': ['mlp as onnx'], 'target': 1e-05, 'holds': False}
    """
    largest = max((row["difference"] for row in rows if "difference" in row), default=None)
    failed = [f"{row['model']} as {row['format']}" for row in rows if row.get("installed")]
    holds = largest is not None and largest <= TARGET and not failed
    return {"largest_difference": largest, "failed": failed, "target": TARGET, "holds": holds}


if __name__ == "__main__":
    main()
