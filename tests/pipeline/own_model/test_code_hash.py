"""Fingerprints of functions."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from autoft.pipeline.own_model import code_hash

SOURCE = """
{imports}
WIDTH = {width}
class Block:
    size = {size}
    def call(self, x):
        return x * {factor}
def helper(x):
    return x + {added}
def build(hp, inputs, default={default}):
    {comment}
    inner = lambda x: x - {inner}
    return Block().call(helper(inner(inputs))) if inputs in {{"a", "b"}} else WIDTH
"""
PLAIN = {
    "imports": "",
    "width": 8,
    "size": 3,
    "factor": 2,
    "added": 1,
    "default": 5,
    "comment": "pass",
    "inner": 4,
}


def made(**changes: object):
    namespace = {"__name__": "own_package"}
    exec(SOURCE.format(**{**PLAIN, **changes}), namespace)
    return namespace["build"]


def test_the_same_code_has_the_same_hash_wherever_it_stands():
    assert code_hash(made()) == code_hash(made())
    assert code_hash(made()) == code_hash(made(imports="\n\n# moved\n"))


@pytest.mark.parametrize("part", ["width", "size", "factor", "added", "default", "inner"])
def test_every_part_counts(part):
    assert code_hash(made()) != code_hash(made(**{part: 77}))


def test_enclosed_values_count():
    def outer(value):
        return lambda x: (x, value)

    assert code_hash(outer(1)) == code_hash(outer(1))
    assert code_hash(outer(1)) != code_hash(outer(2))
    assert code_hash(outer(np.zeros(3))) != code_hash(outer(np.ones(3)))
    assert code_hash(functools.partial(made(), 1)) != code_hash(functools.partial(made(), 2))


def test_functions_that_name_each_other_end():
    def one(x):
        return other(x)

    def other(x):
        return one(x)

    assert code_hash(one) == code_hash(one)
