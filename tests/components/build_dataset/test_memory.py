"""Data sets that are larger than memory."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

pytestmark = pytest.mark.slow
GIB = 1 << 30
SIDE = 512
# `ru_maxrss` cannot be used, because a child starts with the peak of its parent.
CHILD = """
import re, sys
from pathlib import Path
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])

before = peak()
source, facts, target, options = sys.argv[1:]
build_dataset(Source(source, options), Requirements("serve", "evaluation", label="y"), Selection(),
              Paths(facts, target, target + "-summary"))
print(peak() - before)
"""


@pytest.fixture
def peak(tmp_path):
    """Build a data set in a child process, and return the growth of its peak memory in bytes."""
    facts = ModelFacts(
        source_sha256="0" * 64,
        baseline_sha256="1" * 64,
        size_bytes=1,
        signatures=[
            Signature(
                key="serve",
                inputs={"image": TensorFacts(shape=[-1, SIDE, SIDE, 3], dtype="float32")},
                outputs={"y": TensorFacts(shape=[-1, 2], dtype="float32")},
            )
        ],
        ops={},
        tensorflow="2.21.0",
    )
    facts.write(tmp_path / "facts.json")

    def run(source, options="{}"):
        target = tmp_path / "dataset"
        command = [sys.executable, "-c", CHILD, source, tmp_path / "facts.json", target, options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        written = sum(path.stat().st_size for path in target.rglob("*.npy"))
        assert written > 3 * GIB
        return int(done.stdout) * 1024

    return run


def test_a_folder_of_images(peak, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, SIDE, SIDE, 3), np.uint8)
    for number in range(16):
        path = tmp_path / "images" / str(number % 2) / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[number]).save(path)
        for copy in range(70):
            os.link(path, path.with_name(f"{number}-{copy}.jpg"))
    assert peak(tmp_path / "images", '{"format": "images"}') < 0.25 * GIB


def test_a_folder_of_arrays(peak, tmp_path):
    folder = tmp_path / "arrays"
    folder.mkdir()
    samples = 1100
    shape = (samples, SIDE, SIDE, 3)
    images = np.lib.format.open_memmap(folder / "image.npy", "w+", np.float32, shape)
    del images
    np.save(folder / "y.npy", np.arange(samples) % 2)
    assert peak(folder) < 0.25 * GIB
