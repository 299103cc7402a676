"""Samples for `own-code.yaml` and `samples-in-groups.yaml`, and a custom metric."""

from collections.abc import Iterator

import numpy as np
from sklearn.datasets import load_digits


def samples() -> Iterator[dict[str, np.ndarray]]:
    """Yield the digits of the training set. Every third digit is left for evaluation."""
    images = load_digits().images[..., np.newaxis].astype(np.float32)
    for number, image in enumerate(images):
        if number % 3:
            yield {"image": image}


def held_out() -> Iterator[dict[str, np.ndarray | int]]:
    """Yield every third digit, with its label and the sheet of paper that it was written on."""
    digits = load_digits()
    for number in range(0, len(digits.images), 3):
        image = digits.images[number, ..., np.newaxis].astype(np.float32)
        yield {"image": image, "labels": digits.target[number], "sheet": number // 10}


def worst_digit(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Return the accuracy on the digit with the lowest accuracy."""
    right = outputs.argmax(axis=1) == labels
    return min(float(right[labels == digit].mean()) for digit in np.unique(labels))
