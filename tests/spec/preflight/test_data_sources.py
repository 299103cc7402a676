"""Checks of data sources before a run."""

from pathlib import Path

import numpy as np
import pytest
from refusals import said

from quantgate.spec import load
from quantgate.spec.preflight.paths import preflight

HOW_TO_SAVE = "Save the arrays with `numpy.savez(path, **{input_name: array})`."


def test_a_source_without_arrays_is_refused(files: Path):
    (files / "folder").mkdir()
    np.savez(files / "empty.npz")
    (files / "test.txt").write_text("1,2\n", encoding="utf-8")
    (files / "torn.npz").write_bytes((files / "test.npz").read_bytes()[:-30])
    source = "`data.evaluation.source`"
    assert said("data.evaluation.source=empty.npz") == [
        f"{source} has no arrays: {files}/empty.npz -> {HOW_TO_SAVE}"
    ]
    assert said("data.evaluation.source=torn.npz") == [
        f"{source} is a damaged .npz file: {files}/torn.npz -> {HOW_TO_SAVE}"
    ]
    for name in ("folder", "test.txt"):
        assert said(f"data.evaluation.source={name}") == [
            f"{source} has an unknown format: {files}/{name} -> Give an .npz, CSV, Parquet or "
            "TFRecord file, or a folder of .npy files, of images in one folder per class, or of "
            "`Dataset.save`. Set `format` if it cannot be recognized."
        ]


def test_a_damaged_source_is_refused(files: Path):
    source = "`data.evaluation.source`"
    content = bytearray((files / "test.npz").read_bytes())
    content[content.rindex(b"PK\x01\x02")] ^= 1
    (files / "bad.npz").write_bytes(content)
    assert said("data.evaluation.source=bad.npz") == [
        f"{source} is damaged: {files}/bad.npz is a damaged archive: Bad magic number for central "
        "directory -> Copy or write it again."
    ]


def test_an_empty_table_has_no_labels(files: Path):
    (files / "empty.csv").touch()
    assert said("data.evaluation.source=empty.csv") == [
        f"`data.evaluation.label` needs `y`, which is not in {files}/empty.csv -> It has no keys."
    ]


def test_a_source_with_another_format_is_refused(files: Path):
    assert said("data.evaluation.format=csv") == [
        f"`data.evaluation.source` is declared as csv but is npz: {files}/test.npz -> Write "
        "`format: npz`, or remove `format`."
    ]


def test_the_columns_of_a_csv_file_are_its_keys(files: Path):
    (files / "test.csv").write_text("image,label\n1,2\n", encoding="utf-8")
    assert said("data.evaluation.source=test.csv", "data.evaluation.label=lable") == [
        f"`data.evaluation.label` needs `lable`, which is not in {files}/test.csv -> Did you mean "
        "`label`?"
    ]


def test_the_label_of_records_is_one_of_their_features(files: Path):
    (files / "test.tfrecord").write_bytes(b"")
    data = "data.evaluation={source: test.tfrecord, label: y, features: {image: {shape: [3]}}}"
    assert said(data) == [
        "`data.evaluation.label` needs `y`, which is not in `features` -> Add it. Only the "
        "listed features are read: `image`."
    ]
    preflight(load(Path("quantgate.yaml"), [data.replace("}}}", "}, y: {dtype: int64}}}")]))


def test_a_function_is_beside_the_spec_or_installed(files: Path):
    (files / "my_data.py").write_text("", encoding="utf-8")
    for module in ("my_data", "numpy.random"):
        preflight(load(Path("quantgate.yaml"), [f'data.calibration.source="{module}:samples"']))
    assert said('data.calibration.source="my_date:samples"') == [
        "`data.calibration.source`: there is no module `my_date` -> Put it into "
        f"{files}, or install it."
    ]


def test_random_data_has_no_path(files: Path):
    preflight(load(Path("quantgate.yaml"), ["data.calibration.source=random"]))


