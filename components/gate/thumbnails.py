"""Small pictures of samples whose input has the shape of an image."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.records.datasets import ArrayFacts, Manifest

try:
    from PIL import Image
except ImportError:
    Image = None  # type: ignore[assignment]

#: The longest side of a picture, and the shortest side of an input that is one, in pixels.
LONGEST_SIDE, SHORTEST_SIDE = 96, 4
#: Sides up to which a picture is stored without loss.
SMALL = 32
_CHANNELS = (1, 3)


def thumbnails(dataset: DatasetFolder, places: NDArray[np.int64], room: int) -> dict[int, str]:
    """Return `<img>` elements of samples by their number, of at most `room` bytes.

    Without Pillow, or an input with the shape of an image, there are none.
    """
    key = image_key(dataset.manifest)
    if key is None:
        return {}
    facts, pictures = dataset.manifest.inputs[key], {}
    for number, place in enumerate(places.tolist()):
        picture = _element(_pixels(dataset.inputs[key][place], facts))
        room -= len(picture)
        if room < 0:
            break
        pictures[number] = picture
    return pictures


def image_key(manifest: Manifest) -> str | None:
    """Return the input with the shape of an image, None if there is none or without Pillow."""
    keys = (key for key, facts in manifest.inputs.items() if _is_image(facts))
    return None if Image is None else next(keys, None)


def _is_image(facts: ArrayFacts) -> bool:
    if len(facts.shape) != 4 or facts.dtype == "bool":
        return False
    _, first, second, third = facts.shape
    sides = (first, second) if third in _CHANNELS else (second, third)
    return (third in _CHANNELS or first in _CHANNELS) and min(sides) >= SHORTEST_SIDE


def _pixels(sample: NDArray[Any], facts: ArrayFacts) -> NDArray[np.uint8]:
    """Return a sample [height, width, channels] or [channels, height, width] as bytes of colour."""
    last = sample if sample.shape[-1] in _CHANNELS else np.moveaxis(sample, 0, -1)
    if facts.dtype == "uint8":
        return np.asarray(last, np.uint8)
    least, reach = facts.minimum, (facts.maximum - facts.minimum) or 1.0
    return np.asarray(np.rint((last - least) * (255 / reach)), np.uint8)


def _element(pixels: NDArray[np.uint8]) -> str:
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    is_small = max(picture.size) <= SMALL
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    form, kind = ("PNG", "png") if is_small else ("JPEG", "jpeg")
    file = io.BytesIO()
    picture.save(file, form)
    text = base64.b64encode(file.getvalue()).decode("ascii")
    return f'<img src="data:image/{kind};base64,{text}" alt="">'
