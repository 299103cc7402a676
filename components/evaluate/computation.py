"""The record of a metric's computation from outputs and labels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from quantgate.components.evaluate.case import Fits, Problem, Settings
from quantgate.components.evaluate.fit import anything
from quantgate.components.evaluate.label_values import no_problem
from quantgate.components.evaluate.result import Result
from quantgate.components.evaluate.user_metric import user_result

Array = NDArray[Any]

Score = Callable[[Array, Array, Settings], Array]
Summary = Callable[[Array, Array], Result]


@dataclass(frozen=True)
class Computation:
    """The computation of a metric from outputs and labels.

    Attributes:
        needs: the outputs and labels that it needs, for error messages.
        score: `(outputs [k, ...], truth [k, ...], settings) -> kept [k, ...]`. It raises ValueError
            if it cannot use the outputs.
        summary: `(kept [samples, ...], truth [samples, ...]) -> Result`.
        fits: returns whether the forms of outputs and labels fit.
        problem: returns the problem with the labels' values, or None.
        labelled: whether `truth` are labels. Otherwise they are the baseline's outputs.
        sums_labels_up: whether `summary` or a report needs the labels. Otherwise only `score` does.
        of_classes: whether a label is a class, so that one in one-hot form stands for its class.
    """

    needs: str
    score: Score
    summary: Summary
    fits: Fits = anything
    problem: Problem = no_problem
    labelled: bool = True
    sums_labels_up: bool = True
    of_classes: bool = False


def user_computation(
    function: Callable[[Array, Array], Any], *, per_sample: bool = False
) -> Computation:
    """Return the computation of a user's function of outputs and labels.

    Args:
        function: the function.
        per_sample: whether it has to return a value for each sample.
    """
    return Computation(
        "labels",
        lambda outputs, labels, settings: outputs,
        lambda outputs, labels: user_result(function, outputs, labels, per_sample=per_sample),
    )
