"""Bring images with more than 8 bits per channel to 8 bits.

Pillow opens a gray image of 16 bits in a mode `I;16..`, one of 32 bits as `I`, and one of
floating-point numbers as `F`. Its own conversion to 8 bits clips them all at 255.
"""

from typing import Any

import numpy as np

from quantgate.components.build_dataset.libraries import library
from quantgate.errors import InputError

_SIXTEEN_BITS = "I;16"
_UNKNOWN_RANGE = {"I": "32-bit integers", "F": "floating-point numbers"}
_BITS_PER_SAMPLE = 258
#: Factor from 8 to 16 bits: 255 becomes 65,535.
_STEP = 257


def in_8_bits(image: Any, name: str) -> Any:
    """Return a Pillow image with at most 8 bits per channel, rounded to the nearest value.

    Raises:
        InputError: the range of the pixels is not known.
    """
    if kind := _UNKNOWN_RANGE.get(image.mode):
        raise InputError(
            f"{name} has pixels that are {kind} (mode {image.mode}), so their range is unknown. "
            "Convert it to 8 or 16 bits, or give the samples as .npz or .npy"
        )
    if not image.mode.startswith(_SIXTEEN_BITS):
        return image
    _check_range(image, name)
    pixels = (np.asarray(image).astype(np.uint32) + _STEP // 2) // _STEP
    return library("PIL.Image", "images").fromarray(pixels.astype(np.uint8))


def _check_range(image: Any, name: str) -> None:
    """Refuse pixels of fewer bits that are stored in 16."""
    (bits,) = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))
    if bits != 16:
        raise InputError(f"{name} has {bits} bits per pixel. Convert it to 8 or 16 bits")
    largest = int(np.max(image))
    if 0 < largest < 256:
        raise InputError(
            f"{name} has 16 bits per pixel, but no value above {largest} of 65535, as if 8-bit "
            "values were stored in it. Convert it to 8 bits"
        )
