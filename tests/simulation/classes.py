"""Simulated classifiers, rankings, maps and detectors, and their metrics over classes."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from row import Attempt, Draw, Generator, Row, by_bootstrap, simulated
from scipy.stats import norm

from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.result import Result
from quantgate.decision.kinds import Kind
from quantgate.domain.figures import METRICS
from quantgate.domain.rules import MAX_DROP

#: A function that draws the outputs of the baseline and of the candidate, and the labels.
Models = Callable[[Generator, int], tuple[np.ndarray, np.ndarray, np.ndarray]]
SKEWED = np.array([0.32, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04, 0.025, 0.015, 0.01])
EVEN = np.full(10, 0.1)
MANY = 1_000_000


def attempt_at(metric: str, models: Models, count: int) -> Draw:
    """Return a draw of two models on so many samples."""

    def draw(generator: Generator) -> Attempt:
        before, after, truth = models(generator, count)
        theirs, ours = (result_of(metric, outputs, truth) for outputs in (before, after))
        kind = Kind(METRICS[metric], theirs.strata)
        estimate = kind.difference(MAX_DROP, ours.values, theirs.values, theirs.figure)
        assert estimate is not None
        return Attempt(estimate, by_bootstrap(theirs.values - ours.values))

    return draw


def result_of(metric: str, outputs: np.ndarray, truth: np.ndarray) -> Result:
    """Compute a metric as an evaluation does, from what it keeps of the outputs."""
    return COMPUTATIONS[metric].summary(outputs, truth)


def true_drop(metric: str, models: Models, count: int = MANY) -> float:
    """Return the drop on very many samples."""
    before, after, truth = models(np.random.default_rng(2), count)
    return result_of(metric, before, truth).figure - result_of(metric, after, truth).figure


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
            for error in (0.1, 0.05):
                draw = attempt_at("balanced_accuracy", models, count)
                title = f"`balanced_accuracy`, {name}, n = {count:,}"
                yield simulated(title, draw, truths[name], 0.03, error, runs)


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
            yield simulated(f"`f1_macro`, {name}, n = {count:,}", draw, truth, 0.03, 0.05, runs)


def ranked(distance: float, noise: float, share: float) -> Models:
    """Return scores of two classes at a distance, and the same with noise."""

    def draw(generator: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        labels = (np.arange(count) < round(count * share)).astype(int)
        before = generator.normal(size=count) + distance * labels
        return before, before + noise * generator.normal(size=count), labels

    return draw


def area_rows(runs: int) -> Iterator[Row]:
    """Simulate areas under the ROC curve and average precision."""
    for area, share, count in (
        (0.86, 0.1, 500),
        (0.86, 0.1, 2_000),
        (0.94, 0.1, 1_000),
        (0.98, 0.1, 500),
        (0.98, 0.25, 2_000),
    ):
        distance, noise = float(np.sqrt(2) * norm.ppf(area)), 0.3
        truth = area - float(norm.cdf(distance / np.sqrt(2 * (1 + noise**2))))
        positive = round(count * share)
        title = f"area {area}, {positive} of {count:,} positive"
        models = ranked(distance, noise, share)
        draw = attempt_at("roc_auc", models, count)
        yield simulated(f"`roc_auc`, {title}", draw, truth, 0.03, 0.05, runs)
        truth = true_drop("average_precision", models)
        draw = attempt_at("average_precision", models, count)
        yield simulated(f"`average_precision`, {title}", draw, truth, 0.05, 0.05, runs)


def mapped(shares: np.ndarray) -> Models:
    """Return the overlaps of segmented images of 64 pixels, of which each shows two classes.

    Args:
        shares: the shares of the classes beside the background.
    """
    from quantgate.components.evaluate.overlap import overlaps

    def draw(generator: Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shown = 1 + generator.choice(len(shares), count, p=shares)
        labels = np.where(np.arange(64) < generator.integers(16, 48, (count, 1)), shown[:, None], 0)
        flips = generator.random((count, 64))
        worse = generator.beta(1, 9, (count, 1))
        other = (labels + 1) % (len(shares) + 1)
        maps = (np.where(flips < rate, other, labels) for rate in (0.1, 0.1 + 0.5 * worse))
        eye = np.eye(len(shares) + 1)
        before, after = (overlaps(eye[each], labels) for each in maps)
        return before, after, labels

    return draw


def map_rows(runs: int) -> Iterator[Row]:
    """Simulate mean intersection over union."""
    for name, shares in (
        ("6 even classes", np.full(5, 0.2)),
        ("a class on 4 % of images", np.append(np.full(4, 0.24), 0.04)),
    ):
        truth = true_drop("mean_iou", mapped(shares), 300_000)
        for count in (60, 200, 1_000):
            draw = attempt_at("mean_iou", mapped(shares), count)
            title = f"`mean_iou`, {name}, n = {count:,}"
            yield simulated(title, draw, truth, 0.03, 0.05, runs)


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
            draw = attempt_at(metric, marked, count)
            yield simulated(f"`{metric}`, n = {count:,}", draw, truth, 0.03, 0.05, runs)


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
    draw = attempt_at("mean_average_precision", detected, 60)
    yield simulated("`mean_average_precision`, n = 60", draw, truth, 0.1, 0.05, runs)


ALL = (
    recall_rows,
    f1_rows,
    area_rows,
    map_rows,
    mark_rows,
    partial(detection_rows),
)
