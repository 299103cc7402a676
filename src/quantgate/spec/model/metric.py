"""The spec's `measure.metrics`: what is computed, from which output, and what it is called."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from quantgate.domain.figure import Figure
from quantgate.domain.figures import MAP, METRICS, custom_figure
from quantgate.errors import KeyPath
from quantgate.spec.model.formats import is_callable_name
from quantgate.spec.model.section import Alternatives, Name, Text

BoxFormat = Literal["xyxy", "yxyx", "xywh", "cxcywh"]
# Either one of these, or a Python function.
MetricName = Annotated[
    str, Field(json_schema_extra={"anyOf": [{"enum": list(METRICS)}, {"pattern": ":"}]})
]


class Step(Alternatives):
    """One step from what the model gives to what a metric takes; it has one of these keys."""

    apply: Literal["softmax", "sigmoid", "argmax"] | None = Field(
        default=None, description="A function: `softmax` and `argmax` are over the last dimension."
    )
    reshape: list[int] | None = Field(
        default=None, description="Shape of each sample; one size may be -1."
    )
    threshold: float | None = Field(
        default=None, description="1 where a value is greater than this, else 0."
    )


def _step_from_function(value: object) -> object:
    return {"apply": value} if isinstance(value, str) else value


StepEntry = Annotated[
    Step,
    BeforeValidator(
        _step_from_function,
        json_schema_input_type=Literal["softmax", "sigmoid", "argmax"] | Step,
    ),
]


class Detection(Alternatives):
    """Which outputs of a model are decoded boxes, and how they are written."""

    boxes: Text = Field(description="Output [n, 4] a sample.")
    scores: Text = Field(description="Output [n] a sample.")
    classes: Text = Field(description="Output [n] a sample; below 0 is padding.")
    count: Text | None = Field(
        default=None, description="Output that tells how many of the n count."
    )
    format: BoxFormat = Field(
        description="`xyxy` and `yxyx` have two corners, `xywh` a corner and `cxcywh` the centre "
        "with width and height."
    )


class BoxTruth(Alternatives):
    """Which arrays of the evaluation data are the true boxes."""

    boxes: Text = Field(description="Key of boxes [samples, m, 4], in the unit of the outputs.")
    classes: Text = Field(description="Key of classes [samples, m], whole; -1 is padding.")
    format: BoxFormat | None = Field(
        default=None, description="As in `detection`, and by default the one there."
    )


class Metric(Alternatives):
    """One accuracy metric."""

    metric: MetricName = Field(
        description="What is computed from the model's outputs: a metric by name, or a Python "
        "function of outputs and labels as `module:function`."
    )
    name: Name | None = Field(
        default=None,
        description="What limits, objectives and the report call it; by default the metric's name.",
    )
    signature: Text | None = Field(
        default=None, description="Signature's key, where several are converted."
    )
    output: Text | None = Field(default=None, description="Output name, where there are several.")
    label: Text | None = Field(
        default=None,
        description="Key of this output's labels or targets in the evaluation data; by default "
        "the data's `label`.",
    )
    postprocess: list[StepEntry] | None = Field(
        default=None,
        min_length=1,
        description="What is done with the output first, in order: `softmax`, `sigmoid`, "
        "`argmax`, `{reshape: [..]}` or `{threshold: ..}`.",
    )
    peak: float | None = Field(
        default=None, gt=0, description="Largest possible value, for psnr and ssim; by default 1."
    )
    k: int | None = Field(default=None, ge=1, description="How many guesses count, for top_k.")
    better: Literal["higher", "lower"] | None = Field(
        default=None, description="Which values of a Python function are better."
    )
    detection: Detection | None = Field(
        default=None, description="The outputs of a detector, for mean_average_precision."
    )
    truth: BoxTruth | None = Field(default=None, description="The true boxes, likewise.")
    slice: Text | None = Field(
        default=None,
        description="Key in the evaluation data, or the label's: the metric is also computed for "
        "the samples of each of its values.",
    )

    @property
    def is_own(self) -> bool:
        """Whether it is the user's own Python function."""
        return is_callable_name(self.metric)

    @property
    def fields(self) -> dict[KeyPath, str]:
        """Keys of the arrays that it wants of the data, by where it names them."""
        own = {"slice": self.slice, "label": self.label}
        named: dict[KeyPath, str] = {(option,): key for option, key in own.items() if key}
        if self.truth:
            named |= {("truth", "boxes"): self.truth.boxes}
            named |= {("truth", "classes"): self.truth.classes}
        return named

    @property
    def needs_label(self) -> bool:
        """Whether the data has to name labels for it, as far as can be told."""
        return self.label is None and self.takes_label

    @property
    def takes_label(self) -> bool:
        """Whether it is computed from one array of labels, as far as can be told."""
        return (self.figure is None or self.figure.labelled) and self.metric != MAP.name

    @property
    def title(self) -> str:
        """What its figure is called."""
        return self.name or self.metric.rpartition(":")[2]

    @property
    def figure(self) -> Figure | None:
        """Its figure; None for a metric that does not exist."""
        if self.is_own:
            return custom_figure(self.title, higher_is_better=self.better != "lower")
        known = METRICS.get(self.metric)
        return known and replace(known, name=self.title)
