"""Simulated runs with several candidates, with and without early looks, and their latencies."""

from collections.abc import Iterator

import numpy as np
from classes import EVEN, attempt_at, classified
from row import SEED, Attempt, Draw, Generator, Row, simulated
from singles import differences, pairs_of

from quantgate.decision.estimating import Measured, early_estimate
from quantgate.domain.rules import MAX, MAX_DROP, MAX_RATIO
from quantgate.records.tasks import Steps
from quantgate.statistics.early_estimate import order_of
from quantgate.statistics.error_spending import EARLY_SHARE, looks_at
from quantgate.statistics.estimates import Mean, PairedProportions
from quantgate.statistics.families import correlations, step_down
from quantgate.statistics.latency_ratios import Clocked
from quantgate.statistics.percentiles import Percentile

LIMIT, ERROR = 0.01, 0.05
ERRORS = (0.1, ERROR)
#: The numbers of candidates, and the runs of each without and with early looks.
SIZES = ((1, 600, 400), (2, 600, 300), (7, 400, 300), (20, 300, 200), (60, 200, 100))
CORRELATIONS = (0.0, 0.5, 0.9)


def family_rows(size: tuple[int, int, int]) -> Iterator[Row]:
    """Simulate candidates that all sit at the limit, and share some of their errors."""
    candidates, runs, _ = size
    for common in CORRELATIONS:
        yield family_row(candidates, common, 1_000, runs)


def family_row(candidates: int, common: float, count: int, runs: int) -> Row:
    """Simulate one family. `common` is the correlation of the candidates' differences."""
    generator, wrong, alone = np.random.default_rng(SEED), 0, 0
    for _ in range(runs):
        values = together(generator, candidates, count, common)
        ratios = [PairedProportions(pairs_of(each)).at_most(LIMIT) / ERROR for each in values]
        tested = step_down(ratios, correlations({"top1": list(values)}), ERROR)
        wrong += any(one.passed for one in tested)
        alone += any(ratio <= 1 for ratio in ratios)
    name = f"{_number(candidates)}, r = {common}, n = {count:,}"
    return Row(name, ERROR, wrong / runs, runs, error_before=alone / runs)


def _number(candidates: int) -> str:
    return f"{candidates} candidate{'s' if candidates > 1 else ''}"


def together(generator: Generator, candidates: int, count: int, common: float) -> np.ndarray:
    """Return correlated differences with a true loss at the limit, [candidates, samples]."""
    own = differences(generator, candidates * count, 0.02, 0.01).reshape(candidates, count)
    shared = differences(generator, count, 0.02, 0.01)
    return np.where(generator.random((candidates, count)) < np.sqrt(common), shared, own)


def mean_family_rows(runs: int = 300) -> Iterator[Row]:
    """Simulate several candidates that all sit at a limit of a mean."""
    for name, sigma in (("normal", 0.0), ("lognormal 0.5", 0.5)):
        generator, wrong, alone = np.random.default_rng(SEED), 0, 0
        for _ in range(runs):
            noise = np.sqrt(0.5) * generator.normal(size=300)
            noise = noise + np.sqrt(0.5) * generator.normal(size=(7, 300))
            values = np.exp(sigma * noise - sigma**2 / 2) - 1 if sigma else noise
            ratios = [Mean(each).at_most(0.0) / ERROR for each in values]
            tested = step_down(ratios, correlations({"mse": list(values)}), ERROR)
            wrong += any(one.passed for one in tested)
            alone += any(ratio <= 1 for ratio in ratios)
        title = f"7 candidates, means, {name}, r = 0.5, n = 300"
        yield Row(title, ERROR, wrong / runs, runs, error_before=alone / runs)


def recall_family_rows(runs: int = 150) -> Iterator[Row]:
    """Simulate several candidates that all sit at a limit of balanced accuracy."""
    generator = np.random.default_rng(SEED)
    draw = attempt_at("balanced_accuracy", classified(EVEN, np.full(10, 0.02), 0.01), 1_000)
    wrong = alone = 0
    for _ in range(runs):
        ratios = [draw(generator).p_value(LIMIT) / ERROR for _ in range(7)]
        tested = step_down(ratios, np.eye(7), ERROR)
        wrong += any(one.passed for one in tested)
        alone += any(ratio <= 1 for ratio in ratios)
    title = "7 candidates, `balanced_accuracy`, 10 even classes, r = 0, n = 1,000"
    yield Row(title, ERROR, wrong / runs, runs, error_before=alone / runs)


