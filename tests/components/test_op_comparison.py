"""`quantgate inspect --against FLOAT --data DATA`."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quantgate.cli import main
from quantgate.components.litert.normalization import normalized
from quantgate.components.quantizer.engine import quantized
from quantgate.components.quantizer.request import request_of
from quantgate.errors import ExitCode
from quantgate.records.calibration import Ranges, TensorRange
from quantgate.records.outcomes import CalibrationStatus

STATIC = {"recipe": "static_wi8_ai8", "input_type": "float32", "output_type": "float32"}
RANGES = Ranges(
    status=CalibrationStatus.CALIBRATED,
    samples=1,
    dataset_sha256="",
    tensors=[TensorRange(name=name, subgraph=0, minimum=-8, maximum=8) for name in ("in", "out")],
)


@pytest.fixture
def pair(scaled_model: Callable, tmp_path: Path) -> tuple[Path, Path]:
    """A float model, and the same in 8 bits."""
    path = Path(scaled_model("float", [2.0, 3.1]))
    model = tmp_path / "int8.tflite"
    model.write_bytes(quantized(normalized(path.read_bytes()), request_of(STATIC), RANGES))
    return path, model


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Samples of the model's only input."""
    path = tmp_path / "samples.npz"
    np.savez(path, x=np.random.default_rng(0).standard_normal((20, 2)).astype(np.float32))
    return path


def test_the_ops_are_ranked_on_the_data(
    pair: tuple[Path, Path], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    float_model, model = pair
    arguments = ["inspect", str(model), "--against", str(float_model), "--data", str(data)]
    assert main([*arguments, "--json"]) == ExitCode.OK
    sensitivity = json.loads(capsys.readouterr().out)["sensitivity"]
    assert (sensitivity["samples"], sensitivity["data"]) == (16, "given")
    assert len(sensitivity["ops"]) == 1
    assert main(arguments) == ExitCode.OK
    assert "the model compared with float32, tensor by tensor" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "{data}"], "--data compares ops with a float model. Give one: --against FLOAT"),
        (["--against", "{float}", "--data", "nothing.npz"], "nothing.npz does not exist"),
        (["--against", "{int8}", "--data", "{data}"], "is quantized"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    pair: tuple[Path, Path],
    data: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    float_model, model = pair
    places = {"data": data, "float": float_model, "int8": model}
    assert main(["inspect", str(model), *(each.format(**places) for each in arguments)]) != 0
    assert message in " ".join(capsys.readouterr().err.split())


def test_data_for_another_model_is_refused(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    float_model, model = pair
    np.savez(tmp_path / "other.npz", image=np.zeros((4, 3), np.float32))
    arguments = ["--against", str(float_model), "--data", str(tmp_path / "other.npz")]
    assert main(["inspect", str(model), *arguments]) == ExitCode.STEP_FAILED
    assert "input `x` is missing" in capsys.readouterr().err
