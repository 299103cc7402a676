"""Simulated evaluations with early stopping: the error rate of their verdicts, and their speed.

The true mean just meets or just violates the limit, where errors are likeliest. At most 1 % of the
early verdicts may be wrong, and 5 % of all verdicts. The tests allow three standard deviations
above these rates, for the chance in a limited number of simulations.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from quantgate.decision.kinds import Kind
from quantgate.domain.figures import METRICS
from quantgate.records.tasks import Steps
from quantgate.statistics.early_estimate import Stepwise
from quantgate.statistics.error_spending import last_confidence, looks_at
from quantgate.statistics.paired_proportions import Pairs, p_value

SAMPLES = 2_000
RUNS = 300
#: For what is far from its limit.
FEW_RUNS = 100
CONFIDENCE, EARLY, WHOLE = 0.95, 0.01, 0.05
LOOKS = looks_at(SAMPLES)
Draw = Callable[[np.random.Generator], np.ndarray]


def verdict_of(values: np.ndarray, limit: float, metric: str, *, limits: int = 1) -> str:
    """Return the first verdict of the looks on a mean of at most the limit.

    Args:
        values: differences from the baseline, or losses, in the order of the samples.
        limit: the highest mean that passes.
        metric: the name of the metric.
        limits: the number of limits that share the error rate.
    """
    lowest, highest = Kind(METRICS[metric]).edges(difference=metric != "mse")
    for taken in LOOKS:
        steps = Steps(taken=taken, available=SAMPLES, limits=limits)
        estimate = Stepwise(values[:taken], lowest, highest, steps, False, len(LOOKS))
        if estimate.at_most(limit) <= 1 - CONFIDENCE:
            return "pass"
        if estimate.at_least(limit) <= 1 - CONFIDENCE:
            return "fail"
    return "undecided"


def rates(draw: Draw, limit: float, metric: str, runs: int = RUNS) -> dict[str, float]:
    generator = np.random.default_rng(1)
    verdicts = [verdict_of(draw(generator), limit, metric) for _ in range(runs)]
    return {verdict: verdicts.count(verdict) / runs for verdict in ("pass", "fail", "undecided")}


def most(rate: float, runs: int = RUNS) -> float:
    return rate + 3 * math.sqrt(rate * (1 - rate) / runs)


def flipped(lost: float, won: float) -> Draw:
    """Return a draw of differences in which the candidate loses and wins such shares."""
    chances = [lost, won, 1 - lost - won]
    return lambda generator: generator.choice([1.0, -1.0, 0.0], SAMPLES, p=chances)


@pytest.mark.parametrize(("lost", "won"), [(0.01, 0.0), (0.02, 0.01), (0.11, 0.1)])
def test_early_verdicts_on_binary_values_keep_their_error_rate(lost, won):
    shares = rates(flipped(lost, won), 0.01, "top1")
    assert shares["pass"] <= most(EARLY)
    assert shares["fail"] <= most(EARLY)


def _pairs(drop: np.ndarray) -> Pairs:
    return Pairs.of(np.maximum(drop, 0), np.maximum(-drop, 0))


def test_all_verdicts_together_keep_their_confidence():
    """A drop that is slightly too large rarely passes, early or on all samples."""
    generator, wrong = np.random.default_rng(1), 0
    for _ in range(RUNS):
        drop = flipped(0.02, 0.01)(generator)
        early = verdict_of(drop, 0.01, "top1")
        p = p_value(_pairs(drop), 0.01)
        last = 1 - last_confidence(CONFIDENCE)
        wrong += early == "pass" or (early == "undecided" and p <= last)
    assert 0 < wrong / RUNS <= most(WHOLE)


def test_uncorrected_bounds_are_wrong_too_often():
    """Without the correction for several looks, the error rate is too high."""
    generator, wrong = np.random.default_rng(1), 0
    for _ in range(FEW_RUNS):
        drop = flipped(0.02, 0.01)(generator)
        p = (p_value(_pairs(drop[:taken]), 0.01) for taken in LOOKS)
        wrong += any(value <= 1 - CONFIDENCE for value in p)
    assert wrong / FEW_RUNS > most(WHOLE, FEW_RUNS)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("noise", ["normal", "exponential", "outliers"])
def test_early_verdicts_on_values_without_a_range_keep_their_error_rate(noise, sign):
    def draw(generator):
        normal = generator.normal(size=SAMPLES)
        outliers = 6 * ((generator.random(SAMPLES) < 0.05) - 0.05)
        centred = {
            "normal": normal,
            "exponential": generator.exponential(size=SAMPLES) - 1,
            "outliers": normal + outliers,
        }[noise]
        return 0.5 + sign * centred

    shares = rates(draw, 0.5, "psnr", runs=1_000)
    assert shares["pass"] <= most(EARLY, 1_000)
    assert shares["fail"] <= most(EARLY, 1_000)


def test_early_verdicts_on_a_mean_loss_keep_their_error_rate():
    shares = rates(lambda generator: generator.exponential(size=SAMPLES), 1.0, "mse", runs=100)
    assert shares["pass"] <= most(EARLY, 100)
    assert shares["fail"] <= most(EARLY, 100)


def test_several_limits_share_the_error_rate():
    """Each of ten limits is just met, so it is an error if any fails."""
    generator = np.random.default_rng(2)
    wrong = sum(
        any(
            verdict_of(generator.normal(size=SAMPLES), 0.0, "psnr", limits=10) == "fail"
            for _ in range(10)
        )
        for _ in range(150)
    )
    assert wrong / 150 <= most(EARLY, 150)


@pytest.mark.parametrize(("drop", "wrong"), [(0.0105, "pass"), (0.0095, "fail")])
def test_early_verdicts_agree_with_the_verdict_on_all_samples(drop, wrong):
    """One data set in many orders, drawn without replacement."""
    lost = (np.arange(SAMPLES) < drop * SAMPLES).astype(float)
    assert rates(lambda generator: generator.permutation(lost), 0.01, "top1")[wrong] <= most(EARLY)


@pytest.mark.parametrize(
    ("lost", "won", "verdict", "share"),
    [(0.0, 0.0, "pass", 1.0), (0.3, 0.02, "fail", 1.0), (0.002, 0.002, "pass", 0.6)],
)
def test_clear_cases_are_decided_early(lost, won, verdict, share):
    assert rates(flipped(lost, won), 0.01, "top1", runs=50)[verdict] >= share
