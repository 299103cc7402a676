"""Test and bound for a difference of mean recalls (balanced accuracy), from counts by class.

The hypothesis is that the first model's mean recall exceeds the second's by `difference` or more.
The p-value is the probability of a drop no greater than the observed one, at the maximum-likelihood
rates that the hypothesis allows (a parametric bootstrap). The probability is computed, not drawn. A
rare class in which nothing was lost is where the likelihood puts a loss, so that it keeps the test
open.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.roots import falling_root
from quantgate.statistics.sample_counts import whole_samples
from quantgate.statistics.samples import Labels, Samples

#: A class without a loss counts as if it had this one, so that its maximum-likelihood rate can be
#: above 0.
TINY = 1e-9
#: The reach of a count, in standard deviations and in counts beyond them.
DEVIATIONS, BEYOND = 8, 16
#: The numbers of sums of losses that are distinguished, for few and for many sizes of classes, and
#: the standard errors that they extend over.
MOST_BINS, LEAST_BINS, EXTENT = 32_768, 4_096, 20
#: Less likely sums are left out.
UNLIKELY = 1e-12
#: The precision of rates and, as a part of its distance from the mean, of a bound.
PRECISE, PRECISION = 1e-10, 1e-3
#: The distance of the greatest difference that is examined from 1.
NEAREST = 1e-6

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ClassCounts:
    """Counts of samples by class, float64 [classes].

    Attributes:
        lost: the samples that only the first model gets right.
        won: the samples that only the second gets right.
        totals: all samples of the class, one at least.
    """

    lost: Values
    won: Values
    totals: Values

    @classmethod
    def of(cls, first: Samples, second: Samples, labels: Labels) -> "ClassCounts":
        """Count the pairs of two arrays of right (above 0) and wrong (0) by class."""
        _, places = np.unique(labels, return_inverse=True)
        first_right, second_right = first > 0, second > 0
        lost = np.bincount(places, first_right & ~second_right).astype(np.float64)
        won = np.bincount(places, second_right & ~first_right).astype(np.float64)
        return cls(lost, won, np.bincount(places).astype(np.float64))

    @property
    def drops(self) -> Values:
        """The drop of each class's recall."""
        return np.asarray((self.lost - self.won) / self.totals)

    @property
    def mean(self) -> float:
        """The drop of the mean recall."""
        return float(self.drops.mean())

    @property
    def swapped(self) -> "ClassCounts":
        """The same counts, with the second model first."""
        return ClassCounts(self.won, self.lost, self.totals)


def shares(right: NDArray[np.bool_], labels: Labels) -> Samples:
    """Return the share of each sample in the mean recall, float64 [samples].

    A sample that is right has `samples / (classes * samples of its class)`, and another one 0.
    """
    _, places, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(np.where(right, len(labels) / (len(sizes) * sizes[places]), 0.0))


def p_value(counts: ClassCounts, difference: float) -> float:
    """Return the p-value of "the mean recall drops by `difference` or more"."""
    if not counts.mean < difference:
        return 1.0
    if difference >= 1:
        return 0.0
    return _chance(counts, *_likeliest(counts, difference))


def upper_bound(counts: ClassCounts, confidence: float) -> float:
    """Return the one-sided upper bound of the drop, 1 if no drop is excluded.

    It may differ from the exact one by a thousandth of its distance from the mean.
    """

    def excess(difference: float) -> float:
        return math.log(p_value(counts, difference)) - math.log(1 - confidence)

    step = NormalDist().inv_cdf(confidence) * max(_deviation(counts), 1 / counts.totals.sum())
    near = far = min(counts.mean + step / 2, 1 - NEAREST)
    while excess(far) > 0:
        if far >= 1 - NEAREST:
            return 1.0
        near, far, step = far, min(far + step, 1 - NEAREST), 2 * step
    if near == far:
        near = counts.mean
    tolerance = PRECISION * float(far - counts.mean)
    return min(1.0, falling_root(excess, near, far, tolerance))


def samples_needed(counts: ClassCounts, confidence: float, limit: float) -> float:
    """Return how many similar samples would bring the upper bound down to `limit`.

    It is a whole number, or infinity if `limit` is not above the drop.
    """
    slack = limit - counts.mean
    if not slack > 0 or limit >= 1:
        return math.inf
    lost, won = _likeliest(counts, limit)
    variance = float(np.sum((lost + won - (lost - won) ** 2) / counts.totals)) / len(lost) ** 2
    samples = float(counts.totals.sum())
    spread = samples * NormalDist().inv_cdf(confidence) ** 2 * variance
    hidden = math.log1p(-min(limit * len(lost), 1 - NEAREST)) * float(counts.totals.min())
    least = samples * math.log1p(-confidence) / hidden if limit > 0 else 0.0
    return max(whole_samples(least, 1.0), whole_samples(spread, slack**2))


