"""The LiteRT post-training quantization modes, as in the guide's table.

Source: https://ai.google.dev/edge/litert/models/post_training_quantization
The promises for 16x8 are from the overview of post-training integer quantization with int16
activations, because that table leaves them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quantgate.domain.hardware import CPU, EDGE_TPU, ETHOS_U, GPU, MICROCONTROLLER, NPU
from quantgate.domain.method import FLOAT32, Method, Promise

BUILTINS = "TFLITE_BUILTINS"
BUILTINS_INT8 = "TFLITE_BUILTINS_INT8"
BUILTINS_INT16X8 = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"


@dataclass(frozen=True)
class Mode(Method):
    """One row of the guide's table.

    Attributes:
        optimized: whether `Optimize.DEFAULT` is set, as for every mode but the baseline.
        supported_ops: names in `tf.lite.OpsSet`, or empty for the converter's default.
        supported_types: names of dtypes for `target_spec.supported_types`.
        options: the options of a candidate that the mode takes.
        counterpart: the recipe that takes its place for a .tflite, as in a spec.
    """

    optimized: bool = True
    supported_ops: tuple[str, ...] = ()
    supported_types: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    counterpart: str = ""


_INTEGER = Promise("4x smaller", 4, "3x+ speedup", 3)
_WIDE = Promise("almost 3-4x smaller", 3)

BASELINE = Mode("float32", "Float32 baseline", optimized=False)

# The modes without calibration start first: a conversion from the SavedModel takes longest.
_QUANTIZED = (
    Mode(
        "dynamic_range",
        "Dynamic range",
        Promise("4x smaller", 4, "2x-3x speedup", 2),
        options=("per_channel",),
        counterpart="dynamic_legacy_wi8_afp32",
    ),
    Mode(
        "float16",
        "Float16",
        Promise("2x smaller", 2, "GPU acceleration"),
        supported_types=("float16",),
        hardware=(CPU, GPU),
        counterpart="float_casting",
    ),
    Mode(
        "full_integer",
        "Full integer with float fallback",
        _INTEGER,
        calibrated=True,
        io_types=(FLOAT32, "int8", "uint8"),
        activations="int8",
        options=("per_channel", "per_channel_dense", "exclude", "calibration"),
        counterpart="{recipe: static_wi8_ai8, inputs: float32, outputs: float32}",
    ),
    Mode(
        "integer_only_int8",
        "Integer only, int8",
        _INTEGER,
        calibrated=True,
        supported_ops=(BUILTINS_INT8,),
        io_types=("int8",),
        integer_only=True,
        activations="int8",
        hardware=(CPU, NPU, EDGE_TPU, MICROCONTROLLER, ETHOS_U),
        options=("per_channel", "per_channel_dense", "calibration"),
        counterpart="static_wi8_ai8",
    ),
    Mode(
        "integer_only_uint8",
        "Integer only, uint8",
        _INTEGER,
        calibrated=True,
        supported_ops=(BUILTINS_INT8,),
        io_types=("uint8",),
        integer_only=True,
        activations="int8",
        hardware=(CPU, EDGE_TPU, MICROCONTROLLER),
        options=("per_channel", "per_channel_dense", "calibration"),
        counterpart="{recipe: static_wi8_ai8, inputs: uint8, outputs: uint8}",
    ),
    Mode(
        "int16x8",
        "16-bit activations, 8-bit weights",
        _WIDE,
        calibrated=True,
        supported_ops=(BUILTINS_INT16X8,),
        io_types=(FLOAT32, "int16"),
        activations="int16",
        hardware=(CPU, NPU),
        options=("calibration",),
        counterpart="{recipe: static_wi8_ai16, inputs: float32, outputs: float32}",
    ),
    Mode(
        "int16x8_float_fallback",
        "16-bit activations, 8-bit weights, with float fallback",
        _WIDE,
        calibrated=True,
        supported_ops=(BUILTINS_INT16X8, BUILTINS),
        io_types=(FLOAT32, "int16"),
        activations="int16",
        options=("calibration",),
        counterpart="{recipe: static_wi8_ai16, inputs: float32, outputs: float32}",
    ),
)

#: The seven modes a candidate can take, by name, in the guide's order.
QUANTIZED_MODES: Mapping[str, Mode] = MappingProxyType({mode.name: mode for mode in _QUANTIZED})
#: All eight, the baseline first.
MODES: Mapping[str, Mode] = MappingProxyType({BASELINE.name: BASELINE, **QUANTIZED_MODES})
