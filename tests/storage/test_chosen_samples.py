"""Data sets of chosen samples from a listed source are those that are built from all of it."""

import json
import logging

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from building_parts import (
    KEY,
    Wanted,
    build_calibration,
    build_whole,
    listed,
    require_equal_files,
)
from PIL import Image

from quantgate.components.artifacts.dataset_summary import read_summary
from quantgate.components.build_dataset.inputs import Selection
from quantgate.errors import InputError, StorageError

SAMPLES = 90
ROWS = Wanted({"x": ("float32", [-1, 3])}, label="y", fields={"where": []}, group="speaker")
IMAGE = Wanted({"image": ("float32", [-1, 4, 4, 3])}, group="/p([0-9]+)_")
VARIANTS = json.dumps(
    [
        {"key": "few", "samples": 5, "select": "first", "seed": 0},
        {"key": "other", "samples": 12, "select": "random", "seed": 3},
    ]
)
SELECTIONS = [
    Selection(12, "first"),
    Selection(12, "random", 7),
    Selection(12, "stratified", 7),
    Selection(12, "random", 7, VARIANTS),
    Selection(500, "random", 7, default_samples=500),
    Selection(),
]


def arrays():
    random = np.random.default_rng(1)
    x = random.normal(size=(SAMPLES, 3))
    x[7], x[40] = x[3], x[3]
    return {
        "x": x.astype(">f4"),
        "y": random.integers(0, 4, SAMPLES),
        "where": np.array(["north", "south", "south-south-west"])[np.arange(SAMPLES) % 3],
        "speaker": np.array([f"speaker {i % 9}" for i in range(SAMPLES)]),
        "unused": random.normal(size=(SAMPLES + 1, 5)),
    }


@pytest.fixture
def npz(tmp_path):
    np.savez(tmp_path / "train.npz", **arrays())
    return tmp_path / "train.npz"


@pytest.fixture
def npy(tmp_path):
    folder = tmp_path / "train"
    folder.mkdir()
    for key, values in arrays().items():
        np.save(folder / f"{key}.npy", values)
    (folder / "strange.dat").write_bytes(b"not read")
    return folder


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "photos"
    random = np.random.default_rng(2)
    for number in range(SAMPLES):
        path = folder / ("cat", "dog", "dog")[number % 3] / f"p{number % 7}_{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (4, 4, 4 if number == 20 else 3), np.uint8)
        Image.fromarray(pixels).save(path)
    (folder / "eel").mkdir()
    (folder / "stray.bin").write_bytes(b"not read")
    return folder


