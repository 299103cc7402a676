"""Comparisons of two classifiers: accuracy by class, confusions, ROC curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.records.details import ClassChange, Classes, Confused, CurvePoint, Curves

MOST_CHANGES = 20
MOST_CONFUSED = 10
#: Matrices of more classes are not drawn.
MOST_CLASSES = 50
MOST_POINTS = 100
Labels = NDArray[np.int32]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class PredictedClasses:
    """The predicted and the right class of each sample, int32 [samples]."""

    chosen: Labels
    right: Labels


@dataclass(frozen=True)
class PredictedScores:
    """The score of the positive class, float64 [samples], and whether it is right, 0 or 1."""

    scores: Scores
    right: Labels


@dataclass(frozen=True)
class Predictions:
    """The predictions of a model, by the figure computed from them."""

    classes: Mapping[str, PredictedClasses] = field(default_factory=dict)
    scores: Mapping[str, PredictedScores] = field(default_factory=dict)

    def at(self, rows: NDArray[np.int64] | None) -> "Predictions":
        """Return the predictions for these samples, or for all of them if `rows` is None."""
        if rows is None:
            return self
        return Predictions(
            {
                key: PredictedClasses(one.chosen[rows], one.right[rows])
                for key, one in self.classes.items()
            },
            {
                key: PredictedScores(one.scores[rows], one.right[rows])
                for key, one in self.scores.items()
            },
        )


def classes_of(
    figure: str,
    candidate: str,
    baseline: PredictedClasses,
    own: PredictedClasses,
    names: Sequence[str] = (),
) -> Classes:
    """Compare a candidate's predicted classes with the baseline's, on the same samples.

    Args:
        figure: the name of the figure computed from the classes.
        candidate: the candidate's name.
        baseline: the baseline's predictions.
        own: the candidate's predictions.
        names: the names of the classes, by number. A class without one goes by its number.
    """
    right, before, after = own.right, baseline.chosen, own.chosen
    labels: Labels = np.unique(np.concatenate([right, before, after]))
    drawn = len(labels) <= MOST_CLASSES
    return Classes(
        figure=figure,
        candidate=candidate,
        classes=len(labels),
        samples=len(right),
        changes=_changes(labels, right, before, after, names),
        confused=_confused(right, before, after, names),
        labels=[_named(label, names) for label in labels.tolist()] if drawn else [],
        baseline=_matrix(labels, right, before) if drawn else [],
        matrix=_matrix(labels, right, after) if drawn else [],
    )


def curves_of(
    figure: str, candidate: str, baseline: PredictedScores, own: PredictedScores
) -> Curves | None:
    """Return the ROC curves of both, or None if the samples are all of one class."""
    before, after = roc_points(baseline), roc_points(own)
    if not (before and after):
        return None
    return Curves(figure=figure, candidate=candidate, baseline=before, points=after)


def roc_points(predicted: PredictedScores) -> list[CurvePoint]:
    """Return the ROC curve from (0, 0) to (1, 1), at most `MOST_POINTS` of its points.

    The first point's threshold is the highest score, which nothing exceeds.
    """
    order = np.argsort(-predicted.scores, kind="stable")
    scores, right = predicted.scores[order], predicted.right[order] > 0
    if right.all() or not right.any():
        return []
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    hits, alarms = np.cumsum(right)[last], np.cumsum(~right)[last]
    kept = np.unique(np.linspace(0, len(last) - 1, MOST_POINTS - 1).round().astype(int))
    return [
        _point(0.0, 0.0, scores[0]),
        *(
            _point(alarms[k] / alarms[-1], hits[k] / hits[-1], scores[last[k]])
            for k in kept.tolist()
        ),
    ]


def _point(false_positive: Any, true_positive: Any, threshold: Any) -> CurvePoint:
    return CurvePoint(
        false_positive_rate=float(false_positive),
        true_positive_rate=float(true_positive),
        threshold=float(threshold),
    )


def _named(label: int, names: Sequence[str]) -> str:
    return names[label] if 0 <= label < len(names) else str(label)


def _matrix(labels: Labels, right: Labels, chosen: Labels) -> list[list[int]]:
    size = len(labels)
    cells = np.searchsorted(labels, right) * size + np.searchsorted(labels, chosen)
    counts = np.bincount(cells, minlength=size * size).reshape(size, size)
    return [[int(count) for count in row] for row in counts]


def _changes(
    labels: Labels, right: Labels, before: Labels, after: Labels, names: Sequence[str]
) -> list[ClassChange]:
    """Return the classes with the most samples that changed from right to wrong or back."""
    samples, was, now = (
        np.bincount(np.searchsorted(labels, classes), minlength=len(labels)).tolist()
        for classes in (right, right[before == right], right[after == right])
    )
    changes = [
        ClassChange(label=_named(label, names), samples=whole, baseline=first, candidate=second)
        for label, whole, first, second in zip(labels.tolist(), samples, was, now, strict=True)
        if whole
    ]
    return _most_changed(changes)


def _most_changed(changes: Sequence[ClassChange]) -> list[ClassChange]:
    return sorted(changes, key=lambda one: -abs(one.candidate - one.baseline))[:MOST_CHANGES]


def _confused(right: Labels, before: Labels, after: Labels, names: Sequence[str]) -> list[Confused]:
    counts: dict[tuple[int, int], list[int]] = {}
    for place, chosen in enumerate((before, after)):
        wrong = chosen != right
        pairs, occurrences = np.unique(
            np.stack([right[wrong], chosen[wrong]], axis=1), axis=0, return_counts=True
        )
        for (one, other), count in zip(pairs.tolist(), occurrences.tolist(), strict=True):
            counts.setdefault((one, other), [0, 0])[place] = count
    changed = [
        Confused(
            right=_named(one, names),
            chosen=_named(other, names),
            baseline=first,
            candidate=second,
        )
        for (one, other), (first, second) in sorted(counts.items())
        if first != second
    ]
    return sorted(changed, key=lambda one: -abs(one.candidate - one.baseline))[:MOST_CONFUSED]
