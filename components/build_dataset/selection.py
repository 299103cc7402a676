"""The rules that select samples of a source."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Labels = NDArray[Any]


def first(available: int, size: int, seed: int, labels: Labels | None) -> Indices:
    """Select the first samples."""
    return np.arange(size)


def random(available: int, size: int, seed: int, labels: Labels | None) -> Indices:
    """Draw samples without replacement."""
    return np.sort(np.random.default_rng(seed).choice(available, size, replace=False))


def stratified(available: int, size: int, seed: int, labels: Labels | None) -> Indices:
    """Draw samples without replacement from each class, in the proportions of the source."""
    generator = np.random.default_rng(seed)
    classes, counts = np.unique(np.asarray(labels), return_counts=True)
    chosen = [
        generator.choice(np.flatnonzero(labels == value), share, replace=False)
        for value, share in zip(classes, shares(counts, size), strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def shares(counts: Indices, size: int) -> Indices:
    """Divide `size` among classes in proportion to their counts, by the largest remainder.

    Each class gets at least one sample if `size` allows it.
    """
    quota = counts * (size / counts.sum())
    least = 1 if size >= len(counts) else 0
    share: Indices = np.maximum(np.floor(quota).astype(np.int64), least)
    while share.sum() < size:
        share[np.argmax(np.where(share < counts, quota - share, -np.inf))] += 1
    while share.sum() > size:
        share[np.argmax(np.where(share > least, share - quota, -np.inf))] -= 1
    return share


#: The rules by the value of `select`. Each takes (available, size, seed, labels) and returns
#: ascending indices.
SELECTIONS: Mapping[str, Callable[[int, int, int, Labels | None], Indices]] = MappingProxyType(
    {"first": first, "random": random, "stratified": stratified}
)
