"""The samples that count as one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgate.statistics.early_estimate import order_and_looks, order_of
from quantgate.statistics.units import Units

NUMBERS = st.lists(st.integers(0, 9), min_size=1, max_size=40)


def test_copies_are_merged_to_their_mean():
    units = Units.of(np.array([7, 3, 7, 5]))
    assert units.count == 3
    assert units.merged(np.array([1.0, 0.0, 0.0, 1.0])).tolist() == [0.0, 1.0, 0.5]


def test_copies_are_in_the_group_of_the_first_of_them():
    units = Units.of(np.array([7, 3, 7, 5]), np.array([0, 1, 2, 1]))
    assert units.groups.tolist() == [1, 1, 0]
    assert units.independent.tolist() == [0, 1, 0, 1]
    assert units.effective == pytest.approx(9 / 5)


def test_groups_of_a_single_sample_are_none():
    units = Units.of(np.array([7, 3, 7, 5]), np.array([0, 1, 2, 2]))
    assert units.groups is None
    assert units.effective == units.count == 3


@given(NUMBERS, st.data())
def test_units_of_some_samples_are_those_of_the_whole(numbers, data):
    units = Units.of(np.array(numbers), np.array(numbers) % 3)
    rows = np.array(data.draw(st.lists(st.integers(0, len(numbers) - 1), unique=True)), np.int64)
    some = units.at(rows)
    values = np.array(numbers)[rows].astype(float)
    assert some.merged(values).tolist() == sorted({*values})
    groups = [value % 3 for value in sorted({*values})]
    expected = None if len({*groups}) == len(groups) else groups
    assert (None if some.groups is None else some.groups.tolist()) == expected


@given(NUMBERS)
def test_looks_take_units_as_a_whole(numbers):
    distinct = np.repeat(np.arange(12 * len(numbers)), 12 * [1 + each for each in numbers])
    units = Units.of(distinct)
    order, looks = order_and_looks(len(distinct), units)
    assert sorted(order) == list(range(len(distinct)))
    taken = [{*distinct[order[:look]]} for look in looks]
    left = [{*distinct[order[look:]]} for look in looks]
    assert not any(one & other for one, other in zip(taken, left, strict=True))
    assert [len(each) for each in taken][:1] == [100][: len(looks) - 1] or len(looks) == 1


def test_without_units_looks_are_at_samples():
    order, looks = order_and_looks(240, None)
    assert order.tolist() == order_of(240).tolist()
    assert looks == [100, 150, 225, 240]


def test_copies_have_the_label_of_the_first():
    units = Units.of(np.array([5, 3, 5, 7]))
    assert units.firsts(np.array([1, 2, 9, 4], np.int32)).tolist() == [2, 1, 4]
