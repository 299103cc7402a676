"""A damaged file that TensorFlow reads is read, or refused with a sentence for the user."""

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from quantgate.components.build_dataset.sources import Request
from quantgate.components.build_dataset.tfrecord import read_records
from quantgate.components.conversion.saved_model import SavedModelGraph, declared_signatures
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.records.tasks import Signature, TensorFacts
from quantgate.spec.model.data import DataSource

#: The number of mutated files.
INPUTS = (200, pytest.param(20_000, marks=pytest.mark.slow))
pytestmark = [pytest.mark.tensorflow, pytest.mark.parametrize("inputs", INPUTS)]
#: TensorFlow takes a tenth of a second to open a file.
SHARE = 0.1
FEATURES = {
    "x": {"dtype": "float32", "shape": [3]},
    "y": {"dtype": "int64", "shape": []},
    "raw": {"dtype": "uint8", "shape": [4], "encoding": "raw"},
    "name": {"encoding": "text", "dtype": "uint8"},
}


def example(number: int) -> bytes:
    def feature(**values: object) -> tf.train.Feature:
        return tf.train.Feature(**values)

    return tf.train.Example(
        features=tf.train.Features(
            feature={
                "x": feature(float_list=tf.train.FloatList(value=[number, 0.5, 1.0])),
                "y": feature(int64_list=tf.train.Int64List(value=[number])),
                "raw": feature(bytes_list=tf.train.BytesList(value=[bytes(range(4))])),
                "name": feature(bytes_list=tf.train.BytesList(value=[b"left"])),
            }
        )
    ).SerializeToString()


def in_a_child(function: Callable[[], None]) -> None:
    """Call a function that starts TensorFlow's runtime, which does not survive a fork."""
    run_isolated(function, limits=ResourceLimits(7200), reach=OWN_CODE)


def write_records(path: Path, records: list[bytes], compression: str = "") -> None:
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)


def read_all(path: Path) -> None:
    signature = Signature(
        key="serve", inputs={"x": TensorFacts(shape=[-1, 3], dtype="float32")}, outputs={}
    )
    request = Request(
        data=DataSource.model_validate(
            {"source": str(path), "format": "tfrecord", "features": FEATURES}
        ),
        signature=signature,
        signatures=["serve"],
        purpose="calibration",
        label="y",
        samples=None,
        seed=0,
        first=None,
    )
    for batch in read_records(request):
        assert batch["x"].shape == (1, 3)


def test_damaged_tfrecord_files_are_read_or_refused(fuzz: Callable[..., None], tmp_path: Path):
    seeds = []
    for compression in ("", "GZIP"):
        write_records(tmp_path / "seed", [example(number) for number in range(4)], compression)
        seeds.append((tmp_path / "seed").read_bytes())
    in_a_child(lambda: fuzz(read_all, seeds, "gzip", share=SHARE))


def test_damaged_examples_in_tfrecord_files_are_read_or_refused(fuzz: Callable[..., None]):
    def read(path: Path) -> None:
        framed = path.with_suffix(".tfrecord")
        write_records(framed, [path.read_bytes()])
        read_all(framed)

    in_a_child(lambda: fuzz(read, [example(3)], share=SHARE))


def test_damaged_saved_models_are_read_or_refused(fuzz: Callable[..., None]):
    model = saved_model_pb2.SavedModel()
    graph = model.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    signature = graph.signature_def["serve"]
    for tensors, name in ((signature.inputs, "x"), (signature.outputs, "y")):
        tensors[name].name = f"{name}:0"
        tensors[name].dtype = tf.float32.as_datatype_enum
        tensors[name].tensor_shape.dim.add().size = -1

    def read(path: Path) -> None:
        declared_signatures(SavedModelGraph(str(path.parent), ["serve"]))

    fuzz(read, [model.SerializeToString()], name="saved_model.pb")
