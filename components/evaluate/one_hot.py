"""Labels in one-hot form, as Keras's categorical metrics take them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.records.datasets import ArrayFacts

Array = NDArray[Any]


def is_one_hot(labels: Array) -> bool:
    """Return whether every row has a single 1, and otherwise zeros."""
    if labels.ndim != 2 or labels.shape[1] < 2 or labels.dtype.kind not in "biuf":
        return False
    return bool(np.all(np.count_nonzero(labels, axis=1) == 1) and np.all(labels.max(axis=1) == 1))


def classes_in(labels: Array) -> Array:
    """Return the classes that checked labels of any form stand for."""
    is_row = labels.ndim == 2 and labels.shape[1] > 1
    return labels.argmax(axis=1) if is_row else labels


def class_facts(facts: ArrayFacts, classes: Array) -> ArrayFacts:
    """Return the facts of labels after their conversion to classes."""
    least, most = (float(classes.min()), float(classes.max())) if len(classes) else (0.0, 0.0)
    changes = {"shape": [*classes.shape], "dtype": classes.dtype.name}
    return facts.model_copy(update={**changes, "minimum": least, "maximum": most})
