"""Every registered family passes the suite for families."""

import pytest

from autoft.networks.family import FAMILIES
from autoft.testing import check_family


@pytest.mark.parametrize("name", FAMILIES.names())
def test_family(name: str):
    check_family(FAMILIES[name])
