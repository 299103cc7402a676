"""Simulated outputs of all kinds, and their metrics.

A large population is scored once, as an evaluation does. Its samples are then drawn with
replacement, and its metric is the truth.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from row import Attempt, Draw, Generator, Row, by_bootstrap, simulated

from quantgate.components.evaluate.case import Settings
from quantgate.components.evaluate.computation import user_computation
from quantgate.components.evaluate.jackknife import grouped
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.result import Result
from quantgate.decision.kinds import Kind
from quantgate.domain.figure import Figure
from quantgate.domain.figures import METRICS
from quantgate.domain.rules import MAX_DROP, MAX_RISE
from quantgate.statistics.samples import Samples

#: The outputs of the baseline and of the candidate, and the labels.
Models = tuple[np.ndarray, np.ndarray, np.ndarray]
ERRORS = (0.1, 0.05)


@dataclass(frozen=True)
class Population:
    """Many samples with the scores of two models, of which evaluations draw some.

    Attributes:
        summary: the metric over the scores and labels of some samples.
        metric: its name, or None for a user's function.
        before: what an evaluation keeps of the baseline's outputs, or None for a likeness.
        after: the same of the candidate's.
        truth: the labels, or the baseline's outputs for a likeness.
    """

    summary: Callable[[np.ndarray, np.ndarray], Result]
    metric: str | None
    before: np.ndarray | None
    after: np.ndarray
    truth: np.ndarray

    @classmethod
    def of(cls, metric: str, models: Models) -> "Population":
        """Score the outputs of two models in a metric."""
        before, after, labels = models
        computation = COMPUTATIONS[metric]
        if not computation.labelled:
            kept = computation.score(after, before, Settings())
            return cls(computation.summary, metric, None, kept, before)
        kept, other = (computation.score(each, labels, Settings()) for each in (before, after))
        return cls(computation.summary, metric, kept, other, labels)

    @property
    def value(self) -> float:
        """The value that the limit is about, where less is better."""
        if self.before is None:
            return -self.summary(self.after, self.truth).figure
        theirs, ours = (self.summary(each, self.truth) for each in (self.before, self.after))
        return self._sign * (ours.figure - theirs.figure)

    @property
    def spread(self) -> float:
        """The standard deviation of a sample's contribution."""
        return float(np.std(self._harm(np.arange(len(self.truth)))))

    def draw(self, count: int) -> Draw:
        """Return a draw of so many samples."""

        def attempt(generator: Generator) -> Attempt:
            rows = generator.integers(0, len(self.truth), count)
            return Attempt(self._p_value(rows), by_bootstrap(self._harm(rows)))

        return attempt

    @property
    def _sign(self) -> int:
        is_loss = self.metric is None or not METRICS[self.metric].higher_is_better
        return 1 if is_loss else -1

    @property
    def _figure(self) -> Figure | None:
        return None if self.metric is None else METRICS[self.metric]

    def _harm(self, rows: np.ndarray) -> Samples:
        ours = self._result(self.after, rows).values
        if self.before is None:
            return -ours
        return self._sign * (ours - self._result(self.before, rows).values)

    def _p_value(self, rows: np.ndarray) -> Callable[[float], float]:
        ours = self._result(self.after, rows)
        if self.before is None:
            alone = Kind(self._figure).alone(ours.values)
            assert alone is not None
            return lambda limit: alone.at_least(-limit)
        theirs = self._result(self.before, rows)
        kind = Kind(self._figure, theirs.strata)
        rule = MAX_RISE if self._sign > 0 else MAX_DROP
        estimate = kind.difference(rule, ours.values, theirs.values, theirs.figure)
        assert estimate is not None
        return estimate.at_most

    def _result(self, kept: np.ndarray, rows: np.ndarray) -> Result:
        result = self.summary(kept[rows], self.truth[rows])
        if result.over is None:
            return result
        return result._replace(values=grouped(result.figure, result.over, len(rows), None))


def regressed(samples: int, values: int) -> Models:
    """Return predictions of values, of which the candidate's are noisier."""
    generator = np.random.default_rng(5)
    labels = generator.normal(size=(samples, values))
    before = labels + 0.3 * generator.normal(size=labels.shape)
    return before, before + 0.1 * generator.normal(size=labels.shape), labels


def classified_softly(samples: int) -> Models:
    """Return probabilities of ten classes, of which the candidate's are noisier."""
    generator = np.random.default_rng(6)
    labels = generator.integers(0, 10, samples)
    scores = generator.normal(size=(samples, 10)) + 4 * np.eye(10)[labels]
    noisy = scores + 0.3 * generator.normal(size=scores.shape)
    before, after = (np.exp(each) for each in (scores, noisy))
    sums = before.sum(axis=1, keepdims=True), after.sum(axis=1, keepdims=True)
    return before / sums[0], after / sums[1], labels


