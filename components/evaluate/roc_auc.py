"""Area under the ROC curve, and the contribution of each sample to it."""

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


def placements(scores: Scores, positive: NDArray[np.bool_]) -> Scores:
    """Return one value per sample, whose mean is the area and whose spread its uncertainty.

    The placement of a sample is the share of the other class that it is ranked correctly against.
    Its distance from the area is weighted by the inverse share of the sample's own class, so that
    the variance over both classes is that of DeLong.

    Args:
        scores: [samples].
        positive: [samples], with both classes present.

    Returns:
        float64 [samples].

    Source:
        DeLong, E., DeLong, D. and Clarke-Pearson, D. (1988), Comparing the areas under two or more
            correlated receiver operating characteristic curves. Biometrics 44, 837-845.
    """
    positives, negatives = int(positive.sum()), int((~positive).sum())
    placed = np.where(positive, _beaten(scores, scores[~positive]) / negatives, 0.0)
    placed[~positive] = 1 - _beaten(scores[~positive], scores[positive]) / positives
    area = placed[positive].mean()
    weights = len(scores) / np.where(positive, positives, negatives)
    return np.asarray(area + weights * (placed - area))


def _beaten(scores: Scores, rivals: Scores) -> Scores:
    """Return for every score the number of rivals below it. A tie counts half."""
    ordered = np.sort(rivals)
    below = np.searchsorted(ordered, scores, side="left")
    not_above = np.searchsorted(ordered, scores, side="right")
    return (below + not_above) / 2
