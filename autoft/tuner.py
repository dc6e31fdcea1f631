"""AutoFineTuner: the front door."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from numpy.typing import NDArray

from autoft import files, report
from autoft.errors import ArgumentTypeError, NotFittedError, RecipeError
from autoft.networks.families.own import Build
from autoft.pipeline.context import Run
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.fit import fit
from autoft.pipeline.ownership import Existing, is_run, refuse_others
from autoft.pipeline.run_folder import REPORT_FILES, read_findings, read_scores, report_inputs
from autoft.recipe.recipe import Recipe, read_recipe, recipe_of
from autoft.records.findings import Finding
from autoft.records.trials import Progress
from autoft.search.interrupt import listening
from autoft.serving import artifact
from autoft.serving.export import export
from autoft.serving.predictor import Predictor
from autoft.serving.saved_files import SavedFiles, foreign_classes, importable
from autoft.training import backend


class AutoFineTuner:
    """Searches, trains and evaluates a Keras model for a table.

    A fitted tuner holds all that it needs, its saved model included: it answers, saves and reports the same after its
    run folder was renamed, deleted or used again, and after `pickle` or `copy.deepcopy`. For files use `save`: unlike a
    pickle, what `load` reads cannot run code.

    Args:
        target: Column to predict.
        task: ``auto`` reads it off the target.
        families: Kinds of models to search, such as ``["trees", "realmlp"]``; ``"networks"`` is all but boosted trees.
        objective: Metric to tune; by default ROC-AUC (binary), log-loss (multiclass) or RMSE (regression).
        trials: Largest number of configurations; without it as many as `minutes` allow, or 30 without those.
        minutes: Time limit of the whole run, in minutes.
        seed: Same seed, data and machine give the same result.
        folds: Number of blocks of rows, each held out once.
        directory: Run folder: a new or empty one, or that of a run. A second `fit` with the same data and settings
            trains only what is missing. Without one, a temporary folder that is deleted with the object; `save` and
            `report` keep what matters.
        existing: What to do where `directory` holds the run of other data or settings: ``refuse`` (an error that says
            what differs), ``overwrite`` (replace that run), or ``number`` (use ``directory-2``, or the next that is
            free). ``resume`` uses its trials for another objective, evaluation or report; it refuses other data and
            training settings, and a folder without a run.
        recipe: Path of a recipe, a dict in the form of one, or a `Recipe`; other arguments win over what it says.
        model: A function ``build(hp, inputs)`` that returns a Keras model, which is searched instead of autoft's
            networks (docs/extending.md). `hp` is a `keras_tuner.HyperParameters`: what the function asks for is the
            search space; `inputs` is a `networks.families.own.ModelInputs`; the model gives logits.
        missing: Words that mean a missing cell, in place of NA, None, null ...; blank cells are missing anyway.
        decimal: Sign before decimals, ``.`` or ``,``, in columns of numbers such as ``1,234`` that do not prove it.

    Attributes:
        evaluation_: Scores from held-out folds with intervals, baselines, trials (`records.Evaluation`).
        findings_: What was found in the data.
        classes_: Class labels in sorted order: the columns of `predict_proba`.
        model_: The Keras model over raw columns. Unlike `predict`, it does not repair a table (`preprocess: accept`),
            and takes numbers where the table has texts such as ``$1,234``.
        directory_: The run folder; None for a copy of a tuner with a temporary one.
        predict_findings_: What was found in the table of the last prediction.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"hours": range(60), "passed": ["no"] * 30 + ["yes"] * 30})
    >>> tuner = AutoFineTuner(target="passed", trials=1, seed=7)  # fit(table) trains it
    >>> tuner.predict(table)
    Traceback (most recent call last):
    ...
    autoft.errors.NotFittedError: This AutoFineTuner must be fitted before it predicts, but fit() has not been ...
    """

    def __init__(
        self,
        *,
        target: str | None = None,
        task: Literal["auto", "binary", "multiclass", "regression"] | None = None,
        objective: str | None = None,
        families: str | Sequence[str] | None = None,
        trials: int | None = None,
        minutes: float | None = None,
        seed: int | None = None,
        folds: int | None = None,
        directory: str | Path | None = None,
        recipe: str | Path | Mapping[str, Any] | Recipe | None = None,
        model: Build | None = None,
        missing: Sequence[str] | None = None,
        decimal: Literal[".", ","] | None = None,
        existing: Existing = "refuse",
    ) -> None:
        self.target = target
        self.task = task
        self.objective = objective
        self.families = families
        self.trials = trials
        self.minutes = minutes
        self.seed = seed
        self.folds = folds
        self.directory = directory
        self.recipe = recipe
        self.model = model
        self.missing = missing
        self.decimal = decimal
        self.existing = existing

    @classmethod
    def from_recipe(cls, path: str | Path, *, directory: str | Path | None = None) -> AutoFineTuner:
        """A tuner that does what a recipe says; ``fit()`` without data reads the recipe's own."""
        return cls(recipe=path, directory=directory)

    def fit(
        self, data: Any = None, y: Any = None, *, progress: Callable[[Progress], None] | None = None
    ) -> AutoFineTuner:
        """Check the data, search, evaluate, write the run folder, and return the tuner itself.

        Args:
            data: Path or handle of a file, a DataFrame or another table in memory (docs/tables.md), or a pair
                ``(X, y)``; None reads the recipe's data.
            y: The target, where `data` is X alone.
            progress: Called with every step.

        Raises:
            AutoFTError: If data, arguments or folder do not allow a training; nothing that was computed is lost.
        """
        recipe, folder = self._recipe(), self._folder()
        run = Run(
            recipe=recipe,
            folder=folder,
            progress=progress or (lambda step: None),
            model=self.model,
            existing=self.existing,
        )
        run.interrupt.stage = "reading"
        with listening(run.interrupt), files.taken_back(folder):
            backend.prepare()
            files.prepare_folder(folder.parent if self.existing == "number" else folder)
            with run.working():
                fitted = fit(data if y is None else (data, y), run)
                self.evaluation_ = fitted.evaluation
                self._learn(run.folder, fitted.model, fitted.meta, fitted.findings)
                run.tell("report", "writing the report")
                inputs = report_inputs(run.folder, self.evaluation_, self.findings_)
                report.write(run.folder / "report.html", inputs)
                self.evaluation_ = replace(self.evaluation_, interrupted=bool(run.interrupt))
        return self

    def predict(self, data: Any) -> NDArray[Any]:
        """Predicted labels in their original dtype, or values, ``[n]``.

        Args:
            data: As for `fit`; the target may be absent, and columns may come in any order.

        Raises:
            NotFittedError: Before `fit`.
            SchemaError: If columns are missing or of another type.
        """
        return self.predict_with_proba(data)[0]

    def predict_with_proba(self, data: Any) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Labels and class probabilities, or values and None, from one look at the table."""
        predictor = self._predictor()
        answers, self.predict_findings_ = predictor.answers(data)
        labels = predictor.decide(answers)
        return labels, None if predictor.meta.target.task == "regression" else answers

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Class probabilities ``[n, classes]`` in the order of `classes_`.

        Raises:
            NotFittedError: Before `fit`.
            AutoFTError: For a regression.
        """
        predictor = self._predictor()
        predictor.need_classes()
        answers, self.predict_findings_ = predictor.answers(data)
        return answers

    def report(self, path: str | Path = "report.html") -> Path:
        """Write the report, one self-contained HTML file, and return its path.

        Raises:
            FileError: If a file stands there that is no report, or it cannot be written.
        """
        self._predictor()  # raises before `fit`
        files.refuse_other(Path(path), report.is_report, "a report of autoft")
        with self._files.unpacked(*REPORT_FILES) as folder:
            report.write(path, report_inputs(folder, self.evaluation_, self.findings_))
        return Path(path)

    def save(self, path: str | Path) -> Path:
        """Save the model for `autoft.load`: a folder with everything that prediction needs.

        Raises:
            ArtifactError: If `path` is something other than a saved model.
        """
        self._predictor()
        with self._files.unpacked() as folder:
            artifact.copy(folder, path)
        return Path(path)

    def export(self, path: str | Path, format: str = "tf_saved_model") -> Path:
        """Write the model for programs that do not have autoft.

        Args:
            path: File or folder to write, which does not exist.
            format: ``tf_saved_model``, ``keras`` (a file ending in ``.keras``), or an exporter of an installed package.

        Raises:
            RecipeError: If there is no such format.
            SetupError: If a package that the format needs is not installed.
            FileError: If something stands at `path`.
        """
        self._predictor()
        with self._files.unpacked() as folder:
            return export(folder, path, format)

    def _recipe(self) -> Recipe:
        recipe: Any = Recipe() if self.recipe is None else self.recipe
        if isinstance(recipe, str | os.PathLike):
            recipe = read_recipe(recipe)
        elif isinstance(recipe, Mapping):
            recipe = recipe_of(recipe)
        if not isinstance(recipe, Recipe):
            found, fix = f"it is of type {type(recipe).__name__}", "write it to a YAML file and pass its path"
            must = "be the path of a recipe, a dict in the form of one, or a Recipe"
            raise ArgumentTypeError("Argument 'recipe'", must, found, fix)
        names = ("target", "task", "objective", "families", "trials", "minutes", "seed", "folds", "missing", "decimal")
        changed: Recipe = recipe.with_changes(**{name: getattr(self, name) for name in names})
        return changed

    def _folder(self) -> Path:
        """The run folder as an absolute path, checked before anything is read."""
        if self.existing not in get_args(Existing):
            must, found = f"be one of {', '.join(get_args(Existing))}", f"it is {self.existing!r}"
            raise RecipeError("Argument 'existing'", must, found, "choose one of these")
        self._temporary = self.directory is None
        if self.directory is None:
            return files.temporary_folder(self)
        given: Any = self.directory
        if not isinstance(given, str | os.PathLike):
            found, fix = f"it is of type {type(given).__name__}", "pass the path of a folder"
            raise ArgumentTypeError("Argument 'directory'", "be a path", found, fix)
        folder = Path(os.path.abspath(given))
        if self.existing != "number":
            with files.writing(folder):
                refuse_others(folder)
        return folder

    def _learn(self, folder: Path, model: Any, meta: artifact.Meta, findings: tuple[Finding, ...]) -> None:
        place = artifact.find(folder)
        self._files = SavedFiles.read(place)
        self.directory_, self.findings_, self.model_ = folder, findings, model
        self._ready = Predictor(model, meta, place)
        if meta.target.task != "regression":
            self.classes_ = self._ready.classes

    def __getstate__(self) -> dict[str, Any]:
        """For `pickle`: the settings, what was learned, the saved model's files, and the classes that it needs."""
        if self.model is not None and not importable(self.model):
            must, found = "be a function that other processes can import", "it is a lambda or a local function"
            raise RecipeError("Argument 'model' of a pickle", must, found, "define it with 'def' in a module")
        return self._state()

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: value for name, value in state.items() if name != "_code"})
        if "_files" in state:
            backend.prepare()
            with self._files.unpacked() as folder:
                self.model_, meta = artifact.load(folder)
                self._ready = Predictor(self.model_, meta, folder)

    def __copy__(self) -> AutoFineTuner:
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> AutoFineTuner:
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        made.__setstate__(copy.deepcopy(self._state(), memo))
        return made

    def _state(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in ("model_", "_ready")}
        if "_files" in state:
            state["_code"] = foreign_classes(self._ready.meta, self.evaluation_.objective)
            state["directory_"] = None if state.pop("_temporary", False) else self.directory_
        return state

    def _predictor(self) -> Predictor:
        if not hasattr(self, "_ready"):
            found, fix = "fit() has not been called or failed", "call fit(), or autoft.load() a saved model"
            raise NotFittedError("This AutoFineTuner", "be fitted before it predicts", found, fix)
        return self._ready


