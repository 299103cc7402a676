"""Images of 16 bits a channel."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

IMAGE = {"image": ("float32", [-1, 4, 6, 3])}


GRAY = {"image": ("float32", [-1, 4, 6, 1])}


def save(pixels: np.ndarray, path: Path) -> Path:
    """Write an image below a class folder, and return the folder of the classes."""
    path.parent.mkdir(parents=True)
    Image.fromarray(pixels).save(path)
    return path.parent.parent


@pytest.mark.parametrize(("suffix", "dtype"), [("png", "<u2"), ("tif", "<u2"), ("tif", ">u2")])
def test_gray_images_of_16_bits_are_scaled_to_8(build, tmp_path, suffix, dtype):
    pixels = np.arange(24).reshape(4, 6) * 11
    root = save((pixels * 257).astype(dtype), tmp_path / "images" / "a" / f"x.{suffix}")
    assert np.array_equal(build(root, GRAY).inputs["image"][0, ..., 0], pixels)
    colors = build(root, IMAGE).inputs["image"][0]
    assert np.array_equal(colors, np.repeat(pixels[..., np.newaxis], 3, axis=-1))


def test_16_bits_are_rounded_to_the_nearest_of_8(build, tmp_path):
    pixels = np.zeros((4, 6), np.uint16)
    pixels[0] = 0, 128, 129, 65406, 65407, 65535
    image = build(save(pixels, tmp_path / "images" / "a" / "x.png"), GRAY).inputs["image"]
    assert image[0, 0, :, 0].tolist() == [0, 0, 1, 254, 255, 255]


def test_a_black_image_of_16_bits_is_black(build, tmp_path):
    root = save(np.zeros((4, 6), np.uint16), tmp_path / "images" / "a" / "x.png")
    assert not build(root, GRAY).inputs["image"].any()


def test_8_bit_values_in_16_bits_are_refused(refusal, tmp_path):
    path = tmp_path / "images" / "a" / "x.png"
    root = save(np.full((4, 6), 255, np.uint16), path)
    assert refusal(root, GRAY) == (
        f"{path} has 16 bits per pixel, but no value above 255 of 65535, as if 8-bit values were "
        "stored in it. Convert it to 8 bits"
    )


def test_12_bits_are_refused(refusal, tmp_path):
    path = tmp_path / "images" / "a" / "x.tif"
    root = save(np.full((4, 6), 4000, np.uint16), path)
    bits_per_sample = bytes.fromhex("0201 0300 01000000")
    content = path.read_bytes()
    assert content.count(bits_per_sample + b"\x10") == 1
    path.write_bytes(content.replace(bits_per_sample + b"\x10", bits_per_sample + b"\x0c"))
    assert refusal(root, GRAY) == f"{path} has 12 bits per pixel. Convert it to 8 or 16 bits"


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        ("float32", "floating-point numbers (mode F)"),
        ("int32", "32-bit integers (mode I)"),
    ],
)
def test_pixels_of_unknown_range_are_refused(refusal, tmp_path, dtype, kind):
    path = tmp_path / "images" / "a" / "x.tiff"
    root = save(np.ones((4, 6), dtype), path)
    assert refusal(root, GRAY) == (
        f"{path} has pixels that are {kind}, so their range is unknown. Convert it to 8 or 16 "
        "bits, or give the samples as .npz or .npy"
    )
