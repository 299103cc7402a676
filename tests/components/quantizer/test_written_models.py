"""The file that a quantization writes from its child process."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.quantize_recipe.work import RecipeInputs, quantize_recipe
from quantgate.records.attestation import Attestation
from quantgate.records.outcomes import AttestationStatus

CANDIDATE = {
    "candidate": "one",
    "recipe": "dynamic_wi8_afp32",
    "input_type": "float32",
    "output_type": "float32",
}


@pytest.fixture
def quantize(dense: Callable[..., Any], tmp_path: Path) -> Callable[..., Path]:
    def write(target: Path, **options: Any) -> Path:
        model, attestation = dense(40, 64, 10), tmp_path / "attestation.json"
        quantize_recipe(
            RecipeInputs(str(model.path), model.facts),
            {**CANDIDATE, **options},
            ResourceLimits(timeout_s=60),
            quantized_path=str(target),
            attestation_path=str(attestation),
        )
        return attestation

    return write


def test_a_full_disk_is_an_error_and_no_failed_candidate(quantize: Callable[..., Path]) -> None:
    with pytest.raises(OSError, match="No space left on device: '/dev/full'") as refusal:
        quantize(Path("/dev/full"))
    assert refusal.value.errno == errno.ENOSPC


def test_a_failed_quantization_leaves_an_empty_file(
    quantize: Callable[..., Path], tmp_path: Path
) -> None:
    target = tmp_path / "quantized.tflite"
    target.write_bytes(b"of an earlier attempt")
    attestation = Attestation.read(quantize(target, recipe="dynamic_wi4b32_afp32"))
    assert attestation.status == AttestationStatus.FAILED
    assert target.read_bytes() == b""
