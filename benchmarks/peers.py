"""Models that autoft is compared with: scikit-learn's with its defaults, LightGBM and CatBoost stopped early.

LightGBM and CatBoost are extras of the benchmark (`uv sync --group benchmarks`); a side that is not installed is left
out. Both hold out 15 % of the training rows (stratified; the last in time, or whole groups, where the test part is cut
so), are trained until the objective has not improved there for 100 rounds, and again on all rows for as many rounds as
were best. They are told which columns are categories, and dates become numbers (day, month, day of the week, hour).
scikit-learn's get strings as they are, and boosting no column of many categories. Taken away from all of them is a
column that groups the rows, since test rows have new groups, and a time whose parts are columns: with the number of the
day CatBoost has an error of 76 on beijing_pm25, without it 65.

Texts are words by their TF-IDF: of the linear models all words and pairs of words, of the others the 300 most frequent.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.sets import EVERY, Table, when, whole_groups

SKLEARN = ("sk_hgb", "sk_hgb_early", "sk_rf", "sk_mlp", "sk_linear")
BOOSTERS = ("lightgbm", "catboost")
#: Of texts alone: boosting takes hours for 77 classes of words.
OF_TEXTS = ("sk_linear", "sk_mlp")

#: Categories that HistGradientBoosting can tell apart.
_MOST_CATEGORIES = 255
#: Words of a text for models that need few columns.
_WORDS = 300
#: Share of the training rows that says when to stop, most rounds, and rounds without gain.
_STOPPING, _ROUNDS, _PATIENCE = 0.15, 2_000, 100
#: Different values from which on a column of texts may be a date.
_DATES = 10


def sides(name: str) -> tuple[str, ...]:
    """The peers of a set."""
    own = EVERY[name]
    return OF_TEXTS if own.texts == ("text",) else (*SKLEARN, *BOOSTERS)


def imports(side: str) -> tuple[str, ...]:
    """What a side imports."""
    return ("numpy", "pandas", "sklearn", *((side,) if side in BOOSTERS else ()))


def installed(side: str) -> bool:
    """Whether a side can run here."""
    return side not in BOOSTERS or importlib.util.find_spec(side) is not None


def trained(side: str, name: str, x: Any, y: Any) -> Any:
    """A trained model with `predict`, and `predict_proba` and `classes_` of classes."""
    own = EVERY[name]
    if side in BOOSTERS:
        return boosted(side, own, x, y)
    return sklearn(side, own, shown(own, x)).fit(shown(own, x), y)


def answers(model: Any, own: Table, x: Any) -> Any:
    """Values ``[n]`` or probabilities ``[n, classes]``."""
    return model.predict(shown(own, x)) if own.task == "regression" else model.predict_proba(shown(own, x))


def shown(own: Table, x: Any) -> Any:
    """Features as models get them: without groups and a time that has parts, numbers that name things as texts."""
    gone = [*filter(None, (own.group, own.time if own.parts else None))]
    return x.drop(columns=gone).astype(dict.fromkeys(own.codes, str))


def sklearn(side: str, own: Table, x: Any) -> Any:
    """A model of scikit-learn and what it needs of the columns."""
    from sklearn import ensemble, linear_model, neural_network
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    numbers = list(x.select_dtypes("number").columns)
    others = [column for column in x.columns if column not in (*numbers, *own.texts)]
    kind = "Regressor" if own.task == "regression" else "Classifier"
    if side in ("sk_hgb", "sk_hgb_early", "sk_rf"):
        few = [column for column in others if x[column].nunique(dropna=False) <= _MOST_CATEGORIES]
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        words = _words(own.texts, few=True)
        if side == "sk_rf":
            filled = (SimpleImputer(strategy="median"), numbers)
            columns = make_column_transformer(filled, (codes, others), *words, sparse_threshold=0)
            forest = getattr(ensemble, f"RandomForest{kind}")
            return make_pipeline(columns, forest(n_estimators=300, n_jobs=2, random_state=0))
        codes.set_params(encoded_missing_value=-2)
        # Categories as such, missing one of them; no column of more than it takes (names, numbers of tickets).
        columns = make_column_transformer((codes, few), ("passthrough", numbers), *words, sparse_threshold=0)
        early: Any = True if side == "sk_hgb_early" else "auto"
        boosting = getattr(ensemble, f"HistGradientBoosting{kind}")
        model = boosting(random_state=0, early_stopping=early, categorical_features=list(range(len(few))))
        return make_pipeline(columns, model)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", min_frequency=2), others),
        *_words(own.texts, few=side == "sk_mlp"),
    )
    if side == "sk_mlp":
        network = getattr(neural_network, f"MLP{kind}")
        whole = make_pipeline(columns, network(hidden_layer_sizes=(128, 64), early_stopping=True, random_state=0))
        # It does not scale its target itself, and learns amounts in the thousands badly.
        return TransformedTargetRegressor(whole, transformer=StandardScaler()) if kind == "Regressor" else whole
    if own.task == "regression":
        return make_pipeline(columns, linear_model.RidgeCV())
    return make_pipeline(columns, linear_model.LogisticRegression(max_iter=2_000))


def _words(texts: Sequence[str], *, few: bool) -> list[tuple[Any, str]]:
    """What makes numbers of each column of texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    values = {"max_features": _WORDS} if few else {"ngram_range": (1, 2), "min_df": 2}
    return [(make_pipeline(FunctionTransformer(_filled), TfidfVectorizer(**values)), text) for text in texts]