@pytest.fixture
def parquet(tmp_path):
    folder, values = tmp_path / "table", arrays()
    for number in range(9):
        rows = slice(SAMPLES * number // 9, SAMPLES * (number + 1) // 9)
        rows = slice(0, 0) if number == 0 else rows
        columns = {key: list(values[key][rows].tolist()) for key in ("x", "y", "where", "speaker")}
        schema = pa.schema(
            [
                ("x", pa.list_(pa.float32())),
                ("y", pa.int64()),
                ("where", pa.string()),
                ("speaker", pa.string()),
            ]
        )
        path = folder / f"year={2020 + number // 3}" / f"rows-{number % 3:05}-of-00003.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns, schema), path)
    return folder


def wanted_of(name):
    return IMAGE if name == "images" else ROWS


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
@pytest.mark.parametrize("name", ["npz", "npy", "images", "parquet"])
@pytest.mark.parametrize("purpose", ["calibration", "search"])
def test_every_file_is_that_of_the_whole_source(request, tmp_path, name, selection, purpose):
    location, wanted = request.getfixturevalue(name), wanted_of(name)
    whole = build_calibration(location, wanted, tmp_path / "all", selection, purpose=purpose)
    listing = listed(str(location), tmp_path)
    chosen = build_calibration(
        "", wanted, tmp_path / "chosen", selection, listing=listing, purpose=purpose
    )
    require_equal_files(whole, chosen)


@pytest.mark.parametrize("classes", [["dog", "eel", "cat"], ["cat", "dog"]])
def test_classes_in_an_order_of_their_own(images, tmp_path, classes):
    wanted = Wanted(IMAGE.inputs, options={"images": {"classes": classes}})
    selection = Selection(9, "stratified", 1)
    listing = listed(str(images), tmp_path)
    if "eel" not in classes:
        with pytest.raises(InputError) as caught:
            build_calibration("", wanted, tmp_path / "chosen", selection, listing=listing)
        assert str(caught.value).startswith(f"{images} has the folders `eel`, which ")
        return
    whole = build_calibration(images, wanted, tmp_path / "all", selection)
    chosen = build_calibration("", wanted, tmp_path / "chosen", selection, listing=listing)
    require_equal_files(whole, chosen)


def test_images_without_class_folders(images, tmp_path):
    selection = Selection(9, "random", 1)
    whole = build_calibration(images / "dog", IMAGE, tmp_path / "all", selection)
    listing = listed(str(images / "dog"), tmp_path)
    chosen = build_calibration("", IMAGE, tmp_path / "chosen", selection, listing=listing)
    require_equal_files(whole, chosen)


def test_names_of_classes_as_labels(npz, tmp_path):
    wanted = Wanted(
        ROWS.inputs,
        label="where",
        options={"classes": ["south", "north", "south-south-west"]},
    )
    selection = Selection(9, "stratified", 1)
    whole = build_calibration(npz, wanted, tmp_path / "all", selection)
    listing = listed(str(npz), tmp_path)
    chosen = build_calibration("", wanted, tmp_path / "chosen", selection, listing=listing)
    require_equal_files(whole, chosen)


def test_samples_shared_with_the_evaluation_have_equal_digests(npz, tmp_path):
    evaluation = build_whole(npz, ROWS, tmp_path / "evaluation")
    listing = listed(str(npz), tmp_path)
    selection = Selection(12, "random", 7)
    chosen = build_calibration("", ROWS, tmp_path / "chosen", selection, listing=listing)
    ours, theirs = (read_summary(each.summary)[KEY] for each in (chosen, evaluation))
    assert {*ours.digests.tolist()} <= {*theirs.digests.tolist()}
    assert {*ours.groups.tolist()} <= {*theirs.groups.tolist()}


@pytest.mark.tensorflow
@pytest.mark.parametrize("selection", [Selection(12, "first"), Selection(12, "random", 7)], ids=str)
def test_chosen_records_equal_those_of_the_whole_source(tmp_path, selection):
    import tensorflow as tf

    folder, values = tmp_path / "records", arrays()
    folder.mkdir()
    for number in range(6):
        with tf.io.TFRecordWriter(str(folder / f"r-{number:05}-of-00006.tfrecord")) as writer:
            for row in range(number * 5, number * 5 + 5):
                numbers = tf.train.FloatList(value=values["x"][row])
                feature = {"x": tf.train.Feature(float_list=numbers)}
                example = tf.train.Example(features=tf.train.Features(feature=feature))
                writer.write(example.SerializeToString())
    wanted = Wanted(ROWS.inputs, options={"features": {"x": {"shape": [3]}}})
    whole = build_calibration(folder, wanted, tmp_path / "all", selection)
    listing = listed(str(folder), tmp_path)
    if selection.select == "first":
        (folder / "r-00003-of-00006.tfrecord").unlink()
    chosen = build_calibration("", wanted, tmp_path / "chosen", selection, listing=listing)
    require_equal_files(whole, chosen)


def test_only_the_first_files_of_a_table_are_fetched(parquet, tmp_path):
    selection = Selection(25, "first")
    whole = build_calibration(parquet, ROWS, tmp_path / "all", selection)
    listing = listed(str(parquet), tmp_path)
    (parquet / "year=2021" / "rows-00002-of-00003.parquet").unlink()
    chosen = build_calibration("", ROWS, tmp_path / "chosen", selection, listing=listing)
    require_equal_files(whole, chosen)


def test_a_table_with_other_columns_in_later_folders_is_fetched_whole(parquet, tmp_path, caplog):
    wanted = Wanted(ROWS.inputs, label="year", options={"classes": ["2020", "2021", "late"]})
    (parquet / "year=2022").rename(parquet / "year=late")
    selection = Selection(12, "first")
    whole = build_calibration(parquet, wanted, tmp_path / "all", selection)
    listing = listed(str(parquet), tmp_path)
    with caplog.at_level(logging.WARNING):
        chosen = build_calibration("", wanted, tmp_path / "chosen", selection, listing=listing)
    require_equal_files(whole, chosen)
    assert "its first folders have other columns than all of them" in caplog.text


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (
            lambda path: np.savez_compressed(path, **arrays()),
            "`x` is compressed, so its rows cannot be read separately",
        ),
        (
            lambda path: np.savez(path, **{**arrays(), "x": np.asfortranarray(arrays()["x"])}),
            "`x` holds no rows one after another",
        ),
    ],
)
def test_arrays_without_rows_are_fetched_whole(tmp_path, caplog, write, reason):
    path, selection = tmp_path / "train.npz", Selection(12, "random", 7)
    write(path)
    whole = build_calibration(path, ROWS, tmp_path / "all", selection)
    with caplog.at_level(logging.WARNING):
        listing = listed(str(path), tmp_path)
        chosen = build_calibration("", ROWS, tmp_path / "chosen", selection, listing=listing)
    require_equal_files(whole, chosen)
    size = f"1 file, {path.stat().st_size:,} bytes"
    assert f"{path} is fetched whole ({size}): {path}: {reason}" in caplog.text


