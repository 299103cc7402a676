"""Simulated candidates that are means over samples."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from row import Attempt, Draw, Generator, Row, by_bootstrap, simulated

from quantgate.decision.kinds import Kind
from quantgate.domain.figures import METRICS
from quantgate.domain.rules import MAX_DROP, MAX_DROP_PERCENT, MAX_RATIO, MAX_RISE
from quantgate.statistics.estimates import Mean, PairedProportions, Proportion
from quantgate.statistics.paired_proportions import Pairs, score_bound

TOP1 = Kind(METRICS["top1"])
MSE = Kind(METRICS["mse"])


def differences(generator: Generator, count: int, lost: float, won: float) -> np.ndarray:
    """Return 1 for a loss, -1 for a gain, and 0 otherwise."""
    drawn = generator.random(count)
    return (drawn < lost).astype(float) - (drawn > 1 - won)


def pairs_of(values: np.ndarray) -> Pairs:
    """Count losses and gains."""
    return Pairs(int((values > 0).sum()), int((values < 0).sum()), len(values))


def paired_rows(runs: int) -> Iterator[Row]:
    """Simulate the paired test at a true loss of 0.01."""
    for count in (163, 299, 900, 2_000, 10_000):
        for error in (0.1, 0.05, 0.01):
            for lost, won in ((0.02, 0.01), (0.01, 0.0)):
                name = f"right or wrong, n = {count:,}, loses {lost}, gains {won}"
                yield simulated(name, _paired(count, lost, won), 0.01, 0.01, error, runs)


def _paired(count: int, lost: float, won: float) -> Draw:
    def draw(generator: Generator) -> Attempt:
        pairs = pairs_of(differences(generator, count, lost, won))
        return Attempt(
            PairedProportions(pairs),
            lambda limit, confidence: score_bound(pairs, confidence) <= limit,
        )

    return draw


def proportion_rows(runs: int) -> Iterator[Row]:
    """Simulate Clopper and Pearson's bound of what a model gets wrong."""
    for count in (50, 300, 1_000):
        for error in (0.1, 0.05):

            def draw(generator: Generator, count: int = count) -> Attempt:
                return Attempt(Proportion(int(generator.binomial(count, 0.1)), count))

            name = f"right or wrong, one model, n = {count:,}"
            yield simulated(name, draw, 0.1, 0.05, error, runs)


KINDS: dict[str, tuple[float, Callable[[Generator, int], np.ndarray]]] = {
    "normal": (0.0, lambda generator, count: generator.normal(size=count)),
    "mse of normal errors": (1.0, lambda generator, count: generator.normal(size=count) ** 2),
    "lognormal 0.5": (
        math.exp(0.125),
        lambda generator, count: generator.lognormal(sigma=0.5, size=count),
    ),
    "lognormal 1.5": (
        math.exp(1.125),
        lambda generator, count: generator.lognormal(sigma=1.5, size=count),
    ),
    "a loss of 1 in 1 % of samples, `range: [0, 1]`": (
        0.01,
        lambda generator, count: (generator.random(count) < 0.01).astype(float),
    ),
}


def mean_rows(runs: int) -> Iterator[Row]:
    """Simulate bounds of means without and with a range."""
    for kind, (truth, values) in KINDS.items():
        edge = 1.0 if "range" in kind else math.inf
        spread = float(np.std(values(np.random.default_rng(1), 100_000)))
        for count in (50, 200, 1_000):

            def draw(
                generator: Generator,
                count: int = count,
                values: Callable = values,
                edge: float = edge,
            ) -> Attempt:
                drawn = values(generator, count)
                return Attempt(Mean(drawn, -math.inf, edge), by_bootstrap(drawn))

            slack = 3 * spread / math.sqrt(count)
            yield simulated(f"mean, {kind}, n = {count:,}", draw, truth, slack, 0.05, runs)


def relative_rows(runs: int) -> Iterator[Row]:
    """Simulate limits relative to a baseline that is uncertain, too."""
    for count in (300, 1_000, 5_000):
        for error in (0.1, 0.05):
            truth = 100 * 0.02 / 0.7
            name = f"`top1: max_drop_percent`, n = {count:,}"
            yield simulated(name, _percent(count), truth, 3.0, error, runs)
            name = f"`mse: max_ratio`, n = {count:,}"
            yield simulated(name, _ratio(count), 1.05, 0.05, error, runs)


def _percent(count: int) -> Draw:
    """Draw models that are right on 0.7 and 0.68 of samples."""

    def draw(generator: Generator) -> Attempt:
        theirs = (generator.random(count) < 0.7).astype(float)
        drawn = generator.random(count)
        ours = np.where(theirs > 0, drawn > 0.04 / 0.7, drawn < 0.02 / 0.3).astype(float)
        estimate = TOP1.difference(MAX_DROP_PERCENT, ours, theirs, float(theirs.mean()))
        assert estimate is not None
        pairs = Pairs.of(theirs, ours)
        scale = 100 / float(theirs.mean())
        return Attempt(
            estimate,
            lambda limit, confidence: scale * score_bound(pairs, confidence) <= limit,
        )

    return draw


def _ratio(count: int) -> Draw:
    def draw(generator: Generator) -> Attempt:
        theirs = generator.gamma(2.0, 0.5, count)
        ours = 1.05 * theirs * generator.lognormal(-0.02, 0.2, count)
        estimate = MSE.difference(MAX_RATIO, ours, theirs, float(theirs.mean()))
        assert estimate is not None
        return Attempt(estimate, by_bootstrap(1 + (ours - theirs) / theirs.mean()))

    return draw


def own_rows(runs: int) -> Iterator[Row]:
    """Simulate a user's function of all samples: the root of the mean squared error."""
    from quantgate.components.evaluate.user_metric import user_result

    def root(outputs: np.ndarray, labels: np.ndarray) -> float:
        return float(np.sqrt(np.mean((outputs - labels) ** 2)))

    for count in (100, 400, 1_000):

        def draw(generator: Generator, count: int = count) -> Attempt:
            labels = np.zeros(count)
            base = generator.normal(size=count)
            models = base, 1.05 * base + 0.3 * generator.normal(size=count)
            theirs, ours = (user_result(root, outputs, labels) for outputs in models)
            estimate = Kind(None).difference(MAX_RISE, ours.values, theirs.values, theirs.figure)
            assert estimate is not None
            return Attempt(estimate, by_bootstrap(ours.values - theirs.values))

        truth = math.sqrt(1.05**2 + 0.3**2) - 1
        name = f"a function of all samples (root of mse), n = {count:,}"
        yield simulated(name, draw, truth, 0.05, 0.05, runs)


def ranged_rows(runs: int) -> Iterator[Row]:
    """Simulate a bounded metric of two models, of which one fails on rare samples."""
    for count in (100, 500, 2_000):

        def draw(generator: Generator, count: int = count) -> Attempt:
            theirs = generator.beta(20, 2, count)
            ours = np.where(generator.random(count) < 0.01, 0.0, theirs)
            kind = Kind(METRICS["ssim"])
            estimate = kind.difference(MAX_DROP, ours, theirs, float(theirs.mean()))
            assert estimate is not None
            return Attempt(estimate, by_bootstrap(theirs - ours))

        name = f"`ssim`, fails on 1 % of samples, n = {count:,}"
        yield simulated(name, draw, 0.01 * 20 / 22, 0.03, 0.05, runs)
