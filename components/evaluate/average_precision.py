"""Average precision, and the contribution of each sample to it."""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Scores = NDArray[np.float64]
Positive = NDArray[np.bool_]


def average_precision(scores: Scores, positive: Positive) -> float:
    """Return the area under the step curve of precision over recall, by scikit-learn.

    Args:
        scores: [samples], greater if more likely positive.
        positive: [samples], with at least one True.
    """
    # Imported here because the import takes seconds, which other metrics do not need.
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, scores))


def contributions_to_average_precision(scores: Scores, positive: Positive) -> Scores:
    """Return the contribution of each sample, float64 [samples]. At least two must be positive."""
    return contributions(average_precision(scores, positive), left_out(scores, positive))


def left_out(scores: Scores, positive: Positive) -> Scores:
    """Return the average precision without each sample, float64 [samples].

    It is NaN without the only positive sample.

    At the threshold of each score, `taken` samples have that score or more, `hits` of them are
    positive, and `gained` of these have exactly that score. Leaving out a sample lowers `taken` by
    one at its own threshold and at all lower ones. Cumulative sums from the lowest score upwards
    give the result for all samples in O(n log n).
    """
    _, place, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    gained = np.bincount(place, weights=positive)
    taken, hits = np.cumsum(sizes), np.cumsum(gained)
    above = np.concatenate([[0.0], np.cumsum(gained * hits / taken)[:-1]])
    fewer = np.maximum(taken - 1, 1)
    is_hit = positive.astype(np.float64)
    below = np.where(
        positive,
        _after(gained * (hits - 1) / fewer)[place],
        _after(gained * hits / fewer)[place],
    )
    own = (gained[place] - is_hit) * (hits[place] - is_hit) / fewer[place]
    others = positive.sum() - is_hit
    unknown = np.full(len(scores), np.nan)
    return np.asarray(np.divide(above[place] + own + below, others, out=unknown, where=others > 0))


def _after(terms: Scores) -> Scores:
    """Return the sum of the later terms, for each term."""
    return np.asarray(terms.sum() - np.cumsum(terms))
