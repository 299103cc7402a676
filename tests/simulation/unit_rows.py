"""Simulated decisions on samples that repeat, and on samples in groups."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from row import SEED, Attempt, Draw, Generator, Row, by_bootstrap, simulated
from singles import differences

from quantgate.decision.estimating import Measured, estimate_of
from quantgate.domain.rules import MAX_DROP, MAX_RISE
from quantgate.statistics.paired_proportions import Pairs, score_bound
from quantgate.statistics.units import Units

LIMIT, LOOSER, ERRORS = 0.01, 0.02, (0.1, 0.05)
METRICS = {"top1": "top1", "mse": "mse"}
#: The loss and gain of each sample, for groups of a size.
Rates = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def p_value(
    metric: str, baseline: np.ndarray, candidate: np.ndarray, units: Units, limit: float
) -> float:
    """Return the p-value of a limit, by the functions that a run uses."""
    known = {metric: units}
    models = [
        Measured(name, {metric: float(values.mean())}, {metric: values}, METRICS, units=known)
        for name, values in (("candidate", candidate), ("baseline", baseline))
    ]
    estimate = estimate_of(metric, MAX_DROP if metric == "top1" else MAX_RISE, *models)
    return 1.0 if estimate is None else estimate.at_most(limit)


def _attempt(metric: str, baseline: np.ndarray, candidate: np.ndarray, units: Units) -> Attempt:
    """Return a candidate. Before, all rows counted as independent."""
    if metric == "top1":
        before = partial(score_bound, Pairs.of(baseline, candidate))
    else:
        before = by_bootstrap(candidate - baseline)
    return Attempt(partial(p_value, metric, baseline, candidate, units), before)


def duplicate_rows(runs: int) -> Iterator[Row]:
    """Simulate a true loss of 0.01 on samples of which some are repeated."""
    for name, distinct, times, of in (
        ("900 distinct", 900, 1, 900),
        ("300 distinct, each 3 times", 300, 3, 300),
        ("200 distinct, each 10 times", 200, 10, 200),
        ("900 distinct, 90 of them 10 times", 900, 10, 90),
    ):
        copies = np.concatenate([np.arange(distinct), np.repeat(np.arange(of), times - 1)])
        units = Units.of(copies)

        def draw(
            generator: Generator,
            distinct: int = distinct,
            copies: np.ndarray = copies,
            units: Units = units,
        ) -> Attempt:
            values = differences(generator, distinct, 0.02, 0.01)[copies]
            return _attempt("top1", (values > 0) * 1.0, (values < 0) * 1.0, units)

        yield from simulated(f"samples: {name}", draw, LIMIT, LOOSER, ERRORS, runs)


def group_rows(runs: int) -> Iterator[Row]:
    """Simulate a true loss of 0.01 on samples in groups."""
    for name, groups, size, rates in (
        ("200 of 10, alike to a small part", 200, 10, _gamma(4.0)),
        ("100 of 20, very alike", 100, 20, _gamma(0.3)),
        ("60 of 20, very alike", 60, 20, _gamma(0.3)),
        ("100 of 20, a tenth of which loses a tenth", 100, 20, _some(0.1)),
        ("300 of 20, a tenth of which loses a tenth", 300, 20, _some(0.1)),
        ("300 of 20, one in a hundred of which is lost", 300, 20, _some(0.01)),
    ):
        draw = group_draw(groups, size, rates)
        yield from simulated(f"groups: {name}", draw, LIMIT, LOOSER, ERRORS, runs)


def group_draw(groups: int, size: int, rates: Rates) -> Draw:
    """Return a draw of right and wrong on groups of one size."""
    units = Units.of(np.arange(groups * size), np.repeat(np.arange(groups), size))

    def draw(generator: Generator) -> Attempt:
        lost, won = (np.repeat(each, size) for each in rates(generator, groups))
        drawn = generator.random(groups * size)
        candidate = ((drawn >= lost) & (drawn < lost + won)) * 1.0
        return _attempt("top1", (drawn < lost) * 1.0, candidate, units)

    return draw


def group_mean_rows(runs: int) -> Iterator[Row]:
    """Simulate means whose differences share a part within groups of unequal size."""
    for groups in (80, 300):
        sizes = np.random.default_rng(SEED).integers(5, 16, groups)
        numbers = np.repeat(np.arange(groups), sizes)
        units = Units.of(np.arange(len(numbers)), numbers)

        def draw(
            generator: Generator, numbers: np.ndarray = numbers, units: Units = units
        ) -> Attempt:
            shared = generator.normal(size=numbers[-1] + 1)[numbers]
            values = LIMIT + shared + generator.normal(size=len(numbers))
            return _attempt("mse", np.zeros(len(numbers)), values, units)

        name = f"groups: mean, {groups} of 5 to 15 that share half of the variance"
        yield from simulated(name, draw, LIMIT, 3 / np.sqrt(groups), ERRORS, runs)


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
