"""Search algorithms keep their contract, own and foreign ones, and recipes know them by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from autoft import AutoFineTuner
from autoft.errors import RecipeError, SearchError
from autoft.records.dimensions import Range
from autoft.search.algorithms import ALGORITHMS, History, ProposingAlgorithm
from autoft.search.proposer import Proposer
from autoft.search.setup import SearchSetup
from autoft.testing import check_algorithm
from tests.tables import features, tiny_recipe


@pytest.fixture
def near_best() -> Iterator[ProposingAlgorithm]:
    # Not at the top: it registers itself, and the other tests know no such algorithm.
    from tests.foreign.autoft_foreign.near_best import NearBest

    own = NearBest()
    ALGORITHMS.register(own)
    yield own
    ALGORITHMS._things.pop(own.name)


@pytest.mark.parametrize("name", ALGORITHMS.names())
def test_own_algorithms_keep_the_contract(name):
    check_algorithm(ALGORITHMS[name])


def test_a_foreign_algorithm_keeps_the_contract(near_best):
    check_algorithm(near_best)


@pytest.mark.slow  # tests/test_foreign_package.py has it in a run with other things
def test_a_recipe_can_name_a_foreign_algorithm(near_best, table, tmp_path):
    recipe = tiny_recipe(target="outcome", **{"search.algorithm": "near_best", "trials": 4})
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(features(table, "outcome"))
    assert len(tuner.evaluation_.trials) == 4
    assert "near_best" in (tmp_path / "run" / "recipe.yaml").read_text()


def test_an_unknown_algorithm_names_the_nearest():
    with pytest.raises(RecipeError, match="perhaps 'bayesian' is meant"):
        tiny_recipe(**{"search.algorithm": "bayesan"})


def test_a_proposal_outside_of_the_space_is_refused():
    class Outside(ProposingAlgorithm):
        name = "outside"

        def propose(self, history: History) -> Mapping[str, Any]:
            return {"x": 2.0}

    space = (Range(name="x", low=0.0, high=1.0, default=0.5, log=False),)
    oracle = Outside().oracle(SearchSetup(space=space, maximize=True, seed=0, epochs=1))
    with pytest.raises(SearchError, match="propose x within 0 to 1"):
        oracle.ask()


def test_the_first_configurations_of_the_setup_come_first(near_best):
    space = (Range(name="x", low=0.0, high=1.0, default=0.5, log=False),)
    first = ({"x": 0.25}, {"x": 0.75})
    proposer = Proposer(near_best.name, SearchSetup(space=space, maximize=True, seed=0, epochs=1, first=first))
    assert [proposer.ask().params for _ in range(2)] == [{"x": 0.25}, {"x": 0.75}]
