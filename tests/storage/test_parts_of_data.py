"""Evaluation sets that are built in parts are those that one task builds."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from building_parts import (
    KEY,
    Wanted,
    build_in_parts,
    build_part,
    build_whole,
    listed,
    merge,
    require_same,
)
from PIL import Image

from quantgate.components.artifacts.dataset import folder_of, open_dataset
from quantgate.components.artifacts.listing import read_listing
from quantgate.components.list_source.work import list_source
from quantgate.errors import InputError, StorageError

COUNTS = (1, 4, 16)
SAMPLES = 53
IMAGE = {"image": ("float32", [-1, 4, 4, 3])}
ARRAYS = Wanted(
    {"x": ("float32", [-1, 3])},
    label="y",
    fields={"where": ["north"], "box": []},
    group="speaker",
    metrics=[{"metric": "top1"}],
)


def arrays():
    random = np.random.default_rng(1)
    x = random.normal(size=(SAMPLES, 3)).astype("f4")
    x[7], x[40] = x[3], x[3]
    places = np.array(["north", "south", "south-south-west"])
    return {
        "x": x,
        "y": random.integers(0, 4, SAMPLES),
        "where": places[np.arange(SAMPLES) * 3 // SAMPLES],
        "box": random.normal(size=(SAMPLES, 2, 4)),
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
        name = ("cat", "dog", "dog")[number % 3]
        path = folder / name / f"{number % 5}" / f"p{number % 7}_{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (4, 4, 4 if number in (20, 50) else 3), np.uint8)
        Image.fromarray(pixels).save(path)
    (folder / "eel").mkdir()
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.png").write_bytes(b"")
    (folder / "stray.bin").write_bytes(b"not read")
    (folder / "cat" / "notes.bin").write_bytes(b"not read")
    return folder


@pytest.fixture
def parquet(tmp_path):
    folder = tmp_path / "table"
    values = arrays()
    for number in range(6):
        rows = slice(SAMPLES * number // 6, SAMPLES * (number + 1) // 6)
        columns = {key: list(values[key][rows]) for key in ("x", "y", "where", "speaker")}
        path = folder / f"year={2020 + number // 2}" / f"rows-{number % 2:05}-of-00002.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)
    return folder


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("source", ["npz", "npy"])
def test_arrays_in_parts_equal_the_whole_set(request, source, tmp_path, count):
    location = request.getfixturevalue(source)
    whole = build_whole(location, ARRAYS, tmp_path / "whole")
    require_same(whole, build_in_parts(str(location), ARRAYS, tmp_path / "parts", count))


@pytest.mark.parametrize("classes", [None, ["dog", "eel", "cat"]])
@pytest.mark.parametrize("count", COUNTS)
def test_images_in_parts_equal_the_whole_set(images, tmp_path, count, classes):
    options = {"images": {"classes": classes}} if classes else {}
    wanted = Wanted(IMAGE, options=options, group="/p([0-9]+)_")
    whole = build_whole(images, wanted, tmp_path / "whole")
    parts = build_in_parts(str(images), wanted, tmp_path / "parts", count)
    require_same(whole, parts)
    # Only the gate needs these, so that shards of evaluations do not download them.
    assert not list(parts.dataset.rglob("names.npy"))
    assert not list(parts.dataset.rglob("rows.npy"))
    assert {warning.id for warning in parts.manifest.warnings} == {
        *("empty_class", "files_not_read", "dropped_alpha")
    }


@pytest.mark.parametrize("count", COUNTS)
def test_tables_in_parts_equal_the_whole_set(parquet, tmp_path, count):
    wanted = Wanted(ARRAYS.inputs, "y", fields={"where": ["north"]}, group="speaker")
    whole = build_whole(parquet, wanted, tmp_path / "whole")
    require_same(whole, build_in_parts(str(parquet), wanted, tmp_path / "parts", count))


@pytest.mark.tensorflow
def test_records_in_parts_equal_the_whole_set(tmp_path):
    import tensorflow as tf

    folder, values = tmp_path / "records", arrays()
    folder.mkdir()
    for number in range(5):
        with tf.io.TFRecordWriter(str(folder / f"r-{number:05}-of-00005.tfrecord")) as writer:
            for row in range(SAMPLES * number // 5, SAMPLES * (number + 1) // 5):
                numbers = tf.train.FloatList(value=values["x"][row])
                label = tf.train.Int64List(value=[values["y"][row]])
                feature = {
                    "x": tf.train.Feature(float_list=numbers),
                    "y": tf.train.Feature(int64_list=label),
                }
                example = tf.train.Example(features=tf.train.Features(feature=feature))
                writer.write(example.SerializeToString())
    features = {"x": {"shape": [3]}, "y": {"dtype": "int64", "shape": []}}
    wanted = Wanted(ARRAYS.inputs, "y", options={"features": features})
    whole = build_whole(folder, wanted, tmp_path / "whole")
    for count in COUNTS:
        require_same(whole, build_in_parts(str(folder), wanted, tmp_path / f"{count}", count))


def test_small_sets_have_the_first_samples_and_some_of_all(npz, tmp_path):
    parts = build_in_parts(str(npz), ARRAYS, tmp_path / "parts", 4)
    spread = np.linspace(0, SAMPLES - 1, 8).round().astype(int)
    for folder, rows in ((parts.head, np.arange(32)), (parts.spread, spread)):
        small, values = open_dataset(folder, KEY), arrays()
        numbers = np.load(folder_of(folder, KEY) / "units" / "rows.npy")
        assert numbers.tolist() == rows.tolist()
        assert np.array_equal(small.inputs["x"], values["x"][rows])
        assert np.array_equal(small.label, values["y"][rows])
        assert small.fields["where"].tolist() == values["where"][rows].tolist()
        assert (small.manifest.samples, small.manifest.available) == (len(rows), SAMPLES)


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ([1, 2, 4], "the data set lacks part 3 of 4. Run again"),
        ([1, 2, 2, 3, 4], "part 2 of 4 of the data set appears twice. Run again"),
    ],
)
def test_lost_and_duplicate_parts_are_refused(npz, tmp_path, lost, said):
    parts = {n: build_part(str(npz), ARRAYS, tmp_path / "parts", n, 4) for n in range(1, 5)}
    with pytest.raises(InputError) as caught:
        merge([parts[n] for n in lost], 4, ARRAYS, tmp_path / "merged")
    assert str(caught.value) == said


def test_a_part_of_another_source_is_refused(npz, tmp_path):
    first = build_part(str(npz), ARRAYS, tmp_path / "parts", 1, 2)
    np.savez(npz, **arrays())
    second = build_part(str(npz), ARRAYS, tmp_path / "parts", 2, 2)
    with pytest.raises(InputError, match=r"^part 2 of 2 is of another source than part 1 of 2\. "):
        merge([first, second], 2, ARRAYS, tmp_path / "merged")


def test_a_source_that_changed_is_refused(npz, tmp_path):
    listing = listed(str(npz), tmp_path)
    content = read_listing(listing).sha256
    np.savez(npz, **arrays())
    os.utime(npz, ns=(1, 1))
    with pytest.raises(StorageError, match=r"train\.npz` was replaced while it was fetched"):
        build_part(str(npz), ARRAYS, tmp_path / "parts", 1, 2, listing)
    with pytest.raises(InputError, match=r"train\.npz has changed since the run started"):
        list_source(str(npz), content, str(tmp_path / "again"))


def test_parts_with_other_shapes_are_refused(images, tmp_path):
    Image.new("RGB", (5, 4)).save(images / "dog" / "4" / "zz.png")
    wanted = Wanted({"image": ("float32", [-1, -1, -1, 3])})
    said = r"photos/dog/4/zz\.png is \[4, 5, 3\] and .*photos.* is \[4, 4, 3\]"
    with pytest.raises(InputError, match=rf"^part 4 of 4: .*{said}") as caught:
        build_in_parts(str(images), wanted, tmp_path / "parts", 4)
    assert str(images) in str(caught.value)
    with pytest.raises(InputError, match=r"^part 54 of 54 has arrays .* Samples must have one"):
        build_in_parts(str(images), wanted, tmp_path / "single", 54)


def test_a_metric_is_checked_on_all_labels(npz, tmp_path):
    values = {**arrays(), "y": np.where(np.arange(SAMPLES) == SAMPLES - 1, 4, 0)}
    np.savez(npz, **values)
    with pytest.raises(InputError) as whole:
        build_whole(npz, ARRAYS, tmp_path / "whole")
    with pytest.raises(InputError) as parts:
        build_in_parts(str(npz), ARRAYS, tmp_path / "parts", 4)
    assert str(parts.value) == str(whole.value)


def test_values_and_groups_are_checked_over_all_parts(npz, tmp_path):
    lacking = Wanted(ARRAYS.inputs, "y", fields={"where": ["east"]}, group="speaker")
    said = r"no sample has `east` as `where`.* there are `north`, `south`, `south-south-west`"
    with pytest.raises(InputError, match=said):
        build_in_parts(str(npz), lacking, tmp_path / "parts", 4)
    np.savez(npz, **{**arrays(), "speaker": np.ones(SAMPLES, int)})
    with pytest.raises(InputError, match="all 53 samples have the value `1` of `speaker`"):
        build_in_parts(str(npz), ARRAYS, tmp_path / "alone", 4)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (
            lambda path: np.savez_compressed(path, **arrays()),
            r"`x` is compressed, so its rows cannot be read separately\. Write it with ",
        ),
        (
            lambda path: np.savez(path, **{**arrays(), "x": np.asfortranarray(arrays()["x"])}),
            r"`x` holds no rows one after another",
        ),
        (lambda path: path.write_bytes(b"PK"), r"train\.npz is not an \.npz file"),
    ],
)
def test_arrays_that_cannot_be_read_in_rows_are_refused(tmp_path, write, said):
    path = tmp_path / "train.npz"
    write(path)
    with pytest.raises(InputError, match=said):
        build_part(str(path), ARRAYS, tmp_path / "parts", 1, 2)


def test_a_missing_shard_of_the_source_is_named(parquet, tmp_path):
    wanted = Wanted(ARRAYS.inputs, "y")
    (parquet / "year=2021" / "rows-00000-of-00002.parquet").unlink()
    with pytest.raises(InputError, match=r"lacks .* of the shards of `rows\.parquet`"):
        build_part(str(parquet), wanted, tmp_path / "parts", 1, 2)


def test_formats_without_parts_are_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match=r"is read as csv, which has no parts .* npy, npz$"):
        build_part(str(path), Wanted({"x": ("float32", [-1])}, "y"), tmp_path / "parts", 1, 2)
