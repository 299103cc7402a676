"""Convert an image file to an array, as the spec's `images` section says."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.depth import in_8_bits
from quantgate.components.build_dataset.libraries import library
from quantgate.components.build_dataset.sources import Request
from quantgate.domain.warnings import DROPPED_ALPHA, IGNORED_ORIENTATION, Warned, WarningKind
from quantgate.errors import InputError
from quantgate.foundation.damage import refused_if_damaged
from quantgate.records.tasks import TensorFacts
from quantgate.spec.model.data import ImageOptions
from quantgate.spec.model.source_files import readable_name

Array = NDArray[Any]
GRAYSCALE = "grayscale"
_ORIENTATION = 0x0112
_ALPHA = "transparent pixels, whose alpha is dropped."
_TURNED = "an EXIF orientation, which is ignored. `images.orientation: apply` turns the image."
_DAMAGED = (OSError, ValueError, SyntaxError, struct.error)


@dataclass(frozen=True)
class Preparation:
    """The steps from an image of a source to an array [height, width, channels].

    Attributes:
        options: the spec's `images`.
        size: (height, width) to resize to, or None to keep the size.
        channels: "rgb", "bgr" or "grayscale".
        flat: whether the array lacks the dimension of the channels.
        folder: the source's, which names in warnings leave out.
        warnings: about the images, one of each kind.
    """

    options: ImageOptions
    size: tuple[int, int] | None
    channels: str
    flat: bool
    folder: str
    warnings: list[Warned]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype: uint8 for unchanged pixels, float32 for normalized ones."""
        given = (self.options.scale, self.options.mean, self.options.std)
        return np.dtype(np.uint8 if given == (None, None, None) else np.float32)

    def read(self, file: Path | IO[bytes], name: str) -> Array:
        """Decode an image. Raise an InputError with the given name if it cannot be used."""
        pillow = library("PIL.Image", "images")
        damage = refused_if_damaged(f"{name} cannot be read as an image")
        with damage, pillow.open(file) as image:
            upright = in_8_bits(self._upright(image, name), name)
            pixels = np.asarray(self._resized(upright.convert(self._mode)))
        if self.channels == GRAYSCALE and not self.flat:
            pixels = pixels[..., np.newaxis]
        return self._normalized(pixels[..., ::-1] if self.channels == "bgr" else pixels)

    def _upright(self, image: Any, name: str) -> Any:
        if image.has_transparency_data:
            self._warn_once(DROPPED_ALPHA, name, _ALPHA)
        image.load()  # turns a TIFF itself
        if not _is_turned(image):
            return image
        if self.options.orientation == "apply":
            return library("PIL.ImageOps", "images").exif_transpose(image)
        self._warn_once(IGNORED_ORIENTATION, name, _TURNED)
        return image

    def _warn_once(self, kind: WarningKind, name: str, loss: str) -> None:
        if all(warning.id != kind.id for warning in self.warnings):
            image = readable_name(name.removeprefix(self.folder))
            self.warnings.append(kind.says(f"{image} has {loss} Further images are not listed"))

    @property
    def _mode(self) -> str:
        return "L" if self.channels == GRAYSCALE else "RGB"

    def _resized(self, image: Any) -> Any:
        if self.size is None:
            return image
        height, width = self.size
        method = library("PIL.Image", "images").Resampling[self.options.resize.upper()]
        if self.options.crop == "center":
            return library("PIL.ImageOps", "images").fit(image, (width, height), method)
        return image if image.size == (width, height) else image.resize((width, height), method)

    def _normalized(self, pixels: Array) -> Array:
        if self.dtype == np.uint8:
            return pixels
        values: Array = pixels.astype(np.float32) * np.float32(self.options.scale or 1)
        values -= np.asarray(self.options.mean or [0.0], np.float32)
        values /= np.asarray(self.options.std or [1.0], np.float32)
        return values


def _is_turned(image: Any) -> bool:
    try:
        return image.getexif().get(_ORIENTATION) in range(2, 9)
    except _DAMAGED:
        return False


def preparation_for(request: Request, expected: TensorFacts) -> Preparation:
    """Complete the spec's options from the model's input.

    Args:
        request: has the options, and takes the warnings.
        expected: the input that the images are for.

    Raises:
        InputError: the number of values in `mean` or `std` does not fit the channels.
    """
    options = request.data.images or ImageOptions()
    inner = expected.shape[1:]
    one_channel = len(inner) == 2 or inner[-1:] == [1]
    channels = options.channels or (GRAYSCALE if one_channel else "rgb")
    size = options.size or (inner[:2] if len(inner) in (2, 3) and min(inner[:2]) > 0 else None)
    _check_normalization(options, channels)
    return Preparation(
        options,
        (size[0], size[1]) if size else None,
        channels,
        flat=len(inner) == 2 and channels == GRAYSCALE,
        folder=f"{Path(request.data.source).parent}/",
        warnings=request.warnings,
    )


def _check_normalization(options: ImageOptions, channels: str) -> None:
    count = 1 if channels == GRAYSCALE else 3
    for key, values in (("mean", options.mean), ("std", options.std)):
        if values is not None and len(values) not in (1, count):
            raise InputError(
                f"images.{key} has {len(values)} values and {channels} has {count} channels. Give "
                "one value, or one for each channel"
            )
