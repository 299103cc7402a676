"""Metrics that are a mean of a value per sample.

Every function takes outputs [k, ...] and labels [k, ...] and returns float64 [k].
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Values = NDArray[np.float64]
#: Errors below one rounding step of float32 at the peak count as that step. So identical images
#: have a PSNR of 138.5 dB, not an infinite one.
LEAST_RELATIVE_ERROR = float(np.finfo(np.float32).eps)
MOST_DECIBELS = float(-20 * np.log10(LEAST_RELATIVE_ERROR))
#: Side of the window that SSIM compares, and its constants.
WINDOW = 7
K1, K2 = 0.01, 0.03


def among_best(outputs: Array, labels: Array, k: int) -> Values:
    """Return 1.0 if the label is among the k greatest outputs [n, classes], else 0.0.

    Equal scores are ranked by class, as in an arg max.
    """
    wanted = labels.reshape(-1, 1).astype(np.int64)
    own = np.take_along_axis(outputs, wanted, axis=1)
    before = np.arange(outputs.shape[1]) < wanted
    ahead = (outputs > own) | ((outputs == own) & before)
    return np.asarray(ahead.sum(axis=1) < k, np.float64)


def same_class(outputs: Array, labels: Array) -> Values:
    """Return 1.0 if outputs [n, classes], [n, 1] or [n] predict the right class, else 0.0."""
    return np.asarray(classes_of(outputs) == labels.reshape(-1), np.float64)


def classes_of(outputs: Array) -> Array:
    """Return predicted classes [n] from scores [n, classes], or from classes [n] or [n, 1]."""
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return np.asarray(outputs.argmax(axis=1))
    return outputs.reshape(-1)


def surprise(outputs: Array, labels: Array) -> Values:
    """Return `-log(p)` with the probability p [n, classes], [n, 1] or [n] of the label.

    Probabilities are scaled to a sum of 1, because quantized ones seldom have that sum. They are
    at least the rounding step of float64, as in scikit-learn's `log_loss`.

    Raises:
        ValueError: the outputs are not probabilities.
    """
    if outputs.min() < 0 or outputs.max() > 1:
        raise ValueError(
            f"the outputs run from {outputs.min():g} to {outputs.max():g}, so they are not "
            "probabilities. Add `postprocess: [softmax]` or `[sigmoid]`"
        )
    shares = _flat(outputs)
    if shares.shape[1] == 1:
        shares = np.hstack([1 - shares, shares])
    chosen = np.take_along_axis(shares, labels.reshape(-1, 1).astype(np.int64), axis=1)[:, 0]
    least = float(np.finfo(np.float64).eps)
    total = np.maximum(shares.sum(axis=1), least)
    loss: Values = -np.log(np.clip(chosen / total, least, 1 - least))
    return loss


def squared_error(outputs: Array, target: Array) -> Values:
    """Return the mean squared error over each sample's elements."""
    error: Values = np.mean(np.square(_flat(outputs) - _flat(target)), axis=1)
    return error


def absolute_error(outputs: Array, target: Array) -> Values:
    """Return the mean absolute error over each sample's elements."""
    error: Values = np.mean(np.abs(_flat(outputs) - _flat(target)), axis=1)
    return error


def peak_to_noise(outputs: Array, target: Array, peak: float) -> Values:
    """Return the PSNR in dB: `10 * log10(peak**2 / mse)`, at most 138.5 dB."""
    relative_error = squared_error(outputs, target) / peak**2
    ratio: Values = -10 * np.log10(np.maximum(relative_error, LEAST_RELATIVE_ERROR**2))
    return ratio


def signal_to_noise(outputs: Array, reference: Array) -> Values:
    """Return `energy(reference) / energy(difference)` in dB, within 138.5 dB of 0."""
    signal, noise = energies(outputs, reference).T
    return decibels(signal, noise)


