"""The orientation of images, and their alpha channel."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantgate.domain.warnings import Warned

IMAGE = {"image": ("float32", [-1, 4, 6, 3])}


def save(pixels: np.ndarray, path: Path) -> Path:
    """Write an image below a class folder, and return the folder of the classes."""
    path.parent.mkdir(parents=True)
    Image.fromarray(pixels).save(path)
    return path.parent.parent


@pytest.fixture
def turned(tmp_path) -> Path:
    """A folder with two images that EXIF data turns by 180 degrees. Their left half is white."""
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:, :3] = 255
    exif = Image.Exif()
    exif[0x0112] = 3
    (tmp_path / "images" / "a").mkdir(parents=True)
    for name in ("x.png", "y.png"):
        Image.fromarray(pixels).save(tmp_path / "images" / "a" / name, exif=exif)
    return tmp_path / "images"


def test_the_exif_orientation_is_ignored_with_one_warning(build, turned, caplog):
    dataset = build(turned, IMAGE)
    assert dataset.inputs["image"][:, 0, 0, 0].tolist() == [255, 255]
    message = (
        "images/a/x.png has an EXIF orientation, which is ignored. `images.orientation: apply` "
        "turns the image. Further images are not listed"
    )
    assert caplog.messages == [message]
    assert dataset.manifest.warnings == [Warned("ignored_orientation", message)]


def test_an_orientation_that_is_not_in_the_first_image_is_a_warning(build, turned, caplog):
    Image.new("RGB", (6, 4)).save(turned / "a" / "first.png")
    dataset = build(turned, IMAGE)
    assert [warning.id for warning in dataset.manifest.warnings] == ["ignored_orientation"]
    assert len(caplog.messages) == 1


def test_the_exif_orientation_is_applied_on_request(build, turned, caplog):
    images = build(turned, IMAGE, options={"images": {"orientation": "apply"}}).inputs["image"]
    assert images[:, 0, 0, 0].tolist() == [0, 0]
    assert images[:, 0, -1, 0].tolist() == [255, 255]
    assert caplog.messages == []


@pytest.mark.parametrize("damaged", [b"Exif\0\0no TIFF header", b"Exif\0\0MM\0*\0\0"])
def test_damaged_exif_data_are_no_orientation(build, tmp_path, damaged):
    path = tmp_path / "images" / "a" / "x.png"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (6, 4), (255, 255, 255)).save(path, exif=damaged)
    for orientation in ("ignore", "apply"):
        options = {"images": {"orientation": orientation}}
        image = build(tmp_path / "images", IMAGE, options=options).inputs["image"]
        assert set(image.ravel()) == {255}


def test_a_dropped_alpha_channel_is_a_warning(build, tmp_path, caplog):
    pixels = np.full((4, 6, 4), 100, np.uint8)
    dataset = build(save(pixels, tmp_path / "images" / "a" / "x.png"), IMAGE)
    assert set(dataset.inputs["image"].ravel()) == {100}
    message = (
        "a/x.png has transparent pixels, whose alpha is dropped. Further images are not listed"
    )
    assert caplog.messages == [f"images/{message}"]
    assert dataset.manifest.warnings == [Warned("dropped_alpha", f"images/{message}")]
