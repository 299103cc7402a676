"""A damaged document is read, or refused with a sentence for the user."""

from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.records.base import Record
from quantgate.records.calibration import Calibration
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.records.decision import Decision
from quantgate.records.details import CalibratedRanges, TensorRange
from quantgate.records.tasks import Collection, ModelFacts, Signature, TensorFacts
from quantgate.spec import load

#: The number of mutated files.
INPUTS = (200, pytest.param(20_000, marks=pytest.mark.slow))
pytestmark = pytest.mark.parametrize("inputs", INPUTS)
TESTS = Path(__file__).resolve().parents[2]
SPECS = sorted((TESTS.parent / "specs").glob("*.yaml"))
DECISIONS = sorted((TESTS / "report" / "decisions").glob("*.json"))
TENSOR = TensorFacts(shape=[-1, 3], dtype="float32")
ARRAY = ArrayFacts(file="x.npy", shape=[4, 3], dtype="float32", minimum=0, maximum=1)
RECORDS: list[Record] = [
    ModelFacts(
        source_sha256="a" * 64,
        baseline_sha256="b" * 64,
        size_bytes=1000,
        signatures=[Signature(key="serve", inputs={"x": TENSOR}, outputs={"y": TENSOR})],
        ops={"FULLY_CONNECTED": 1},
        tensorflow="2.21.0",
    ),
    Manifest(
        purpose="calibration",
        source="a.npz",
        inputs={"x": ARRAY},
        label=None,
        samples=4,
        available=8,
        select="first",
        seed=0,
        per_class={"0": 4},
        content_sha256="c" * 64,
        selections={"": [0, 1, 2, 3]},
    ),
    Calibration(
        status="calibrated", way="once", samples=4, dataset_sha256="d" * 64, tensorflow="2.21.0"
    ),
    Collection(pieces={"models": ["e" * 64]}),
    CalibratedRanges(tensors=[TensorRange(tensor="x", least=0.0, greatest=1.0)]),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_damaged_records_are_read_or_refused(fuzz: Callable[..., None], record: Record):
    fuzz(type(record).read, [record.model_dump_json(indent=2).encode()], "JSON")


def test_damaged_specs_are_read_or_refused(fuzz: Callable[..., None]):
    contents = [path.read_bytes() for path in SPECS]
    alone = [content for content in contents if b"\ncode:" not in content]
    fuzz(lambda path: load(path, []), alone)


def test_damaged_decisions_are_read_or_refused(fuzz: Callable[..., None]):
    fuzz(Decision.read, [path.read_bytes() for path in DECISIONS], "JSON")
