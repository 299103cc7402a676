"""Folders of images."""

import os

import numpy as np

from quantgate.components.artifacts.dataset import rows_and_names
from quantgate.domain.warnings import FILES_NOT_READ

IMAGE = {"image": ("float32", [-1, 4, 6, 3])}


def test_samples_of_evaluation_data_have_their_rows_and_the_names_of_their_files(
    build, image_file, tmp_path
):
    root = tmp_path / "images"
    for name in ("cat/a.png", "cat/deep/b.png", "ant/c.bmp"):
        image_file(root / name, (4, 6))
    build(root, IMAGE, samples=2, select="random", seed=1)
    rows, names = rows_and_names(tmp_path / "dataset", "serving_default")
    files = ["ant/c.bmp", "cat/a.png", "cat/deep/b.png"]
    assert names is not None
    assert names.tolist() == [files[row] for row in rows.tolist()]
    assert len(names) == 2


def test_files_that_are_not_read_are_named(build, image_file, tmp_path, caplog):
    root = tmp_path / "images"
    for name in ("ant/a.jpg", "cat/b.png", "c.png"):
        image_file(root / name, (4, 6))
    (root / "ant/a.jpg").rename(root / "ant/a.jfif")
    for name in (b"ant/d\xe9.heic", b"cat/notes.txt", b"cat/.DS_Store", b"_SUCCESS"):
        (root / os.fsdecode(name)).write_bytes(b"")
    warning = (
        "in `images`, 2 files are not read as images: `ant/d\ufffd.heic`, `c.png`. Move them "
        "out of the folder, or rename those that are samples"
    )
    dataset = build(root, IMAGE)
    assert dataset.label.tolist() == [0, 1]
    assert dataset.manifest.warnings == [FILES_NOT_READ.says(warning)]
    assert warning in caplog.messages


def test_class_names_are_valid_text(build, image_file, tmp_path):
    root = tmp_path / "images"
    for name in (b"caf\xe9", "größe <b>".encode()):
        image_file(root / os.fsdecode(name) / "a.png", (4, 6))
    assert build(root, IMAGE).manifest.classes == ["caf\ufffd", "größe <b>"]


def test_pixels_are_kept_as_they_are(build, image_file, tmp_path):
    pixels = image_file(tmp_path / "images" / "a" / "x.png", (4, 6))
    assert np.array_equal(build(tmp_path / "images", IMAGE).inputs["image"][0], pixels)


def test_images_are_resized_to_the_input_by_default(build, image_file, tmp_path):
    image_file(tmp_path / "images" / "a" / "x.png", (8, 9), (10, 20, 30))
    image_file(tmp_path / "images" / "a" / "y.png", (2, 3), (1, 2, 3))
    images = build(tmp_path / "images", IMAGE).inputs["image"]
    assert images.shape == (2, 4, 6, 3)
    assert images[:, 0, 0].tolist() == [[10, 20, 30], [1, 2, 3]]


def test_a_crop_keeps_the_proportions(build, image_file, tmp_path):
    pixels = image_file(tmp_path / "images" / "a" / "x.png", (4, 10))
    options = {"images": {"crop": "center"}}
    image = build(tmp_path / "images", IMAGE, options=options).inputs["image"][0]
    assert np.array_equal(image, pixels[:, 2:8])


def test_colour_order_and_normalization(build, image_file, tmp_path):
    image_file(tmp_path / "images" / "a" / "x.png", (4, 6), (255, 51, 0))
    options = {"images": {"channels": "bgr", "scale": 1 / 255, "mean": [0.5], "std": [1, 2, 0.5]}}
    image = build(tmp_path / "images", IMAGE, options=options).inputs["image"]
    assert np.allclose(image[0, 0, 0], [-0.5, (0.2 - 0.5) / 2, 1.0])


def test_an_input_with_one_channel_or_none_gets_grayscale(build, image_file, tmp_path):
    image_file(tmp_path / "images" / "a" / "x.png", (4, 6), (100, 100, 100))
    for shape in ([-1, 4, 6, 1], [-1, 4, 6]):
        image = build(tmp_path / "images", {"image": ("float32", shape)}).inputs["image"]
        assert image.shape == (1, *shape[1:])
        assert set(image.ravel()) == {100}


def test_calibration_does_without_class_folders(build, image_file, tmp_path, caplog):
    image_file(tmp_path / "images" / "x.png", (4, 6), (1, 2, 3))
    dataset = build(tmp_path / "images", IMAGE, purpose="calibration")
    assert dataset.label is None
    assert dataset.manifest.samples == 1


def test_evaluation_needs_class_folders(refusal, image_file, tmp_path):
    image_file(tmp_path / "images" / "x.png", (4, 6))
    assert refusal(tmp_path / "images", IMAGE) == (
        f"{tmp_path}/images has no folder for each class, which evaluation data needs"
    )


def test_a_stratified_choice_takes_the_class_folders(build, image_file, tmp_path, caplog):
    for number in range(30):
        image_file(tmp_path / "images" / f"{number % 3}" / f"{number}.png", (4, 6))
    given = {"purpose": "calibration", "select": "stratified", "samples": 6}
    dataset = build(tmp_path / "images", IMAGE, **given)
    assert dataset.manifest.per_class == {"0": 2, "1": 2, "2": 2}


def test_images_of_mixed_sizes_are_refused_where_the_model_takes_any(
    build, refusal, image_file, tmp_path
):
    root, inputs = tmp_path / "images", {"image": ("float32", [-1, -1, -1, 3])}
    image_file(root / "a" / "x.png", (4, 6))
    image_file(root / "a" / "y.png", (5, 6))
    assert refusal(root, inputs) == (
        f"{root}/a/y.png is [5, 6, 3] and {root}/a/x.png is [4, 6, 3]: samples must have one "
        "shape. Set `images.size`"
    )
    sized = build(root, inputs, options={"images": {"size": [2, 2]}})
    assert sized.inputs["image"].shape == (2, 2, 2, 3)


def test_a_file_that_is_not_an_image_is_named(refusal, image_file, tmp_path):
    root = tmp_path / "images"
    image_file(root / "a" / "x.png", (4, 6))
    (root / "a" / "y.jpg").write_bytes(b"no image")
    assert refusal(root, IMAGE) == (
        f"{root}/a/y.jpg cannot be read as an image: cannot identify image file '{root}/a/y.jpg'. "
        "Copy or write it again"
    )


def test_a_torn_image_is_named(refusal, image_file, tmp_path):
    path = tmp_path / "images" / "a" / "x.png"
    image_file(path, (40, 60))
    path.write_bytes(path.read_bytes()[:2000])
    assert refusal(tmp_path / "images", IMAGE).startswith(
        f"{path} cannot be read as an image: image file is truncated"
    )


def test_a_model_of_several_inputs_is_refused(refusal, image_file, tmp_path):
    image_file(tmp_path / "images" / "a" / "x.png", (4, 6))
    inputs = IMAGE | {"other": ("float32", [-1, 2])}
    assert refusal(tmp_path / "images", inputs) == (
        f"{tmp_path}/images holds images, which feed one input, but the model has `image`, "
        "`other`. Give the samples as .npz or with a Python function"
    )


def test_normalization_has_one_value_or_one_a_channel(refusal, image_file, tmp_path):
    image_file(tmp_path / "images" / "a" / "x.png", (4, 6))
    assert refusal(tmp_path / "images", IMAGE, options={"images": {"mean": [1, 2]}}) == (
        "images.mean has 2 values and rgb has 3 channels. Give one value, or one for each channel"
    )


def test_a_folder_without_images_is_refused(refusal, tmp_path):
    assert refusal(tmp_path, IMAGE, options={"format": "images"}) == (
        f"{tmp_path} holds no images. It needs a folder of them for each class"
    )
