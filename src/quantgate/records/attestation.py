"""The contents and behaviour of a .tflite, for attestations and `quantgate inspect`."""

from typing import Literal

from pydantic import Field, JsonValue

from quantgate.records.base import Record
from quantgate.records.outcomes import AttestationStatus
from quantgate.records.recovery import Recovery
from quantgate.records.search import Search
from quantgate.records.sensitivity import Sensitivity


class TensorAttest(Record):
    """An input or output as it is in the flatbuffer. The scale is 0.0 if it is not quantized."""

    name: str
    shape: list[int]
    dtype: str
    scale: float
    zero_point: int


class WeightAttest(Record):
    """A constant that an op multiplies with or looks up.

    `granularity` is "per-tensor", "per-axis N" (scales along dimension N), "blockwise" or "not
    quantized". `shortfall` names what LiteRT's quantization specification does not allow.
    """

    name: str
    op: str
    dtype: str
    shape: list[int]
    granularity: str
    shortfall: str | None


class KernelCheck(Record):
    """A comparison of an output of LiteRT's default kernels with that of its reference kernels.

    The default kernels are XNNPACK's where possible. `differing` is the share of values that are
    not equal. `steps` is the largest difference in steps of an integer output. `snr_db` is the
    signal-to-noise ratio, or None if it has no meaning.
    """

    differing: float
    steps: int | None
    snr_db: float | None


class ColumnCheck(Record):
    """A comparison of the columns of an output with those of the float model.

    A column has the values at one index of the dimension `axis`, which is 0 for the batch.
    `varying` of the `columns` columns vary in the float model. `constant` of these have the same
    value everywhere, and `poor` of them agree to less than 10 dB.
    """

    axis: int
    columns: int
    varying: int
    constant: int
    poor: int

    @property
    def constant_share(self) -> float:
        """The share of columns that are constant."""
        return self.constant / self.columns

    @property
    def poor_share(self) -> float:
        """The share of poor columns among those that vary."""
        return self.poor / max(1, self.varying)


class Trial(Record):
    """The behaviour of a model on a few samples.

    `problem` is the reason why it did not run. `snr_db` is the signal-to-noise ratio against the
    float model's outputs, by output. 150 stands for 150 dB and more. `columns` compares the columns
    of outputs with the float model's, if some are constant or poor. `not_finite_on_zeros` names
    outputs that become infinite or NaN for an input of zeros, while the float model's stay finite
    if that was run. `kernels` is by output. `kernels_problem` is the reason why kernels could not
    be compared. Samples may be `made_up`. `refusal` is XNNPACK's reason for refusing the model,
    which then ran on LiteRT's built-in kernels. `dynamic` is true if shapes of tensors are known
    only at run time. `outputs_sha256` is the hash of all outputs as real values in float32.
    `sample_s` are the seconds of a sample, which differ from run to run and so are not written.
    """

    samples: int
    made_up: bool
    problem: str | None = None
    not_finite: list[str] = []
    not_finite_on_zeros: list[str] = []
    constant: list[str] = []
    snr_db: dict[str, float] = {}
    columns: dict[str, ColumnCheck] = {}
    kernels: dict[str, KernelCheck] = {}
    kernels_problem: str | None = None
    refusal: str | None = None
    dynamic: bool = False
    outputs_sha256: str | None = None
    sample_s: float | None = Field(default=None, exclude=True)


class Delivered(Record):
    """The contents of a converted model, and its behaviour in a trial run.

    `op_types` counts ops by name and by the type that they compute in: int8, int16, float16,
    float32, hybrid (float activations, integer weights), "conversion" (QUANTIZE, DEQUANTIZE), or
    another dtype. `float_ops` counts those with float activations by name, hybrid ones included.
    `float_op_share` is their share of the ops that compute. `macs` are the multiply-accumulates of
    one sample by the type that they compute in, and `float_macs` those of `float_ops` by name.
    `biases` counts biases by dtype. `shortfalls` are sentences about what LiteRT's quantization
    specification does not allow.
    """

    model_sha256: str | None = None
    size_bytes: int | None = None
    ops: dict[str, int] = {}
    op_types: dict[str, dict[str, int]] = {}
    float_ops: dict[str, int] = {}
    float_op_share: float | None = None
    macs: dict[str, int] = {}
    float_macs: dict[str, int] = {}
    float_mac_share: float | None = None
    weights: list[WeightAttest] = []
    biases: dict[str, int] = {}
    shortfalls: list[str] = []
    trial: Trial | None = None


class SignatureAttest(Record):
    """Inputs and outputs of one signature, in its order."""

    inputs: list[TensorAttest]
    outputs: list[TensorAttest]


class Inspection(Delivered):
    """The report of `quantgate inspect` on any .tflite. One without signatures has one, unnamed.

    `sensitivity` has the errors of ops, if there is data to compare on.
    """

    version: Literal[1] = 1
    file: str
    signatures: dict[str, SignatureAttest]
    sensitivity: Sensitivity | None = None


class Attestation(Delivered):
    """The result of one candidate's conversion, read from the flatbuffer.

    `reasons` are sentences, and `rejections` those of them that reject the model. `unchanged` is
    true if quantization left the weights as they were. `settings` are the converter's, by its own
    names, or those of a recipe with its rules. `mode` is the name of the mode or recipe.
    `tensorflow` and `litert_quantizer` are versions, and the one that was not used is empty.
    `recovery` has the edits of a recovered candidate, and `search` the bits of a searched one.
    """

    candidate: str
    mode: str
    status: AttestationStatus
    reasons: list[str]
    rejections: list[str] = []
    inputs: list[TensorAttest] = []
    outputs: list[TensorAttest] = []
    unchanged: bool = False
    settings: dict[str, JsonValue] = {}
    way: Literal["derived", "converter", "recipe"] = "converter"
    tensorflow: str = ""
    litert_quantizer: str = ""
    seconds: float
    recovery: Recovery | None = None
    search: Search | None = None
