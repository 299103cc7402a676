"""The spec's `measure.metrics`: accuracy metrics and their options."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from quantgate.domain.figure import Figure
from quantgate.domain.figures import MAP, METRICS, custom_figure
from quantgate.domain.targets import on_microcontroller
from quantgate.errors import KeyPath
from quantgate.spec.model.formats import is_callable_name
from quantgate.spec.model.section import Alternatives, Name, Text

BoxFormat = Literal["xyxy", "yxyx", "xywh", "cxcywh"]
# The name of a metric, or a Python function.
MetricName = Annotated[
    str, Field(json_schema_extra={"anyOf": [{"enum": list(METRICS)}, {"pattern": ":"}]})
]
#: Two numbers.
Span = Annotated[list[float], Field(min_length=2, max_length=2)]


class Part(Alternatives):
    """A part of each sample along one of its dimensions, as in Python's slices."""

    start: int | None = Field(default=None, description="Index of the first value. The default: 0.")
    stop: int | None = Field(
        default=None, description="Index after the last value. The default: the end."
    )
    axis: int = Field(
        default=-1,
        description="Dimension of a sample, which has no batch dimension. The default: the last.",
    )

    @property
    def bounds(self) -> slice:
        """The bounds along the dimension."""
        return slice(self.start, self.stop)


