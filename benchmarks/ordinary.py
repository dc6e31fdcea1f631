"""The ordinary search with cross-validation: keras_tuner.BayesianOptimization whose `run_trial` fits K Keras models.

Written as a competent user would, and where there is a choice, the way that is faster for it:

- The only number watched is the validation loss (a metric such as AUC would be computed in every epoch too); a fold's
  score is the lowest one of its epochs, which `fit` has already computed.
- Arrays are float32 and scaled with NumPy on each fold's training rows; `fit` gets them as they are.
- The held-out rows go through in batches of up to 1,024; `fit` itself would use the training batch.
- `keras.utils.clear_session()` once a trial, as people do against growing memory; it costs nothing that shows.
- `steps_per_execution` stays at 1: 4 and 8 were tried at these sizes and took as long.

EarlyStopping restores the best weights, and its patience is longer than the training, so that exactly the epochs that
autoft trains are trained here too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.common import numeric_table

Configuration = Mapping[str, Any]

VALIDATION_BATCH = 1_024


def search(
    rows: int, columns: int, folds: int, epochs: int, configurations: Sequence[Configuration], seed: int = 0
) -> Callable[[], dict[str, Any]]:
    """The piece to measure: one search with as many trials as there are configurations.

    Args:
        rows, columns: Size of the table.
        folds: K.
        epochs: Epochs of every model.
        configurations: What each trial trains: `width`, `depth`, `batch_size`, `learning_rate`, `dropout`, `l2`. The
            oracle proposes the last three and is told the scores; what it proposed is replaced.
        seed: Of the oracle and the folds.

    The work returns the `losses` of the trials (mean over the folds of the lowest held-out loss) and the number of
    `epochs` that all models have trained.
    """
    x, y = numeric_table(rows, columns)

    def work() -> dict[str, Any]:
        splits = divide(y, folds, seed)
        with tempfile.TemporaryDirectory() as folder:
            tuner = make_tuner(x, y, splits, epochs, configurations, folder, seed)
            tuner.search()
            return {"losses": tuner.scores, "epochs": tuner.epochs_trained}

    return work


def divide(y: Any, folds: int, seed: int) -> list[tuple[Any, Any]]:
    """Training and held-out rows of every fold."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(np.zeros(len(y)), y))


def scale(x: Any, y: Any, splits: Sequence[tuple[Any, Any]]) -> list[Any]:
    """`((x, y) to train on, (x, y) held out)` of every fold, scaled with what the training rows say."""
    folds = []
    for rows in splits:
        mean, deviation = x[rows[0]].mean(axis=0), x[rows[0]].std(axis=0)
        folds.append(tuple(((x[own] - mean) / deviation, y[own].astype("float32")) for own in rows))
    return folds


def make_tuner(
    x: Any,
    y: Any,
    splits: Sequence[tuple[Any, Any]],
    epochs: int,
    configurations: Sequence[Configuration],
    folder: str,
    seed: int,
) -> Any:
    """A Bayesian tuner that cross-validates in `run_trial`."""
    import keras
    import keras_tuner
    import numpy as np

    scaled = scale(x, y, splits)

    def build(hp: Any) -> Any:
        rate = hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=2e-3)
        dropout = hp.Float("dropout", 0.0, 0.5, default=0.2)
        l2 = hp.Float("l2", 1e-6, 3e-3, sampling="log", default=3e-5)
        return network(x.shape[1], {**configurations[0], "learning_rate": rate, "dropout": dropout, "l2": l2})

    class CrossValidated(keras_tuner.BayesianOptimization):  # type: ignore[misc]
        def run_trial(self, trial: Any) -> dict[str, float]:
            keras.utils.clear_session()
            chosen = configurations[len(self.scores)]
            lowest = []
            for (x_train, y_train), (x_held_out, y_held_out) in scaled:
                model = network(x.shape[1], chosen)
                history = model.fit(
                    x_train,
                    y_train,
                    batch_size=int(chosen["batch_size"]),
                    epochs=epochs,
                    validation_data=(x_held_out, y_held_out),
                    validation_batch_size=VALIDATION_BATCH,
                    callbacks=[keras.callbacks.EarlyStopping(patience=epochs + 1, restore_best_weights=True)],
                    verbose=0,
                )
                lowest.append(min(history.history["val_loss"]))
                self.epochs_trained += len(history.history["val_loss"])
            self.scores.append(float(np.mean(lowest)))
            return {"val_loss": self.scores[-1]}

    tuner = CrossValidated(
        build,
        objective="val_loss",
        max_trials=len(configurations),
        seed=seed,
        directory=folder,
        project_name="ordinary",
        overwrite=True,
    )
    tuner.oracle.verbose = 0
    tuner.scores, tuner.epochs_trained = [], 0
    return tuner


def network(columns: int, chosen: Configuration) -> Any:
    """A compiled multilayer perceptron."""
    import keras

    layers: list[Any] = [keras.Input((columns,))]
    for _ in range(int(chosen["depth"])):
        regularizer = keras.regularizers.L2(float(chosen["l2"]))
        layers.append(keras.layers.Dense(int(chosen["width"]), activation="relu", kernel_regularizer=regularizer))
        layers.append(keras.layers.Dropout(float(chosen["dropout"])))
    layers.append(keras.layers.Dense(1, activation="sigmoid"))
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(float(chosen["learning_rate"]))
    model.compile(optimizer=optimizer, loss="binary_crossentropy")
    return model


def mlp_classifier(
    rows: int, columns: int, folds: int, epochs: int, configurations: Sequence[Configuration], seed: int = 0
) -> Callable[[], dict[str, Any]]:
    """The sanity line: scikit-learn's MLPClassifier for every configuration and fold (no dropout, no oracle)."""
    import warnings

    import numpy as np
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    x, y = numeric_table(rows, columns)

    def work() -> dict[str, Any]:
        losses, trained = [], 0
        scaled = scale(x, y, divide(y, folds, seed))
        for chosen in configurations:
            of_folds = []
            for (x_train, y_train), (x_held_out, y_held_out) in scaled:
                model = MLPClassifier(
                    hidden_layer_sizes=(int(chosen["width"]),) * int(chosen["depth"]),
                    batch_size=int(chosen["batch_size"]),
                    learning_rate_init=float(chosen["learning_rate"]),
                    # It adds alpha / 2 * sum(w^2), divided by the rows of the batch, to the mean loss.
                    alpha=2 * float(chosen["l2"]) * int(chosen["batch_size"]),
                    max_iter=epochs,
                    tol=0.0,
                    n_iter_no_change=epochs + 1,
                    random_state=seed,
                )
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that it has not converged is meant
                    model.fit(x_train, y_train)
                of_folds.append(log_loss(y_held_out, model.predict_proba(x_held_out)))
                trained += model.n_iter_
            losses.append(float(np.mean(of_folds)))
        return {"losses": losses, "epochs": trained}

    return work
