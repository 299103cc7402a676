"""Average precision, and what each sample contributes to it."""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Scores = NDArray[np.float64]
Positive = NDArray[np.bool_]


def average_precision(scores: Scores, positive: Positive) -> float:
    """The area under the steps of precision over recall, by scikit-learn.

    Args:
        scores: [samples], greater for what is likelier to be positive.
        positive: [samples], with at least one true.
    """
    # Imported here because it takes seconds, which the other metrics need not spend.
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, scores))


def contributions_to_average_precision(scores: Scores, positive: Positive) -> Scores:
    """What each sample contributes, at least two being positive; float64 [samples].

    A threshold at every score takes in `taken` samples, of which `hits` are positive, and `gained`
    of these at this very score. Without a sample, its own threshold and all lower ones take in one
    less, which sums from the lowest score upwards tell for all samples at once: O(n log n).
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
    total = positive.sum()
    left_out = (above[place] + own + below) / (total - is_hit)
    return contributions(float(np.sum(gained * hits / taken) / total), left_out)


def _after(terms: Scores) -> Scores:
    """Sums of the terms that come later."""
    return np.asarray(terms.sum() - np.cumsum(terms))
