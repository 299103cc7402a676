"""Simulated candidates that are means over samples."""

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from row import Attempt, Draw, Generator, Row, by_bootstrap, simulated

from quantgate.decision.kinds import Kind
from quantgate.domain.figures import METRICS
from quantgate.domain.rules import MAX_DROP_PERCENT, MAX_RATIO
from quantgate.statistics.estimates import Mean, PairedProportions, Proportion
from quantgate.statistics.paired_proportions import Pairs, score_bound

ERRORS = (0.1, 0.05, 0.01)
#: The metrics that are right or wrong for each sample.
RIGHT = "`top1`, `top5`, `top_k`, `f1_micro`"
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
        for lost, won in ((0.02, 0.01), (0.01, 0.0)):
            name = f"{RIGHT}, n = {count:,}, loses {lost}, gains {won}"
            yield from simulated(name, _paired(count, lost, won), 0.01, 0.01, ERRORS, runs)


def _paired(count: int, lost: float, won: float) -> Draw:
    def draw(generator: Generator) -> Attempt:
        pairs = pairs_of(differences(generator, count, lost, won))
        return Attempt(PairedProportions(pairs).at_most, partial(score_bound, pairs))

    return draw


def proportion_rows(runs: int) -> Iterator[Row]:
    """Simulate Clopper and Pearson's bound of what a model gets wrong. Wilson's was before."""
    for count in (50, 300, 1_000):

        def draw(generator: Generator, count: int = count) -> Attempt:
            wrong = int(generator.binomial(count, 0.1))
            return Attempt(
                Proportion(wrong, count).at_most, partial(score_bound, Pairs(wrong, 0, count))
            )

        name = f"{RIGHT} and `agreement`, one model (`min`), n = {count:,}"
        yield from simulated(name, draw, 0.1, 0.05, ERRORS, runs)


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
                return Attempt(Mean(drawn, -math.inf, edge).at_most, by_bootstrap(drawn))

            slack = 3 * spread / math.sqrt(count)
            yield from simulated(f"mean, {kind}, n = {count:,}", draw, truth, slack, [0.05], runs)


def relative_rows(runs: int) -> Iterator[Row]:
    """Simulate limits relative to a baseline that is uncertain, too."""
    for count in (300, 1_000, 5_000):
        percent, ratio = _percent(count), _ratio(count)
        name = f"`top1: max_drop_percent`, n = {count:,}"
        yield from simulated(name, percent, 100 * 0.02 / 0.7, 3.0, (0.1, 0.05), runs)
        name = f"`mse: max_ratio`, n = {count:,}"
        yield from simulated(name, ratio, 1.05, 0.05, (0.1, 0.05), runs)


def _percent(count: int) -> Draw:
    """Draw models that are right on 0.7 and 0.68 of samples."""

    def draw(generator: Generator) -> Attempt:
        theirs = (generator.random(count) < 0.7).astype(float)
        drawn = generator.random(count)
        ours = np.where(theirs > 0, drawn > 0.04 / 0.7, drawn < 0.02 / 0.3).astype(float)
        estimate = TOP1.difference(MAX_DROP_PERCENT, ours, theirs, float(theirs.mean()))
        assert estimate is not None
        pairs, scale = Pairs.of(theirs, ours), 100 / float(theirs.mean())
        return Attempt(estimate.at_most, lambda confidence: scale * score_bound(pairs, confidence))

    return draw


def _ratio(count: int) -> Draw:
    def draw(generator: Generator) -> Attempt:
        theirs = generator.gamma(2.0, 0.5, count)
        ours = 1.05 * theirs * generator.lognormal(-0.02, 0.2, count)
        estimate = MSE.difference(MAX_RATIO, ours, theirs, float(theirs.mean()))
        assert estimate is not None
        return Attempt(estimate.at_most, by_bootstrap(1 + (ours - theirs) / theirs.mean()))

    return draw