def energies(outputs: Array, reference: Array) -> Values:
    """Return the energies of the reference and of the difference from it, float64 [k, 2]."""
    expected = _flat(reference)
    return np.stack([_energy(expected), _energy(_flat(outputs) - expected)], axis=1)


def scale_invariant(outputs: Array, target: Array) -> Values:
    """Return the SI-SDR in dB, within 138.5 dB of 0. No target may be silent.

    Source: Le Roux, J. et al. (2019), SDR - half-baked or well done? ICASSP, equation 5.
    """
    estimate, wanted = _flat(outputs), _flat(target)
    factors = np.sum(estimate * wanted, axis=1) / _energy(wanted)
    projected = factors[:, np.newaxis] * wanted
    return decibels(_energy(projected), _energy(projected - estimate))


def cosine(outputs: Array, reference: Array) -> Values:
    """Return the cosine of the angle between each sample's outputs and the reference.

    If both contain only zeros the cosine is 1. If only one does, it is 0.
    """
    ours, theirs = _flat(outputs), _flat(reference)
    norms = np.sqrt(_energy(ours) * _energy(theirs))
    products = np.sum(ours * theirs, axis=1)
    both_silent = (_energy(ours) == 0) & (_energy(theirs) == 0)
    cosines = np.divide(products, norms, out=both_silent.astype(np.float64), where=norms > 0)
    return np.asarray(np.clip(cosines, -1.0, 1.0))


def same_choice(outputs: Array, reference: Array) -> Values:
    """Return the share of positions [...] of a sample where both predict the same class.

    The class is the greatest score of the last dimension, or an integer output itself.
    """
    if outputs.dtype.kind in "iu":
        same = outputs == reference
    else:
        same = outputs.argmax(axis=-1) == reference.argmax(axis=-1)
    share: Values = np.mean(same.reshape(len(same), -1), axis=1, dtype=np.float64)
    return share


def structural_similarity(outputs: Array, target: Array, peak: float) -> Values:
    """Return the SSIM of images [height, width] or [height, width, channels].

    It is the mean over channels. Like scikit-image's `structural_similarity` by default, it uses
    whole windows of 7 by 7 with equal weights, and the sample covariance.

    Source: Wang, Z. et al. (2004), Image quality assessment. IEEE Trans. Image Processing 13.
    """
    # Imported here because the import takes time, which other metrics do not need.
    from scipy.ndimage import uniform_filter

    def local_mean(images: Array) -> Array:
        return np.asarray(uniform_filter(images, (1, WINDOW, WINDOW, 1)))

    ours = outputs.reshape(*outputs.shape[:3], -1).astype(np.float64)
    theirs = target.reshape(ours.shape).astype(np.float64)
    our_mean, their_mean = local_mean(ours), local_mean(theirs)
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    our_variance = unbiased * (local_mean(ours * ours) - our_mean * our_mean)
    their_variance = unbiased * (local_mean(theirs * theirs) - their_mean * their_mean)
    covariance = unbiased * (local_mean(ours * theirs) - our_mean * their_mean)
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    similarity = ((2 * our_mean * their_mean + c1) * (2 * covariance + c2)) / (
        (our_mean**2 + their_mean**2 + c1) * (our_variance + their_variance + c2)
    )
    edge = WINDOW // 2
    mean: Values = similarity[:, edge:-edge, edge:-edge].mean(axis=(1, 2, 3))
    return mean


def decibels(signal: Values, noise: Values) -> Values:
    """Return `10 * log10(signal / noise)`, within 138.5 dB of 0."""
    least = np.finfo(np.float64).tiny
    ratio = 10 * (np.log10(np.maximum(signal, least)) - np.log10(np.maximum(noise, least)))
    return np.clip(np.where(noise == 0, MOST_DECIBELS, ratio), -MOST_DECIBELS, MOST_DECIBELS)


def _energy(values: Values) -> Values:
    return np.asarray(np.sum(np.square(values), axis=1))


def _flat(values: Array) -> Values:
    return values.reshape(len(values), -1).astype(np.float64)
