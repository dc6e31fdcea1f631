"""Every registered family passes the suite for families."""

import pytest

from autoft.networks.family import FAMILIES
from autoft.testing import check_family

#: A TabM with one set of weights for all of its networks.
REPEATS = {"tabm-mini"}
NAMES = [pytest.param(name, marks=[pytest.mark.slow] * (name in REPEATS)) for name in FAMILIES.names()]


@pytest.mark.parametrize("name", NAMES)
def test_family(name: str):
    check_family(FAMILIES[name])