def test_a_label_that_is_not_in_the_data(files: Path):
    (files / "folder").mkdir()
    np.save(files / "folder" / "image.npy", np.zeros(3))
    np.save(files / "folder" / "labels.npy", np.zeros(3))
    assert said("data.evaluation.source=folder") == [
        f"`data.evaluation.label` needs `y`, which is not in {files}/folder -> Its keys are "
        "`image` and `labels`."
    ]
    assert said("data.evaluation.source=folder", "data.evaluation.label=lables") == [
        f"`data.evaluation.label` needs `lables`, which is not in {files}/folder -> Did you mean "
        "`labels`?"
    ]
    assert said("data.evaluation.group=speaker") == [
        f"`data.evaluation.group` needs `speaker`, which is not in {files}/test.npz -> Its keys "
        "are `image` and `y`."
    ]
    assert said("data.calibration.label=y") == [
        f"`data.calibration.label` needs `y`, which is not in {files}/train.npz -> Its keys are "
        "`image`."
    ]
    assert said("data.calibration.select=stratified") == [
        f"`data.calibration.select` needs `y`, which is not in {files}/train.npz -> Its keys are "
        "`image`."
    ]


def test_class_folders_that_are_not_listed_are_refused(files: Path):
    for name in ("ant", "cat", ".hidden"):
        (files / "photos" / name).mkdir(parents=True)
        (files / "photos" / name / "x.png").write_bytes(b"image")
    source = "source: photos, format: images, images"
    preflight(
        load(
            Path("quantgate.yaml"), [f"data.evaluation={{{source}: {{classes: [cat, bee, ant]}}}}"]
        )
    )
    assert said(f"data.evaluation={{{source}: {{classes: [cat]}}}}") == [
        "`data.evaluation.source` has the folders `ant`, which `images.classes` does not list: "
        f"{files / 'photos'} -> List them in the order of the model's outputs, or remove them."
    ]


def write_files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (["t.tfrecord-00000-of-00002", "t.tfrecord-00001-of-00002"], "features: {y: {}}"),
        (["t.tfrec", "t.tfrecord.gz"], "features: {y: {}}"),
        (["train-00000-of-00001", "b.gz"], "format: tfrecord, features: {y: {}}"),
        (["year=2026/y=1/part-0.parquet", "_SUCCESS"], "columns: {image: x}"),
        (["a/x.jfif"], "format: images"),
    ],
)
def test_passes_folders_of_shards_and_partitions(files: Path, names: list[str], options: str):
    write_files(files / "many", *names)
    label = "" if "images" in options else "label: y, "
    preflight(load(Path("quantgate.yaml"), [f"data.evaluation={{source: many, {label}{options}}}"]))


@pytest.mark.parametrize(
    ("name", "whole", "options"),
    [
        ("t.tfrecord-{}-of-00003", "t.tfrecord", "features: {y: {}}"),
        ("t-{}-of-00003.tfrec.gz", "t.tfrec", "features: {y: {}}"),
        ("t-{}-of-00003", "t", "format: tfrecord, features: {y: {}}"),
        ("t-{}-of-00003.parquet", "t.parquet", "columns: {image: x}"),
    ],
)
def test_a_missing_shard_is_named(files: Path, name: str, whole: str, options: str):
    write_files(files / "many", name.format("00000"), name.format("00002"))
    assert said(f"data.evaluation={{source: many, label: y, {options}}}") == [
        f"`data.evaluation.source` is incomplete: {files}/many lacks `00001-of-00003` of the "
        f"shards of `{whole}` -> Keep one file for each shard, or rename files that are not part "
        "of the set."
    ]


def test_many_missing_shards_are_counted(files: Path):
    write_files(files / "many", "t.tfrecord-00001-of-01024")
    (message,) = said("data.evaluation={source: many, label: y, features: {y: {}}}")
    assert (
        "lacks `00000-of-01024`, `00002-of-01024`, `00003-of-01024` and 1,020 more of the"
        in message
    )
