"""Confidence intervals for ratios of latencies, from interleaved timings.

Timings are float64 [rounds], NaN if a model sat the round out. In each round all models run once,
so that a slow spell of the machine affects all alike. Models are compared over the rounds that both
took part in, and the bootstrap draws whole rounds.

Source: Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, chapters 10 and 13.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from quantgate.records.tasks import Interval

Timings = NDArray[np.float64]

SEED = 20250114
RESAMPLES = 2_000
CONFIDENCE = 0.95
NANOSECONDS_PER_MS = 1e6
# A chunk of resampled timings stays within 8 MB, whatever the number of rounds.
CHUNK_VALUES = 1 << 20
#: Up to this many rounds, the draws fit in one chunk, which is kept for the next two models.
FEW_ROUNDS = CHUNK_VALUES // RESAMPLES


def percentile(timings: Timings, percent: float) -> float:
    """Return a percentile over the rounds that a model took part in."""
    return float(np.percentile(timings[np.isfinite(timings)], percent))


def least_runs(percent: float, confidence: float) -> int:
    """Return the number of runs needed to bound a percentile from above at a confidence.

    With fewer, the probability that all of them are below the percentile is above `1 - confidence`.
    """
    return math.ceil(math.log1p(-confidence) / math.log(percent / 100))


def ratio_interval(first: Timings, second: Timings, percent: float) -> Interval | None:
    """Return the 95 % interval of the ratio of two percentiles, or None for too few rounds."""
    return ratio_intervals(first, second, [percent]).get(percent)


def ratio_intervals(
    first: Timings, second: Timings, percents: Sequence[float]
) -> dict[float, Interval]:
    """Return the intervals of several percentiles, without those that had too few rounds."""
    tail = (1 - CONFIDENCE) / 2
    both = _common(first, second)
    known = [each for each in percents if both.shape[1] >= least_runs(each, 1 - tail)]
    if not known:
        return {}
    ones, others = np.moveaxis(_resampled_percentiles(both, known), 1, 0)
    ends = np.quantile(ones / others, [tail, 1 - tail], axis=-1).T.tolist()
    return {
        each: Interval(confidence=CONFIDENCE, low=low, high=high)
        for each, (low, high) in zip(known, ends, strict=True)
    }


@dataclass(frozen=True)
class Clocked:
    """A value computed from the percentiles of two models' timings.

    Attributes:
        value: a function of the first and the second model's percentile.
        first: float64 [rounds].
        second: float64 [rounds].
        percent: the percentile.
    """

    value: Callable[[float, float], float]
    first: Timings
    second: Timings
    percent: float
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of rounds in which both took part."""
        return int(_common(self.first, self.second).shape[1])

    def obstacle(self, confidence: float, limit: float) -> None:
        """Return None."""

    def at_most(self, limit: float) -> float:
        """Return the share of resamples above the limit, or what so few rounds cannot exclude."""
        return max(self._unseen, self._share(lambda values: values > limit))

    def at_least(self, limit: float) -> float:
        """Return the share of resamples below the limit, likewise."""
        return max(self._unseen, self._share(lambda values: values < limit))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def upper(self, confidence: float) -> float:
        """Return the one-sided upper bootstrap bound, infinite for too few rounds."""
        return self._bound(confidence, confidence, math.inf)

    def lower(self, confidence: float) -> float:
        """Return the one-sided lower bootstrap bound, likewise."""
        return self._bound(1 - confidence, confidence, -math.inf)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Return the number of rounds that would decide, by the square-root law."""
        least = least_runs(self.percent, confidence)
        if self.samples < least:
            return float(least)
        value = self._bound(0.5, confidence, math.nan)
        nearer = self.upper(confidence) if value <= limit else self.lower(confidence)
        slack = limit - value
        return math.inf if slack == 0 else self.samples * ((nearer - value) / slack) ** 2

    def _bound(self, quantile: float, confidence: float, unknown: float) -> float:
        if self.samples < least_runs(self.percent, confidence):
            return unknown
        return float(np.quantile(self._resampled, quantile))

    def _share(self, is_beyond: Callable[[Timings], NDArray[np.bool_]]) -> float:
        return float(np.mean(is_beyond(self._resampled))) if self.samples else 1.0

    @property
    def _unseen(self) -> float:
        """The probability that all rounds are below the percentile."""
        return math.exp(self.samples * math.log(self.percent / 100))

    @cached_property
    def _resampled(self) -> Timings:
        both = _common(self.first, self.second)
        pairs = _resampled_percentiles(both, [self.percent])[0].T.tolist()
        return np.array([self.value(*pair) for pair in pairs])


def is_distinguishable(interval: Interval | None, itself: Interval | None) -> bool:
    """Return whether a ratio is beyond the noise floor.

    `itself` is the interval of a model's ratio to its own copy. A ratio is beyond it if its
    interval has no value as close to 1 as the farthest in `itself`.
    """
    if interval is None or itself is None:
        return False
    resolution = resolution_of(itself)
    return interval.low > resolution or interval.high < 1 / resolution


def resolution_of(itself: Interval) -> float:
    """Return the ratio, 1 or more, up to which two models' medians are indistinguishable."""
    return max(itself.high, 1 / itself.low)


def _common(first: Timings, second: Timings) -> Timings:
    """Return the rounds that both took part in, float64 [2, rounds]."""
    both = np.stack([first, second])
    return both[:, np.isfinite(both).all(axis=0)]


def _resampled_percentiles(both: Timings, percents: Sequence[float]) -> Timings:
    """Return percentiles of each resample as NumPy's, float64 [percents, 2, resamples]."""
    orders, rounds = np.argsort(both, axis=1), both.shape[1]
    chunks = [
        [
            _percentiles(values[order], counts[:, order], percents)
            for values, order in zip(both, orders, strict=True)
        ]
        for counts in (_few_counts(rounds) if rounds <= FEW_ROUNDS else _counts(rounds))
    ]
    return np.moveaxis(np.concatenate(chunks, axis=-1), 0, 1)


def _percentiles(values: Timings, counts: NDArray[np.int32], percents: Sequence[float]) -> Timings:
    """Compute percentiles of sorted values weighted by resample counts.

    Returns:
        float64 [percents, resamples].
    """
    up_to = np.cumsum(counts, axis=1, dtype=np.int32)
    last = len(values) - 1

    def at(rank: int) -> Timings:
        places: NDArray[np.intp] = np.argmax(up_to > rank, axis=1)
        return values[places]

    percentiles = []
    for percent in percents:
        place = percent / 100 * last
        below = at(int(place))
        percentiles.append(below + (place - int(place)) * (at(min(int(place) + 1, last)) - below))
    return np.array(percentiles)


@lru_cache(maxsize=4)
def _few_counts(rounds: int) -> list[NDArray[np.int32]]:
    return list(_counts(rounds))


def _counts(rounds: int) -> Iterator[NDArray[np.int32]]:
    """Yield the number of draws of each round, int32 [resamples, rounds], in chunks."""
    generator = np.random.default_rng(SEED)
    size = max(1, CHUNK_VALUES // rounds)
    for start in range(0, RESAMPLES, size):
        drawn = generator.integers(0, rounds, (min(size, RESAMPLES - start), rounds))
        places = drawn + rounds * np.arange(len(drawn))[:, np.newaxis]
        counts = np.bincount(places.ravel(), minlength=drawn.size).astype(np.int32)
        yield counts.reshape(drawn.shape)
