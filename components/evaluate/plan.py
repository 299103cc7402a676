"""The plan of one metric: its output, settings and labels."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from quantgate.components.evaluate.case import Settings
from quantgate.components.evaluate.computation import Computation, user_computation
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.one_hot import classes_in
from quantgate.components.user_code import load_function
from quantgate.spec.model.metric import BoxTruth, Detection, Step


@dataclass(frozen=True)
class Plan:
    """One metric to compute.

    Attributes:
        title: name of its figure.
        metric: the metric's name, or `module:function`.
        signature: key of the signature whose output is used.
        output: the output's name.
        steps: the steps that are applied to the output first.
        settings: the settings of the metric.
        label: field of the data set with its labels, None for those of the data set.
        slice: field of the data set to slice by, None without slices.
        higher_is_better: whether a higher figure is better.
        detection: the outputs with boxes, which replace the one output.
        truth: the fields with boxes, which replace the labels.
        range: the least and the greatest value of a sample, if the spec has them.
    """

    title: str
    metric: str
    signature: str
    output: str
    steps: tuple[Step, ...]
    settings: Settings
    label: str | None = None
    slice: str | None = None
    higher_is_better: bool = True
    detection: Detection | None = None
    truth: BoxTruth | None = None
    range: tuple[float, float] | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of all outputs that it uses."""
        boxes = self.detection
        if boxes is None:
            return (self.output,)
        return (boxes.boxes, boxes.scores, boxes.classes, *([boxes.count] if boxes.count else ()))

    @property
    def is_user_function(self) -> bool:
        """True if the metric is a user's function."""
        return self.metric not in COMPUTATIONS

    @property
    def computation(self) -> Computation:
        """The computation of the metric. Raises InputError if a user's function does not exist."""
        known = COMPUTATIONS.get(self.metric)
        return known or user_computation(load_function(self.metric), per_sample=bool(self.range))

    def truth_in(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return checked labels as the metric takes them: classes instead of one-hot rows."""
        return classes_in(labels) if self.computation.of_classes else labels
