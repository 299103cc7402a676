"""What a .tflite holds and does, as an attestation and `quantgate inspect` tell it."""

from typing import Literal

from pydantic import JsonValue

from quantgate.records.base import Record


class TensorAttest(Record):
    """An input or output as it stands in the flatbuffer; scale 0.0 where it is not quantized."""

    name: str
    shape: list[int]
    dtype: str
    scale: float
    zero_point: int


class WeightAttest(Record):
    """A constant that an op multiplies with or looks up.

    `granularity` is "per-tensor", "per-axis N" (scales along dimension N), "blockwise" or "not
    quantized"; `shortfall` says what LiteRT's quantization specification does not allow.
    """

    name: str
    op: str
    dtype: str
    shape: list[int]
    granularity: str
    shortfall: str | None


class KernelCheck(Record):
    """An output of LiteRT's default kernels (XNNPACK, where it can) against its reference kernels.

    `differing` is the share of values that are not equal; `steps` the largest difference in steps
    of an integer output; `snr_db` their signal-to-noise ratio, None where it means nothing.
    """

    differing: float
    steps: int | None
    snr_db: float | None


class Trial(Record):
    """What a model did with a few samples.

    `problem` says why it did not run. `snr_db` is the signal-to-noise ratio against the float
    model's outputs, by output; 150 stands for 150 dB and more. `not_finite_on_zeros` names outputs
    that an input of nothing but zeros makes infinite or NaN, though not the float model's where
    that was run. `kernels` is by output;
    `kernels_problem` says why kernels could not be compared. Samples may be `made_up`.
    """

    samples: int
    made_up: bool
    problem: str | None = None
    not_finite: list[str] = []
    not_finite_on_zeros: list[str] = []
    constant: list[str] = []
    snr_db: dict[str, float] = {}
    kernels: dict[str, KernelCheck] = {}
    kernels_problem: str | None = None


class Delivered(Record):
    """What a .tflite holds, and what it did when it was tried out.

    `op_types` counts ops by name and by what they compute in: int8, int16, float16, float32,
    hybrid (float activations, integer weights), "conversion" (QUANTIZE, DEQUANTIZE), or another
    dtype. `float_ops` counts those with float activations, hybrid ones among them, by name;
    `float_op_share` is their share of the ops that compute. `macs` are multiply-accumulates of one
    sample by what they compute in, `float_macs` those of `float_ops` by name. `biases` counts them
    by dtype. `shortfalls` are sentences about what LiteRT's quantization specification does not
    allow.
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
    """What `quantgate inspect` finds in any .tflite; one without signatures has one, unnamed."""

    version: Literal[1] = 1
    file: str
    signatures: dict[str, SignatureAttest]


class Attestation(Delivered):
    """What the conversion of one candidate delivered, read from the flatbuffer.

    status: "converted"; "rejected", a model came out that is not what the mode promises;
    "failed", no model came out. `reasons` are sentences. `unchanged` says that quantization had no
    effect on the bytes' meaning. `settings` are the converter's, by its own names.
    """

    candidate: str
    mode: str
    status: Literal["converted", "rejected", "failed"]
    reasons: list[str]
    inputs: list[TensorAttest] = []
    outputs: list[TensorAttest] = []
    unchanged: bool = False
    settings: dict[str, JsonValue] = {}
    way: Literal["derived", "converter"] = "converter"
    tensorflow: str
    seconds: float
