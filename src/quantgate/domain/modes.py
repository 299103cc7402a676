"""The LiteRT post-training quantization modes, as in the guide's table.

Source: https://ai.google.dev/edge/litert/models/post_training_quantization
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FLOAT32 = "float32"
BUILTINS = "TFLITE_BUILTINS"
BUILTINS_INT8 = "TFLITE_BUILTINS_INT8"
BUILTINS_INT16X8 = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"


@dataclass(frozen=True)
class Mode:
    """One row of the guide's table.

    Attributes:
        name: what a spec calls it.
        title: what a person calls it.
        optimized: whether `Optimize.DEFAULT` is set; only the baseline does without.
        calibrated: whether it needs representative data.
        supported_ops: names in `tf.lite.OpsSet`; empty leaves the converter's default.
        supported_types: names of dtypes for `target_spec.supported_types`.
        io_types: dtypes allowed for inputs and outputs, the default first.
        integer_only: whether one op left in float makes the model useless for its target.
        activations: the dtype that activations are stored in.
    """

    name: str
    title: str
    optimized: bool = True
    calibrated: bool = False
    supported_ops: tuple[str, ...] = ()
    supported_types: tuple[str, ...] = ()
    io_types: tuple[str, ...] = (FLOAT32,)
    integer_only: bool = False
    activations: str = FLOAT32


BASELINE = Mode("float32", "Float32 baseline", optimized=False)

# The modes without calibration start first: a conversion from the SavedModel takes longest.
_QUANTIZED = (
    Mode("dynamic_range", "Dynamic range"),
    Mode("float16", "Float16", supported_types=("float16",)),
    Mode(
        "full_integer",
        "Full integer with float fallback",
        calibrated=True,
        io_types=(FLOAT32, "int8", "uint8"),
        activations="int8",
    ),
    Mode(
        "integer_only_int8",
        "Integer only, int8",
        calibrated=True,
        supported_ops=(BUILTINS_INT8,),
        io_types=("int8",),
        integer_only=True,
        activations="int8",
    ),
    Mode(
        "integer_only_uint8",
        "Integer only, uint8",
        calibrated=True,
        supported_ops=(BUILTINS_INT8,),
        io_types=("uint8",),
        integer_only=True,
        activations="int8",
    ),
    Mode(
        "int16x8",
        "16-bit activations, 8-bit weights",
        calibrated=True,
        supported_ops=(BUILTINS_INT16X8,),
        io_types=(FLOAT32, "int16"),
        activations="int16",
    ),
    Mode(
        "int16x8_float_fallback",
        "16-bit activations, 8-bit weights, with float fallback",
        calibrated=True,
        supported_ops=(BUILTINS_INT16X8, BUILTINS),
        io_types=(FLOAT32, "int16"),
        activations="int16",
    ),
)

#: The seven modes a candidate can take, by name, in the guide's order.
QUANTIZED_MODES: Mapping[str, Mode] = MappingProxyType({mode.name: mode for mode in _QUANTIZED})
#: All eight, the baseline first.
MODES: Mapping[str, Mode] = MappingProxyType({BASELINE.name: BASELINE, **QUANTIZED_MODES})
