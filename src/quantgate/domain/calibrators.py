"""The programs that record the ranges from which TensorFlow's converter quantizes."""

from typing import Literal, cast, get_args

from quantgate.errors import InputError

Calibrator = Literal["litert", "tensorflow"]
#: LiteRT's interpreter, which shows the true range of each tensor.
LITERT: Calibrator = "litert"
#: TensorFlow's calibrator, from whose ranges the public converter quantizes.
TENSORFLOW: Calibrator = "tensorflow"
#: The greatest value of a tensor that is 0 for all samples. Any scale holds 0, and with the scale
#: of this one kernels can multiply. TensorFlow's converter takes a scale of 8e-9 for int8, and of 0
#: for int16.
ASSUMED_GREATEST = 1.0


def calibrator_named(name: str) -> Calibrator:
    """Return a calibrator by its name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in get_args(Calibrator):
        raise InputError(f"`calibrator` is `{name}`. Write {' or '.join(get_args(Calibrator))}")
    return cast(Calibrator, name)
