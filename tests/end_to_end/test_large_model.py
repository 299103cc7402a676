"""A run of a float .tflite of 1.2 GB."""

import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tiny_tflite import dense_model

from quantgate.foundation.files import disk_bytes

pytestmark = pytest.mark.slow

#: 18 dense layers of 64 MiB.
WIDTHS = (64, *[4096] * 19, 10)
SPEC = """\
version: 1
name: large
model: {tflite: large.tflite}
data:
  calibration: {source: calibration.npz, samples: 8}
  evaluation: {source: evaluation.npz, label: labels}
quantize: {recipes: [dynamic_wi8_afp32, static_wi8_ai8]}
measure: {metrics: [top1]}
gate: {top1: {max_drop: 0.9}}
choose: [{minimize: size_bytes}]
"""
#: The weights that XNNPACK packs in each process that runs the float model, and half of them.
ALLOWED_BYTES = 1_800_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the model, its data and a spec."""
    draw = np.random.default_rng(6)
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "large.tflite").write_bytes(dense_model(draw, WIDTHS))
    samples = draw.standard_normal((24, WIDTHS[0])).astype(np.float32)
    np.savez(tmp_path / "calibration.npz", x=samples[:8])
    np.savez(tmp_path / "evaluation.npz", x=samples[8:], labels=np.arange(16) % 10)
    return tmp_path


def run(folder: Path, runs: str) -> Path:
    """Run the spec with little memory for each process, and return the folder of the run."""
    command = [sys.executable, "-m", "quantgate", "run", "spec.yaml", "--cache-dir", "cache"]
    limits = (ALLOWED_BYTES, ALLOWED_BYTES)
    done = subprocess.run(
        [*command, "--runs-dir", runs, "--jobs", "1"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_DATA, limits),
    )
    assert done.returncode in (0, 5), done.stdout + done.stderr
    return folder / runs / "large" / "latest"


def test_a_large_model_is_neither_read_nor_copied(folder: Path) -> None:
    source = (folder / "large.tflite").stat().st_size
    assert source > 1_200_000_000
    first = run(folder, "runs")
    baselines = [*folder.rglob("read-tflite/baseline"), *folder.rglob("outputs/baseline")]
    assert len(baselines) == 2
    assert baselines[0].samefile(baselines[1])
    stored = disk_bytes(folder)
    # The user's model, the baseline, and two models of a quarter of its size.
    assert stored < 2.6 * source
    assert (first / "decision.json").is_file()
    run(folder, "other_runs")
    assert disk_bytes(folder) - stored < 0.01 * source
