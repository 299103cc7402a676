"""Check whether the forms of outputs and labels fit a metric."""

import numpy as np

from quantgate.components.evaluate.case import Case
from quantgate.components.evaluate.postprocess import Form
from quantgate.components.evaluate.samplewise import WINDOW
from quantgate.records.datasets import ArrayFacts


def is_scored(case: Case) -> bool:
    """Accept scores [samples, classes] and integer labels [samples]."""
    return _labels_classes(case) and len(case.shape) == 1 and case.classes != 1


def is_classified(case: Case) -> bool:
    """Accept scores like `is_scored`, or predicted classes [samples] or [samples, 1]."""
    predicts_class = np.dtype(case.form.dtype).kind in "iu" and case.shape in ([], [1])
    return is_scored(case) or (predicts_class and _labels_classes(case))


def is_probable(case: Case) -> bool:
    """Accept probabilities of classes, or of the second of two classes."""
    return is_scored(case) or (_labels_classes(case) and case.shape in ([], [1]))


def is_binary(case: Case) -> bool:
    """Accept a score of the positive class, or scores of two classes."""
    return _one_per_sample(case.label) and case.shape in ([], [1], [2], [-1])


def is_target(case: Case) -> bool:
    """Accept a target for every element of the output."""
    output, target = case.shape, case.label.shape[1:]
    for longer, shorter in ((output, target), (target, output)):
        if len(longer) == len(shorter) + 1 and longer[-1] == 1:
            longer.pop()
    return _matches(output, target)


def is_target_of_values(case: Case) -> bool:
    """Accept a target for one value or a row of values."""
    return is_target(case) and len(case.shape) <= 1


def is_target_of_image(case: Case) -> bool:
    """Accept a target for an image [height, width] or [height, width, channels] of 7 by 7 up."""
    sizes = case.shape[:2]
    large = all(size == -1 or size >= WINDOW for size in sizes)
    return is_target(case) and len(case.shape) in (2, 3) and large


def is_map(case: Case) -> bool:
    """Accept scores [..., classes] or predicted classes [...], and integer labels [...].

    Labels and predicted classes may have a last dimension of 1.
    """
    if np.dtype(case.label.dtype).kind not in "iu" or len(case.label.shape) == 1:
        return False
    predicted = np.dtype(case.form.dtype).kind in "iu" and is_target(case)
    return predicted or classes_of_map(case) not in (None, 1)


def classes_of_map(case: Case) -> int | None:
    """Return how many classes have a score at every position, None without scores."""
    target = case.label.shape[1:]
    for places in (target, target[:-1] if target[-1:] == [1] else target):
        if places and _matches(case.shape[:-1], places):
            return case.classes
    return None


def is_multilabel(case: Case) -> bool:
    """Accept a number for each label of a sample, and labels [samples, labels]."""
    return len(case.shape) == 1 and _matches(case.shape, case.label.shape[1:])


def is_multilabel_choice(case: Case) -> bool:
    """Accept an integer for each label of a sample, and labels [samples, labels]."""
    return is_multilabel(case) and np.dtype(case.form.dtype).kind in "iu"


def anything(case: Case) -> bool:
    """Accept everything."""
    return True


def is_choice(form: Form) -> bool:
    """Accept scores [..., classes], or integers."""
    return np.dtype(form.dtype).kind in "iu" or (len(form.shape) > 0 and form.shape[-1] != 1)


def _labels_classes(case: Case) -> bool:
    return np.dtype(case.label.dtype).kind in "iu" and _one_per_sample(case.label)


def _one_per_sample(label: ArrayFacts) -> bool:
    return label.shape[1:] in ([], [1])


def _matches(output: list[int], target: list[int]) -> bool:
    return len(output) == len(target) and all(
        size in (wanted, -1) for size, wanted in zip(output, target, strict=True)
    )
