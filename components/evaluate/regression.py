"""R2, and what each sample contributes to it."""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Values = NDArray[np.float64]


def r2(outputs: Values, target: Values) -> float:
    """The share of the targets' variance that is explained, by scikit-learn.

    Args:
        outputs: [samples, values]; the figure is the mean over values.
        target: likewise, each value differing between samples.
    """
    # Imported here because it takes seconds, which the other metrics need not spend.
    from sklearn.metrics import r2_score

    return float(r2_score(target, outputs))


def contributions_to_r2(outputs: Values, target: Values) -> Values:
    """What each sample contributes; float64 [samples]."""
    samples = len(target)
    errors, spreads = np.square(target - outputs), np.square(target - target.mean(axis=0))
    error, spread = errors.sum(axis=0), spreads.sum(axis=0)
    # Without a sample the mean moves away from it, which takes a little more of the spread.
    spread_without = spread - spreads * samples / (samples - 1)
    unexplained = np.divide(
        error - errors, spread_without, out=np.ones_like(errors), where=spread_without > 0
    )
    return contributions(float(np.mean(1 - error / spread)), 1 - unexplained.mean(axis=1))
