"""Metrics of samples with any number of labels each, and the contribution of each sample.

Labels are 0 or 1, [samples, labels]. Every metric is the mean over the labels, or counts all of
them together.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.average_precision import average_precision, left_out
from quantgate.components.evaluate.jackknife import contributions
from quantgate.components.evaluate.result import Result, rarest_shown

Values = NDArray[np.float64]
Marks = NDArray[np.bool_]


def marked(outputs: NDArray[Any]) -> Marks:
    """Return the predicted labels, bool [k, labels].

    Raises:
        ValueError: an output is not 0 or 1.
    """
    marks = outputs.astype(np.bool_)
    if not np.array_equal(marks, outputs):
        raise ValueError(
            f"the outputs run from {outputs.min():g} to {outputs.max():g}, but predicted labels "
            "are 0 or 1. Add `postprocess: [{threshold: 0.5}]`"
        )
    return marks


def f1_macro(marks: Marks, labels: NDArray[Any]) -> Result:
    """Return the mean F1 over labels. A label that is neither predicted nor right has 0."""
    hits, marked_or_right = _counts(marks, labels)
    whole = _f1(hits.sum(axis=0), marked_or_right.sum(axis=0)).mean()
    without = _f1(hits.sum(axis=0) - hits, marked_or_right.sum(axis=0) - marked_or_right)
    values = contributions(float(whole), without.mean(axis=1))
    return Result(float(whole), values, rarest_shown(labels > 0))


def f1_micro(marks: Marks, labels: NDArray[Any]) -> Result:
    """Return the F1 of all labels together."""
    hits, marked_or_right = (counts.sum(axis=1) for counts in _counts(marks, labels))
    whole = float(_f1(hits.sum(), marked_or_right.sum()))
    without = _f1(hits.sum() - hits, marked_or_right.sum() - marked_or_right)
    return Result(whole, contributions(whole, without))


def mean_average_precision(scores: Values, labels: NDArray[Any]) -> Result:
    """Return the mean average precision over labels. Each has at least one positive sample.

    A label whose only positive sample is left out does not count for that sample's contribution.
    """
    columns = list(zip(scores.T, (labels > 0).T, strict=True))
    whole = float(np.mean([average_precision(*column) for column in columns]))
    without = np.stack([left_out(*column) for column in columns], axis=1)
    known = np.isfinite(without)
    sums = np.sum(without, axis=1, where=known)
    counts = known.sum(axis=1)
    means = np.divide(sums, counts, out=np.full(len(scores), np.nan), where=counts > 0)
    return Result(whole, contributions(whole, means), rarest_shown(labels > 0))


def _counts(marks: Marks, labels: NDArray[Any]) -> tuple[Values, Values]:
    """Return for each sample and label whether it is a hit, and predictions plus labels."""
    right = labels > 0
    return (marks & right).astype(np.float64), marks.astype(np.float64) + right


def _f1(hits: Values, marked_or_right: Values) -> Values:
    return np.asarray(
        np.divide(
            2 * hits,
            marked_or_right,
            out=np.zeros(np.shape(hits)),
            where=np.asarray(marked_or_right) > 0,
        )
    )
