"""The joint test of several candidates: step-down max-T over exact p-values.

All candidates share one error rate. They are tested from the smallest p-value on. The level of each
test depends on the correlation of their samples, by a normal copula, so that candidates with nearly
the same outputs count as nearly one. Each that passes leaves its share to the rest.

Sources:
    Westfall, P. and Young, S. (1993), Resampling-Based Multiple Testing.
    Romano, J. and Wolf, M. (2005), Exact and approximate stepdown methods for multiple hypothesis
        testing. Journal of the American Statistical Association 100, 94-108.
    Conneely, K. and Boehnke, M. (2007), So many correlated tests, so little time! American Journal
        of Human Genetics 81, 1158-1168: the copula over marginal p-values.
    Holm, S. (1979), A simple sequentially rejective multiple test procedure. Scandinavian Journal
        of Statistics 6, 65-70: the least level.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations_with_replacement
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.samples import Samples

Matrix = NDArray[np.float64]

SEED = 20250114
DRAWS = 100_000
#: Fewer draws are made for so many candidates that the draws would exceed this number of values.
MOST_DRAWN = 4_000_000
#: The number of candidates that are many, and by how much their correlations may be reduced.
MANY, SHRINKAGE = 100, (1e-6, 1e-3, 0.01, 0.03, 0.1, 0.3)
#: Rarer events than this many draws show leave the least level.
LEAST_DRAWS = 100
#: Equal but for rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Tested:
    """A candidate's test among the others.

    Attributes:
        share: the part of the error rate that the candidate was tested at, in (0, 1].
        left: the number of candidates that shared the error rate then.
        passed: whether it passed.
    """

    share: float
    left: int
    passed: bool


def correlations(series: Mapping[str, Sequence[Samples | None]]) -> Matrix:
    """Return the least correlation of each two candidates over all their series, 0 if negative.

    Args:
        series: the candidates' values per sample, in the same order under each key. Keys with
            values of different numbers of samples are uncorrelated.

    Returns:
        float64 [candidates, candidates], with 0 for a candidate without a series or without spread.
    """
    standard = [_standardized(values) for values in series.values()]
    least: Matrix | None = None
    for one, other in combinations_with_replacement(standard, 2):
        if one.shape != other.shape:
            both = np.zeros((len(one), len(one)))
        else:
            both = one @ other.T / one.shape[1]
        both = np.minimum(both, both.T)
        least = both if least is None else np.minimum(least, both)
    candidates = len(standard[0])
    clipped = np.clip(np.zeros((candidates, candidates)) if least is None else least, 0.0, 1.0)
    np.fill_diagonal(clipped, 1.0)
    return clipped


def step_down(ratios: Sequence[float], correlation: Matrix, error: float) -> list[Tested]:
    """Test candidates jointly, in the order of their ratios and then as they come.

    Args:
        ratios: each candidate's p-value as a part of its own error rate. Infinite if it cannot
            pass.
        correlation: float64 [candidates, candidates].
        error: the error rate that all candidates share.
    """
    order = np.argsort(np.array(ratios), kind="stable")
    largest = _largest_of_those_left(correlation, order)
    tested: dict[int, Tested] = {}
    for place, candidate in enumerate(order.tolist()):
        left = len(order) - place
        share = _level(largest[:, place], error, left) / error
        if ratios[candidate] > share * (1 + ROUNDING):
            tested |= {other: Tested(share, left, False) for other in order[place:].tolist()}
            break
        tested[candidate] = Tested(share, left, True)
    return [tested[candidate] for candidate in range(len(order))]


def _standardized(values: Sequence[Samples | None]) -> Matrix:
    """Return the values with mean 0 and variance 1, or 0 without spread, [candidates, samples]."""
    samples = max((len(each) for each in values if each is not None), default=1)
    rows = np.zeros((len(values), samples))
    for row, each in zip(rows, values, strict=True):
        if each is not None and len(each) == samples and (spread := float(np.std(each))) > 0:
            row[:] = (each - np.mean(each)) / spread
    return rows


def _largest_of_those_left(correlation: Matrix, order: NDArray[np.intp]) -> Matrix:
    """Return the largest of the draws still left at each step, float64 [draws, steps]."""
    draws = min(DRAWS, MOST_DRAWN // len(order))
    # Steps are by suffix of the order.
    root = _root(correlation)[order[::-1]]
    kind = np.float32 if len(order) > MANY else np.float64
    normal = np.random.default_rng(SEED).standard_normal((draws, len(order)), dtype=kind)
    drawn = normal @ root.T.astype(kind)
    return np.maximum.accumulate(drawn, axis=1, out=drawn)[:, ::-1]


def _root(correlation: Matrix) -> Matrix:
    """Return a root of the nearest correlations that are possible together.

    For many candidates, smaller correlations are taken, which is faster and never less cautious.
    """
    if len(correlation) > MANY:
        return _smaller_root(correlation)
    weights, vectors = np.linalg.eigh(correlation)
    root: Matrix = vectors * np.sqrt(np.maximum(weights, 0))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    return root


def _smaller_root(correlation: Matrix) -> Matrix:
    for share in SHRINKAGE:
        with suppress(np.linalg.LinAlgError):
            smaller = (1 - share) * correlation + share * np.eye(len(correlation))
            return np.asarray(np.linalg.cholesky(smaller))
    return np.eye(len(correlation))


def _level(largest: Samples, error: float, left: int) -> float:
    """Return the level whose quantile is exceeded by the largest of the draws with this error."""
    floor = error / left
    if error * len(largest) < LEAST_DRAWS:
        return floor
    level = NormalDist().cdf(-float(np.quantile(largest, 1 - error)))
    return min(max(level, floor), error)
