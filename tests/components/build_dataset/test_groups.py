"""Groups of samples, such as the speakers of recordings, from every format."""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from quantgate.components.artifacts.dataset_summary import read_summary
from quantgate.components.evaluate.units import units_of
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.records.datasets import Groups

INPUTS = {"x": ("float32", [-1, 2])}
X = np.arange(8, dtype=np.float32).reshape(4, 2)
SPEAKERS = ["ann", "bob", "ann", "eve"]
KEYS = {"label": "y", "group": "speaker"}
EXPECTED = Groups(key="speaker", count=3, effective=2.7)


@pytest.fixture
def npz(tmp_path):
    """Write arrays beside inputs and labels."""

    def write(**arrays):
        path = tmp_path / "data.npz"
        np.savez(path, **{"x": X, "y": np.arange(4), **arrays})
        return path

    return write


def groups_of(dataset):
    return dataset.manifest.groups, units_of(dataset).groups.tolist()


@pytest.mark.parametrize(
    "speakers",
    [
        np.array(SPEAKERS),
        np.array(SPEAKERS, "S"),
        np.array([7, 8, 7, 9]),
        np.int8([[1], [2], [1], [3]]),
    ],
)
def test_groups_are_text_or_integers(build, npz, speakers):
    assert groups_of(build(npz(speaker=speakers), INPUTS, **KEYS)) == (EXPECTED, [0, 1, 0, 2])


def test_groups_of_a_folder_of_arrays(build, tmp_path):
    for key, values in {"x": X, "y": np.arange(4), "speaker": np.array(SPEAKERS)}.items():
        np.save(tmp_path / f"{key}.npy", values)
    assert groups_of(build(tmp_path, INPUTS, **KEYS))[0] == EXPECTED


def test_groups_of_a_table(build, tmp_path):
    options = {"columns": {"x": ["a", "b"]}}
    path = tmp_path / "rows.csv"
    lines = [f"{a},{b},{y},{s}\n" for (a, b), y, s in zip(X, range(4), SPEAKERS, strict=True)]
    path.write_text("a,b,y,speaker\n" + "".join(lines))
    assert groups_of(build(path, INPUTS, options=options, **KEYS))[0] == EXPECTED
    columns = {"a": X[:, 0], "b": X[:, 1], "y": np.arange(4), "speaker": SPEAKERS}
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    table = build(tmp_path / "rows.parquet", INPUTS, options=options, **KEYS)
    assert groups_of(table)[0] == EXPECTED
    calibration = {"purpose": "calibration", "options": options, **KEYS}
    assert build(path, INPUTS, **calibration).manifest.groups.count == 3


def test_groups_of_a_python_function(build, tmp_path, monkeypatch):
    (tmp_path / "spoken_samples.py").write_text(
        "import numpy as np\n\ndef samples():\n"
        f"    for i, speaker in enumerate({SPEAKERS}):\n"
        "        yield {'x': np.full(2, i, 'f4'), 'y': i, 'speaker': speaker}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "spoken_samples", raising=False)
    assert groups_of(build("spoken_samples:samples", INPUTS, **KEYS))[0] == EXPECTED


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({}, "data.npz has no group `speaker`. It has `x`, `y`"),
        (
            {"speaker": np.arange(4.0)},
            "`speaker` is float64 [4], but a group is one integer or text per sample",
        ),
        (
            {"speaker": np.ones((4, 2), int)},
            "`speaker` is int64 [4, 2], but a group is one integer or text per sample",
        ),
        (
            {"speaker": np.array(["ann"] * 4)},
            "all 4 samples have the value `ann` of `speaker`, and groups need several: add samples "
            "of other groups, or remove `group`",
        ),
        (
            {"speaker": np.array(["ann", " ", "bob", ""])},
            "2 samples have no value of `speaker`, the first is sample 1 of the source: name the "
            "group of each, or leave these out",
        ),
    ],
)
def test_groups_that_cannot_serve_are_refused(refusal, npz, arrays, problem):
    assert refusal(npz(**arrays), INPUTS, **KEYS).endswith(problem)


def test_random_data_has_no_groups(refusal):
    inputs = {"x": ("float32", [-1, 2, 2, 1])}
    assert refusal("random", inputs, group="speaker", samples=2) == (
        "random is read as random, which has no key to group by. Remove `group`"
    )


IMAGE = {"x": ("float32", [-1, 2, 2, 1])}


@pytest.fixture
def photos(tmp_path):
    """Write images of given paths, each of another color."""

    def write(*paths):
        for number, path in enumerate(paths):
            place = tmp_path / "photos" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (2, 2), number).save(place)
        return tmp_path / "photos"

    return write


