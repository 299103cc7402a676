"""Mean intersection over union, and what each sample contributes to it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import contributions

Counts = NDArray[np.int32]
MOST_CLASSES = 256


def overlaps(outputs: NDArray[Any], labels: NDArray[Any]) -> Counts:
    """Per sample and class, how many places both have, and how many either has.

    Args:
        outputs: scores [k, ..., classes], or classes [k, ...] below 256.
        labels: classes [k, ...] below 256.

    Returns:
        int32 [k, 2, classes], of 256 classes where the outputs do not tell their number.

    Raises:
        ValueError: there are classes beyond.
    """
    scored = outputs.ndim > labels.ndim
    classes = outputs.shape[-1] if scored else MOST_CLASSES
    chosen = outputs.argmax(axis=-1) if scored else outputs
    if chosen.min() < 0 or chosen.max() >= classes:
        raise ValueError(
            f"the outputs hold classes {chosen.min()} to {chosen.max()}, and it takes 0 to "
            f"{classes - 1}"
        )
    return np.stack(
        [
            _overlap(own.reshape(-1), right.reshape(-1), classes)
            for own, right in zip(chosen, labels, strict=True)
        ]
    )


def mean_iou(counts: Counts) -> float:
    """The mean over classes, of those chosen or right anywhere, of common over all places."""
    both, either = counts.sum(axis=0, dtype=np.int64)
    return float(np.mean(both[either > 0] / either[either > 0]))


def contributions_to_mean_iou(counts: Counts) -> NDArray[np.float64]:
    """What each sample contributes; float64 [samples]."""
    both, either = np.moveaxis(counts.sum(axis=0, dtype=np.int64) - counts, 1, 0)
    shares = np.divide(both, either, out=np.zeros(both.shape), where=either > 0)
    present = np.maximum((either > 0).sum(axis=1), 1)
    return contributions(mean_iou(counts), shares.sum(axis=1) / present)


def _overlap(chosen: NDArray[Any], right: NDArray[Any], classes: int) -> Counts:
    both = np.bincount(right[chosen == right], minlength=classes)
    either = np.bincount(chosen, minlength=classes) + np.bincount(right, minlength=classes) - both
    return np.asarray([both, either], np.int32)
