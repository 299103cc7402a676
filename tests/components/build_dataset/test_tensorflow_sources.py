"""TFRecord files and saved tf.data datasets."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.tensorflow

INPUTS = {"x": ("float32", [-1, 2, 2])}
FEATURES = {"x": {"shape": [2, 2]}, "y": {"dtype": "int64"}}


@pytest.fixture
def records(tmp_path):
    """Write features to a TFRecord file, one mapping for each record."""
    import tensorflow as tf

    def feature(value):
        if isinstance(value, bytes):
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        array = np.asarray(value)
        if array.dtype.kind == "f":
            return tf.train.Feature(float_list=tf.train.FloatList(value=array.ravel()))
        return tf.train.Feature(int64_list=tf.train.Int64List(value=array.ravel()))

    def write(*examples, name="rows.tfrecord", compression=""):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(path), compression) as writer:
            for example in examples:
                features = {key: feature(value) for key, value in example.items()}
                message = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(message.SerializeToString())
        return path

    return write


def rows(count):
    return [{"x": np.full((2, 2), i, "f4"), "y": i} for i in range(count)]


def test_numbers_of_a_folder_of_records(build, records, tmp_path):
    records(*rows(3), name="many/a.tfrecord")
    records(*rows(2), name="many/b.tfrecords")
    dataset = build(tmp_path / "many", INPUTS, label="y", options={"features": FEATURES})
    assert dataset.label.tolist() == [0, 1, 2, 0, 1]
    assert dataset.inputs["x"][2].tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (["t.tfrecord-00000-of-00002", "t.tfrecord-00001-of-00002"], {}),
        (["t-00000-of-00002.tfrec", "t-00001-of-00002.tfrec"], {}),
        (["a.tfrecord", "b.tfrec"], {}),
        (["a.tfrecord", "b.tfrecord-00000-of-00001"], {}),
        (["a.tfrecord", "b.gz"], {}),
        (["train-00000-of-00002", "train-00001-of-00002"], {"format": "tfrecord"}),
        (["a.gz", "b.gz"], {"format": "tfrecord"}),
    ],
)
def test_all_records_of_a_folder_are_read(build, records, tmp_path, names, options):
    for name in names:
        records(*rows(2), name=f"many/{name}")
    options = {"features": FEATURES, **options}
    dataset = build(tmp_path / "many", INPUTS, label="y", options=options)
    assert dataset.label.tolist() == [0, 1, 0, 1]
    assert dataset.manifest.warnings == []


@pytest.mark.parametrize("name", ["a.tfrecord.gz", "a.tfrecord", "a.tfrecord-00000-of-00001.gz"])
def test_gzip_is_recognized_by_its_content(build, records, name):
    path = records(*rows(3), name=name, compression="GZIP")
    dataset = build(path, INPUTS, label="y", options={"features": FEATURES})
    assert dataset.label.tolist() == [0, 1, 2]


def test_a_gzip_file_that_ends_between_two_records_is_refused(refusal, records):
    path = records(*rows(3), name="a.tfrecord.gz")
    gzip = zlib.compressobj(wbits=31)
    path.write_bytes(gzip.compress(path.read_bytes()) + gzip.flush(zlib.Z_SYNC_FLUSH))
    assert refusal(path, INPUTS, label="y", options={"features": FEATURES}) == (
        f"{path} is a damaged gzip file: Compressed file ended before the end-of-stream marker was "
        "reached. Write it again"
    )


def test_a_missing_shard_is_refused_by_name(refusal, records, tmp_path):
    for number in (0, 2):
        records(*rows(1), name=f"many/t.tfrecord-{number:05}-of-00003")
    assert refusal(tmp_path / "many", INPUTS, label="y", options={"features": FEATURES}) == (
        f"{tmp_path}/many lacks `00001-of-00003` of the shards of `t.tfrecord`. Keep one file for "
        "each shard, or rename files that are not part of the set"
    )


def test_raw_bytes_and_encoded_images(build, records):
    raw = records({"x": np.arange(4, dtype="<i2").tobytes(), "y": 1})
    features = {"x": {"shape": [2, 2], "dtype": "int16", "encoding": "raw"}, "y": FEATURES["y"]}
    dataset = build(raw, INPUTS, label="y", options={"features": features})
    assert dataset.inputs["x"].tolist() == [[[0, 1], [2, 3]]]

    file = io.BytesIO()
    Image.fromarray(np.full((5, 7, 3), 51, np.uint8)).save(file, "PNG")
    path = records({"x": file.getvalue(), "y": 1})
    options = {
        "features": {"x": {"encoding": "image"}, "y": FEATURES["y"]},
        "images": {"scale": 1 / 255},
    }
    dataset = build(path, {"x": ("float32", [-1, 4, 6, 3])}, label="y", options=options)
    assert dataset.inputs["x"].shape == (1, 4, 6, 3)
    assert np.allclose(dataset.inputs["x"], 0.2)


@pytest.mark.parametrize(
    ("example", "features", "said"),
    [
        ({"y": 1}, FEATURES, ", record 0 has no feature `x`. It has `y`"),
        (
            {"x": [1.0, 2.0], "y": 1},
            FEATURES,
            ", record 0: feature `x` holds 2 values, which is not the shape [2, 2] of the spec",
        ),
        (
            {"x": b"1234", "y": 1},
            FEATURES,
            ", record 0: feature `x` holds bytes. Set `encoding` to `raw`, `image` or `text`",
        ),
        (
            {"x": b"12345"},
            {"x": {"shape": [2, 2], "dtype": "int16", "encoding": "raw"}},
            ", record 0: feature `x` holds 5 bytes, which is not a whole number of int16",
        ),
        (
            {"x": [1.0, 2.0]},
            {"x": {"encoding": "image"}},
            ", record 0: feature `x` holds 2 values of float_list, but `encoding` is for one value "
            "of bytes_list",
        ),
        (
            {"x": [0.5, 1.5, 2.5, 3.5], "y": 1},
            {**FEATURES, "x": {"shape": [2, 2], "dtype": "int32"}},
            ", record 0: feature `x` holds floats, which are not rounded to int32. Describe it "
            "with `dtype: float32`",
        ),
        (
            {"x": [0, 1, 2, 300], "y": 1},
            {**FEATURES, "x": {"shape": [2, 2], "dtype": "uint8"}},
            ", record 0: feature `x` holds 0 to 300, which uint8 cannot hold. Describe it with a "
            "wider `dtype`",
        ),
    ],
)
def test_records_that_are_not_as_described(refusal, records, example, features, said):
    path = records(example)
    message = refusal(path, INPUTS, label="y", options={"features": features})
    assert message == f"{path}{said}"


def test_records_need_described_features(refusal, records):
    path = records(*rows(1))
    assert refusal(path, INPUTS, label="y") == (
        f"{path} holds TFRecords, which do not have their shapes. Describe `features`"
    )


def test_a_file_that_is_not_a_tfrecord_is_refused(refusal, tmp_path):
    path = tmp_path / "rows.tfrecord"
    path.write_bytes(b"no record" * 10)
    assert refusal(path, INPUTS, label="y", options={"features": FEATURES}) == (
        f"{path} cannot be read as TFRecords of tf.train.Example: corrupted record at 0 (Is "
        "this even a TFRecord file?)"
    )


def save_dataset(elements, folder, batch):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(elements)
    (dataset.batch(batch) if batch else dataset).save(str(folder))


def save_apart(elements, folder, batch):
    """Save in a child process: forks of a process in which TensorFlow has run may hang."""
    from quantgate.components.processes.isolation import ResourceLimits, run_isolated
    from quantgate.components.processes.sandbox import OWN_CODE

    limits = ResourceLimits(60)
    run_isolated(save_dataset, elements, folder, batch, limits=limits, reach=OWN_CODE)


@pytest.mark.parametrize("batch", [None, 1, 4])
@pytest.mark.parametrize("named", [False, True])
def test_a_saved_dataset(build, tmp_path, batch, named):
    x, y = np.arange(40, dtype="f4").reshape(10, 2, 2), np.arange(10)
    elements = {"x": x, "y": y} if named else (x, y)
    save_apart(elements, tmp_path / "saved", batch)
    dataset = build(tmp_path / "saved", INPUTS, label="y")
    assert np.array_equal(dataset.inputs["x"], x)
    assert dataset.label.tolist() == y.tolist()


def test_a_damaged_saved_dataset(refusal, tmp_path):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "dataset_spec.pb").write_bytes(b"\xff\xff")
    assert refusal(tmp_path / "saved", INPUTS, label="y") == (
        f"{tmp_path}/saved cannot be read as a tf.data dataset: Error parsing message with type "
        "'tensorflow.StructuredValue'. Write it with `Dataset.save`"
    )


def test_text_labels_become_the_numbers_of_their_classes(build, records, refusal):
    names = [b"cat", b"ant", b"cat"]
    path = records(*({"x": np.ones((2, 2), "f4"), "y": name} for name in names))
    features = {"x": {"shape": [2, 2]}, "y": {"encoding": "text"}}
    options = {"features": features, "classes": ["ant", "cat"]}
    dataset = build(path, INPUTS, label="y", options=options)
    assert dataset.label.tolist() == [1, 0, 1]
    assert dataset.manifest.classes == ["ant", "cat"]
    other = {**options, "classes": ["ant", "cats"]}
    assert refusal(path, INPUTS, label="y", options=other) == (
        f"{path}: label `y` of sample 0 is `cat`, which `classes` does not list. Did you mean "
        "`cats`?"
    )


def test_text_labels_of_a_saved_dataset(build, tmp_path):
    samples = {"x": np.ones((3, 2, 2), "f4"), "y": ["cat", "ant", "cat"]}
    save_apart(samples, tmp_path / "saved", None)
    options = {"classes": ["ant", "cat"]}
    dataset = build(tmp_path / "saved", INPUTS, label="y", options=options)
    assert dataset.label.tolist() == [1, 0, 1]
