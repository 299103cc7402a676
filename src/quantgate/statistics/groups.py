"""Estimates from samples in groups, such as the recordings of one speaker, that may be alike.

The standard error is that of the groups' sums. For right and wrong, the exact tests run on counts
divided by the design effect, and the larger of both bounds holds.

Sources:
    Liang, K. and Zeger, S. (1986), Longitudinal data analysis using generalized linear models.
        Biometrika 73, 13-22: the standard error.
    Cameron, A. and Miller, D. (2015), A practitioner's guide to cluster-robust inference. Journal
        of Human Resources 50, 317-372: its correction for few groups, and degrees of freedom.
    Rao, J. and Scott, A. (1992), A simple method for the analysis of clustered binary data.
        Biometrics 48, 577-585: counts divided by the design effect.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from quantgate.statistics.confidence_sequences import weighted
from quantgate.statistics.estimates import PairedProportions, Proportion
from quantgate.statistics.means import obstacle_of
from quantgate.statistics.moments import MOST_SKEWED, Gap, Moments, Obstacle
from quantgate.statistics.paired_proportions import Pairs
from quantgate.statistics.sample_counts import LEAST_GROUPS, whole_samples
from quantgate.statistics.samples import Samples
from quantgate.statistics.units import Rows, effective_groups

#: Differences of right and wrong, one model's right and wrong, or other values.
Values = Literal["pairs", "shares", "means"]
#: Quotients this close to a whole number are whole but for rounding.
ROUNDING = 1e-9


def contributions(values: Samples, groups: Rows) -> Samples:
    """Return one value per group, whose mean is that of all values, float64 [groups].

    The standard error of their mean is that of the groups' sums.
    """
    return weighted(*group_means(values, groups))


def group_means(values: Samples, groups: Rows) -> tuple[Samples, Samples]:
    """Return the mean of each group, and its size as a part of the largest, float64 [groups]."""
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    return np.bincount(numbers, values) / sizes, sizes / sizes.max()


def design_effect(values: Samples, groups: Rows) -> float:
    """Return the variance of the mean with groups over that without, at least 1.

    Values without spread count as one per group.
    """
    if np.ptp(values) == 0:
        return len(values) / effective_groups(groups)
    grouped, alone = Moments.of(contributions(values, groups)), Moments.of(values)
    return max(1.0, (grouped.error / alone.error) ** 2)


@dataclass(frozen=True)
class Side:
    """An upper bound of the mean of values in groups.

    Attributes:
        moments: those of the groups' contributions.
        exact: for right and wrong, the exact estimate from counts divided by the design effect.
        effective: the number of groups of equal size with as much evidence.
    """

    moments: Moments
    exact: PairedProportions | Proportion | None
    effective: float

    @property
    def gap(self) -> Gap | None:
        """The reason why there is no bound, or None if there is one."""
        if self.effective < LEAST_GROUPS:
            return "groups"
        return None if self.exact else self.moments.gap

    def p_value(self, limit: float) -> float:
        """Return the p-value of "the mean is `limit` or more", or 1 without a bound."""
        if self.gap:
            return 1.0
        values = [self.exact.at_most(limit)] if self.exact else []
        return max([*values, *([] if self._is_equal else [self.moments.p_value(limit)])])

    def upper_bound(self, confidence: float) -> float:
        """Return the one-sided upper bound, infinite if there is none."""
        if self.gap:
            return math.inf
        bounds = [self.exact.upper(confidence)] if self.exact else []
        return max([*bounds, *([] if self._is_equal else [self.moments.upper_bound(confidence)])])

    def groups_needed(self, confidence: float, limit: float) -> float:
        """Return how many similar groups would bring the upper bound down to `limit`."""
        needed = [LEAST_GROUPS * self.moments.count / self.effective]
        if self.exact and (count := self.exact.samples):
            exact = self.exact.samples_to_decide(confidence, limit) * self.moments.count / count
            # The rounded counts may be at the limit, or beyond it.
            needed += [exact] if math.isfinite(exact) else []
        if not (self.exact and self._is_equal):
            needed.append(self.moments.samples_needed(confidence, limit))
        return max(needed)

    @property
    def _is_equal(self) -> bool:
        return self.moments.error == 0


@dataclass(frozen=True)
class Grouped:
    """The value `offset + scale * mean(values)` of samples in groups, with scale > 0.

    Attributes:
        values: float64 [samples].
        groups: int64 [samples], the number of each sample's group.
        kind: the kind of values.
        scale: the factor of the mean.
        offset: in the unit of the limit, as the bounds are.
    """

    values: Samples
    groups: Rows
    kind: Values = "means"
    scale: float = 1.0
    offset: float = 0.0
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of samples."""
        return len(self.values)

    def obstacle(self, confidence: float, limit: float) -> Obstacle | None:
        """Return the reason why a side has no bound, or None if both have one."""
        gap = self._above.gap or self._below.gap
        return obstacle_of(gap, contributions(self.values, self.groups)) if gap else None

    def at_most(self, limit: float) -> float:
        """Return the greater p-value of the groups' sums and of the exact test."""
        return self._above.p_value(self._plain(limit))

    def at_least(self, limit: float) -> float:
        """Return the same of the opposite values."""
        return self._below.p_value(self._span - self._plain(limit))

    def upper(self, confidence: float) -> float:
        """Return the larger bound of the groups' sums and of the exact test."""
        return self.offset + self.scale * self._above.upper_bound(confidence)

    def lower(self, confidence: float) -> float:
        """Return the same of the opposite values."""
        return self.offset + self.scale * (self._span - self._below.upper_bound(confidence))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law to groups, on the side of `limit` where the mean is."""
        wanted, is_met = self._plain(limit), float(np.mean(self.values)) <= self._plain(limit)
        side, edge = (self._above, wanted) if is_met else (self._below, self._span - wanted)
        return whole_samples(side.groups_needed(confidence, edge) * self.samples, self._count)

    def excess(self, others: Samples, edges: tuple[float, float]) -> "Grouped":
        """Return the estimate of how far the values exceed others. Their range does not matter."""
        return Grouped(self.values - others, self.groups)

    @property
    def _count(self) -> int:
        return self._above.moments.count

    @property
    def _span(self) -> float:
        """The sum of a value and its opposite."""
        return 1.0 if self.kind == "shares" else 0.0

    @cached_property
    def _above(self) -> Side:
        return self._side(self.values)

    @cached_property
    def _below(self) -> Side:
        return self._side(self._span - self.values)

    def _side(self, values: Samples) -> Side:
        moments = Moments.of(contributions(values, self.groups))
        effective = effective_groups(self.groups)
        if self.kind == "means":
            return Side(moments, None, effective)
        # The thinned counts hold where a few groups decide the mean.
        capped = replace(moments, skewness=min(moments.skewness, MOST_SKEWED))
        thin = _thinned_pairs if self.kind == "pairs" else _thinned_share
        return Side(capped, thin(values, design_effect(values, self.groups)), effective)

    def _plain(self, limit: float) -> float:
        return (limit - self.offset) / self.scale


def _thinned_pairs(values: Samples, effect: float) -> PairedProportions:
    """Return the exact estimate from differences, with sums rounded against the first model."""
    more = float(np.sum(values, where=values > 0)) / effect
    less = -float(np.sum(values, where=values < 0)) / effect
    total = _down(len(values) / effect)
    first = min(_up(more), total)
    return PairedProportions(Pairs(first, min(_down(less), total - first), total))


def _thinned_share(values: Samples, effect: float) -> Proportion:
    """Return the exact estimate from one model's values, with their sum rounded up."""
    total = _down(len(values) / effect)
    return Proportion(min(_up(float(values.sum()) / effect), total), total)


def _up(count: float) -> int:
    return math.ceil(count - ROUNDING)


def _down(count: float) -> int:
    return math.floor(count + ROUNDING)
