"""Version 1 of the spec: what can be written, and what each key means."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from quantgate.figures import FIGURES
from quantgate.modes import QUANTIZED_MODES
from quantgate.sizes import PATTERN as SIZE_PATTERN
from quantgate.spec.choice import Choose, Objective, Weights, weighted
from quantgate.spec.cluster import Cluster
from quantgate.spec.code import Code
from quantgate.spec.data import Data, Selection
from quantgate.spec.limit import Limit
from quantgate.spec.metric import Metric, MetricName
from quantgate.spec.section import Alternatives, Name, Section, Text
from quantgate.spec.target import TargetEntry

Size = Annotated[str, Field(pattern=SIZE_PATTERN)]

ModeName = Annotated[str, Field(json_schema_extra={"enum": list(QUANTIZED_MODES)})]
Target = Literal["cpu", "gpu", "edge_tpu", "microcontroller"]
IoType = Literal["float32", "int8", "uint8", "int16"]


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


class Exclude(Section):
    """Parts of the model that stay in float."""

    ops: list[Text] = Field(default=[], description="LiteRT ops by name, as in `[SOFTMAX]`.")
    nodes: list[Text] = Field(
        default=[],
        description="Single ops, by the name of their output in the float .tflite or a part of it "
        "between semicolons.",
    )


class OwnCalibration(Alternatives):
    """What one candidate calibrates on, where that differs from `data.calibration`."""

    samples: int | None = Field(default=None, ge=1, description="How many samples.")
    select: Selection | None = Field(default=None, description="How samples are chosen.")
    seed: int | None = Field(default=None, ge=0, description="Seed of the choice.")


class Candidate(Section):
    """One quantized model to try: a mode with options."""

    name: Name | None = Field(default=None, description="By default the mode's name.")
    mode: ModeName = Field(description="One of LiteRT's post-training quantization modes.")
    input_type: IoType | None = Field(
        default=None, description="Type of the model's inputs; by default the mode's first."
    )
    output_type: IoType | None = Field(
        default=None, description="Type of the model's outputs; by default the mode's first."
    )
    per_channel: bool = Field(
        default=True, description="Whether weights get a scale per channel, or one per tensor."
    )
    per_channel_dense: bool = Field(
        default=True, description="The same for dense layers alone, which some runtimes refuse."
    )
    exclude: Exclude | None = Field(
        default=None, description="What stays in float, in a mode with float fallback."
    )
    calibration: OwnCalibration | None = Field(
        default=None, description="Calibration settings of its own; the rest as in the data."
    )


def _candidate_from_mode(value: object) -> object:
    return {"mode": value} if isinstance(value, str) else value


CandidateEntry = Annotated[
    Candidate,
    BeforeValidator(_candidate_from_mode, json_schema_input_type=ModeName | Candidate),
]


def _form_of_modes(value: object) -> str:
    return "<auto>" if isinstance(value, str) else "<list>"


# Told apart by hand, so that a mistake in a list is not also reported as "not `auto`".
Modes = Annotated[
    Annotated[Literal["auto"], Tag("<auto>")]
    | Annotated[list[CandidateEntry], Field(min_length=1), Tag("<list>")],
    Discriminator(_form_of_modes),
]


class Quantize(Section):
    """Which candidates to try."""

    target: Target = Field(default="cpu", description="What `modes: auto` chooses for.")
    modes: Modes = Field(
        default="auto", description="`auto`, or modes by name, or candidates with options."
    )
    timeout_s: float = Field(default=3600.0, gt=0, description="Seconds one conversion may take.")
    memory_limit: Size | None = Field(
        default=None,
        description="Memory one conversion, or the calibration, may take, as in `8GiB`.",
    )
    select_tf_ops: bool = Field(
        default=False,
        description="Whether ops that LiteRT has no builtin for may stay TensorFlow's own, which "
        "only a LiteRT with the Flex delegate runs.",
    )


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
        default=[Objective(minimize="size_bytes")],
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
