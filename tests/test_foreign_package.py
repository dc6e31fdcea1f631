"""A package of somebody else adds one thing of each kind, from its entry points to a recipe and back from the model.

The package stands in tests/foreign. It is on the path of one subprocess only, as an installed package would be; the
process of the tests is without it. The suites of `autoft.testing` see the same files in test_extending.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import autoft
from autoft.errors import ArtifactError, RecipeError
from autoft.recipe.recipe import read_recipe
from autoft.registry import registry_of

pytestmark = pytest.mark.slow

ROWS = 150
#: What the recipe names of the package, and in which lines.
NAMES = ("winsorized", "near_best", "gated", "f2")
LINES = (7, 9, 12, 13)

#: Runs where the package is installed; its first argument is the folder of the recipe.
SCRIPT = """
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import autoft
from autoft.cli.main import main
from autoft.errors import RecipeError
from autoft.recipe.recipe import read_recipe
from autoft.registry import registry_of

folder = Path(sys.argv[1])
table = pd.read_csv(folder / "doses.csv")
assert registry_of("metric").names()[-1] == "f2"

tuner = autoft.AutoFineTuner.from_recipe(folder / "recipe.yaml", directory=folder / "run").fit()
np.save(folder / "before.npy", tuner.predict_proba(table))
assert main(["fit", str(folder / "recipe.yaml"), "--out", str(folder / "run")]) == 0
np.save(folder / "loaded.npy", autoft.load(folder / "run").predict_proba(table))
misspelt = (folder / "recipe.yaml").read_text(encoding="utf-8")
for name in ("winsorized", "near_best", "gated", "f2"):
    misspelt = misspelt.replace(name, name + "_")
(folder / "misspelt.yaml").write_text(misspelt, encoding="utf-8")
try:
    read_recipe(folder / "misspelt.yaml")
except RecipeError as error:
    (folder / "misspelt.txt").write_text(str(error), encoding="utf-8")
files = [str(folder / name) for name in ("run", "doses.csv", "answers.csv")]
assert main(["predict", *files[:2], "-o", files[2], "--proba"]) == 0
"""


def install(package: Path, site: Path) -> None:
    """Put a package on a path as pip would, from its pyproject.toml: no network, no build."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = project["name"].replace("-", "_")
    info = site / f"{module}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (site / module).symlink_to(package / module)
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    (info / "top_level.txt").write_text(f"{module}\n", encoding="utf-8")
    groups = (
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in points.items())])
        for group, points in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")


def doses() -> pd.DataFrame:
    """Patients: the dose is rounded to fives, the pressure has outliers."""
    rng = np.random.default_rng(0)
    dose, pressure = rng.integers(1, 40, ROWS) * 5.0, rng.standard_t(2, ROWS) * 10 + 120
    ill = dose / 50 - np.clip(pressure - 120, -30, 30) / 10 + rng.normal(0, 1, ROWS) > 2
    return pd.DataFrame({"dose": dose, "pressure": pressure.round(2), "ill": np.where(ill, "yes", "no")})


@pytest.fixture(scope="module")
def lab(root, tmp_path_factory) -> Path:
    """A folder with recipe, table and what a fit and a prediction with the package have written there."""
    folder = tmp_path_factory.mktemp("lab")
    install(root / "tests" / "foreign", folder / "site")
    (folder / "recipe.yaml").write_bytes((root / "tests" / "foreign" / "recipe.yaml").read_bytes())
    doses().to_csv(folder / "doses.csv", index=False)
    paths = os.pathsep.join([str(folder / "site"), str(root)])
    command, environment = [sys.executable, "-c", SCRIPT, str(folder)], {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_run_uses_all_five(lab):
    evaluation = json.loads((lab / "run" / "evaluation.json").read_text(encoding="utf-8"))
    assert evaluation["objective"] == "f2"
    assert 0.5 < evaluation["held_out"]["f2"]["value"] < 1
    assert {trial["params"]["architecture"] for trial in evaluation["trials"]} == {"gated"}
    findings = json.loads((lab / "run" / "findings.json").read_text(encoding="utf-8"))
    assert [one["column"] for one in findings if one["code"] == "lab:rounded"] == ["dose"]
    recipe = (lab / "run" / "recipe.yaml").read_text(encoding="utf-8")
    assert all(name in recipe for name in NAMES)


def test_the_report_tells_of_them(lab):
    page = (lab / "run" / "report.html").read_text(encoding="utf-8")
    assert "mean of precision and recall in which recall weighs more" in page
    assert "has multiples of five only" in page
    assert "Values beyond the 5 % and the 95 % quantile count as these" in page
    assert "gated" in page


def test_the_saved_model_answers_as_before(lab):
    before, loaded = np.load(lab / "before.npy"), np.load(lab / "loaded.npy")
    np.testing.assert_array_equal(loaded, before)
    assert before.std() > 0.1
    answers = pd.read_csv(lab / "answers.csv")
    np.testing.assert_allclose(answers["probability_yes"], before[:, 1], rtol=1e-5)


def test_a_misspelt_name_finds_the_foreign_one(lab):
    message = (lab / "misspelt.txt").read_text(encoding="utf-8")
    for line, name in zip(LINES, NAMES, strict=True):
        assert re.search(rf"line {line}, [^;]* \"{name}_\": perhaps '{name}' is meant", message), message


def test_without_the_package_its_names_are_refused(lab):
    with pytest.raises(RecipeError) as error:
        read_recipe(lab / "recipe.yaml")
    for line, name in zip(LINES, NAMES, strict=True):
        assert re.search(rf"line {line}, [^;]* must be one of [^;]* but it is \"{name}\"", str(error.value))


def test_without_the_package_the_model_is_refused(lab):
    with pytest.raises(ArtifactError) as error:
        autoft.load(lab / "run")
    assert "autoft_foreign>Gate, autoft_foreign>Winsorize of autoft-foreign 1.2.0" in str(error.value)
    assert "which is not installed. Fix: if you trust it, pip install autoft-foreign==1.2.0" in str(error.value)


def test_this_process_is_without_the_package():
    assert "autoft_foreign" not in sys.modules
    assert "f2" not in registry_of("metric")