def pictured(samples: int) -> Models:
    """Return restored images of 16 by 16, of which the candidate's are noisier."""
    generator = np.random.default_rng(7)
    columns, rows = np.linspace(0, 6, 16), np.linspace(0, 6, 16)[:, np.newaxis]
    phases = generator.uniform(0, 6, (samples, 1, 1))
    labels = 0.5 + 0.4 * np.sin(columns + rows + phases)
    sizes = generator.uniform(0.02, 0.1, (samples, 1, 1))
    before = labels + sizes * generator.normal(size=labels.shape)
    after = before + 0.5 * sizes * generator.normal(size=labels.shape)
    return before[..., np.newaxis], after[..., np.newaxis], labels[..., np.newaxis]


def ranked_marks(samples: int) -> Models:
    """Return scores of five labels, of which the last is rare."""
    generator = np.random.default_rng(8)
    labels = generator.random((samples, 5)) < np.array([0.5, 0.4, 0.3, 0.2, 0.05])
    before = generator.normal(size=labels.shape) + 2.5 * labels
    return before, before + 0.4 * generator.normal(size=labels.shape), labels


SETTINGS: dict[str, tuple[Callable[[], Models], tuple[int, ...]]] = {
    "mse": (lambda: regressed(50_000, 1), (60, 200, 1_000)),
    "mae": (lambda: regressed(50_000, 4), (60, 200, 1_000)),
    "log_loss": (lambda: classified_softly(50_000), (60, 200, 1_000)),
    "r2": (lambda: regressed(50_000, 3), (60, 200, 1_000)),
    "psnr": (lambda: pictured(5_000), (60, 200, 1_000)),
    "ssim": (lambda: pictured(5_000), (60, 200, 1_000)),
    "si_sdr": (lambda: regressed(20_000, 32), (60, 200, 1_000)),
    "snr": (lambda: regressed(20_000, 8), (60, 200, 1_000)),
    "snr_pooled": (lambda: regressed(20_000, 8), (60, 200, 1_000)),
    "cosine_similarity": (lambda: regressed(20_000, 8), (60, 200, 1_000)),
    "multilabel_average_precision": (lambda: ranked_marks(20_000), (200, 1_000)),
}


def output_rows(runs: int) -> Iterator[Row]:
    """Simulate metrics of real and of ranked outputs."""
    for metric, (models, counts) in SETTINGS.items():
        own = runs // 4 if METRICS[metric].classed else runs
        yield from rows_of(f"`{metric}`", Population.of(metric, models()), counts, own)


def rows_of(name: str, population: Population, counts: tuple[int, ...], runs: int) -> Iterator[Row]:
    """Simulate evaluations on several numbers of samples, and limits three standard errors off."""
    truth, spread = population.value, population.spread
    for count in counts:
        slack, draw = 3 * spread / math.sqrt(count), population.draw(count)
        yield from simulated(f"{name}, n = {count:,}", draw, truth, slack, ERRORS, runs)


def own_rows(runs: int) -> Iterator[Row]:
    """Simulate a user's function of all samples: the root of the mean squared error."""

    def root(outputs: np.ndarray, labels: np.ndarray) -> float:
        return float(np.sqrt(np.mean((outputs - labels) ** 2)))

    before, after, labels = regressed(50_000, 1)
    summary = user_computation(root).summary
    whole = Population(summary, None, before, after, labels)
    for count in (100, 400, 1_000):
        slack, name = 0.05, f"a function of all samples (root of mse), n = {count:,}"
        yield from simulated(name, whole.draw(count), whole.value, slack, ERRORS, runs)


def ranged_rows(runs: int) -> Iterator[Row]:
    """Simulate a bounded metric of two models, of which one fails on rare samples."""
    kind = Kind(METRICS["ssim"])
    for count in (100, 500, 2_000):

        def draw(generator: Generator, count: int = count) -> Attempt:
            theirs = generator.beta(20, 2, count)
            ours = np.where(generator.random(count) < 0.01, 0.0, theirs)
            estimate = kind.difference(MAX_DROP, ours, theirs, float(theirs.mean()))
            assert estimate is not None
            return Attempt(estimate.at_most, by_bootstrap(theirs - ours))

        name = f"`ssim`, fails on 1 % of samples, n = {count:,}"
        yield from simulated(name, draw, 0.01 * 20 / 22, 0.03, [0.05], runs)
