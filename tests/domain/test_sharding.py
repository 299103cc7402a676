"""The number of tasks that share the samples of an evaluation."""

import pytest

from quantgate.domain.sharding import MOST_SHARDS, coarse_seconds, needed_shards, slots_for


@pytest.mark.parametrize(
    ("samples", "is_slow", "slots"),
    [
        (1_000, True, 1),
        (50_000, True, 28),
        (50_000, False, 3),
        (10_000_000, False, MOST_SHARDS),
        (None, True, 28),
    ],
)
def test_slots_follow_the_assumed_work(samples: int | None, is_slow: bool, slots: int) -> None:
    assert slots_for(samples, is_slow=is_slow) == slots


@pytest.mark.parametrize(("work", "needed"), [(0, 1), (10, 1), (11, 2), (35, 4), (1000, 5)])
def test_each_shard_has_enough_work(work: float, needed: int) -> None:
    assert needed_shards(work, enough=10, slots=5) == needed


@pytest.mark.parametrize(
    ("seconds", "coarse"), [(1.0, 1.0), (1.3, 1.0), (1.5, 2.0), (0.0095, 2**-7), (0.0065, 2**-7)]
)
def test_seconds_that_differ_by_noise_are_mostly_equal(seconds: float, coarse: float) -> None:
    assert coarse_seconds(seconds) == coarse
