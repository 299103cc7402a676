"""The independent units of a data set: distinct samples, and groups of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.samples import Labels, Samples

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Units:
    """The samples that count as one, as they have equal inputs, and the groups of samples.

    Attributes:
        distinct: int64 [samples], the number of each sample's distinct sample, from 0 on.
        groups: int64 [distinct samples], the number of each one's group. None without groups, or
            if each has only one sample.
    """

    distinct: Rows
    groups: Rows | None = None

    @classmethod
    def of(cls, distinct: Rows, groups: Rows | None = None) -> "Units":
        """Return the units of numbered samples. Copies are in the group of the first of them.

        Args:
            distinct: int64 [samples], equal for equal samples.
            groups: int64 [samples], equal for samples of one group. None without groups.
        """
        _, first, numbers = np.unique(distinct, return_index=True, return_inverse=True)
        return cls(numbers, None if groups is None else _shared(groups[first]))

    @property
    def count(self) -> int:
        """The number of distinct samples."""
        return int(self.distinct.max(initial=-1)) + 1

    @property
    def effective(self) -> float:
        """The number of independent units, or of groups of equal size with as much evidence."""
        return float(self.count) if self.groups is None else effective_groups(self.groups)

    @property
    def independent(self) -> Rows:
        """The number of each sample's independent unit, from 0 on, int64 [samples].

        It is its group, or itself without groups.
        """
        if self.groups is None:
            return self.distinct
        return np.unique(self.groups[self.distinct], return_inverse=True)[1]

    def at(self, rows: Rows) -> "Units":
        """Return the units of some of the samples."""
        numbers, distinct = np.unique(self.distinct[rows], return_inverse=True)
        return Units(distinct, None if self.groups is None else _shared(self.groups[numbers]))

    def firsts(self, labels: Labels) -> Labels:
        """Return the label of the first of each distinct sample's copies."""
        firsts = np.empty(self.count, labels.dtype)
        firsts[self.distinct[::-1]] = labels[::-1]
        return firsts

    def merged(self, values: Samples) -> Samples:
        """Return the mean of each distinct sample's copies, float64 [distinct samples]."""
        if len(values) == self.count:
            merged = np.empty_like(values)
            merged[self.distinct] = values
            return merged
        sums = np.bincount(self.distinct, weights=values, minlength=self.count)
        return np.asarray(sums / np.bincount(self.distinct, minlength=self.count))


def effective_groups(groups: Rows) -> float:
    """Return the number of groups of equal size with as much evidence as these.

    Args:
        groups: int64 [samples], the number of each sample's group.
    """
    _, sizes = np.unique(groups, return_counts=True)
    return float(sizes.sum() ** 2 / np.sum(sizes**2))


def _shared(groups: Rows) -> Rows | None:
    """Return the groups, or None if none has several samples."""
    return groups if len(np.unique(groups)) < len(groups) else None
