"""Simulated classifiers, rankings, maps and detectors, and their metrics over classes."""

from collections.abc import Callable, Iterator

import numpy as np
from row import Attempt, Draw, Generator, Row, by_bootstrap, simulated
from scipy.stats import norm

from quantgate.components.evaluate.case import Settings
from quantgate.components.evaluate.jackknife import grouped
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.result import Result
from quantgate.decision.kinds import Kind
from quantgate.domain.figures import METRICS
from quantgate.domain.rules import MAX_DROP

#: A function that draws the outputs of the baseline and of the candidate, and the labels.
Models = Callable[[Generator, int], tuple[np.ndarray, np.ndarray, np.ndarray]]
SKEWED = np.array([0.32, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04, 0.025, 0.015, 0.01])
EVEN = np.full(10, 0.1)
#: The area, the share of positive samples and the number of samples of each setting.
AREAS = (
    (0.86, 0.1, 500),
    (0.86, 0.1, 2_000),
    (0.94, 0.1, 1_000),
    (0.98, 0.1, 500),
    (0.98, 0.25, 2_000),
)
NOISE = 0.3
MANY = 1_000_000


def attempt_at(metric: str, models: Models, count: int) -> Draw:
    """Return a draw of two models on so many samples."""

    def draw(generator: Generator) -> Attempt:
        before, after, truth = models(generator, count)
        theirs, ours = (result_of(metric, outputs, truth) for outputs in (before, after))
        kind = Kind(METRICS[metric], theirs.strata)
        estimate = kind.difference(MAX_DROP, ours.values, theirs.values, theirs.figure)
        assert estimate is not None
        return Attempt(estimate.at_most, by_bootstrap(theirs.values - ours.values))

    return draw


def result_of(metric: str, outputs: np.ndarray, truth: np.ndarray) -> Result:
    """Compute a metric as an evaluation does, from what it keeps of the outputs."""
    result = COMPUTATIONS[metric].summary(outputs, truth)
    if result.over is None:
        return result
    return result._replace(values=grouped(result.figure, result.over, len(truth), None))


def true_drop(metric: str, models: Models, count: int = MANY) -> float:
    """Return the drop on very many samples."""
    before, after, truth = models(np.random.default_rng(2), count)
    summary = COMPUTATIONS[metric].summary
    return summary(before, truth).figure - summary(after, truth).figure


