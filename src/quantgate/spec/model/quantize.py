"""The spec's `quantize`: the candidates to try, and the resource limits of a conversion."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from quantgate.domain.calibrators import LITERT, Calibrator
from quantgate.domain.hardware import CPU, HardwareName
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.domain.units import SIZE_PATTERN
from quantgate.spec.model.candidate import IoType, OwnCalibration
from quantgate.spec.model.recipe import RecipeEntry
from quantgate.spec.model.recover import RecoverEntry
from quantgate.spec.model.search import SearchEntry
from quantgate.spec.model.section import Name, Section, Text

Size = Annotated[str, Field(pattern=SIZE_PATTERN)]
ModeName = Annotated[str, Field(json_schema_extra={"enum": list(QUANTIZED_MODES)})]


class Exclude(Section):
    """Parts of the model that stay in float."""

    ops: list[Text] = Field(default=[], description="LiteRT ops by name, such as `[SOFTMAX]`.")
    nodes: list[Text] = Field(
        default=[],
        description="Single ops by the name of their output in the float .tflite, or by a part of "
        "the name between semicolons.",
    )


class Candidate(Section):
    """One quantized model to try: a mode with options."""

    name: Name | None = Field(
        default=None, description="Name of the candidate. The default is the mode's name."
    )
    mode: ModeName = Field(description="One of LiteRT's post-training quantization modes.")
    input_type: IoType | None = Field(
        default=None,
        description="Type of the model's inputs. The default is the first that the mode allows.",
    )
    output_type: IoType | None = Field(
        default=None,
        description="Type of the model's outputs. The default is the first that the mode allows.",
    )
    per_channel: bool = Field(
        default=True,
        description="Whether weights have one scale per channel (true) or per tensor (false).",
    )
    per_channel_dense: bool = Field(
        default=True,
        description="The same for dense layers only. Some runtimes do not support it for them.",
    )
    exclude: Exclude | None = Field(
        default=None,
        description="Parts of the model that stay in float, in a mode with float fallback.",
    )
    calibration: OwnCalibration | None = Field(
        default=None,
        description="Calibration settings of this candidate. They override `data.calibration`.",
    )


def _candidate_from_mode(value: object) -> object:
    return {"mode": value} if isinstance(value, str) else value


CandidateEntry = Annotated[
    Candidate,
    BeforeValidator(_candidate_from_mode, json_schema_input_type=ModeName | Candidate),
]


def _form_of_list(value: object) -> str:
    return "<auto>" if isinstance(value, str) else "<list>"


# A discriminator, so that an error in a list is not also reported as "not `auto`".
Modes = Annotated[
    Annotated[Literal["auto"], Tag("<auto>")] | Annotated[list[CandidateEntry], Tag("<list>")],
    Discriminator(_form_of_list),
]
Recipes = Annotated[
    Annotated[Literal["auto"], Tag("<auto>")] | Annotated[list[RecipeEntry], Tag("<list>")],
    Discriminator(_form_of_list),
]


class Quantize(Section):
    """The candidates to try."""

    target: HardwareName = Field(
        default=CPU.name, description="Hardware that `auto` selects modes and recipes for."
    )
    modes: Modes = Field(
        default="auto",
        description="Modes of TensorFlow's converter: `auto`, modes by name, or candidates with "
        "options. `[]` tries none.",
    )
    recipes: Recipes | None = Field(
        default=None,
        exclude_if=lambda recipes: recipes is None,
        description="Recipes of LiteRT Quantizer: `auto`, recipes by name, or candidates with "
        "options. `[]` tries none. The default is `auto` if `modes` is `auto` or the model is a "
        ".tflite, and none otherwise.",
    )
    recover: RecoverEntry = Field(
        default=None,
        exclude_if=lambda recover: recover is None,
        description="Whether to edit the float model of 8-bit candidates so that they lose less: "
        "`true`, or settings. Each edited model is one more candidate.",
    )
    search: SearchEntry = Field(
        default=None,
        exclude_if=lambda search: search is None,
        description="Whether to search for models with different bits for different layers: "
        "`true`, or settings. The best ones are up to three more candidates.",
    )
    calibrator: Calibrator = Field(
        default=LITERT,
        exclude_if=lambda calibrator: calibrator == LITERT,
        description="What records the ranges for integer modes: `litert` for the true ranges in "
        "LiteRT's interpreter, or `tensorflow` for models with the same bytes as those of "
        "TensorFlow's public converter.",
    )
    timeout_s: float = Field(
        default=3600.0, gt=0, description="Maximum time in seconds of one conversion."
    )
    memory_limit: Size | None = Field(
        default=None,
        description="Maximum memory of one conversion or of the calibration, such as `8GiB`.",
    )
    select_tf_ops: bool = Field(
        default=False,
        description="Whether ops without a LiteRT builtin may stay TensorFlow ops. Such models "
        "need a LiteRT runtime with the Flex delegate.",
    )
