"""Area under the ROC curve, and the contribution of each sample to it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
#: Decimals to which a sum of doubles is exact. One pair changes more in most data sets.
EXACT_DECIMALS = 12


def roc_auc(scores: Scores, positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve, by scikit-learn, without the rounding of its sums.

    Scores with the same ranking have the same area to the last bit, so that no limit and no choice
    depends on the order in which trapezoids are added.

    Args:
        scores: [samples], greater if more likely positive.
        positive: [samples], with both classes present.
    """
    # Imported here because the import takes seconds, which other metrics do not need.
    from sklearn.metrics import roc_auc_score

    return round(float(roc_auc_score(positive, scores)), EXACT_DECIMALS)


def jackknife(scores: Scores, positive: NDArray[np.bool_]) -> Scores:
    """Return the pseudo-values of the area under the ROC curve, one per sample.

    With `area` over all n samples and `area_i` over all but sample i, the pseudo-value is
    `n * area - (n - 1) * area_i` (Tukey's jackknife). Leaving out a sample removes its pairs,
    whose number follows from its rank, in O(n log n) for all samples. The mean of the areas without
    each sample of a class is the area itself. So the mean of the pseudo-values is the area, without
    a correction.

    Args:
        scores: [samples].
        positive: [samples], at least two of each class.

    Returns:
        float64 [samples].
    """
    samples = len(scores)
    won = np.where(positive, _beaten(scores, scores[~positive]), 0.0)
    won[~positive] = np.sum(positive) - _beaten(scores[~positive], scores[positive])
    positives, negatives = int(positive.sum()), int((~positive).sum())
    total = won[positive].sum()
    pairs_without = np.where(positive, (positives - 1) * negatives, positives * (negatives - 1))
    area_without = (total - won) / pairs_without
    area = total / (positives * negatives)
    pseudo: NDArray[Any] = samples * area - (samples - 1) * area_without
    return pseudo


def _beaten(scores: Scores, rivals: Scores) -> Scores:
    """Return for every score the number of rivals below it. A tie counts half."""
    ordered = np.sort(rivals)
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    return (below + not_above) / 2
