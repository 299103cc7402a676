"""R2, and the contribution of each sample to it."""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Values = NDArray[np.float64]


def r2(outputs: Values, target: Values) -> float:
    """Return the share of the targets' variance that is explained, by scikit-learn.

    Args:
        outputs: [samples, values]. The metric is the mean over values.
        target: [samples, values]. No value is the same in all samples.
    """
    # Imported here because the import takes seconds, which other metrics do not need.
    from sklearn.metrics import r2_score

    return float(r2_score(target, outputs))


def contributions_to_r2(outputs: Values, target: Values) -> Values:
    """Return the contribution of each sample, float64 [samples]."""
    samples = len(target)
    errors, spreads = np.square(target - outputs), np.square(target - target.mean(axis=0))
    error, spread = errors.sum(axis=0), spreads.sum(axis=0)
    # Without a sample, the mean moves away from it, which lowers the spread a little more.
    spread_without = spread - spreads * samples / (samples - 1)
    unexplained = np.divide(
        error - errors, spread_without, out=np.ones_like(errors), where=spread_without > 0
    )
    return contributions(float(np.mean(1 - error / spread)), 1 - unexplained.mean(axis=1))
