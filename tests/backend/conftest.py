"""Backends of the versions that QUANTGATE_BACKENDS names, or of all."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from kfp.compiler import Compiler

sys.path.insert(0, str(Path(__file__).resolve().parent))

from differences.local import Here
from harness.build import VERSIONS, build
from harness.cluster import Cluster, cluster

HERE = Path(__file__).resolve().parent
NAMED = os.environ.get("QUANTGATE_BACKENDS", "").split() or VERSIONS


@pytest.fixture(scope="module", params=NAMED)
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A cluster of one version, with `s3://` as its storage."""
    folder = tmp_path_factory.mktemp(f"backend-{request.param}")
    with cluster(build(request.param), folder) as started:
        started.use_s3()
        yield started


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., str]:
    """Compile a pipeline function, and return the text of its IR."""

    def compile_it(pipeline: object) -> str:
        path = tmp_path / "pipeline.yaml"
        Compiler().compile(pipeline, str(path))
        return path.read_text()

    return compile_it


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """This machine without a cluster."""
    return Here(tmp_path)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with two models that take next to no time, and their data."""
    folder = tmp_path_factory.mktemp("small")
    command = [sys.executable, HERE / "small_data.py", folder]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def small_spec(small: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write a spec for the first of them, with the sections that the test gives."""

    def write(name: str, **sections: object) -> Path:
        evaluation = {"source": str(small / "1" / "evaluation.npz"), "label": "label"}
        spec = {
            "version": 1,
            "name": name,
            "model": {"saved_model": str(small / "1" / "saved_model")},
            "data": {"evaluation": evaluation},
            "quantize": {"modes": ["float16"]},
            "measure": {"metrics": ["top1"], "latency": None},
            "gate": {"top1": {"min": 0.9}},
            "choose": [{"minimize": "size_bytes"}],
        }
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(spec | sections))
        return path

    return write
