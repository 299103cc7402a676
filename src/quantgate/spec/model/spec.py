"""Version 1 of the spec: what can be written, and what each key means."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from quantgate.domain.figures import FIGURES, SIZE
from quantgate.spec.model.choice import Choose, Objective, Weights, weighted
from quantgate.spec.model.cluster import Cluster
from quantgate.spec.model.code import Code
from quantgate.spec.model.data import Data
from quantgate.spec.model.limit import Limit
from quantgate.spec.model.metric import Metric, MetricName
from quantgate.spec.model.quantize import Quantize
from quantgate.spec.model.section import Alternatives, Name, Section, Text
from quantgate.spec.model.target import TargetEntry


class ModelSource(Alternatives):
    """The trained float model."""

    saved_model: Text | None = Field(
        default=None, description="Folder of a TensorFlow SavedModel; or `keras`."
    )
    keras: Text | None = Field(
        default=None, description="Keras model file, .keras or .h5, to be exported to a SavedModel."
    )
    signatures: list[Text] = Field(
        default=["serving_default"],
        min_length=1,
        description="The signatures to convert; a .tflite holds them all.",
    )
    tags: list[Text] = Field(
        default=["serve"],
        min_length=1,
        description="Tags of the graph that has them, where a SavedModel holds several.",
    )

    @property
    def location(self) -> str:
        """Where the model is, in whatever form."""
        return self.saved_model or self.keras or ""


def _metric_from_name(value: object) -> object:
    return {"metric": value} if isinstance(value, str) else value


MetricEntry = Annotated[
    Metric, BeforeValidator(_metric_from_name, json_schema_input_type=MetricName | Metric)
]


class Latency(Section):
    """How latency is measured: batch 1, the baseline and every candidate interleaved."""

    threads: int = Field(default=1, ge=1, le=256, description="Threads of the interpreter.")
    warmup: int = Field(default=5, ge=0, description="Invocations before the clock counts.")
    runs: int = Field(default=50, ge=1, description="Invocations of each model that count.")
    budget_s: float = Field(
        default=10.0,
        gt=0,
        description="Seconds of timing for each model; one that would take longer runs less often, "
        "but at least ten times.",
    )
    signature: Text | None = Field(
        default=None, description="Key of the signature that is timed; by default the first."
    )


class Evaluation(Section):
    """How accuracy is measured."""

    stop_early: bool = Field(
        default=False,
        description="Whether a candidate runs on growing numbers of samples, in random order, "
        "until its accuracy limits are certain to be kept or missed.",
    )


class Measure(Section):
    """What to measure beside the size."""

    metrics: list[MetricEntry] = Field(
        min_length=1, description="Accuracy metrics, by name or with options."
    )
    latency: Latency | None = Field(
        default=Latency(), description="How latency is measured; null measures none."
    )
    evaluation: Evaluation | None = Field(
        default=None,
        exclude_if=lambda evaluation: evaluation is None,
        description="How accuracy is measured; by default on all samples.",
    )
    targets: list[TargetEntry] = Field(
        default=[],
        exclude_if=lambda targets: not targets,
        description="What else every candidate is measured on, by name or with options.",
    )


class Promote(Section):
    """Where the winner goes."""

    to: Text = Field(description="Folder or URI that the winner is published in.")
    when_none_qualifies: Literal["fail", "keep_baseline"] = Field(
        default="fail",
        description="`fail`: the run fails, with the report written. `keep_baseline`: the float "
        "baseline is published in the winner's place, marked as what it is.",
    )


def _code_from_file(value: object) -> object:
    return {"file": value} if isinstance(value, str) else value


CodeEntry = Annotated[Code, BeforeValidator(_code_from_file, json_schema_input_type=Text | Code)]


class Spec(Section):
    """A whole quantgate spec."""

    version: Literal[1] = Field(description="Version of the spec's form.")
    name: Name = Field(description="What the pipeline and its reports are called.")
    model: ModelSource = Field(description="The trained float model.")
    data: Data = Field(description="Where the data is.")
    code: CodeEntry | None = Field(
        default=None,
        exclude_if=lambda code: code is None,
        description="A Python file with functions that yield data or are metrics; it travels with "
        "the pipeline.",
    )
    quantize: Quantize = Field(default=Quantize(), description="Which candidates to try.")
    measure: Measure = Field(description="What to measure beside the size.")
    gate: dict[str, Limit] = Field(min_length=1, description="Limits, by figure.")
    choose: Choose = Field(
        default=[Objective(minimize=SIZE.name)],
        description="What makes one qualified candidate better than another: objectives in order, "
        "or weights.",
    )
    promote: Promote | None = Field(default=None, description="Where the winner goes.")
    cluster: Cluster | None = Field(
        default=None,
        exclude_if=lambda cluster: cluster is None,
        description="How a Kubeflow cluster runs the tasks; a run on this machine passes it over.",
    )

    @property
    def objectives(self) -> list[Objective]:
        """What the choice rests on, in order; weighted ones where the spec has weights."""
        if not isinstance(self.choose, Weights):
            return self.choose
        own = {metric.title: metric.figure for metric in self.measure.metrics if metric.figure}
        known = {**FIGURES, **own}
        return [weighted(known[name], weight) for name, weight in self.choose.weights.items()]

    @property
    def keeps_baseline(self) -> bool:
        """Whether the baseline is published where nothing qualifies."""
        return self.promote is not None and self.promote.when_none_qualifies == "keep_baseline"
