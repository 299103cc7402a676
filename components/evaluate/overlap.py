"""Mean intersection over union, and the contribution of each sample to it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Counts = NDArray[np.int32]
MOST_CLASSES = 256


def overlaps(outputs: NDArray[Any], labels: NDArray[Any], ignore: int | None = None) -> Counts:
    """Return the sizes of intersection and union, per sample and class.

    Args:
        outputs: scores [k, ..., classes], or predicted classes [k, ...] below 256.
        labels: classes [k, ...] below 256.
        ignore: a label whose positions do not count, if there is one.

    Returns:
        int32 [k, 2, classes]. Without scores there are 256 classes.

    Raises:
        ValueError: a predicted class is out of range.
    """
    outputs, labels = aligned(outputs, labels)
    scored = outputs.ndim > labels.ndim
    classes = outputs.shape[-1] if scored else MOST_CLASSES
    chosen = outputs.argmax(axis=-1) if scored else outputs
    if chosen.min() < 0 or chosen.max() >= classes:
        raise ValueError(
            f"the outputs contain classes {chosen.min()} to {chosen.max()}, but only 0 to "
            f"{classes - 1} are allowed"
        )
    counted = np.ones(labels.shape, np.bool_) if ignore is None else labels != ignore
    return np.stack(
        [
            _overlap(own[counts], right[counts], classes)
            for own, right, counts in zip(chosen, labels, counted, strict=True)
        ]
    )


def aligned(outputs: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both without a last dimension of 1 that only one of them has, or that scores lack."""
    if outputs.shape[: labels.ndim] == labels.shape:
        squeezed = outputs.shape == (*labels.shape, 1)
        return (outputs[..., 0] if squeezed else outputs), labels
    return outputs, labels[..., 0]


def mean_iou(counts: Counts) -> float:
    """Return the mean of intersection / union over all classes that are predicted or labelled."""
    both, either = counts.sum(axis=0, dtype=np.int64)
    return float(np.mean(both[either > 0] / either[either > 0]))


def contributions_to_mean_iou(counts: Counts) -> NDArray[np.float64]:
    """Return the contribution of each sample, float64 [samples]."""
    both, either = np.moveaxis(counts.sum(axis=0, dtype=np.int64) - counts, 1, 0)
    shares = np.divide(both, either, out=np.zeros(both.shape), where=either > 0)
    present = np.maximum((either > 0).sum(axis=1), 1)
    return contributions(mean_iou(counts), shares.sum(axis=1) / present)


def labelled(counts: Counts, labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each class is among the labels that count, bool [samples, classes]."""
    classes = counts.shape[-1]
    known = (own[(own >= 0) & (own < classes)] for own in labels)
    among = np.stack([np.bincount(own, minlength=classes) > 0 for own in known])
    return np.asarray(among & (counts[:, 1] > 0))


def _overlap(chosen: NDArray[Any], right: NDArray[Any], classes: int) -> Counts:
    both = np.bincount(right[chosen == right], minlength=classes)
    either = np.bincount(chosen, minlength=classes) + np.bincount(right, minlength=classes) - both
    return np.asarray([both, either], np.int32)