def look_rows(size: tuple[int, int, int]) -> Iterator[Row]:
    """Simulate candidates at the limit whose evaluation may stop early."""
    candidates, _, runs = size
    for common in CORRELATIONS:
        yield look_row(candidates, common, 2_000, runs)


def look_row(candidates: int, common: float, count: int, runs: int) -> Row:
    """Simulate one family with early looks."""
    generator, wrong = np.random.default_rng(SEED), 0
    for _ in range(runs):
        values = together(generator, candidates, count, common)
        ends = [_early_end(each, candidates) for each in values]
        left = [each for each, end in zip(values, ends, strict=True) if end == "undecided"]
        wrong += "pass" in ends or bool(left and _passes_last(left))
    name = f"{_number(candidates)}, r = {common}, n = {count:,}, with early looks"
    return Row(name, ERROR, wrong / runs, runs)


def _early_end(values: np.ndarray, candidates: int) -> str:
    """Return the first outcome of the looks, by the functions that an evaluation uses."""
    theirs = (values >= 0).astype(float)
    ours, order = theirs - values, order_of(len(values))
    baseline = Measured("0", {"top1": float(theirs.mean())}, {"top1": theirs})
    for taken in looks_at(len(values)):
        rows = np.sort(order[:taken])
        steps = Steps(taken=taken, available=len(values), limits=1, candidates=candidates)
        figures, samples = {"top1": float(ours[rows].mean())}, {"top1": ours[rows]}
        candidate = Measured("1", figures, samples, steps=steps, covered=rows)
        estimate = early_estimate("top1", MAX_DROP, candidate, baseline)
        assert estimate is not None
        if estimate.at_most(LIMIT) <= ERROR:
            return "pass"
        if estimate.at_least(LIMIT) <= ERROR:
            return "fail"
    return "undecided"


def _passes_last(values: list[np.ndarray]) -> bool:
    error = (1 - EARLY_SHARE) * ERROR
    ratios = [PairedProportions(pairs_of(each)).at_most(LIMIT) / error for each in values]
    return any(one.passed for one in step_down(ratios, correlations({"top1": values}), error))


def latency_rows(runs: int) -> Iterator[Row]:
    """Simulate limits on percentiles of latency."""
    for percent, counts in ((50, (50, 200)), (90, (60, 200)), (95, (100, 400)), (99, (400, 1_000))):
        first, second = _timings(np.random.default_rng(3), 400_000)
        ends = np.percentile(first, percent), np.percentile(second, percent)
        for count in counts:
            ratio, alone = _ratio_draw(count, percent), _alone_draw(count, percent)
            name = f"`latency_p{percent}_ms: max_ratio`, {count:,} rounds"
            yield from simulated(name, ratio, float(ends[0] / ends[1]), 0.1, ERRORS, runs)
            name = f"`latency_p{percent}_ms: max`, {count:,} rounds"
            yield from simulated(name, alone, float(ends[0]), 0.2, ERRORS, runs)


def _timings(generator: Generator, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw timings of two models in ms, of which one in fifty is delayed."""
    common = generator.lognormal(0, 0.05, rounds)
    delays = generator.exponential(0.5, (2, rounds)) * (generator.random((2, rounds)) < 0.02)
    first, second = common * generator.lognormal(0, 0.1, (2, rounds)) + delays
    return first, second


def _ratio_draw(count: int, percent: float) -> Draw:
    """Draw ratios, whose bound is that of version 0.1."""

    def draw(generator: Generator) -> Attempt:
        estimate = Clocked(MAX_RATIO.value, *_timings(generator, count), percent)
        return Attempt(estimate.at_most, estimate.upper)

    return draw


def _alone_draw(count: int, percent: float) -> Draw:
    def draw(generator: Generator) -> Attempt:
        first, second = _timings(generator, count)
        before = Clocked(MAX.value, first, second, percent)
        return Attempt(Percentile(first, percent).at_most, before.upper)

    return draw
