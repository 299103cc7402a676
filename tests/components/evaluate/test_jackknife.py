"""Contributions to metrics that are no means, by leaving out samples."""

import numpy as np
import pytest

from quantgate.components.evaluate.jackknife import MOST_PARTS, grouped
from quantgate.statistics.groups import contributions
from quantgate.statistics.moments import Moments
from quantgate.statistics.units import Units


def spread_of(values):
    return float(np.std(values))


def grouped_over(values, units):
    return grouped(spread_of(values), lambda rows: spread_of(values[rows]), len(values), units)


def jackknife(values, numbers):
    """Return the standard error by leaving out each group."""
    groups = numbers.max() + 1
    left_out = np.array([spread_of(values[numbers != number]) for number in range(groups)])
    return np.sqrt((groups - 1) / groups * np.sum((left_out - left_out.mean()) ** 2))


@pytest.mark.parametrize("count", [150, 1000])
def test_copies_add_no_evidence(count):
    values = np.random.default_rng(1).normal(size=count)
    once = grouped_over(values, None)
    copies = np.tile(np.arange(count), 4)
    units = Units.of(copies)
    merged = units.merged(grouped_over(values[copies], units))
    assert merged.mean() == pytest.approx(spread_of(values))
    assert Moments.of(merged).error == pytest.approx(Moments.of(once).error, rel=1e-6)
    blind = grouped_over(values[copies], None)
    assert Moments.of(blind).error < 0.7 * Moments.of(once).error


def test_the_error_of_the_mean_is_that_of_leaving_out_groups():
    """Also where groups have many sizes, and share a part of the metric."""
    generator = np.random.default_rng(2)
    sizes = generator.integers(2, 20, 120)
    numbers = np.repeat(np.arange(120), sizes)
    values = generator.normal(size=len(numbers)) * generator.gamma(2, size=120)[numbers]
    units = Units.of(np.arange(len(numbers)), numbers)
    own = grouped_over(values, units)
    moments = Moments.of(contributions(own, numbers))
    assert moments.mean == pytest.approx(spread_of(values))
    assert moments.error == pytest.approx(jackknife(values, numbers), rel=1e-6)


def test_many_groups_are_left_out_some_at_a_time():
    generator = np.random.default_rng(3)
    groups = 3 * MOST_PARTS
    numbers = np.repeat(np.arange(groups), 3)
    values = generator.normal(size=len(numbers)) + generator.normal(size=groups)[numbers]
    units = Units.of(np.arange(len(numbers)), numbers)
    moments = Moments.of(contributions(grouped_over(values, units), numbers))
    assert moments.error == pytest.approx(jackknife(values, numbers), rel=0.15)


def test_a_single_unit_has_no_spread():
    assert grouped_over(np.array([1.0]), None).tolist() == [0.0]
    same = Units.of(np.zeros(3, int))
    assert grouped_over(np.array([1.0, 2.0, 3.0]), same).tolist() == [spread_of([1, 2, 3])] * 3
