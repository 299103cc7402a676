"""Simulated runs with recovery, over resampled results of a real run.

The population is the 900 samples of keyword spotting in shared/models. Of each it has whether
float32, `integer_only_int8` and its recovered candidate are right. The limit is a drop in this
population, and a winner with at least that drop violates it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
from families import ERROR
from row import SEED, Generator, Row
from singles import pairs_of

from quantgate.statistics.estimates import PairedProportions
from quantgate.statistics.families import correlations, step_down

#: The samples by whether float32, the plain candidate and the recovered one are right.
COUNTS: Mapping[tuple[int, int, int], int] = MappingProxyType(
    {
        (1, 1, 1): 810,
        (0, 0, 0): 77,
        (1, 0, 1): 5,
        (1, 1, 0): 3,
        (0, 0, 1): 2,
        (1, 0, 0): 1,
        (0, 1, 1): 1,
        (0, 1, 0): 1,
    }
)
_EDGE = 1e-9


def recovered_rows(share: float = 1.0) -> Iterator[Row]:
    """Simulate limits at the drop of each candidate, and between both."""
    runs = max(10, int(1_000 * share))
    plain, recovered = drops()
    for limit in (plain, (plain + recovered) / 2, recovered):
        yield recovered_row(limit, 900, runs)


def drops() -> tuple[float, float]:
    """Return the population's drops of the plain and of the recovered candidate."""
    (plain, recovered), total = _differences(_population()).sum(axis=1), sum(COUNTS.values())
    return float(plain / total), float(recovered / total)


def recovered_row(limit: float, count: int, runs: int) -> Row:
    """Simulate runs at a limit. `error_before` is the error without recovery."""
    generator, population = np.random.default_rng(SEED), _population()
    violates = [drop >= limit - _EDGE for drop in drops()]
    wrong = wrong_without = 0
    for _ in range(runs):
        values = _differences(_drawn(generator, population, count))
        ratios = [PairedProportions(pairs_of(each)).at_most(limit) / ERROR for each in values]
        wrong_without += violates[0] and ratios[0] <= 1
        wrong += _is_wrong(values, ratios, violates)
    name = f"plain and recovered, drop at most {limit:.4f}, n = {count:,}"
    return Row(name, ERROR, wrong / runs, runs, error_before=wrong_without / runs)


def _is_wrong(values: np.ndarray, ratios: list[float], violates: list[bool]) -> bool:
    """Return whether the winner violates its limit. The recovered one wins if no other passes."""
    tested = step_down(ratios, correlations({"top1": list(values)}), ERROR)
    winner = next((place for place, one in enumerate(tested) if one.passed), None)
    return winner is not None and violates[winner]


def _population() -> np.ndarray:
    """Return whether models are right, [samples, 3]."""
    return np.repeat(np.array(list(COUNTS)), list(COUNTS.values()), axis=0)


def _drawn(generator: Generator, population: np.ndarray, count: int) -> np.ndarray:
    return population[generator.integers(0, len(population), count)]


def _differences(right: np.ndarray) -> np.ndarray:
    """Return what float32 gets right and a candidate does not, [2, samples]."""
    return (right[:, :1] - right[:, 1:]).T.astype(float)