@pytest.mark.parametrize(
    ("paths", "pattern"),
    [
        (("cat/ann_1.png", "cat/bob_1.png", "dog/ann_2.png", "dog/eve_1.png"), "^([^_]+)_"),
        (("cat/ann/1.png", "cat/bob/1.png", "dog/ann/2.png", "dog/eve/1.png"), "^(.+)/"),
    ],
    ids=["by the name", "by a folder in that of the class"],
)
def test_groups_of_images(build, photos, paths, pattern):
    groups, numbers = groups_of(build(photos(*paths), IMAGE, group=pattern))
    assert groups == Groups(key="file name", count=3, effective=2.7)
    assert numbers == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        (
            "^([0-9]+)_",
            "4 of 4 images in {photos} have no group by `^([0-9]+)_`, the first is ann_1.png. "
            "Correct `group`",
        ),
        (
            "^(a[^_]+)_",
            "2 of 4 images in {photos} have no group by `^(a[^_]+)_`, the first is bob_1.png. "
            "Correct `group`",
        ),
        (
            r"\.(png)$",
            "all 4 samples have the value `png` of `file name`, and groups need several: add "
            "samples of other groups, or remove `group`",
        ),
        (
            "speaker",
            "{photos} holds images, whose `group` is a pattern of file names. `speaker` needs one "
            "pair of parentheses around the name of the group, and has 0. Write for example "
            "`^([^_]+)_`",
        ),
        (
            "([a-z",
            "`([a-z` is not a regular expression: unterminated character set at position 1. Write "
            "for example `^([^_]+)_`",
        ),
    ],
)
def test_patterns_that_name_no_groups_are_refused(refusal, photos, pattern, problem):
    folder = photos("cat/ann_1.png", "cat/bob_1.png", "dog/ann_2.png", "dog/eve_1.png")
    assert refusal(folder, IMAGE, group=pattern).endswith(problem.format(photos=folder))


@pytest.mark.parametrize(
    ("pattern", "known"),
    [("^(a[^_]+)_", ["", "ann"]), ("^([0-9]+)_", []), ("speaker", [])],
)
def test_calibration_images_may_lack_the_groups(build, photos, tmp_path, pattern, known):
    folder = photos("ann_1.png", "bob_1.png")
    build(folder, IMAGE, group=pattern, purpose="calibration")
    assert read_summary(tmp_path / "summary")["serving_default"].groups.tolist() == known


def test_calibration_data_may_lack_the_groups(build, npz, tmp_path):
    settings = {"purpose": "calibration", **KEYS}
    assert build(npz(), INPUTS, **settings).manifest.groups is None
    dataset = build(npz(speaker=np.array(["ann"] * 4)), INPUTS, **settings)
    assert (dataset.manifest.groups.count, dataset.manifest.unused) == (1, [])
    summary = read_summary(tmp_path / "summary")["serving_default"]
    assert summary.groups.tolist() == ["ann"]


def test_equal_inputs_are_in_the_group_of_the_first(build, tmp_path):
    x = X[[0, 1, 0, 2, 3, 3]]
    names = np.array(["ann", "bob", "eve", "bob", "eve", "eve"])
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(6), speaker=names)
    dataset = build(tmp_path / "data.npz", INPUTS, **KEYS)
    groups, units = dataset.manifest.groups, units_of(dataset)
    assert (groups.count, groups.effective) == (3, 2.7)
    by_row = units.groups[units.distinct].tolist()
    assert by_row[0] == by_row[2] != by_row[4], "the copy of the first sample is in its group"


@pytest.mark.tensorflow
def test_groups_of_records(build, tmp_path):
    import tensorflow as tf

    def feature(value):
        if isinstance(value, str):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))

    with tf.io.TFRecordWriter(str(tmp_path / "rows.tfrecord")) as writer:
        for x, y, speaker in zip(X, range(4), SPEAKERS, strict=True):
            features = {"x": feature(x), "y": feature(y), "speaker": feature(speaker)}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    described = {
        "x": {"shape": [2]},
        "y": {"dtype": "int64"},
        "speaker": {"encoding": "text"},
    }
    dataset = build(tmp_path / "rows.tfrecord", INPUTS, options={"features": described}, **KEYS)
    assert groups_of(dataset)[0] == EXPECTED


def save_rows(folder):
    import tensorflow as tf

    rows = tf.data.Dataset.from_tensor_slices({"x": X, "y": np.arange(4), "speaker": SPEAKERS})
    rows.save(folder)


@pytest.mark.tensorflow
def test_groups_of_a_saved_dataset(build, tmp_path):
    run_isolated(save_rows, str(tmp_path / "saved"), limits=ResourceLimits(60), reach=OWN_CODE)
    assert groups_of(build(tmp_path / "saved", INPUTS, **KEYS))[0] == EXPECTED
