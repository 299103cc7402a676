"""Metrics of classes that are no mean over samples, from the confusion of classes.

`pairs` are int64 [samples, 2]: the class a model chose, and the right one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Values = NDArray[np.float64]
Pairs = NDArray[np.int64]
_ALL = "macro"


class _Counts(NamedTuple):
    """Per class, float64 [classes]: how often hit, how often chosen, how often right."""

    hits: Values
    chosen: Values
    right: Values


def balanced_accuracy(pairs: Pairs) -> float:
    """The mean over classes of the share that was recognized, by scikit-learn."""
    # Imported here because it takes seconds, which the other metrics need not spend.
    from sklearn.metrics import recall_score

    return float(
        recall_score(pairs[:, 1], pairs[:, 0], labels=np.unique(pairs[:, 1]), average=_ALL)
    )


def f1_macro(pairs: Pairs) -> float:
    """The mean over classes of F1, by scikit-learn; classes are those chosen or right anywhere."""
    from sklearn.metrics import f1_score

    return float(f1_score(pairs[:, 1], pairs[:, 0], average=_ALL))


def contributions_to_balanced_accuracy(pairs: Pairs) -> Values:
    """What each sample contributes; float64 [samples]."""
    counts = _counted(pairs)
    recall, present = _share(counts.hits, counts.right), counts.right > 0
    _, right = pairs.T
    hit = pairs[:, 0] == right
    fewer = counts.right[right] - 1
    without = _share(counts.hits[right] - hit, fewer)
    sums = recall[present].sum() - recall[right] + without
    classes = present.sum() - (fewer == 0)
    return contributions(float(recall[present].mean()), _share(sums, classes))


def contributions_to_f1(pairs: Pairs) -> Values:
    """What each sample contributes to F1's mean over classes; float64 [samples]."""
    counts = _counted(pairs)
    found = counts.chosen + counts.right
    scores, present = _share(2 * counts.hits, found), found > 0
    chosen, right = pairs.T
    hit = chosen == right
    own_found = found[right] - 1 - hit
    own = _share(2 * (counts.hits[right] - hit), own_found)
    other_found = np.where(hit, 1.0, found[chosen] - 1)
    other = np.where(hit, 0.0, _share(2 * counts.hits[chosen], other_found))
    sums = scores.sum() - scores[right] - np.where(hit, 0.0, scores[chosen]) + own + other
    classes = present.sum() - (own_found == 0) - (other_found == 0)
    return contributions(float(scores[present].mean()), _share(sums, classes))


def _counted(pairs: Pairs) -> _Counts:
    chosen, right = pairs.T
    classes = int(pairs.max()) + 1
    hits = np.bincount(right[chosen == right], minlength=classes)
    return _Counts(
        *(
            np.asarray(counts, np.float64)
            for counts in (
                hits,
                np.bincount(chosen, minlength=classes),
                np.bincount(right, minlength=classes),
            )
        )
    )


def _share(part: Values, whole: Values) -> Values:
    """Zero where the whole is."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)
