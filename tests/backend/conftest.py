"""Backends of the versions that QUANTGATE_BACKENDS names, or of all."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kfp.compiler import Compiler

sys.path.insert(0, str(Path(__file__).resolve().parent))

from differences.local import Here
from harness.build import VERSIONS, build
from harness.cluster import Cluster, cluster

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
    """Compile a pipeline function; returns its text."""

    def compile_it(pipeline: object) -> str:
        path = tmp_path / "pipeline.yaml"
        Compiler().compile(pipeline, str(path))
        return path.read_text()

    return compile_it


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """This machine without a cluster."""
    return Here(tmp_path)
