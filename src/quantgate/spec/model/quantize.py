"""The spec's `quantize`: which candidates are tried, and what one conversion may take."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from quantgate.domain.hardware import CPU, HardwareName
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.domain.units import SIZE_PATTERN
from quantgate.spec.model.data import Selection
from quantgate.spec.model.section import Alternatives, Name, Section, Text

Size = Annotated[str, Field(pattern=SIZE_PATTERN)]
ModeName = Annotated[str, Field(json_schema_extra={"enum": list(QUANTIZED_MODES)})]
IoType = Literal["float32", "int8", "uint8", "int16"]


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

    target: HardwareName = Field(default=CPU.name, description="What `modes: auto` chooses for.")
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