def load(path: str | Path, *, private: bool = False) -> AutoFineTuner:
    """A fitted tuner from a run folder or a saved model.

    Args:
        private: Whether what is found in tables to predict shows no cell that fewer than ten rows hold; a model that
            was trained so does it always.

    Raises:
        ArtifactError: If it is missing, damaged or unsafe.
    """
    backend.prepare()
    place = Path(os.path.abspath(artifact.find(path)))
    saved = SavedFiles.read(place)
    model, meta = artifact.load(place)
    run_folder = place.parent if place.name == "model" and is_run(place.parent) else None
    tuner = AutoFineTuner(target=meta.target.name, task=meta.target.task, directory=run_folder)
    tuner.evaluation_ = read_scores(place, run_folder)
    meta = replace(meta, private=meta.private or private)
    tuner._learn(run_folder or place, model, meta, read_findings(place))
    saved.refuse_change(place)
    return tuner


def check(
    recipe: str | Path | Mapping[str, Any] | Recipe, data: Any = None, *, private: bool = False
) -> tuple[Finding, ...]:
    """Findings about a table, without any training; `data` as for `AutoFineTuner.fit`.

    Args:
        private: Whether they show no cell that fewer than ten rows hold, whatever the recipe says.
    """
    read = AutoFineTuner(recipe=recipe)._recipe()
    return inspect_table(read.with_changes(private=True) if private else read, data).findings