def _filled(texts: Any) -> Any:
    return texts.fillna("").astype(str)


class Columns:
    """Numbers and categories as LightGBM and CatBoost read them: dates and words as numbers, missing as one category.

    Args:
        codes: Whether categories become codes, with -1 for those that the training rows lack; else texts.
    """

    def __init__(self, own: Table, x: Any, *, codes: bool) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import OrdinalEncoder

        self.own, self.codes = own, codes
        self.numbers = list(x.select_dtypes("number").columns)
        others = [c for c in x.columns if c not in (*self.numbers, *own.texts)]
        self.dates = [c for c in others if _dated(x[c])]
        self.categories = [c for c in others if c not in self.dates]
        self.words = [TfidfVectorizer(max_features=_WORDS).fit(_filled(x[text])) for text in self.own.texts]
        self.coder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        if self.codes and self.categories:
            self.coder.fit(self._texts(x))

    def transform(self, x: Any) -> Any:
        import numpy as np
        import pandas as pd

        parts = [self._texts(x), x[self.numbers].astype(float)]
        if self.codes and self.categories:
            parts[0] = pd.DataFrame(self.coder.transform(parts[0]).astype(int), columns=self.categories)
        for column in self.dates:
            time = when(x[column]).dt
            names = ("dayofyear", "month", "dayofweek", "hour")
            found = {f"{column} {name}": getattr(time, name) for name in names}
            parts.append(pd.DataFrame({f"{column} day": time.normalize().astype(np.int64) / 8.64e13, **found}))
        for text, words in zip(self.own.texts, self.words, strict=True):
            parts.append(pd.DataFrame(words.transform(_filled(x[text])).toarray()).add_prefix(f"{text} "))
        found = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
        return found.set_axis([f"c{j}" for j in range(found.shape[1])], axis=1)

    def _texts(self, x: Any) -> Any:
        return x[self.categories].astype(object).where(x[self.categories].notna(), "missing").astype(str)


def _dated(column: Any) -> bool:
    import pandas as pd

    known = column.dropna().astype(str)
    if known.nunique() < _DATES or not known.head(100).str.contains(r"^\d+[-/]\d+[-/]\d+", regex=True).all():
        return False
    return bool(pd.to_datetime(known, errors="coerce").notna().all())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Booster:
    """A trained booster and its columns."""

    columns: Columns
    model: Any

    @property
    def classes_(self) -> Any:
        return self.model.classes_

    def predict(self, x: Any) -> Any:
        return self.model.predict(self.columns.transform(x))

    def predict_proba(self, x: Any) -> Any:
        return self.model.predict_proba(self.columns.transform(x))


