"""Further arrays that metrics need, of numbers or names, from any format."""

import json
import sys

import numpy as np
import pytest

INPUTS = {"x": ("float32", [-1, 2])}
X = np.arange(8, dtype=np.float32).reshape(4, 2)
NAMES = ["phone", "x", "tablet", "phone"]
FIELDS = json.dumps({"device": []})


@pytest.fixture
def npz(tmp_path):
    """Write arrays beside inputs and labels."""

    def write(**arrays):
        path = tmp_path / "data.npz"
        np.savez(path, **{"x": X, "y": np.arange(4), **arrays})
        return path

    return write


def test_names_are_stored_for_the_chosen_samples(build, npz):
    source = npz(device=np.array(NAMES))
    dataset = build(source, INPUTS, label="y", fields=FIELDS, samples=3)
    assert dataset.fields["device"].tolist() == NAMES[:3]
    assert dataset.manifest.fields["device"].shape == [3]
    others = build(npz(device=np.array(NAMES[::-1])), INPUTS, label="y", fields=FIELDS, samples=3)
    assert others.manifest.content_sha256 != dataset.manifest.content_sha256


def test_bytes_and_numbers_are_stored(build, npz):
    source = npz(device=np.array(NAMES, "S"), boxes=np.ones((4, 3, 4)))
    fields = json.dumps({"device": ["tablet"], "boxes": []})
    dataset = build(source, INPUTS, label="y", fields=fields)
    assert dataset.fields["device"].tolist() == NAMES
    assert dataset.fields["boxes"].shape == (4, 3, 4)


def test_a_field_may_be_the_label_or_an_input(build, npz):
    fields = json.dumps({"y": ["3"], "x": []})
    dataset = build(npz(), INPUTS, label="y", fields=fields)
    assert dataset.fields["y"].tolist() == dataset.label.tolist() == [0, 1, 2, 3]
    assert dataset.fields["x"].dtype == np.float32
    assert sorted(dataset.manifest.fields) == ["x", "y"]


def test_calibration_sets_have_no_fields(build, npz):
    dataset = build(
        npz(device=np.array(NAMES)), INPUTS, purpose="calibration", label="y", fields=FIELDS
    )
    assert dataset.fields == {}
    assert build(npz(), INPUTS, purpose="calibration", label="y", fields=FIELDS).fields == {}


def test_columns_of_a_table_are_names(build, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,b,y,device\n" + "".join(f"{n},1,{n % 2},0{n}\n" for n in range(4)))
    options = {"columns": {"x": ["a", "b"]}}
    dataset = build(path, INPUTS, label="y", fields=FIELDS, options=options)
    assert dataset.fields["device"].tolist() == ["00", "01", "02", "03"]


def test_parquet_has_names_and_numbers(build, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "data.parquet"
    columns = {"a": X[:, 0], "b": X[:, 1], "y": np.arange(4), "device": NAMES, "age": [1, 2, 2, 1]}
    parquet.write_table(pyarrow.table(columns), path)
    options, fields = {"columns": {"x": ["a", "b"]}}, json.dumps({"device": [], "age": []})
    dataset = build(path, INPUTS, label="y", fields=fields, options=options)
    assert dataset.fields["device"].tolist() == NAMES
    assert dataset.fields["age"].tolist() == [1, 2, 2, 1]


def test_a_function_may_yield_fields(build, tmp_path, monkeypatch):
    (tmp_path / "sliced_samples.py").write_text(
        "import numpy as np\n"
        "def samples():\n"
        f"    for n, name in enumerate({NAMES}):\n"
        "        yield {'x': np.ones(2, np.float32), 'y': n, 'device': name}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    dataset = build("sliced_samples:samples", INPUTS, label="y", fields=FIELDS)
    assert dataset.fields["device"].tolist() == NAMES
    sys.modules.pop("sliced_samples", None)


@pytest.mark.tensorflow
def test_records_may_hold_fields_as_text(build, tmp_path):
    import tensorflow as tf

    path = tmp_path / "data.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name in NAMES:
            feature = {
                "x": tf.train.Feature(float_list=tf.train.FloatList(value=[1, 2])),
                "device": tf.train.Feature(bytes_list=tf.train.BytesList(value=[name.encode()])),
            }
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    features = {"x": {"shape": [2]}, "device": {"encoding": "text"}}
    dataset = build(path, INPUTS, fields=FIELDS, options={"features": features})
    assert dataset.fields["device"].tolist() == NAMES


@pytest.mark.parametrize(
    ("arrays", "fields", "said"),
    [
        ({}, {"device": []}, "has no `device`, which `measure.metrics` names. It has `x`, `y`"),
        (
            {"device": np.array(NAMES)},
            {"device": ["phon"]},
            "no sample has `phon` as `device`, which a slice in `gate` names: there are `phone`, "
            "`tablet`, `x`",
        ),
        (
            {"device": np.array(NAMES[:3])},
            {"device": []},
            "`device` is of shape [3], and there are 4 samples",
        ),
        (
            {"device": np.array([NAMES] * 4)},
            {"device": []},
            "`device` is of shape [4, 4]: text is one name a sample",
        ),
        (
            {"device": np.array(NAMES, object)},
            {"device": []},
            "`device` is object: store numbers or text, as `numpy.array(names)` makes",
        ),
        (
            {"device": np.array([b"\xff"] * 4)},
            {"device": []},
            "`device` holds text that is not UTF-8: 'utf-8' codec can't decode byte 0xff in "
            "position 0: invalid start byte",
        ),
    ],
)
def test_invalid_fields_are_refused(refusal, npz, arrays, fields, said):
    assert refusal(npz(**arrays), INPUTS, label="y", fields=json.dumps(fields)).endswith(said)