def test_other_formats_are_fetched_whole(npz, tmp_path, caplog):
    table = tmp_path / "rows.csv"
    table.write_text("a,b\n" + "".join(f"{n},{-n}\n" for n in range(40)))
    columns = Wanted({"x": ("float32", [-1, 2])}, options={"columns": {"x": ["a", "b"]}})
    archive = npz.rename(tmp_path / "archive")
    for location, wanted, name in ((table, columns, "table"), (archive, ROWS, "archive")):
        selection, listing = Selection(12, "random", 7), listed(str(location), tmp_path)
        whole = build_calibration(location, wanted, tmp_path / f"{name}-all", selection)
        own = tmp_path / f"{name}-chosen"
        require_equal_files(whole, build_calibration("", wanted, own, selection, listing=listing))
    assert f"{table} is fetched whole (1 file, " in caplog.text
    assert "it is read as csv, whose samples cannot be fetched one by one" in caplog.text
    assert "it has an unknown format, whose samples" in caplog.text


def damaged_archive(path):
    np.savez(path, **arrays())
    path.write_bytes(path.read_bytes()[:-200])


def other_label(path):
    np.savez(path, **{**arrays(), "y": arrays()["y"] + 0.5})


def without_label(path):
    np.savez(path, x=arrays()["x"])


def without_input(path):
    np.savez(path, y=arrays()["y"], X=arrays()["x"])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (damaged_archive, "{} is not an .npz file: "),
        (other_label, "{}: a stratified choice needs one integer label per sample, and `y` is "),
        (without_label, "{} has no label `y`. It has `x`"),
        (without_input, "{} cannot serve as calibration data:\n  - input `x` is missing"),
        (lambda path: np.savez(path), "{} holds no .npy array. It needs one for each input"),
    ],
)
def test_faults_are_reported_with_the_name_of_the_source(tmp_path, write, said):
    path = tmp_path / "train.npz"
    write(path)
    wanted, listing = Wanted(ROWS.inputs, "y"), listed(str(path), tmp_path)
    with pytest.raises(InputError) as caught:
        build_calibration(
            "", wanted, tmp_path / "chosen", Selection(9, "stratified"), listing=listing
        )
    assert str(caught.value).startswith(said.format(path))


@pytest.mark.parametrize("end", ["", "/"])
def test_a_damaged_image_is_reported_with_the_name_of_the_source(images, tmp_path, end):
    (images / "cat" / "p0_000.png").write_bytes(b"damaged")
    listing = listed(f"{images}{end}", tmp_path)
    with pytest.raises(InputError, match=f"^{images}/cat/p0_000.png cannot be read as an image"):
        build_calibration("", IMAGE, tmp_path / "chosen", Selection(9, "first"), listing=listing)


@pytest.mark.parametrize(
    ("name", "file"),
    [("npz", ""), ("npy", "x.npy"), ("images", "cat/p0_000.png"), ("parquet", "")],
)
def test_a_file_that_was_replaced_is_refused(request, tmp_path, name, file):
    location = request.getfixturevalue(name)
    listing = listed(str(location), tmp_path)
    replaced = location / file if file else location
    if name == "parquet":
        replaced = location / "year=2020" / "rows-00001-of-00003.parquet"
    replaced.write_bytes(replaced.read_bytes() + b" ")
    with pytest.raises(StorageError, match=f"`.*{replaced.name}` was replaced while it was fetch"):
        build_calibration(
            "", wanted_of(name), tmp_path / "chosen", Selection(9, "first"), listing=listing
        )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "npz"}, "photos is not an .npz file. Write it with `numpy.savez`"),
        ({"format": "npy"}, "photos holds no .npy array. It needs one for each input"),
        ({"features": {"x": {}}}, "photos is read as images, which takes no `features`"),
    ],
)
def test_a_source_of_another_format_is_refused(images, tmp_path, options, said):
    wanted, listing = Wanted(IMAGE.inputs, options=options), listed(str(images), tmp_path)
    with pytest.raises(InputError) as caught:
        build_calibration("", wanted, tmp_path / "chosen", Selection(9), listing=listing)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(images))


@pytest.mark.parametrize("name", ["npy", "images"])
def test_a_file_in_place_of_a_folder_is_refused(npz, tmp_path, name):
    wanted, listing = Wanted(IMAGE.inputs, options={"format": name}), listed(str(npz), tmp_path)
    with pytest.raises(InputError, match=rf"^{npz} holds no (\.npy array|images)\. It needs "):
        build_calibration("", wanted, tmp_path / "chosen", Selection(9), listing=listing)


def test_a_missing_shard_of_the_source_is_named(parquet, tmp_path):
    (parquet / "year=2021" / "rows-00000-of-00003.parquet").unlink()
    listing = listed(str(parquet), tmp_path)
    with pytest.raises(InputError, match=r"^.*/table/year=2021 lacks .* of the shards of `rows"):
        build_calibration("", ROWS, tmp_path / "chosen", Selection(9, "first"), listing=listing)
