"""Shards of a calibration merge into what one task gives."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.artifacts.division import Division
from quantgate.components.calibrate.work import calibrate
from quantgate.components.calibrate_shard.work import calibrate_shard
from quantgate.components.merge_calibration.work import merge_calibration
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.domain.calibrators import LITERT, Calibrator
from quantgate.errors import InputError
from quantgate.records.calibration import Calibration
from quantgate.records.datasets import Manifest

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Prepare = Callable[..., Any]
LIMITS = ResourceLimits(60)


@pytest.fixture
def merge(prepare: Prepare, tmp_path: Path) -> Callable[..., Path]:
    """Calibrate a model in shards, merge them, and return the folder."""

    def run(
        model: str,
        dataset: Path,
        count: int,
        limits: ResourceLimits = LIMITS,
        calibrator: Calibrator = LITERT,
    ) -> Path:
        prepared = prepare(model)
        parts = [str(tmp_path / f"part-{count}-{number}") for number in range(1, count + 1)]
        for number, part in enumerate(parts, start=1):
            calibrate_shard(
                str(prepared.prepared),
                facts_path=str(prepared.facts_path),
                dataset_path=str(dataset),
                limits=limits,
                division=Division(number, count),
                calibrator=calibrator,
                part_path=part,
            )
        merge_calibration(
            parts[::-1],
            count,
            prepared_path=str(prepared.prepared),
            facts_path=str(prepared.facts_path),
            calibrator=calibrator,
            calibrated_path=str(tmp_path / f"merged-{count}"),
        )
        return tmp_path / f"merged-{count}"

    return run


@pytest.fixture
def whole(prepare: Prepare, tmp_path: Path) -> Callable[..., Path]:
    """Calibrate a model in one task, and return the folder."""

    def run(model: str, dataset: Path, calibrator: Calibrator = LITERT) -> Path:
        prepared = prepare(model)
        calibrate(
            str(prepared.prepared),
            facts_path=str(prepared.facts_path),
            dataset_path=str(dataset),
            limits=LIMITS,
            calibrator=calibrator,
            calibrated_path=str(tmp_path / "whole"),
        )
        return tmp_path / "whole"

    return run


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("calibrator", get_args(Calibrator))
@pytest.mark.parametrize("model", ["convolutional", "two_inputs", "running_sum", "unrolled"])
def test_the_result_is_that_of_one_task(
    prepare: Prepare,
    merge: Callable[..., Path],
    whole: Callable[..., Path],
    model: str,
    calibrator: Calibrator,
    tmp_path: Path,
) -> None:
    dataset = Path(shutil.copytree(prepare(model).dataset, tmp_path / "dataset"))
    path = folder_of(dataset, "serving_default") / "manifest.json"
    variants = {"": list(range(12)), "first-3-0": [0, 1, 2]}
    Manifest.read(path).model_copy(update={"selections": variants}).write(path)
    expected = files_below(whole(model, dataset, calibrator))
    assert len(expected) == 6
    for count in (1, 4, 16):
        assert files_below(merge(model, dataset, count, calibrator=calibrator)) == expected


def test_a_variant_of_nothing_but_nan_fails_alone(
    merge: Callable[..., Path],
    whole: Callable[..., Path],
    write_dataset: Callable[..., Path],
    tmp_path: Path,
) -> None:
    values = np.full((4, 64), np.nan, np.float32)
    dataset = write_dataset(tmp_path / "dataset", {"x": values})
    expected = files_below(whole("floor_mod", dataset))
    assert files_below(merge("floor_mod", dataset, 2)) == expected


def test_a_failed_shard_is_the_reason(prepare: Prepare, merge: Callable[..., Path]) -> None:
    merged = merge("convolutional", prepare("convolutional").dataset, 2, ResourceLimits(0.0001))
    record = Calibration.read(merged / "calibration.json")
    assert record.status == "failed"
    assert record.reason == "calibration took longer than 0.0001 s and was stopped"
    assert not (merged / "calibrated.tflite").exists()


def test_another_model_is_an_error(
    prepare: Prepare, merge: Callable[..., Path], tmp_path: Path
) -> None:
    prepared = prepare("convolutional")
    merge("convolutional", prepared.dataset, 1)
    with pytest.raises(InputError, match=r"the shards have another model\. Run the calibration"):
        merge_calibration(
            [str(tmp_path / "part-1-1")],
            1,
            prepared_path=str(prepare("two_inputs").prepared),
            facts_path=str(prepared.facts_path),
            calibrated_path=str(tmp_path / "other"),
        )
