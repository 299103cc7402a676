"""Roots of falling functions."""

import math

import pytest

from quantgate.statistics.roots import falling_root


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 0.3 - x,
        lambda x: math.exp(-40 * x) - math.exp(-12),
        lambda x: 0.027 - x**3,
        lambda x: 1.0 if x < 0.3 else -1e-9,
    ],
)
def test_the_root_is_approached_from_beyond(function):
    root = falling_root(function, 0.0, 1.0, 1e-9)
    assert root == pytest.approx(0.3, abs=1e-8)
    assert function(root) <= 0


def test_a_root_may_be_below_the_start():
    assert falling_root(lambda x: x - 0.3, 1.0, 0.0, 1e-9) == pytest.approx(0.3)