def _deviation(counts: ClassCounts) -> float:
    """Return the standard error of the drop, as if each class had lost half a sample more."""
    lost, won = (counts.lost + 0.5) / counts.totals, counts.won / counts.totals
    return math.sqrt(float(np.sum((lost + won) / counts.totals))) / len(lost)


def _likeliest(counts: ClassCounts, difference: float) -> tuple[Values, Values]:
    """Return the maximum-likelihood rates of losses and gains whose mean drop is `difference`.

    With the Lagrange multiplier `m` of the mean drop, a class of `n` samples has the rates
    `lost / x` and `won / (x + 2 m)`, where `x` is such that its rates sum up to 1.
    """

    def rates(multiplier: float) -> tuple[Values, Values]:
        scale = _scale(counts, multiplier)
        return (counts.lost + TINY) / scale, counts.won / (scale + 2 * multiplier)

    def excess(multiplier: float) -> float:
        lost, won = rates(multiplier)
        return difference - float((lost - won).mean())

    far = float(counts.totals.max())
    while excess(far) > 0:
        far *= 2
    return rates(falling_root(excess, 0.0, far, PRECISE * far))


def _scale(counts: ClassCounts, multiplier: float) -> Values:
    """Solve `lost / x + won / (x + 2 m) + others / (x + m) = 1` by class, by Newton's method.

    The left side is convex and falls, so that steps from below never pass the solution.
    """
    lost, won = counts.lost + TINY, counts.won
    others = np.maximum(counts.totals - counts.lost - won, 0.0)
    scale = np.maximum(lost, counts.totals - 2 * multiplier)
    step = scale
    while np.any(step > PRECISE * scale):
        parts = lost / scale, won / (scale + 2 * multiplier), others / (scale + multiplier)
        slope = parts[0] / scale + parts[1] / (scale + 2 * multiplier)
        slope = slope + parts[2] / (scale + multiplier)
        step = (parts[0] + parts[1] + parts[2] - 1) / slope
        scale = scale + step
    return scale


def _chance(counts: ClassCounts, lost: Values, won: Values) -> float:
    """Return the probability of a mean drop of at most the observed one, at rates by class.

    If there are many possible sums, they and the observed drop are rounded to evenly spaced ones.
    They are the same for all rates, so that the probability falls as more is lost.
    """
    drops, chances, own, width = np.zeros(1), np.ones(1), 0.0, _width(counts)
    for size in np.unique(counts.totals):
        chosen = counts.totals == size
        net, likely = _law(float(size), lost[chosen], won[chosen])
        drops = np.add.outer(drops, net / (size * len(lost))).ravel()
        chances = np.multiply.outer(chances, likely).ravel()
        own += float(counts.drops[chosen].sum()) / len(lost)
        if width:
            drops, chances = _rounded(drops, chances, width)
            own = round(own / width) * width
    return float(np.clip(chances[drops <= own + PRECISE].sum(), UNLIKELY, 1.0))


def _width(counts: ClassCounts) -> float:
    """Return the distance of the sums that are distinguished, or 0 for all of them."""
    sizes, classes = np.unique(counts.totals, return_counts=True)
    bins = max(LEAST_BINS, MOST_BINS // len(sizes))
    is_small = len(sizes) == 1 or np.prod(2 * sizes * classes + 1) <= bins
    return 0.0 if is_small else EXTENT * _deviation(counts) / bins


def _law(size: float, lost: Values, won: Values) -> tuple[Values, Values]:
    """Return the likely sums of losses minus gains over classes of one size, and their chances."""
    mean = size * float(np.sum(lost - won))
    variance = size * float(np.sum(lost + won - (lost - won) ** 2))
    reach = math.ceil(DEVIATIONS * math.sqrt(max(variance, 0.0)) + BEYOND)
    points = 1 << (2 * reach).bit_length()
    turns = np.exp(2j * np.pi * np.arange(points // 2 + 1) / points)[:, np.newaxis]
    each = 1 - lost - won + lost / turns + won * turns
    least = math.floor(mean) - points // 2
    chances = np.fft.irfft(np.prod(each**size, axis=1) * turns[:, 0] ** least, points)
    sums = least + np.arange(points)
    kept = chances > UNLIKELY
    return sums[kept].astype(np.float64), chances[kept]


def _rounded(drops: Values, chances: Values, width: float) -> tuple[Values, Values]:
    """Return the multiples of a width that are nearest to likely sums, and their chances."""
    places = np.rint(drops / width).astype(np.int64)
    least = places.min()
    likely = np.bincount(places - least, chances).astype(np.float64)
    kept = np.flatnonzero(likely > UNLIKELY)
    return (least + kept.astype(np.float64)) * width, likely[kept]
