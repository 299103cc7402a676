"""Check the values of the labels that a metric compares with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.case import Case
from quantgate.components.evaluate.fit import classes_of_map
from quantgate.components.evaluate.overlap import MOST_CLASSES
from quantgate.spec.problems.wording import few

#: The usual label of positions that do not count, as in Pascal VOC and Cityscapes.
VOID = 255


def class_problem(case: Case) -> str | None:
    """Refuse labels that the output has no class for."""
    predicted = not case.shape or case.classes == 1
    return _problem_of_classes(case, case.chosen_from if predicted else case.classes)


def class_problem_of_one(case: Case) -> str | None:
    """Refuse such labels for probabilities, where a single one stands for two classes."""
    return _problem_of_classes(case, 2 if case.shape in ([], [1]) else case.classes)


def class_problem_of_map(case: Case) -> str | None:
    """Refuse such labels for maps, beside the one that is ignored."""
    scored, ignored = classes_of_map(case), case.settings.ignore
    classes = MOST_CLASSES if scored is None else scored
    if ignored is None:
        problem = _problem_of_classes(case, classes)
        return f"{problem}{_void(case)}" if problem else None
    least, most = _range_without(case.labels, ignored)
    if least > most:
        return f"all labels are {ignored}, which is ignored"
    label = case.label.model_copy(update={"minimum": least, "maximum": most})
    return _problem_of_classes(case._replace(label=label), classes)


def _void(case: Case) -> str:
    is_usual = case.label.maximum == VOID
    return (
        f". If {VOID} marks positions that do not count, add `ignore: {VOID}`" if is_usual else ""
    )


def marks_problem(case: Case) -> str | None:
    """Refuse labels that are not 0 and 1."""
    if problem := _count_problem(case, case.classes):
        return problem
    values = np.unique(case.labels)
    if set(values.tolist()) <= {0, 1}:
        return None
    return f"the labels must be 0 and 1, but they contain {_few(values.tolist())}"


def ranked_marks_problem(case: Case) -> str | None:
    """Refuse such labels, and columns of labels without a 1."""
    if problem := marks_problem(case):
        return problem
    empty = np.flatnonzero(~np.any(case.labels, axis=0))
    if not len(empty):
        return None
    return (
        f"column {_few(empty.tolist())} of the labels has no 1, so it has no average precision. "
        "Leave such columns out of labels and output"
    )


def guess_problem(case: Case) -> str | None:
    """Refuse as many guesses as there are classes."""
    if case.classes != -1 and case.settings.k >= case.classes:
        return (
            f"with {case.settings.k} guesses among {case.classes} classes every sample is right. "
            "Use more classes, or `top_k` with a smaller `k`"
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
            f"there are {zeros} samples of class 0 and {ones} of class 1. At least two of each are "
            "needed"
        )
    return None


def peak_problem(case: Case) -> str | None:
    """Refuse targets above the peak."""
    if case.label.maximum <= case.settings.peak:
        return None
    return (
        f"the targets reach {case.label.maximum:g}, above the peak of {case.settings.peak:g}. Give "
        "the largest possible value as `peak`"
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
    return f"the target of sample {int(np.argmin(loud))} is silent. Leave such samples out"


def no_problem(case: Case) -> str | None:
    """Accept all labels."""
    return None


def _range_without(labels: NDArray[Any], ignored: int) -> tuple[float, float]:
    """Return the range of the other labels. It is empty, `least > most`, if there are none."""
    least, most = np.inf, -np.inf
    for sample in labels:
        others = sample[sample != ignored]
        if len(others):
            least, most = min(least, others.min()), max(most, others.max())
    return float(least), float(most)


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
        "`classes`, or as `images.classes` for folders. A class may lack samples"
    )


def _unknown_classes(case: Case, classes: int) -> str:
    known = "0 and upwards" if classes == -1 else f"0 to {classes - 1}"
    return (
        f"the labels run from {case.label.minimum:.0f} to {case.label.maximum:.0f}, but output "
        f"`{case.output}` has classes {known}{_counted_from_1(case, classes)}"
    )


def _counted_from_1(case: Case, classes: int) -> str:
    counted = (case.label.minimum, case.label.maximum) == (1, classes)
    return ". Labels count from 0, so subtract 1" if counted else ""


def _few(values: list[float], most: int = 5) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown
