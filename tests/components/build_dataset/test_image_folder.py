"""Folders of images."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantgate.components.artifacts.dataset import rows_and_names
from quantgate.domain.warnings import FILES_NOT_READ, Warned

IMAGE = {"image": ("float32", [-1, 4, 6, 3])}
GRAY = {"image": ("float32", [-1, 4, 6, 1])}
TOP1 = [{"metric": "top1"}]


def class_folders(image_file, root: Path, *names: str) -> Path:
    """Write a folder with one image for each class."""
    for name in names:
        image_file(root / name / "x.png", (4, 6))
    return root


def test_class_folders_in_alphabetical_order_are_the_labels(build, image_file, tmp_path):
    root = tmp_path / "images"
    for name in ("cat/a.png", "cat/deep/b.png", "ant/c.bmp"):
        image_file(root / name, (4, 6))
    dataset = build(root, IMAGE)
    assert dataset.label.tolist() == [0, 1, 1]
    assert dataset.manifest.per_class == {"0": 1, "1": 2}
    assert dataset.manifest.classes == ["ant", "cat"]
    assert dataset.inputs["image"].shape == (3, 4, 6, 3)


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


def test_a_folder_without_images_is_a_class(build, image_file, tmp_path, caplog):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat")
    (root / "bee").mkdir()
    (root / "bee" / "notes.txt").write_text("no image")
    dataset = build(root, IMAGE, metrics=TOP1)
    assert dataset.label.tolist() == [0, 2]
    assert dataset.manifest.classes == ["ant", "bee", "cat"]
    message = "`images` has no images of `bee`. Add some, or check the names of its folders"
    assert message in caplog.messages
    assert Warned("empty_class", message) in dataset.manifest.warnings


def test_hidden_folders_are_no_classes(build, image_file, tmp_path):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat", ".ipynb_checkpoints")
    image_file(root / "cat" / ".thumbnails" / "x.png", (4, 6))
    (root / "cat" / ".hidden.png").write_bytes(b"")
    dataset = build(root, IMAGE)
    assert dataset.label.tolist() == [0, 1]
    assert dataset.manifest.classes == ["ant", "cat"]


@pytest.mark.parametrize(
    "metric", ["top1", "balanced_accuracy", "f1_macro", "f1_micro", "log_loss"]
)
@pytest.mark.parametrize(
    ("folders", "text"),
    [
        (("ant", "cat"), "2 classes (`ant`, `cat`)"),
        (("ant", "bee", "cat", "tmp"), "4 classes (`ant`, `bee`, `cat`, `tmp`)"),
    ],
)
def test_a_number_of_folders_that_differs_from_the_outputs_is_refused(
    refusal, image_file, tmp_path, metric, folders, text
):
    root = class_folders(image_file, tmp_path / "images", *folders)
    assert refusal(root, IMAGE, metrics=[{"metric": metric}]) == (
        f"metric `{metric}`: the evaluation data has {text}, but output `y` has 3. List a name for "
        "each one in the order of the outputs as `classes`, or as `images.classes` for folders. A "
        "class may lack samples"
    )


def test_folders_must_match_the_outputs_before_an_argmax(refusal, image_file, tmp_path):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat")
    metric = {"metric": "f1_macro", "postprocess": [{"apply": "softmax"}, {"apply": "argmax"}]}
    assert refusal(root, IMAGE, metrics=[metric]).startswith(
        "metric `f1_macro`: the evaluation data has 2 classes (`ant`, `cat`), but output `y` has 3."
    )


def test_a_binary_metric_needs_two_class_folders(refusal, image_file, tmp_path):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat", "tmp")
    given = {"outputs": {"y": ("float32", [-1, 1])}, "metrics": [{"metric": "roc_auc"}]}
    assert refusal(root, IMAGE, **given).startswith(
        "metric `roc_auc`: the evaluation data has 3 classes (`ant`, `cat`, `tmp`), but output `y` "
        "has 2."
    )


def test_metrics_without_classes_take_any_number_of_folders(build, image_file, tmp_path):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat")
    dataset = build(root, IMAGE, metrics=[{"metric": "cosine_similarity"}])
    assert dataset.manifest.classes == ["ant", "cat"]


def test_listed_classes_are_numbered_in_their_order(build, image_file, tmp_path):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat")
    options = {"images": {"classes": ["cat", "bee", "ant"]}}
    dataset = build(root, IMAGE, options=options, metrics=TOP1)
    assert dataset.label.tolist() == [0, 2]
    assert dataset.manifest.classes == ["cat", "bee", "ant"]


def test_listed_classes_must_be_as_many_as_the_outputs(refusal, image_file, tmp_path):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat")
    options = {"images": {"classes": ["cat", "ant"]}}
    assert refusal(root, IMAGE, options=options, metrics=TOP1).startswith(
        "metric `top1`: the evaluation data has 2 classes (`cat`, `ant`), but output `y` has 3."
    )


def test_folders_that_are_not_listed_are_refused(refusal, image_file, tmp_path):
    root = class_folders(image_file, tmp_path / "images", "ant", "cat", "tmp")
    assert refusal(root, IMAGE, options={"images": {"classes": ["cat"]}}) == (
        f"{root} has the folders `ant`, `tmp`, which `images.classes` does not list. List them in "
        "the order of the model's outputs, or remove them"
    )


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
