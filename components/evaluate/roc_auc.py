"""Area under the ROC curve, and what each sample contributes to it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
#: Sums of doubles are good to this many; a pair won or lost counts for more in most data sets.
EXACT_DECIMALS = 12


def roc_auc(scores: Scores, positive: NDArray[np.bool_]) -> float:
    """The area under the ROC curve, by scikit-learn, without the rounding of its sums.

    Scores that rank the samples alike have the same area to the last bit, so that no limit and no
    choice hangs on the order in which trapezoids were added up.

    Args:
        scores: [samples], greater for what is likelier to be positive.
        positive: [samples], with both classes present.
    """
    # Imported here because it takes seconds, which the other metrics need not spend.
    from sklearn.metrics import roc_auc_score

    return round(float(roc_auc_score(positive, scores)), EXACT_DECIMALS)


def jackknife(scores: Scores, positive: NDArray[np.bool_]) -> Scores:
    """Pseudo-values of the area under the ROC curve, one per sample.

    With `area` over all n samples and `area_i` over all but sample i, the pseudo-value is
    `n * area - (n - 1) * area_i` (Tukey's jackknife). Leaving out one sample takes away the pairs
    it stands in, which its rank tells: O(n log n) in all. As leaving out each sample of a class in
    turn averages to the area itself, the pseudo-values' mean is the area, without correction.

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
    """For every score the number of rivals below it; a tie counts half."""
    ordered = np.sort(rivals)
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    return (below + not_above) / 2
