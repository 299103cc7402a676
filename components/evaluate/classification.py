"""Metrics of classes that are not a mean over samples.

`pairs` are int64 [samples, 2]: the predicted class and the label.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Values = NDArray[np.float64]
Pairs = NDArray[np.int64]
_ALL = "macro"


class _Counts(NamedTuple):
    """Counts of samples per class, float64 [classes].

    Attributes:
        hits: predictions of the class that are right.
        chosen: predictions of the class.
        right: labels of the class.
    """

    hits: Values
    chosen: Values
    right: Values


def balanced_accuracy(pairs: Pairs) -> float:
    """Return the mean recall over classes, by scikit-learn."""
    # Imported here because the import takes seconds, which other metrics do not need.
    from sklearn.metrics import recall_score

    return float(
        recall_score(pairs[:, 1], pairs[:, 0], labels=np.unique(pairs[:, 1]), average=_ALL)
    )


def f1_macro(pairs: Pairs) -> float:
    """Return the mean F1 over all classes that are predicted or labelled, by scikit-learn."""
    from sklearn.metrics import f1_score

    return float(f1_score(pairs[:, 1], pairs[:, 0], average=_ALL))


def contributions_to_f1(pairs: Pairs) -> Values:
    """Return the contribution of each sample to the mean F1, float64 [samples]."""
    counts = _counted(pairs)
    total = counts.chosen + counts.right
    scores, present = _share(2 * counts.hits, total), total > 0
    chosen, right = pairs.T
    hit = chosen == right
    own_total = total[right] - 1 - hit
    own = _share(2 * (counts.hits[right] - hit), own_total)
    other_total = np.where(hit, 1.0, total[chosen] - 1)
    other = np.where(hit, 0.0, _share(2 * counts.hits[chosen], other_total))
    sums = scores.sum() - scores[right] - np.where(hit, 0.0, scores[chosen]) + own + other
    classes = present.sum() - (own_total == 0) - (other_total == 0)
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
    """Return `part / whole`, or 0 if the whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)
