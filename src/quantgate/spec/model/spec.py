"""Version 1 of the spec: its keys and their meaning."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from quantgate.domain.figures import FIGURES, SIZE
from quantgate.domain.sharding import MOST_SHARDS
from quantgate.spec.model.choice import Choose, Objective, Weights, weighted
from quantgate.spec.model.cluster import Cluster
from quantgate.spec.model.code import Code
from quantgate.spec.model.data import Data
from quantgate.spec.model.gate import Gate
from quantgate.spec.model.metric import Metric, MetricName, figures_of_metrics
from quantgate.spec.model.quantize import Quantize
from quantgate.spec.model.recipe import RecipeCandidate
from quantgate.spec.model.section import Alternatives, Name, Section, Text
from quantgate.spec.model.target import TargetEntry


class ModelSource(Alternatives):
    """The trained float model."""

    saved_model: Text | None = Field(
        default=None,
        description="Folder of a TensorFlow SavedModel. The alternatives are `keras` and `tflite`.",
    )
    keras: Text | None = Field(
        default=None, description="Keras model file (.keras or .h5), exported to a SavedModel."
    )
    tflite: Text | None = Field(
        default=None,
        description="Float .tflite file, such as from litert-torch or `tf.lite`. Needs no "
        "TensorFlow.",
    )
    signatures: list[Text] = Field(
        default=["serving_default"],
        min_length=1,
        description="Signatures to convert and measure. All of them are in one .tflite file.",
    )
    tags: list[Text] = Field(
        default=["serve"],
        min_length=1,
        description="Tags of the graph to convert, if the SavedModel has several graphs.",
    )
    batch: Literal[1, "dynamic"] | None = Field(
        default=None,
        description="Batch size of the converted models: 1, or `dynamic` for any. The default is 1 "
        "for embedded targets, and otherwise the batch size of the signature.",
    )

    @property
    def location(self) -> str:
        """Path or URI of the model."""
        return self.saved_model or self.keras or self.tflite or ""

    @property
    def key(self) -> Literal["saved_model", "keras", "tflite"]:
        """The key that names the model."""
        return "tflite" if self.tflite else "keras" if self.keras else "saved_model"


def _metric_from_name(value: object) -> object:
    return {"metric": value} if isinstance(value, str) else value


MetricEntry = Annotated[
    Metric, BeforeValidator(_metric_from_name, json_schema_input_type=MetricName | Metric)
]


#: Seconds that a model may take to be evaluated, and to be timed. No sound model takes so long.
TIMEOUT_S = 6 * 3600.0


class Latency(Section):
    """Settings of the latency measurement. Batch size is 1, and all models are interleaved."""

    threads: int = Field(default=1, ge=1, le=256, description="Threads of the interpreter.")
    warmup: int = Field(default=5, ge=0, description="Invocations of each model before timing.")
    runs: int = Field(default=50, ge=1, description="Timed invocations of each model.")
    budget_s: float = Field(
        default=10.0,
        gt=0,
        description="Maximum time in seconds for each model. A slower model has fewer timed "
        "invocations, but at least ten.",
    )
    signature: Text | None = Field(
        default=None, description="Signature to time. The default is the first one."
    )
    timeout_s: float = Field(
        default=TIMEOUT_S,
        gt=0,
        exclude_if=lambda seconds: seconds == TIMEOUT_S,
        description="Seconds after which a model that is being timed is stopped and fails.",
    )


def _kind_of_shards(value: object) -> str:
    is_word = isinstance(value, str) and not value.isdigit()
    return "<auto>" if is_word else "<number>"


# A discriminator, so that a number out of range is not also reported as "not `auto`".
Shards = Annotated[
    Annotated[Literal["auto"], Tag("<auto>")]
    | Annotated[int, Field(ge=1, le=MOST_SHARDS), Tag("<number>")],
    Discriminator(_kind_of_shards),
]


class Evaluation(Section):
    """Settings of the accuracy measurement."""

    stop_early: bool = Field(
        default=False,
        description="Whether to evaluate a candidate on growing random subsets of the samples, and "
        "to stop once it is certain that its accuracy limits are met or violated.",
    )
    shards: Shards = Field(
        default=1,
        exclude_if=lambda shards: shards == 1,
        description="Number of tasks that share the samples of each evaluation. `auto` derives it "
        "from the number of samples and the time of one. The results are the same as with one "
        "task.",
    )
    timeout_s: float = Field(
        default=TIMEOUT_S,
        gt=0,
        exclude_if=lambda seconds: seconds == TIMEOUT_S,
        description="Seconds after which the evaluation of a model is stopped and fails, for each "
        "signature.",
    )


class Measure(Section):
    """The measurements. The size of a model is always measured."""

    metrics: list[MetricEntry] = Field(
        min_length=1, description="Accuracy metrics, by name or with options."
    )
    latency: Latency | None = Field(
        default=Latency(),
        description="Settings of the latency measurement. null turns it off.",
    )
    evaluation: Evaluation | None = Field(
        default=None,
        exclude_if=lambda evaluation: evaluation is None,
        description="Settings of the accuracy measurement. The default uses all samples.",
    )
    targets: list[TargetEntry] = Field(
        default=[],
        exclude_if=lambda targets: not targets,
        description="Targets to measure every candidate for, by name or with options.",
    )
    show_samples: bool = Field(
        default=True,
        exclude_if=lambda shown: shown,
        description="Whether the report shows samples that the winner gets wrong and the float "
        "model gets right, images as pictures.",
    )


class Promote(Section):
    """The publication of the winner."""

    to: Text = Field(description="Folder or URI to publish the winner in.")
    when_none_qualifies: Literal["fail", "keep_baseline"] = Field(
        default="fail",
        description="`fail`: the run fails after the report is written. `keep_baseline`: the float "
        "baseline is published instead of a winner, and marked as the baseline.",
    )


def _code_from_file(value: object) -> object:
    return {"file": value} if isinstance(value, str) else value


CodeEntry = Annotated[Code, BeforeValidator(_code_from_file, json_schema_input_type=Text | Code)]


class Spec(Section):
    """A quantgate spec."""

    version: Literal[1] = Field(description="Version of the spec format.")
    name: Name = Field(description="Name of the pipeline and its reports.")
    model: ModelSource = Field(description="The trained float model.")
    data: Data = Field(description="The calibration and evaluation data.")
    code: CodeEntry | None = Field(
        default=None,
        exclude_if=lambda code: code is None,
        description="A Python file with functions that yield data or are metrics. It is packaged "
        "with the pipeline.",
    )
    quantize: Quantize = Field(default=Quantize(), description="The candidates to try.")
    measure: Measure = Field(
        description="The measurements. The size of a model is always measured."
    )
    gate: Gate = Field(description="Limits by metric, and the warnings that make a run doubtful.")
    choose: Choose = Field(
        default=[Objective(minimize=SIZE.name)],
        description="How to choose among the qualifying candidates: objectives in order, or "
        "weights.",
    )
    promote: Promote | None = Field(default=None, description="The publication of the winner.")
    cluster: Cluster | None = Field(
        default=None,
        exclude_if=lambda cluster: cluster is None,
        description="Settings for running the tasks on a Kubeflow cluster. Local runs ignore them.",
    )

    @property
    def recipes(self) -> Literal["auto"] | list[RecipeCandidate]:
        """The recipes to try. The default is `auto` if `modes` is or for a .tflite."""
        if self.quantize.recipes is not None:
            return self.quantize.recipes
        return "auto" if self.quantize.modes == "auto" or self.model.tflite else []

    @property
    def objectives(self) -> list[Objective]:
        """The objectives of the choice in order. Weights become weighted objectives."""
        if not isinstance(self.choose, Weights):
            return self.choose
        known = {**FIGURES, **figures_of_metrics(self.measure.metrics)}
        return [weighted(known[name], weight) for name, weight in self.choose.weights.items()]

    @property
    def metrics_on_microcontroller(self) -> list[Metric]:
        """The metrics whose figures on a microcontroller a limit or an objective names."""
        named = {*self.gate.limits, *(objective.figure for objective in self.objectives)}
        own = named - {metric.title for metric in self.measure.metrics}
        figures = ((each, each.figure_on_microcontroller) for each in self.measure.metrics)
        return [metric for metric, figure in figures if figure and figure.name in own]

    @property
    def keeps_baseline(self) -> bool:
        """True if the baseline is published if no candidate qualifies."""
        return self.promote is not None and self.promote.when_none_qualifies == "keep_baseline"
