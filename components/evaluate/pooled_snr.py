"""The signal-to-noise ratio over all samples together, and of the worst sample.

`energies` are float64 [samples, 2]: of the reference outputs, and of the difference from them.
"""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions
from quantgate.components.evaluate.samplewise import decibels

Values = NDArray[np.float64]


def pooled(energies: Values) -> float:
    """Return the ratio of the two sums over all samples, in dB."""
    signal, noise = energies.sum(axis=0)
    return float(decibels(signal, noise))


def contributions_to_pooled(energies: Values) -> Values:
    """Return the contribution of each sample, float64 [samples]."""
    signal, noise = (energies.sum(axis=0) - energies).T
    # Sums of floats leave a remainder, which is rounding and not energy.
    return contributions(pooled(energies), decibels(np.maximum(signal, 0), np.maximum(noise, 0)))


def worst(energies: Values) -> float:
    """Return the lowest ratio of a single sample, in dB."""
    return float(decibels(*energies.T).min())
