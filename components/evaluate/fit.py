"""Check whether a metric fits outputs and labels: first their forms, then the labels' values."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.overlap import MOST_CLASSES
from quantgate.components.evaluate.postprocess import Form
from quantgate.components.evaluate.samplewise import WINDOW
from quantgate.records.tasks import ArrayFacts
from quantgate.spec.problems.wording import few


class Case(NamedTuple):
    """An output after its steps, and the labels that it is compared with.

    Attributes:
        output: the output's name.
        form: its dtype and shape.
        label: dtype, shape and range of the labels.
        labels: the values of the labels.
        peak: the largest possible value of a target.
        k: number of guesses that count.
        names: of the classes by label. Empty if the source has none.
        chosen_from: number of classes that the output was chosen from, -1 if it is not known.
    """

    output: str
    form: Form
    label: ArrayFacts
    labels: NDArray[Any]
    peak: float
    k: int
    names: Sequence[str] = ()
    chosen_from: int = -1

    @property
    def shape(self) -> list[int]:
        """The output's shape per sample."""
        return list(self.form.shape)

    @property
    def classes(self) -> int:
        """The number of classes that have a score, -1 if it is not known."""
        return self.shape[-1] if self.shape else -1


Fits = Callable[[Case], bool]
Problem = Callable[[Case], str | None]


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
    if len(output) == len(target) + 1 and output[-1] == 1:
        output.pop()
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
    """Accept scores [..., classes] or predicted classes [...], and integer labels [...]."""
    target = case.label.shape[1:]
    if np.dtype(case.label.dtype).kind not in "iu" or not target:
        return False
    predicts_classes = np.dtype(case.form.dtype).kind in "iu" and _matches(case.shape, target)
    return predicts_classes or (case.classes != 1 and _matches(case.shape[:-1], target))


def anything(case: Case) -> bool:
    """Accept everything."""
    return True


def is_choice(form: Form) -> bool:
    """Accept scores [..., classes], or integers."""
    return np.dtype(form.dtype).kind in "iu" or (len(form.shape) > 0 and form.shape[-1] != 1)


def class_problem(case: Case) -> str | None:
    """Refuse labels that the output has no class for."""
    predicted = not case.shape or case.classes == 1
    return _problem_of_classes(case, case.chosen_from if predicted else case.classes)


def class_problem_of_one(case: Case) -> str | None:
    """Refuse such labels for probabilities, where a single one stands for two classes."""
    return _problem_of_classes(case, 2 if case.shape in ([], [1]) else case.classes)


def class_problem_of_map(case: Case) -> str | None:
    """Refuse such labels for maps."""
    scored = len(case.shape) == len(case.label.shape)
    return _problem_of_classes(case, case.classes if scored else MOST_CLASSES)


def guess_problem(case: Case) -> str | None:
    """Refuse as many guesses as there are classes."""
    if case.classes != -1 and case.k >= case.classes:
        return (
            f"with {case.k} guesses among {case.classes} classes every sample is right; use more "
            "classes, or `top_k` with a smaller `k`"
        )
    return class_problem(case)


def binary_problem(case: Case) -> str | None:
    """Refuse labels that are not 0 and 1, or too few of either."""
    if problem := _count_problem(case, 2):
        return problem
    values, counts = np.unique(case.labels, return_counts=True)
    if not set(values.tolist()) <= {0, 1}:
        return f"the labels must be 0 and 1, but they contain {_few(values.tolist())}"
    count_of = dict(zip(values.tolist(), counts.tolist(), strict=True))
    zeros, ones = count_of.get(0, 0), count_of.get(1, 0)
    if min(zeros, ones) < 2:
        return (
            f"there are {zeros} samples of class 0 and {ones} of class 1; at least two of each are "
            "needed"
        )
    return None


def peak_problem(case: Case) -> str | None:
    """Refuse targets above the peak."""
    if case.label.maximum <= case.peak:
        return None
    return (
        f"the targets reach {case.label.maximum:g}, above the peak of {case.peak:g}; give the "
        "largest possible value as `peak`"
    )


def constant_problem(case: Case) -> str | None:
    """Refuse targets without variance."""
    values = case.labels.reshape(len(case.labels), -1)
    if np.all(np.ptp(values, axis=0) > 0):
        return None
    return "the targets of an output value are all equal, so there is no variance to explain"


def silence_problem(case: Case) -> str | None:
    """Refuse targets of zeros only."""
    loud = case.labels.reshape(len(case.labels), -1).any(axis=1)
    if loud.all():
        return None
    return f"the target of sample {int(np.argmin(loud))} is silent; leave such samples out"


def labels_text(case: Case, needs: str) -> str:
    """Describe the labels, and how to convert them if they are close to the metric's needs."""
    label = case.label
    text = f", the labels are {label.dtype} {label.shape}"
    if "integer labels" not in needs:
        return text
    if len(label.shape) == 2 and label.shape[1:] == list(case.form.shape) != [1]:
        return f"{text}; labels in one-hot form become integers with labels.argmax(axis=-1)"
    if np.dtype(label.dtype).kind == "f" and np.array_equal(case.labels, np.trunc(case.labels)):
        return f"{text}; store whole numbers in an integer dtype, as with labels.astype(int)"
    return text


def no_problem(case: Case) -> str | None:
    """Accept all labels."""
    return None


def _labels_classes(case: Case) -> bool:
    return np.dtype(case.label.dtype).kind in "iu" and _one_per_sample(case.label)


def _one_per_sample(label: ArrayFacts) -> bool:
    return label.shape[1:] in ([], [1])


def _matches(output: list[int], target: list[int]) -> bool:
    return len(output) == len(target) and all(
        size in (wanted, -1) for size, wanted in zip(output, target, strict=True)
    )


def _problem_of_classes(case: Case, classes: int) -> str | None:
    if problem := _count_problem(case, classes):
        return problem
    known = classes == -1 or case.label.maximum < classes
    return None if case.label.minimum >= 0 and known else _unknown_classes(case, classes)


def _count_problem(case: Case, classes: int) -> str | None:
    """Refuse class folders that differ in number from the classes of the output."""
    if not case.names or classes in (-1, len(case.names)):
        return None
    return (
        f"the evaluation data has {len(case.names)} classes ({few(case.names)}), but output "
        f"`{case.output}` has {classes}. List a name for each one in the order of the outputs as "
        "`images.classes`. A class may lack a folder"
    )


def _unknown_classes(case: Case, classes: int) -> str:
    known = "0 and upwards" if classes == -1 else f"0 to {classes - 1}"
    return (
        f"the labels run from {case.label.minimum:.0f} to {case.label.maximum:.0f}, but output "
        f"`{case.output}` has classes {known}{_counted_from_1(case, classes)}"
    )


def _counted_from_1(case: Case, classes: int) -> str:
    counted = (case.label.minimum, case.label.maximum) == (1, classes)
    return "; labels count from 0, so subtract 1" if counted else ""


def _few(values: list[float], most: int = 5) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown
