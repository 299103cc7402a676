"""Models of the direct converter have the same bytes as the public converter's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantgate.components.conversion.converter import Recipe, convert
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.domain.modes import MODES
from quantgate.records.tasks import ModelFacts

pytestmark = pytest.mark.tensorflow
UNCALIBRATED = [mode.name for mode in MODES.values() if not mode.calibrated]
SIGNATURE = "serving_default"


def _public(saved_model: str, mode: str) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=[SIGNATURE])
    if mode != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def _both(saved_model: Path, mode: str) -> tuple[bytes, bytes]:
    model = SavedModelGraph(str(saved_model), [SIGNATURE])
    ours = run_isolated(convert, model, Recipe(MODES[mode]), limits=ResourceLimits(60))
    return ours, run_isolated(_public, str(saved_model), mode, limits=ResourceLimits(60))


@pytest.mark.parametrize("mode", UNCALIBRATED)
@pytest.mark.parametrize("model", ["convolutional", "two_inputs", "embedding", "running_sum"])
def test_the_same_bytes(prepare: Callable[[str], Any], model: str, mode: str):
    ours, public = _both(prepare(model).saved_model, mode)
    assert ours == public


@pytest.mark.parametrize("model", ["fashion_mnist", "keyword_spotting", "adult_two_inputs"])
def test_the_same_bytes_of_real_models(shared_models: Path, model: str):
    ours, public = _both(shared_models / model / "saved_model", "dynamic_range")
    assert ours == public


def test_an_optimizer_in_the_saved_model_does_not_matter(shared_models: Path, tmp_path: Path):
    from quantgate.components.convert_baseline.work import convert_baseline

    folder = shared_models / "keyword_spotting"
    for name in ("saved_model", "saved_model_with_optimizer"):
        convert_baseline(
            SavedModelGraph(str(folder / name), [SIGNATURE]),
            calibrated=False,
            baseline_path=str(tmp_path / name),
            prepared_path=str(tmp_path / "prepared.tflite"),
            facts_path=str(tmp_path / f"{name}.json"),
        )
    hashes = {ModelFacts.read(path).baseline_sha256 for path in tmp_path.glob("*.json")}
    assert len(hashes) == 1
