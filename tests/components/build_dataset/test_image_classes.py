"""The folders of images as classes of the model."""

from pathlib import Path

import pytest

from quantgate.domain.warnings import Warned

IMAGE = {"image": ("float32", [-1, 4, 6, 3])}


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
