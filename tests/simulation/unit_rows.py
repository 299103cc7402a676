"""Simulated decisions on samples that repeat, and on samples in groups."""

from collections.abc import Callable, Iterator

import numpy as np
from row import SEED, Row
from singles import differences

from quantgate.decision.estimating import Measured, estimate_of
from quantgate.domain.rules import MAX_DROP, MAX_RISE
from quantgate.statistics.units import Units

LIMIT, LOOSE, ERROR = 0.01, 0.03, 0.05
METRICS = {"top1": "top1", "mse": "mse"}
#: The loss and gain of each sample, for groups of a size.
Rates = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def passes(
    metric: str, baseline: np.ndarray, candidate: np.ndarray, units: Units | None, limit: float
) -> bool:
    """Return whether a candidate meets a limit, by the functions that a run uses."""
    known = {} if units is None else {metric: units}
    models = [
        Measured(name, {metric: float(values.mean())}, {metric: values}, METRICS, units=known)
        for name, values in (("candidate", candidate), ("baseline", baseline))
    ]
    estimate = estimate_of(metric, MAX_DROP if metric == "top1" else MAX_RISE, *models)
    return estimate is not None and estimate.at_most(limit) <= ERROR


def duplicate_rows(runs: int) -> Iterator[Row]:
    """Simulate a true loss of 0.01 on samples of which some are repeated."""
    for distinct, times, of in ((900, 1, 900), (300, 3, 300), (200, 10, 200), (900, 10, 90)):
        generator, wrong, naive = np.random.default_rng(SEED), 0, 0
        copies = np.concatenate([np.arange(distinct), np.repeat(np.arange(of), times - 1)])
        units = Units.of(copies)
        for _ in range(runs):
            values = differences(generator, distinct, 0.02, 0.01)[copies]
            baseline, candidate = (values > 0) * 1.0, (values < 0) * 1.0
            wrong += passes("top1", baseline, candidate, units, LIMIT)
            naive += passes("top1", baseline, candidate, None, LIMIT)
        name = f"{distinct} distinct, {of} of them {times} times (all rows {naive / runs:.3f})"
        yield Row(name, ERROR, wrong / runs, runs)


def group_rows(runs: int) -> Iterator[Row]:
    """Simulate a true loss of 0.01 on samples in groups, and power at a limit of 0.03."""
    for name, groups, size, rates in (
        ("200 groups x 10, alike to a small part", 200, 10, _gamma(4.0)),
        ("100 groups x 20, very alike", 100, 20, _gamma(0.3)),
        ("60 groups x 20, very alike", 60, 20, _gamma(0.3)),
        ("a tenth of 100 groups x 20 loses a tenth", 100, 20, _some(0.1)),
        ("a tenth of 300 groups x 20 loses a tenth", 300, 20, _some(0.1)),
        ("one in a hundred of 300 groups x 20 is lost", 300, 20, _some(0.01)),
    ):
        yield group_row(name, groups, size, rates, runs)


def group_row(name: str, groups: int, size: int, rates: Rates, runs: int) -> Row:
    """Simulate right and wrong on groups of one size."""
    generator, wrong, power, naive = np.random.default_rng(SEED), 0, 0, 0
    units = Units.of(np.arange(groups * size), np.repeat(np.arange(groups), size))
    for _ in range(runs):
        lost, won = (np.repeat(each, size) for each in rates(generator, groups))
        drawn = generator.random(groups * size)
        baseline = (drawn < lost) * 1.0
        candidate = ((drawn >= lost) & (drawn < lost + won)) * 1.0
        wrong += passes("top1", baseline, candidate, units, LIMIT)
        naive += passes("top1", baseline, candidate, None, LIMIT)
        power += passes("top1", baseline, candidate, units, LOOSE)
    return Row(f"{name} (as samples {naive / runs:.3f})", ERROR, wrong / runs, runs, power / runs)


def group_mean_rows(runs: int) -> Iterator[Row]:
    """Simulate means whose differences share a part within groups of unequal size."""
    for groups in (80, 300):
        generator, wrong, power = np.random.default_rng(SEED), 0, 0
        for _ in range(runs):
            sizes = generator.integers(5, 16, groups)
            numbers = np.repeat(np.arange(groups), sizes)
            shared = generator.normal(size=groups)[numbers]
            values = LIMIT + shared + generator.normal(size=len(numbers))
            units, zeros = Units.of(np.arange(len(numbers)), numbers), np.zeros(len(numbers))
            wrong += passes("mse", zeros, values, units, LIMIT)
            power += passes("mse", zeros, values, units, LIMIT + 3 / np.sqrt(groups))
        name = f"mean, {groups} groups of 5 to 15 that share half of the variance"
        yield Row(name, ERROR, wrong / runs, runs, power / runs)


def unit_rows(runs: int) -> Iterator[Row]:
    """Simulate decisions on samples that are not independent."""
    yield from duplicate_rows(runs)
    yield from group_rows(runs)
    yield from group_mean_rows(runs)


def _gamma(shape: float) -> Rates:
    """Return rates that vary between groups, the more so the smaller the shape."""

    def rates(generator: np.random.Generator, groups: int) -> tuple[np.ndarray, np.ndarray]:
        lost = np.minimum(2 * LIMIT * generator.gamma(shape, 1 / shape, groups), 1)
        return lost, np.minimum(np.full(groups, LIMIT), 1 - lost)

    return rates


def _some(share: float) -> Rates:
    """Return rates of a loss that strikes a share of the groups only."""

    def rates(generator: np.random.Generator, groups: int) -> tuple[np.ndarray, np.ndarray]:
        return (generator.random(groups) < share) * (LIMIT / share), np.zeros(groups)

    return rates
