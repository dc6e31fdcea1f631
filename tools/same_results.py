"""Results of fixed runs, to show that a change of the code's shape leaves what it computes alone.

    python tools/same_results.py record FOLDER [--data FOLDER_OF_TABLES] [--only NAME,...]
    python tools/same_results.py compare FOLDER OTHER

`record` runs every shipped recipe, and four further tables where `--data` has them, with a fixed number of trials and
no limit of time; it keeps the evaluation, the predictions of the saved model and the journal's facts. `compare` prints
every difference and exits 1 if there is one: on the same machine results are equal to the last bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SEARCH = {"trials": 4, "epochs": 5, "patience": 4}
#: Further tables: file, and what its recipe says. Together they cover the strategies, dates, text and a quantile.
TABLES: dict[str, dict[str, Any]] = {
    "titanic": {"target": "Survived", "evaluate": {"strategy": "nested", "folds": 3, "draws": 100}},
    "car_evaluation": {"target": "acceptability", "evaluate": {"strategy": "holdout", "objective": "f1", "draws": 100}},
    "taxis": {"target": "fare", "evaluate": {"objective": "pinball", "quantile": 0.8, "draws": 100}},
    "sms_spam": {"target": "label", "evaluate": {"folds": 3, "draws": 100}},
}
#: Facts that differ from run to run.
CLOCK = {"seconds", "environment", "started", "at", "epoch_seconds", "pid", "version", "speed", "machine"}


def without_clock(value: Any) -> Any:
    """A document without seconds and versions, at any depth."""
    if isinstance(value, dict):
        return {k: without_clock(v) for k, v in value.items() if k not in CLOCK}
    return [without_clock(v) for v in value] if isinstance(value, list) else value


def cases(data: Path | None) -> dict[str, dict[str, Any]]:
    """Recipes by name, as documents with absolute paths and a fixed search."""
    found = {}
    for path in sorted((ROOT / "recipes").glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["search"] = {k: v for k, v in document.get("search", {}).items() if k != "minutes"} | SEARCH
        document["evaluate"] = document.get("evaluate", {}) | {"draws": 100, "folds": 3}
        found[path.stem] = document | {"_folder": str(path.parent)}
    for name, more in TABLES.items() if data else ():
        document = {"name": name, "data": {"path": f"{name}.csv", "target": more["target"]}, "seed": 7}
        found[name] = document | {"evaluate": more["evaluate"], "search": SEARCH, "_folder": str(data)}
    return found


def result_of(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run one recipe in a folder and read back what must stay equal."""
    import shutil

    import numpy as np
    import pandas as pd

    from autoft import AutoFineTuner, load

    place = Path(document.pop("_folder"))
    table = place / document["data"]["path"]
    (folder / Path(document["data"]["path"]).parent).mkdir(parents=True, exist_ok=True)
    shutil.copy(table, folder / document["data"]["path"])
    if document.get("schema", {}).get("file"):
        shutil.copy(place / document["schema"]["file"], folder / document["schema"]["file"])
    (folder / "recipe.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    AutoFineTuner.from_recipe(folder / "recipe.yaml", directory=folder / "run").fit()
    loaded = load(folder / "run")
    answers = loaded.predict_with_proba(pd.read_csv(table).head(500))
    lines = (folder / "run" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    findings = json.loads((folder / "run" / "findings.json").read_text(encoding="utf-8"))
    return {
        "evaluation": without_clock(json.loads((folder / "run" / "evaluation.json").read_text(encoding="utf-8"))),
        "findings": sorted([f["severity"], f["code"], f.get("column") or ""] for f in findings),
        "journal": [without_clock(json.loads(line[9:])) for line in lines],
        "predictions": [
            hashlib.sha256(np.ascontiguousarray(a).astype(str if a.dtype == object else a.dtype).tobytes()).hexdigest()
            for a in answers
            if a is not None
        ],
    }


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Places where two documents differ, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [d for k in sorted({*one, *other}) for d in differences(one.get(k), other.get(k), f"{place}.{k}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [d for k, (a, b) in pairs for d in differences(a, b, f"{place}[{k}]")]
    return [] if one == other else [f"{place}: {str(one)[:80]} -> {str(other)[:80]}"]


def record(folder: Path, data: Path | None, only: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in cases(data).items():
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory() as place:
            result = result_of(document, Path(place))
        (folder / f"{name}.json").write_text(json.dumps(result, indent=1, sort_keys=True), encoding="utf-8")
        print(name, "recorded", flush=True)


def compare(one: Path, other: Path) -> int:
    found = []
    for path in sorted(other.glob("*.json")):
        before = json.loads((one / path.name).read_text(encoding="utf-8"))
        found += differences(before, json.loads(path.read_text(encoding="utf-8")), path.stem)
    print("\n".join(found[:60]) or f"{len(list(other.glob('*.json')))} results, all equal")
    return int(bool(found))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=["record", "compare"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("other", type=Path, nargs="?")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    given = parser.parse_args()
    if given.do == "compare":
        return compare(given.folder, given.other)
    sys.path.insert(0, str(ROOT))
    record(given.folder, given.data, given.only)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
