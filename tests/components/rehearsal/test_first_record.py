"""The first record of TFRecord files is checked without TensorFlow."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.build_dataset.sources import Request
from quantgate.components.rehearsal.first_record import _example_class, first_batch
from quantgate.errors import InputError
from quantgate.records.tasks import Signature, TensorFacts
from quantgate.spec.model.data import DataSource

FACTS = TensorFacts(shape=[-1, 2], dtype="float32")
SIGNATURE = Signature(key="serve", inputs={"x": FACTS}, outputs={"y": FACTS})


def record(**features: list) -> bytes:
    """Return a record, whose checksums nobody reads here."""
    example = _example_class()()
    for name, values in features.items():
        feature = example.features.feature[name]
        kinds = {float: feature.float_list, int: feature.int64_list, bytes: feature.bytes_list}
        kinds[type(values[0])].value.extend(values)
    content = example.SerializeToString()
    return struct.pack("<Q", len(content)) + bytes(4) + content + bytes(4)


def first(path: Path, **features: dict):
    described = {"x": {"shape": [2]}, "label": {"dtype": "int64"}, **features}
    data = DataSource.model_validate({"source": str(path), "features": described})
    return first_batch(Request(data, SIGNATURE, ["serve"], "evaluation", "label", None, 0, None))


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_the_described_features_are_read(tmp_path: Path, compress) -> None:
    path = tmp_path / "test.tfrecord"
    path.write_bytes(compress(record(x=[1.0, 2.0], label=[3], other=[b"x"]) + record(x=[b"no"])))
    batch = first(path)
    assert batch["x"].tolist() == [[1, 2]]
    assert batch["x"].dtype == np.float32
    assert batch["label"].tolist() == [3]


def test_empty_files_of_a_folder_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.tfrecord").write_bytes(b"")
    (tmp_path / "b.tfrecord").write_bytes(record(x=[1.0, 2.0], label=[3]))
    assert first(tmp_path)["label"].tolist() == [3]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"x": [1.0, 2.0]}, "record 0 has no feature `label`. It has `x`"),
        ({"x": [1.0], "label": [3]}, "feature `x` holds 1 values, which is not the shape [2]"),
        ({"x": [b"12"], "label": [3]}, "feature `x` holds bytes. Set `encoding`"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(tmp_path: Path, features, message) -> None:
    path = tmp_path / "test.tfrecord"
    path.write_bytes(record(**features))
    with pytest.raises(InputError) as caught:
        first(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        struct.pack("<Q", 1 << 40) + bytes(100),
        record(x=[1.0, 2.0], label=[3])[:-8],
        struct.pack("<Q", 3) + bytes(4) + b"\xff\xff\xff" + bytes(4),
        gzip.compress(record(x=[1.0, 2.0], label=[3]))[:-20],
    ],
    ids=["empty", "no length", "too long", "cut off", "no example", "cut off in gzip"],
)
def test_damaged_files_are_left_to_the_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "test.tfrecord"
    path.write_bytes(content)
    assert first(path) is None
