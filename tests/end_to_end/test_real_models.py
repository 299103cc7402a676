"""The real trained models, in every mode, compared with published measurements."""

import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry

pytestmark = pytest.mark.tensorflow


@dataclass(frozen=True)
class RealModel:
    """`accuracy` and `size_bytes` in the order of `COLUMNS`."""

    folder: str
    samples: int
    accuracy: tuple[float, ...]
    size_bytes: tuple[int, ...]


COLUMNS = (
    "float32",
    "dynamic_range",
    "full_integer",
    "integer_only_int8",
    "integer_only_uint8",
    "float16",
    "int16x8",
    "int16x8_float_fallback",
)
# Measured with TensorFlow 2.21, LiteRT 2.3 and the guide's recipes. See the models' README.
MODELS = (
    RealModel(
        "keyword_spotting",
        900,
        (0.9100, 0.9111, 0.9056, 0.9056, 0.9056, 0.9100, 0.9144, 0.9144),
        (104088, 51240, 53512, 53168, 53536, 66416, 61048, 61048),
    ),
    RealModel(
        "fashion_mnist",
        10000,
        (0.8892, 0.8891, 0.8908, 0.8908, 0.8908, 0.8896, 0.8890, 0.8890),
        (50044, 30560, 30864, 30496, 30880, 34772, 35728, 35728),
    ),
    RealModel(
        "cifar10_resnet8",
        2000,
        (0.7640, 0.7610, 0.7610, 0.7610, 0.7610, 0.7625, 0.7655, 0.7655),
        (321192, 97496, 98816, 98464, 98832, 170308, 103568, 103568),
    ),
)

SPEC = """\
version: 1
name: {name}
model: {{saved_model: "{folder}/saved_model"}}
data:
  calibration: {{source: "{folder}/calibration.npz", samples: 200, select: first}}
  evaluation: {{source: "{folder}/evaluation.npz", label: labels}}
measure: {{metrics: [top1], latency: {{warmup: 5, runs: 50}}}}
gate:
  top1: {{max_drop: 0.01}}
  size_bytes: {{max_ratio: 0.75}}
choose: [{{minimize: size_bytes, within: 5%}}, {{maximize: top1}}]
promote: {{to: promoted}}
"""


@pytest.mark.parametrize(
    "model",
    [MODELS[0], *(pytest.param(model, marks=pytest.mark.slow) for model in MODELS[1:])],
    ids=lambda model: model.folder,
)
def test_every_mode_agrees_with_the_published_measurements(
    model: RealModel, shared_models: Path, quantgate, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    name = model.folder.replace("_", "-")
    spec.write_text(SPEC.format(name=name, folder=shared_models / model.folder))

    done = quantgate("run", spec, "--runs-dir", tmp_path / "runs", timeout=900)

    assert done.returncode == 0, done.stdout + done.stderr
    run = tmp_path / "runs" / name / "latest"
    decision = Decision.read(run / "decision.json")
    assert decision.winner is not None
    assert (run / "winner" / "model.tflite").stat().st_size > 0
    assert [entry.name for entry in decision.candidates][: len(QUANTIZED_MODES)] == list(
        QUANTIZED_MODES
    )
    for name, accuracy, size in zip(COLUMNS, model.accuracy, model.size_bytes, strict=True):
        _agrees(decision.entry(name), accuracy, size, model.samples)
    _is_timed(decision)


def _agrees(entry: Entry, accuracy: float, size: int, samples: int) -> None:
    assert entry.status == "measured", entry
    sampling_error = math.sqrt(accuracy * (1 - accuracy) / samples)
    assert entry.measurements["top1"] == pytest.approx(accuracy, abs=sampling_error), entry.name
    assert entry.measurements["size_bytes"] == pytest.approx(size, rel=0.02), entry.name


def _is_timed(decision: Decision) -> None:
    baseline = decision.baseline.measurements
    assert 0 < baseline["load_ms"] < 1000
    assert baseline["size_bytes"] <= baseline["memory_peak_bytes"] < 64 * baseline["size_bytes"]
    assert baseline["memory_allocated_bytes"] < baseline["memory_peak_bytes"]
    for entry in decision.candidates:
        interval = entry.ratios["latency_p50_ms"]
        assert 0 < interval.low <= interval.high
    # 16x8 runs on reference kernels, many times slower than float on any processor.
    slow = decision.candidates[-1]
    assert slow.ratios["latency_p50_ms"].low > 2
    assert any(
        warning.startswith("slower than float32 on this processor") and slow.name in warning
        for warning in decision.warnings
    )
    assert decision.timing is not None
    assert decision.timing.itself is not None
    assert decision.timing.conditions is not None