def boosted(side: str, own: Table, x: Any, y: Any) -> Booster:
    """LightGBM or CatBoost with the rounds that are best on a part of the training rows, on all of them."""
    train, rest = stopping_rows(own, x, y)
    columns = Columns(own, shown(own, x), codes=side == "lightgbm")
    encoded = columns.transform(shown(own, x))
    categories = list(range(len(columns.categories)))
    fit = _lightgbm if side == "lightgbm" else _catboost
    held_out = (encoded.iloc[rest], y.iloc[rest])
    rounds, values = fit(own.task, (encoded.iloc[train], y.iloc[train]), categories, held_out=held_out)
    return Booster(columns=columns, model=fit(own.task, (encoded, y), categories, rounds=rounds, values=values)[0])


def stopping_rows(own: Table, x: Any, y: Any) -> tuple[Any, Any]:
    """Positions of the rows to train on, and of those that say when to stop."""
    import numpy as np

    if own.time:  # rows are in the order of time
        cut = round(len(x) * (1 - _STOPPING))
        return np.arange(cut), np.arange(cut, len(x))
    if own.group:
        return whole_groups(x[own.group], y, own.task, "stopping", share=_STOPPING)
    from sklearn.model_selection import train_test_split

    strata = None if own.task == "regression" else y
    found = train_test_split(np.arange(len(x)), test_size=_STOPPING, random_state=0, stratify=strata)
    return found[0], found[1]


def _lightgbm(
    task: str,
    data: tuple[Any, Any],
    categories: list[int],
    *,
    held_out: tuple[Any, Any] | None = None,
    rounds: int = _ROUNDS,
    values: Any = None,
) -> Any:
    """The best rounds with rows held out, else a model of so many rounds."""
    import lightgbm

    kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    model = kind(
        n_estimators=rounds,
        learning_rate=0.05,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.8,
        random_state=0,
        n_jobs=2,
        verbose=-1,
    )
    if held_out is None:
        return model.fit(*data, categorical_feature=categories), None
    metric = {"binary": "auc", "multiclass": "multi_logloss", "regression": "rmse"}[task]
    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    model.fit(*data, eval_set=[held_out], eval_metric=metric, categorical_feature=categories, callbacks=[stop])
    return max(1, model.best_iteration_), None


def _catboost(
    task: str,
    data: tuple[Any, Any],
    categories: list[int],
    *,
    held_out: tuple[Any, Any] | None = None,
    rounds: int = _ROUNDS,
    values: Any = None,
) -> Any:
    """The same, and the learning rate that CatBoost chose for itself."""
    import catboost

    kind = catboost.CatBoostRegressor if task == "regression" else catboost.CatBoostClassifier
    metric = {"binary": "AUC", "multiclass": "MultiClass", "regression": "RMSE"}[task]
    model = kind(
        iterations=rounds,
        eval_metric=metric,
        cat_features=categories,
        random_seed=0,
        thread_count=2,
        verbose=False,
        allow_writing_files=False,
        **(values or {}),
    )
    if held_out is None:
        return model.fit(*data), None
    model.fit(*data, eval_set=held_out, early_stopping_rounds=_PATIENCE)
    return max(1, model.get_best_iteration() + 1), {"learning_rate": model.learning_rate_}


def recorded(shared: str) -> dict[str, dict[str, float]]:
    """What other tools reached (`peers.md`), by set and tool."""
    found: dict[str, dict[str, float]] = {}
    heads: list[str] = []
    for line in (Path(shared) / "bench" / "peers.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] == "dataset":
            heads = cells
        elif cells[0] in EVERY and heads:
            numbers = {
                head: re.match(r"[\d.e+-]+", cell) for head, cell in zip(heads[1:], cells[1:], strict=False) if cell
            }
            found[cells[0]] = {head: float(number[0]) for head, number in numbers.items() if number}
    return found