def classified(shares: np.ndarray, lost: np.ndarray, won: float) -> Models:
    """Return models that are right on 0.9 of each class, of which `lost` and `won` change.

    Args:
        shares: the share of samples of each class, whose counts are as near as can be.
        lost: the share of each class that only the baseline gets right.
        won: the share that only the candidate gets right.
    """

    def draw(generator: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        sizes = np.maximum(1, np.round(count * shares)).astype(int)
        labels = np.repeat(np.arange(len(shares)), sizes)
        drawn = generator.random(len(labels))
        wrong = generator.integers(1, len(shares), len(labels))
        others = (labels + wrong) % len(shares)
        rate = lost[labels]
        only_first, only_second = drawn < rate, drawn > 1 - won
        both = ~only_first & ~only_second & (drawn < rate + 0.9 - lost.mean())
        before = np.where(both | only_first, labels, others)
        after = np.where(both | only_second, labels, others)
        return before, after, labels

    return draw


def recall_rows(runs: int) -> Iterator[Row]:
    """Simulate balanced accuracy."""
    rare = np.where(np.arange(10) == 9, 0.4, 0.0)
    rare_share = np.append(np.full(9, 0.99 / 9), 0.01)
    settings = [
        ("10 even classes", classified(EVEN, np.full(10, 0.02), 0.01), (200, 1_000)),
        ("10 skewed classes", classified(SKEWED, np.full(10, 0.02), 0.01), (200, 1_000)),
        ("a class of 1 % loses 40 %", classified(rare_share, rare, 0.0), (200, 1_000, 3_000)),
    ]
    truths = {"10 even classes": 0.01, "10 skewed classes": 0.01, "a class of 1 % loses 40 %": 0.04}
    for name, models, counts in settings:
        for count in counts:
            draw = attempt_at("balanced_accuracy", models, count)
            title = f"`balanced_accuracy`, {name}, n = {count:,}"
            yield from simulated(title, draw, truths[name], 0.03, (0.1, 0.05), runs)


def f1_rows(runs: int) -> Iterator[Row]:
    """Simulate macro F1."""
    rare = np.where(np.arange(10) == 9, 0.4, 0.0)
    rare_share = np.append(np.full(9, 0.99 / 9), 0.01)
    settings = [
        ("10 even classes", classified(EVEN, np.full(10, 0.02), 0.01), (300, 1_000)),
        ("10 skewed classes", classified(SKEWED, np.full(10, 0.02), 0.01), (1_000, 4_000)),
        ("a class of 1 % loses 40 %", classified(rare_share, rare, 0.0), (200, 1_000, 3_000)),
    ]
    for name, models, counts in settings:
        truth = true_drop("f1_macro", models)
        for count in counts:
            draw = attempt_at("f1_macro", models, count)
            title = f"`f1_macro`, {name}, n = {count:,}"
            yield from simulated(title, draw, truth, 0.03, (0.1, 0.05), runs)


def ranked(distance: float, noise: float, share: float) -> Models:
    """Return scores of two classes at a distance, and the same with noise."""

    def draw(generator: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        labels = (np.arange(count) < round(count * share)).astype(int)
        before = generator.normal(size=count) + distance * labels
        return before, before + noise * generator.normal(size=count), labels

    return draw


def area_rows(runs: int) -> Iterator[Row]:
    """Simulate areas under the ROC curve."""
    for area, share, count in AREAS:
        distance = distance_of(area)
        truth = area - float(norm.cdf(distance / np.sqrt(2 * (1 + NOISE**2))))
        draw = attempt_at("roc_auc", ranked(distance, NOISE, share), count)
        title = f"`roc_auc`, {_area_text(area, share, count)}"
        yield from simulated(title, draw, truth, 0.03, (0.1, 0.05, 0.01), runs)


def precision_rows(runs: int) -> Iterator[Row]:
    """Simulate average precision."""
    for area, share, count in AREAS:
        models = ranked(distance_of(area), NOISE, share)
        truth = true_drop("average_precision", models)
        draw = attempt_at("average_precision", models, count)
        title = f"`average_precision`, {_area_text(area, share, count)}"
        yield from simulated(title, draw, truth, 0.05, (0.1, 0.05), runs)


def distance_of(area: float) -> float:
    """Return the distance of two classes with an area under the ROC curve."""
    return float(np.sqrt(2) * norm.ppf(area))


def _area_text(area: float, share: float, count: int) -> str:
    return f"area {area}, {round(count * share)} of {count:,} positive"


def mapped(shares: np.ndarray) -> Models:
    """Return the overlaps of segmented images of 64 pixels, of which each shows two classes.

    Args:
        shares: the shares of the classes beside the background.
    """
    score = COMPUTATIONS["mean_iou"].score

    def draw(generator: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shown = 1 + generator.choice(len(shares), count, p=shares)
        labels = np.where(np.arange(64) < generator.integers(16, 48, (count, 1)), shown[:, None], 0)
        flips = generator.random((count, 64))
        worse = generator.beta(1, 9, (count, 1))
        other = (labels + 1) % (len(shares) + 1)
        maps = (np.where(flips < rate, other, labels) for rate in (0.1, 0.1 + 0.5 * worse))
        eye = np.eye(len(shares) + 1)
        before, after = (score(eye[each], labels, Settings()) for each in maps)
        return before, after, labels

    return draw


def map_rows(runs: int) -> Iterator[Row]:
    """Simulate mean intersection over union."""
    for name, shares in (
        ("6 even classes", np.full(5, 0.2)),
        ("a class on 4 % of images", np.append(np.full(4, 0.24), 0.04)),
    ):
        truth = true_drop("mean_iou", mapped(shares), 100_000)
        for count in (60, 200, 1_000):
            draw = attempt_at("mean_iou", mapped(shares), count)
            title = f"`mean_iou`, {name}, n = {count:,}"
            yield from simulated(title, draw, truth, 0.03, (0.1, 0.05), runs)


def marked(generator: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw samples with any of five labels each, of which the last is rare."""
    labels = generator.random((count, 5)) < np.array([0.5, 0.4, 0.3, 0.2, 0.05])
    flips = generator.random((count, 5))
    return labels ^ (flips < 0.05), labels ^ (flips < 0.07), labels


def mark_rows(runs: int) -> Iterator[Row]:
    """Simulate metrics of several labels per sample."""
    for metric in ("multilabel_f1_macro", "multilabel_f1_micro"):
        truth = true_drop(metric, marked)
        for count in (200, 1_000):
            draw, title = attempt_at(metric, marked, count), f"`{metric}`, n = {count:,}"
            yield from simulated(title, draw, truth, 0.03, (0.1, 0.05), runs)


def detected(generator: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw images with three boxes each, and two detectors of these."""
    corners = generator.uniform(0, 50, (count, 3, 2))
    boxes = np.concatenate([corners, generator.uniform(20, 40, (count, 3, 2))], axis=-1)
    classes = generator.integers(0, 3, (count, 3, 1)).astype(float)
    jitter = generator.normal(size=(count, 3, 4))
    scores = generator.uniform(size=(count, 3, 1))
    before, after = (
        np.concatenate([boxes + size * jitter, scores, classes], axis=-1) for size in (1.5, 2.0)
    )
    return before, after, np.concatenate([boxes, classes], axis=-1)


def detection_rows(runs: int) -> Iterator[Row]:
    """Simulate mean average precision of detections."""
    truth = true_drop("mean_average_precision", detected, 1_500)
    draw, title = attempt_at("mean_average_precision", detected, 60), "`mean_average_precision`"
    yield from simulated(f"{title}, n = 60", draw, truth, 0.1, (0.1, 0.05), runs)
