"""An output and the labels that a metric compares it with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.postprocess import Form
from quantgate.records.datasets import ArrayFacts

DEFAULT_PEAK = 1.0


@dataclass(frozen=True)
class Settings:
    """The settings of a metric.

    Attributes:
        peak: the largest possible value of a target.
        k: number of guesses that count.
        ignore: a label whose positions do not count, if there is one.
    """

    peak: float = DEFAULT_PEAK
    k: int = 1
    ignore: int | None = None


class Case(NamedTuple):
    """An output after its steps, and the labels that it is compared with.

    Attributes:
        output: the output's name.
        form: its dtype and shape.
        label: dtype, shape and range of the labels.
        labels: the values of the labels.
        settings: the settings of the metric.
        names: of the classes by label. Empty if the source has none.
        chosen_from: number of classes that the output was chosen from, -1 if it is not known.
    """

    output: str
    form: Form
    label: ArrayFacts
    labels: NDArray[Any]
    settings: Settings
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


def labels_text(case: Case, needs: str) -> str:
    """Describe the labels, and how to convert them if they are close to the metric's needs."""
    label = case.label
    text = f", the labels are {label.dtype} {label.shape}"
    if "integer labels" not in needs:
        return text
    if len(label.shape) == 2 and label.shape[1:] == list(case.form.shape) != [1]:
        return f"{text}. Rows with any number of labels need a `multilabel_` metric"
    is_single, is_float = label.shape[1:] in ([], [1]), np.dtype(label.dtype).kind == "f"
    if is_single and is_float and np.array_equal(case.labels, np.trunc(case.labels)):
        return f"{text}. Store whole numbers in an integer dtype, as with labels.astype(int)"
    return text
