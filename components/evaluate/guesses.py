"""The figures of a model that ignores its inputs, which a useful model beats."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.components.evaluate.plan import Plan
from quantgate.records.guess import Guess


class _Labels(NamedTuple):
    """The classes that occur among the labels.

    Attributes:
        classes: int64 [classes], the most frequent one first.
        shares: float64 [classes], their shares of the samples.
        guesses: number of guesses that count.
    """

    classes: NDArray[np.int64]
    shares: NDArray[np.float64]
    guesses: int


def _most_frequent(labels: _Labels) -> Guess:
    return Guess(predicts=_named(labels), figure=float(labels.shares[0]))


def _several(labels: _Labels) -> Guess | None:
    """Return the share of the most frequent classes, unless these are most of the classes."""
    if labels.guesses == 1:
        return _most_frequent(labels)
    if 2 * labels.guesses > len(labels.classes):
        return None
    return Guess(
        predicts=f"always predicting the {labels.guesses} most frequent classes",
        figure=float(labels.shares[: labels.guesses].sum()),
    )


def _recall(labels: _Labels) -> Guess:
    return Guess(predicts=_named(labels), figure=1 / len(labels.classes))


def _f1(labels: _Labels) -> Guess:
    share = float(labels.shares[0])
    return Guess(predicts=_named(labels), figure=2 * share / (1 + share) / len(labels.classes))


def _area(labels: _Labels) -> Guess:
    return Guess(predicts="ranking the samples at random", figure=0.5)


def _precision(labels: _Labels) -> Guess:
    positive = float(labels.shares[labels.classes == 1].sum())
    return Guess(predicts="ranking the samples at random", figure=positive)


def _named(labels: _Labels) -> str:
    return f"always predicting class {labels.classes[0]}, the most frequent one"


_GUESSES: Mapping[str, Callable[[_Labels], Guess | None]] = MappingProxyType(
    {
        "top1": _several,
        "top5": _several,
        "top_k": _several,
        "f1_micro": _most_frequent,
        "balanced_accuracy": _recall,
        "f1_macro": _f1,
        "roc_auc": _area,
        "average_precision": _precision,
    }
)


def guess_of(plan: Plan, dataset: DatasetFolder) -> Guess | None:
    """Return a metric's figure for the best guess without inputs, or None if it is not known.

    Labels of a single class tell nothing, as a guess is then always right.
    """
    guess, labels = _GUESSES.get(plan.metric), dataset.labels_at(plan.label)
    if guess is None or labels is None:
        return None
    classes, counts = np.unique(plan.truth_in(np.asarray(labels[1])), return_counts=True)
    if len(classes) < 2:
        return None
    order = np.argsort(-counts, kind="stable")
    shares = counts[order] / counts.sum()
    return guess(_Labels(classes[order].astype(np.int64), shares, plan.settings.k))
