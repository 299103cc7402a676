"""Calibration in a single pass. A failure is a result, too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import Model, ModelT

from quantgate.components.calibrate.work import calibrate
from quantgate.components.conversion import converter
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.errors import InputError
from quantgate.records.calibration import Calibration
from quantgate.records.details import CalibratedRanges

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]


@pytest.fixture
def calibrated(
    prepare: Callable[[str], Any], tmp_path: Path, write_dataset: Callable[..., Path]
) -> Callable[..., Calibration]:
    """Calibrate a small SavedModel on arrays. The folder is `tmp_path / "calibrated"`."""

    def run(model: str, samples: dict[str, Any], timeout_s: float = 60.0) -> Calibration:
        folder, prepared = tmp_path / "calibrated", prepare(model)
        calibrate(
            str(prepared.prepared),
            facts_path=str(prepared.facts_path),
            dataset_path=str(write_dataset(tmp_path / "dataset", samples)),
            limits=ResourceLimits(timeout_s),
            calibrated_path=str(folder),
        )
        record = Calibration.read(folder / "calibration.json")
        assert (folder / "calibrated.tflite").exists() == (
            record.status == "calibrated" and record.way == "once"
        )
        return record

    return run


def _vectors(count: int = 4) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, 64)).astype(np.float32)


def test_record_and_ranges(calibrated: Callable[..., Calibration], tmp_path: Path):
    samples = {"a": _vectors(), "b": 10 * _vectors()}
    assert calibrated("two_inputs", samples) == Calibration(
        status="calibrated",
        way="once",
        samples=4,
        dataset_sha256="0" * 64,
        tensorflow=tf.__version__,
    )
    content = (tmp_path / "calibrated" / "calibrated.tflite").read_bytes()
    graph = ModelT.InitFromObj(Model.GetRootAs(content, 0)).subgraphs[0]
    for name, values in samples.items():
        tensor = next(t for t in graph.tensors if t.name == f"serving_default_{name}:0".encode())
        assert tensor.quantization.min[0] == values.min()
        assert tensor.quantization.max[0] == values.max()
    ranges = CalibratedRanges.read(tmp_path / "calibrated" / "ranges.json")
    recorded = {one.tensor: (one.least, one.greatest) for one in ranges.tensors}
    for name, values in samples.items():
        assert recorded[f"serving_default_{name}:0"] == (values.min(), values.max())


def test_samples_of_nothing_but_nan(calibrated: Callable[..., Calibration]):
    record = calibrated("floor_mod", {"x": np.full((2, 64), np.nan, np.float32)})
    assert record.status == "failed"
    assert record.reason == "calibration gave no tensor a range: no sample holds a finite value"


def test_samples_of_another_size(calibrated: Callable[..., Calibration]):
    record = calibrated("squared_difference", {"x": _vectors()[:, :3]})
    assert record.status == "failed"
    assert record.reason == (
        "calibration failed: Given shapes, [0,64] and [1,3], are not broadcastable: Node number 1 "
        "(SQUARED_DIFFERENCE) failed to prepare"
    )


def test_samples_of_another_name(calibrated: Callable[..., Calibration]):
    record = calibrated("floor_mod", {"z": _vectors()})
    assert record.status == "failed"
    assert record.reason == "calibration failed: KeyError: 'x'"


def test_time_runs_out(calibrated: Callable[..., Calibration]):
    record = calibrated("floor_mod", {"x": _vectors()}, timeout_s=0.0001)
    assert record.status == "failed"
    assert record.reason == "calibration took longer than 0.0001 s and was stopped"


def test_version_outside_the_proven_ones(
    calibrated: Callable[..., Calibration], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(converter, "PROVEN", ((1, 15),))
    record = calibrated("floor_mod", {"x": _vectors()})
    assert record.status == "calibrated"
    assert record.way == "converter"
    assert record.reason == (
        f"TensorFlow {tf.__version__} is not among the versions that share a calibration"
    )


def test_data_set_folder_without_manifest(prepare: Callable[[str], Any], tmp_path: Path):
    prepared = prepare("floor_mod")
    with pytest.raises(InputError, match=r"manifest\.json is not a Manifest record"):
        calibrate(
            str(prepared.prepared),
            facts_path=str(prepared.facts_path),
            dataset_path=str(tmp_path),
            limits=ResourceLimits(60.0),
            calibrated_path=str(tmp_path / "calibrated"),
        )
