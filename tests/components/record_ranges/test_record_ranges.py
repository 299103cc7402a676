"""Ranges of tensors: exact, the same in any number of processes, and useless ones by name."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.calibrate import shards
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.processes import workers
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.record_ranges.work import RECORD, record_ranges
from quantgate.records.calibration import Ranges, TensorRange
from quantgate.records.datasets import Manifest
from quantgate.records.tasks import ModelFacts

ONE = {"x": ("float32", [1, 2])}
OUT = {"y": ("float32", [1, 2])}
SAMPLES = [[1.5, -2.0], [0.25, 8.0], [-3.0, 0.5], [4.0, 0.125]]
Record = Callable[..., Ranges]


@pytest.fixture
def record(make_facts: Callable, make_dataset: Callable, tmp_path: Path) -> Record:
    """Record the ranges of a model while samples run, for the default variant or another."""

    def run(
        model: str,
        samples: object = SAMPLES,
        variants: dict[str, list[int]] | None = None,
        variant: str = "",
    ) -> Ranges:
        facts = make_facts(ONE, OUT)
        dataset = make_dataset(facts, label=None, x=np.array(samples, np.float32))
        if variants:
            path = folder_of(dataset, "serve") / "manifest.json"
            manifest = Manifest.read(path)
            manifest.model_copy(update={"selections": variants}).write(path)
        record_ranges(
            model,
            facts_path=facts,
            dataset_path=dataset,
            limits=ResourceLimits(60),
            ranges_path=str(tmp_path / "ranges"),
        )
        return Ranges.read(tmp_path / "ranges" / variant / RECORD)

    return run


@pytest.fixture
def residual(build_model: Callable, stored: Callable, step: Callable) -> str:
    """A model with an ADD that a kernel may compute in place of its input `scaled`."""
    return build_model(
        "residual",
        *(stored("in", [1, 2]), stored("factors", [1, 2], values=[2, 3])),
        *(stored("scaled", [1, 2]), step("MUL", ["in", "factors"], ["scaled"])),
        *(stored("sum", [1, 2]), step("ADD", ["scaled", "in"], ["sum"])),
        *(stored("out", [1, 2]), step("NEG", ["sum"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )


def ranges_of(record: Ranges) -> dict[str, tuple[float, float]]:
    return {each.name: (each.minimum, each.maximum) for each in record.tensors}


def test_ranges_are_those_of_every_computed_tensor(record: Record, residual: str) -> None:
    ranges = record(residual)
    assert (ranges.status, ranges.reason, ranges.samples) == ("calibrated", None, 4)
    assert ranges_of(ranges) == {
        "in": (-3.0, 8.0),
        "scaled": (-6.0, 24.0),
        "sum": (-9.0, 32.0),
        "out": (-32.0, 9.0),
    }


def test_any_number_of_processes_records_the_same(
    record: Record, residual: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(1).normal(size=(50, 2))
    monkeypatch.setattr(shards, "LEAST_SAMPLES", 1)
    records = []
    for cores in (1, 2, 7):
        monkeypatch.setattr(workers, "processors", lambda cores=cores: cores)
        records.append(record(residual, values))
    assert records[0] == records[1] == records[2]
    recorded = ranges_of(records[0])["in"]
    assert recorded == tuple(float(np.float32(each)) for each in (values.min(), values.max()))


def test_each_variant_has_the_ranges_of_its_own_samples(record: Record, residual: str) -> None:
    variants = {"": [0, 1, 2, 3], "first-1-0": [0]}
    assert ranges_of(record(residual, variants=variants))["in"] == (-3.0, 8.0)
    ranges = record(residual, variants=variants, variant="first-1-0")
    assert (ranges_of(ranges)["in"], ranges.samples) == ((-2.0, 1.5), 1)


def test_constants_and_integers_have_no_range(
    record: Record, build_model: Callable, stored: Callable, step: Callable
) -> None:
    model = build_model(
        "rounded",
        *(stored("in", [1, 2]), stored("whole", [1, 2], "int32")),
        step("CAST", ["in"], ["whole"]),
        *(stored("out", [1, 2]), step("NEG", ["in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out", "z": "whole"},
    )
    assert list(ranges_of(record(model))) == ["in", "out"]


def test_tensors_that_are_not_finite_are_named(
    record: Record, build_model: Callable, stored: Callable, step: Callable
) -> None:
    model = build_model(
        "roots",
        *(stored("in", [1, 2]), stored("root", [1, 2]), step("SQRT", ["in"], ["root"])),
        *(stored("out", [1, 2]), step("NEG", ["root"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    ranges = record(model, [[1.0, 2.0], [-1.0, 1.0], [4.0, 4.0]])
    assert (ranges.status, ranges.tensors) == ("failed", [])
    assert ranges.reason == (
        "`root`, `out` have NaN or infinite values for some calibration samples, so no range "
        "covers them. Remove samples that are not finite, or correct the model"
    )


def test_tensors_that_are_always_zero_have_a_range(
    record: Record, build_model: Callable, stored: Callable, step: Callable
) -> None:
    model = build_model(
        "dead",
        *(stored("in", [1, 2]), stored("below", [1, 2], values=[0, 0])),
        *(stored("dead", [1, 2]), step("MUL", ["in", "below"], ["dead"])),
        *(stored("out", [1, 2]), step("ADD", ["dead", "in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    ranges = record(model, [[1.0, 2.0]])
    assert ranges.status == "calibrated"
    assert [each.name for each in ranges.tensors if each.is_zero] == ["dead"]


def test_samples_that_are_all_zero_are_no_calibration(record: Record, residual: str) -> None:
    assert record(residual, [[0.0, 0.0]]).reason == (
        "`in`, `scaled`, `sum` and 1 more have only zeros for all calibration samples, so no scale "
        "fits. Calibrate on samples for which the values differ, or use a recipe without ranges"
    )


def test_loops_have_no_ranges(record: Record, endless_model: str) -> None:
    ranges = record(endless_model)
    assert ranges.status == "failed"
    assert ranges.reason == (
        "the model has the op WHILE, and LiteRT does not show the values of tensors inside it. Use "
        "recipes without ranges, or convert the model with its loops unrolled"
    )


def test_a_timeout_is_a_result_for_another_attempt(
    make_facts: Callable, make_dataset: Callable, residual: str, tmp_path: Path
) -> None:
    facts = make_facts(ONE, OUT)
    provisional = record_ranges(
        residual,
        facts_path=facts,
        dataset_path=make_dataset(facts, label=None, x=np.array(SAMPLES, np.float32)),
        limits=ResourceLimits(1e-9),
        ranges_path=str(tmp_path / "ranges"),
    )
    assert provisional
    ranges = Ranges.read(tmp_path / "ranges" / RECORD)
    assert ranges.reason == "recording ranges took longer than 1e-09 s and was stopped"


@pytest.fixture
def two_signatures(residual: str, tmp_path: Path) -> str:
    """The model twice, with the signatures `serve` and `train` and the same names of tensors."""
    model, other = (parse(Path(residual).read_bytes()) for _ in range(2))
    model.subgraphs += other.subgraphs
    (signature,) = other.signatureDefs
    signature.signatureKey, signature.subgraphIndex = "train", 1
    model.signatureDefs += [signature]
    path = tmp_path / "two.tflite"
    path.write_bytes(convert_object_to_bytearray(model))
    return str(path)


def test_a_signature_without_samples_is_named(record: Record, two_signatures: str) -> None:
    assert record(two_signatures).reason == (
        "signature `train` of the model has no samples, and ranges are needed for all of its "
        "graphs. Add it to `model.signatures` and its data"
    )


def test_each_signature_has_the_ranges_of_its_own_samples(
    two_signatures: str, make_facts: Callable, make_dataset: Callable, tmp_path: Path
) -> None:
    path = make_facts(ONE, OUT)
    dataset = make_dataset(path, label=None, x=np.array(SAMPLES, np.float32))
    other = folder_of(dataset, "train")
    shutil.copytree(folder_of(dataset, "serve"), other)
    np.save(other / "x.npy", np.array(SAMPLES, np.float32) * 2)
    facts = ModelFacts.read(path)
    signatures = [facts.signatures[0], facts.signatures[0].model_copy(update={"key": "train"})]
    facts.model_copy(update={"signatures": signatures}).write(path)
    record_ranges(
        two_signatures,
        facts_path=path,
        dataset_path=dataset,
        limits=ResourceLimits(60),
        ranges_path=str(tmp_path / "ranges"),
    )
    ranges = Ranges.read(tmp_path / "ranges" / RECORD)
    named = {(each.subgraph, each.name): (each.minimum, each.maximum) for each in ranges.tensors}
    assert named[0, "in"] == (-3.0, 8.0)
    assert named[1, "in__1"] == (-6.0, 16.0)
    assert len(named) == 8


def test_ranges_in_a_file_are_exactly_float32(record: Record, residual: str) -> None:
    ranges = record(residual, [[0.1, 0.7]])
    assert Ranges.model_validate_json(ranges.model_dump_json()) == ranges
    (entry,) = [each for each in ranges.tensors if each.name == "in"]
    assert entry == TensorRange(
        name="in", subgraph=0, minimum=float(np.float32(0.1)), maximum=float(np.float32(0.7))
    )