class Step(Alternatives):
    """One step of the postprocessing of an output. It has exactly one of the keys."""

    apply: Literal["softmax", "sigmoid", "argmax"] | None = Field(
        default=None,
        description="A function. `softmax` and `argmax` work on the last dimension.",
    )
    reshape: list[int] | None = Field(
        default=None, description="New shape of each sample. One size may be -1."
    )
    threshold: float | None = Field(
        default=None, description="1 for values greater than this, otherwise 0."
    )
    slice: Part | None = Field(
        default=None, description="The part of each sample to keep, such as `{start: 4}`."
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
    """The outputs of a model with decoded boxes, and their format."""

    boxes: Text = Field(description="Output with boxes, [n, 4] for each sample.")
    scores: Text = Field(description="Output with scores, [n] for each sample.")
    classes: Text = Field(
        description="Output with classes, [n] for each sample. Values below 0 are padding."
    )
    count: Text | None = Field(
        default=None, description="Output with the number of valid boxes of each sample."
    )
    format: BoxFormat = Field(
        description="Format of a box. `xyxy` and `yxyx` are two corners, `xywh` a corner and "
        "`cxcywh` the center with width and height."
    )


class BoxTruth(Alternatives):
    """The arrays of ground-truth boxes in the evaluation data."""

    boxes: Text = Field(
        description="Key of the boxes, [samples, m, 4], in the unit of the model's outputs."
    )
    classes: Text = Field(
        description="Key of the classes, [samples, m], whole numbers. -1 is padding."
    )
    format: BoxFormat | None = Field(
        default=None, description="Format of a box. The default is the format in `detection`."
    )


class Metric(Alternatives):
    """An accuracy metric."""

    metric: MetricName = Field(
        description="A metric by name, or a Python function of outputs and labels as "
        "`module:function`."
    )
    name: Name | None = Field(
        default=None,
        description="Name of the metric in limits, objectives and the report. The default is the "
        "metric's own name.",
    )
    signature: Text | None = Field(default=None, description="Signature, if several are converted.")
    output: Text | None = Field(default=None, description="Output, if the signature has several.")
    label: Text | None = Field(
        default=None,
        description="Key of this output's labels or targets in the evaluation data. The default is "
        "the data's `label`.",
    )
    postprocess: list[StepEntry] | None = Field(
        default=None,
        min_length=1,
        description="Steps applied to the output first, in order: `softmax`, `sigmoid`, `argmax`, "
        "`{reshape: [..]}`, `{threshold: ..}` or `{slice: {start: .., stop: .., axis: ..}}`.",
    )
    peak: float | None = Field(
        default=None,
        gt=0,
        description="Largest possible value, for psnr and ssim. The default is 1.",
    )
    k: int | None = Field(
        default=None, ge=1, description="Number of top predictions to consider, for top_k."
    )
    ignore: int | None = Field(
        default=None,
        description="Label of positions that do not count, for mean_iou. 255 is usual.",
    )
    better: Literal["higher", "lower"] | None = Field(
        default=None, description="Whether higher or lower values of a Python function are better."
    )
    detection: Detection | None = Field(
        default=None, description="The outputs of a detector, for mean_average_precision."
    )
    truth: BoxTruth | None = Field(
        default=None, description="The ground-truth boxes, for mean_average_precision."
    )
    range: Span | None = Field(
        default=None,
        description="Least and greatest possible value of a sample, `[low, high]`. A limit with a "
        "`confidence` then has a bound for every distribution. A value outside is an error.",
    )
    slice: Text | None = Field(
        default=None,
        description="Key in the evaluation data. The metric is also computed for each of its "
        "values.",
    )

    @property
    def is_own(self) -> bool:
        """True if it is a user function."""
        return is_callable_name(self.metric)

    @property
    def fields(self) -> dict[KeyPath, str]:
        """Keys of the data arrays that it needs, by the path of the option that names them."""
        own = {"slice": self.slice, "label": self.label}
        named: dict[KeyPath, str] = {(option,): key for option, key in own.items() if key}
        if self.truth:
            named |= {("truth", "boxes"): self.truth.boxes}
            named |= {("truth", "classes"): self.truth.classes}
        return named

    @property
    def needs_label(self) -> bool:
        """True if the data has to name labels for it, as far as is known."""
        return self.label is None and self.takes_label

    @property
    def takes_label(self) -> bool:
        """True if it is computed from one array of labels, as far as is known."""
        return (self.figure is None or self.figure.labelled) and self.metric != MAP.name

    @property
    def title(self) -> str:
        """The name of the metric in limits, objectives and the report."""
        return self.name or self.metric.rpartition(":")[2]

    @property
    def figure_on_microcontroller(self) -> Figure | None:
        """The properties of the metric on TFLite Micro, None if it is not measured there."""
        figure = self.figure
        if figure is None or self.obstacle_on_microcontroller:
            return None
        return replace(figure, name=on_microcontroller(self.title))

    @property
    def obstacle_on_microcontroller(self) -> str | None:
        """The reason why the metric is not measured on TFLite Micro, None if it is."""
        if self.is_own:
            return f"Python functions get the outputs of LiteRT only. Name `{self.title}`."
        if self.figure and not self.figure.labelled:
            return f"It takes no labels. Name `{self.title}`, or `mcu_equal_share`."
        return None

    @property
    def figure(self) -> Figure | None:
        """The properties of the metric, None if there is no such metric."""
        if self.is_own:
            known = custom_figure(self.title, higher_is_better=self.better != "lower")
        elif self.metric in METRICS:
            known = replace(METRICS[self.metric], name=self.title)
        else:
            return None
        low, high = self.range or (known.minimum, known.maximum)
        return replace(known, minimum=max(low, known.minimum), maximum=min(high, known.maximum))


def figures_of_metrics(metrics: Iterable[Metric]) -> dict[str, Figure]:
    """Return the figures of metrics by name, on the CPU and on a microcontroller."""
    known = list(metrics)
    on_targets = [metric.figure_on_microcontroller for metric in known]
    figures = [*on_targets, *(metric.figure for metric in known)]
    return {figure.name: figure for figure in figures if figure}


def figures_on_microcontroller(metrics: Collection[Metric]) -> set[str]:
    """Return the names of metrics on TFLite Micro, without those that other metrics have."""
    figures = (metric.figure_on_microcontroller for metric in metrics)
    return {figure.name for figure in figures if figure} - {metric.title for metric in metrics}


def obstacles_on_microcontroller(metrics: Iterable[Metric]) -> dict[str, str]:
    """Return why metrics are not measured on TFLite Micro, by the names that they would have."""
    return {
        on_microcontroller(metric.title): obstacle
        for metric in metrics
        if (obstacle := metric.obstacle_on_microcontroller)
    }
