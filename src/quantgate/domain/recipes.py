"""The recipes of LiteRT Quantizer that a candidate can take.

Source: https://github.com/google-ai-edge/litert-quantizer, `recipe.py` and `default_policy.py`.
The names are the official ones. `static_wi4_ai8` is the name of a policy, and `float_casting` that
of an algorithm, because their recipes have none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from quantgate.domain.hardware import (
    CPU,
    EDGE_TPU,
    ETHOS_U,
    GPU,
    MICROCONTROLLER,
    NPU,
    Hardware,
)
from quantgate.domain.method import FLOAT32, Method
from quantgate.domain.recipe_hardware import (
    NOT_ON_MICRO,
    TOO_WIDE,
    VELA_CRASHES,
    WRONG_ON_MICRO,
)

#: A rule of a recipe, in the form of LiteRT Quantizer's JSON files.
Rule = dict[str, Any]
#: Second moments of a layer's inputs: of each input, or of each pair of inputs.
MomentsForm = Literal["diagonal", "matrix"]

MIN_MAX = "min_max_uniform_quantize"
FLOAT_CASTING = "float_casting"
HADAMARD = "DECOMPOSED_HADAMARD_ROTATION"
NO_QUANTIZE = "no_quantize"
GPTQ = "GPTQ"
OSCAR = "OSCAR"
CHANNELWISE = "CHANNELWISE"
TENSORWISE = "TENSORWISE"
BLOCKWISE = tuple(f"BLOCKWISE_{size}" for size in (32, 64, 128, 256))
EVERY_NAME = ".*"


@dataclass(frozen=True)
class Recipe(Method):
    """A recipe that quantizes all ops that it supports in one way.

    Attributes:
        weight_bits: bits of a weight.
        granularity: which weights share a scale.
        in_float: whether ops unpack their weights and compute in float.
        algorithm: how scales are determined.
        algorithms: the other algorithms that a candidate can name.
        least_elements: elements from which on a weight is quantized.
        base: the recipe for the ops that this one does not support, empty to leave them in float.
        ends: the dtypes of inputs and outputs that `auto` tries, by the name of the hardware. The
            default is the first of `io_types`.
        reserved: the reason why `auto` does not try the recipe for any hardware.
        unfit: the hardware that cannot run it, with the reason, by the name of the hardware.
    """

    weight_bits: int = 8
    granularity: str = CHANNELWISE
    in_float: bool = False
    algorithm: str = MIN_MAX
    algorithms: tuple[str, ...] = ()
    least_elements: int = 0
    base: str = ""
    ends: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    reserved: str = ""
    unfit: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_dynamic(self) -> bool:
        """True if ops take float activations and compute with integer weights."""
        return not (self.calibrated or self.in_float)

    @property
    def activation_bits(self) -> int:
        """The bits of an activation, 0 if activations stay in float."""
        return int(self.activations.removeprefix("int")) if self.calibrated else 0

    def ends_for(self, hardware: Hardware) -> tuple[str, ...]:
        """Return the dtypes of inputs and outputs that `auto` tries for a kind of hardware."""
        return self.ends.get(hardware.name, self.io_types[:1])


_INTEGER_ENDS = ("int8", FLOAT32, "uint8", "int16")
_WIDE_ENDS = ("int16", FLOAT32)
_FOUR_BITS = "4-bit weights often cost too much accuracy"

_RECIPES = (
    Recipe(
        "dynamic_legacy_wi8_afp32",
        "8-bit weights from 1,024 elements on, dynamic activations",
        algorithms=("OCTAV",),
        least_elements=1024,
        unfit=NOT_ON_MICRO,
    ),
    Recipe(
        "dynamic_wi8_afp32",
        "8-bit weights, dynamic activations",
        algorithms=("OCTAV",),
        unfit=NOT_ON_MICRO,
    ),
    Recipe(
        "weight_only_wi8_afp32",
        "8-bit weights, computed in float",
        algorithms=("OCTAV",),
        in_float=True,
        hardware=(CPU, GPU),
        unfit=WRONG_ON_MICRO,
    ),
    Recipe(
        FLOAT_CASTING,
        "16-bit float weights",
        weight_bits=16,
        in_float=True,
        algorithm=FLOAT_CASTING,
        hardware=(CPU, GPU),
        unfit=NOT_ON_MICRO,
    ),
    Recipe(
        "static_wi8_ai8",
        "8-bit weights and activations",
        calibrated=True,
        io_types=_INTEGER_ENDS,
        activations="int8",
        algorithms=("OCTAV",),
        hardware=(CPU, NPU, EDGE_TPU, MICROCONTROLLER, ETHOS_U),
        ends={CPU.name: (FLOAT32, "int8"), EDGE_TPU.name: ("int8", "uint8")},
    ),
    Recipe(
        "static_wi8_ai16",
        "8-bit weights, 16-bit activations",
        calibrated=True,
        io_types=_WIDE_ENDS,
        activations="int16",
        algorithms=("OCTAV",),
        hardware=(CPU, NPU, MICROCONTROLLER, ETHOS_U),
        unfit=TOO_WIDE,
    ),
    Recipe(
        "dynamic_wi4_afp32",
        "4-bit weights, dynamic activations",
        weight_bits=4,
        algorithms=("OCTAV", "MSE", GPTQ, OSCAR),
        reserved=_FOUR_BITS,
        unfit=NOT_ON_MICRO,
    ),
    Recipe(
        "weight_only_wi4_afp32",
        "4-bit weights, computed in float",
        weight_bits=4,
        in_float=True,
        algorithms=("OCTAV", "MSE", GPTQ),
        reserved=_FOUR_BITS,
        unfit=WRONG_ON_MICRO,
    ),
    Recipe(
        "static_wi4_ai8",
        "4-bit weights, 8-bit activations",
        calibrated=True,
        io_types=_INTEGER_ENDS,
        activations="int8",
        weight_bits=4,
        algorithms=("OCTAV", "MSE", GPTQ),
        base="static_wi8_ai8",
        reserved=_FOUR_BITS,
        unfit=VELA_CRASHES,
    ),
    Recipe(
        "dynamic_wi4b32_afp32",
        "4-bit weights in blocks of 32, dynamic activations",
        weight_bits=4,
        granularity="BLOCKWISE_32",
        algorithms=(GPTQ, OSCAR),
        reserved="only XNNPACK runs 4-bit blocks correctly",
        unfit=NOT_ON_MICRO,
    ),
    Recipe(
        "dynamic_wi4b64_afp32",
        "4-bit weights in blocks of 64, dynamic activations",
        weight_bits=4,
        granularity="BLOCKWISE_64",
        algorithms=(GPTQ, OSCAR),
        reserved="only XNNPACK runs 4-bit blocks correctly",
        unfit=NOT_ON_MICRO,
    ),
    Recipe(
        "dynamic_wi8c_hr_afp32",
        "8-bit weights after a Hadamard rotation, dynamic activations",
        algorithm=HADAMARD,
        reserved="the matrices of the rotation make small models larger",
        unfit=NOT_ON_MICRO,
    ),
    Recipe(
        "dynamic_wi4c_hr_afp32",
        "4-bit weights after a Hadamard rotation, dynamic activations",
        weight_bits=4,
        algorithm=HADAMARD,
        reserved="the matrices of the rotation make small models larger",
        unfit=NOT_ON_MICRO,
    ),
)

#: The rules of a JSON file. They decide what is calibrated and stored.
RECIPE_FILE = Recipe(
    "recipe_file", "Rules of a JSON file", calibrated=True, io_types=("", *_INTEGER_ENDS)
)
#: The recipes that a spec can name, in the order in which they are tried.
RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _RECIPES})

_TWO_BITS = "2-bit weights give NaN or do not load"
_NO_BLOCKS = "no op supports 8-bit blocks, so the model would come back unchanged"
#: Recipes of the library that never work, with the reason.
REFUSED_RECIPES: Mapping[str, str] = MappingProxyType(
    {
        **{f"dynamic_wi2{kind}_afp32": _TWO_BITS for kind in ("", "c", "b32", "b64", "c_hr")},
        **{f"dynamic_wi8b{size}_afp32": _NO_BLOCKS for size in (32, 64)},
    }
)
#: Algorithms of the library that a candidate cannot name, with the reason.
REFUSED_ALGORITHMS: Mapping[str, str] = MappingProxyType(
    {
        "HADAMARD_ROTATION": "it inserts a custom op that only LiteRT's default resolver has. Use "
        "`dynamic_wi4c_hr_afp32`, whose rotation consists of builtin ops",
    }
)
#: Algorithms that are refused for 8-bit weights only, with the reason.
REFUSED_WITH_8_BITS: Mapping[str, str] = MappingProxyType(
    {
        "MSE": "with 8 bits it clips weights and loses accuracy. It is for 4-bit weights",
        GPTQ: "with 8 bits it gains nothing. It is for 4-bit weights",
        OSCAR: "with 8 bits it gains nothing. It is for 4-bit weights",
    }
)
#: Algorithms that are refused unless activations are dynamic, with the reason.
REFUSED_UNLESS_DYNAMIC: Mapping[str, str] = MappingProxyType(
    {OSCAR: "its layers take float activations and compute with integer weights, in any recipe"}
)
DIAGONAL: MomentsForm = "diagonal"
MATRIX: MomentsForm = "matrix"
#: The second moments of a layer's inputs that an algorithm needs. Such algorithms are for dense
#: layers only.
MOMENTS_OF: Mapping[str, MomentsForm] = MappingProxyType({OSCAR: DIAGONAL, GPTQ: MATRIX})
