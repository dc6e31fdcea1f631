"""Commands that train nothing answer without the libraries that training needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: One process runs all commands, so that the test costs one start of Python.
CODE = """
import sys
from pathlib import Path

# None makes every import of a module fail, with a traceback that says who wanted it. TFDV stays to be found, as the
# plan looks whether a run would use it; importing it would import TensorFlow.
REFUSED = ('tensorflow', 'keras', 'keras_tuner', 'sklearn')
for name in REFUSED:
    sys.modules[name] = None

from autoft.cli.main import main

recipes = Path(sys.argv[1])
Path('heart.csv').write_bytes((recipes / 'data' / 'heart_cleveland.csv').read_bytes())
for engine in ('none', 'portable'):
    Path(f'{engine}.yaml').write_text(f'data: {{path: heart.csv, target: disease}}\\nschema: {{engine: {engine}}}\\n')
for command in (
    ['--help'],
    ['recipes'],
    ['plan', str(recipes / 'churn.yaml')],
    ['plan', str(recipes / 'housing.yaml'), '--json'],
    ['plan', 'heart.csv', '--target', 'disease', '--strategy', 'nested'],
    ['check', 'none.yaml'],
    ['check', 'portable.yaml'],
    ['schema', 'infer', 'heart.csv', '-o', 'heart.pbtxt', '--target', 'disease', '--engine', 'portable'],
    ['schema', 'edit-hints', 'heart.pbtxt', 'heart.csv', '--engine', 'portable'],
    ['schema', 'allow-missing', 'heart.pbtxt', 'age', '0.1'],
    ['schema', 'show', 'heart.pbtxt'],
    ['clean', 'heart.csv'],
    ['clean', 'heart.csv', '-o', 'clean.csv', '--accept', 'placeholder-values,duplicate-rows'],
):
    try:
        status = main(command)
    except SystemExit as end:
        status = end.code
    assert status == 0, f'{command}: exit {status}'
    assert 'tensorflow_data_validation' not in sys.modules, command
    assert all(sys.modules[name] is None for name in REFUSED), command
print('all commands ran')
"""


def test_commands_that_train_nothing_import_nothing_heavy(tmp_path):
    recipes = Path(__file__).parents[1] / "recipes"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(recipes)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("all commands ran\n")
