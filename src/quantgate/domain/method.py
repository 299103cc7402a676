"""A method of post-training quantization: a mode of the converter or a recipe of the quantizer."""

from dataclasses import dataclass

from quantgate.domain.hardware import CPU, Hardware

FLOAT32 = "float32"


@dataclass(frozen=True)
class Promise:
    """The benefits of a mode according to LiteRT's guide.

    Attributes:
        size: the smaller size in the guide's words.
        times_smaller: the least factor of these words.
        speed: the speedup in the guide's words, or empty if it names none.
        times_faster: the least factor of these words, if there is one.
    """

    size: str
    times_smaller: float
    speed: str = ""
    times_faster: float | None = None


@dataclass(frozen=True)
class Method:
    """A method that candidates are quantized with.

    Attributes:
        name: the name in a spec.
        title: the name for people.
        promise: the benefits according to the guide, for quantized modes.
        calibrated: whether the method needs representative data.
        io_types: the dtypes allowed for inputs and outputs, the default first.
        integer_only: whether one op left in float makes the model useless for its hardware.
        activations: the dtype that activations are stored in.
        hardware: the hardware that `auto` tries the method for.
    """

    name: str
    title: str
    promise: Promise | None = None
    calibrated: bool = False
    io_types: tuple[str, ...] = (FLOAT32,)
    integer_only: bool = False
    activations: str = FLOAT32
    hardware: tuple[Hardware, ...] = (CPU,)
