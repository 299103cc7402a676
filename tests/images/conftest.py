"""Fixtures for tests of the images: an engine that has them."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quantgate.commands.demo_digits import make_example
from quantgate.components.images import CONVERT, RUNTIME

# Runs in another process, because a client that finds no engine leaves its socket open.
LOOK = """
import sys, docker
client = docker.from_env()
for image in sys.argv[1:]:
    client.images.get(image)
"""


@pytest.fixture(autouse=True, scope="session")
def _containers() -> None:
    look = [sys.executable, "-c", LOOK, CONVERT, RUNTIME]
    done = subprocess.run(look, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"`make images` and an engine: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture
def engine() -> Iterator[Any]:
    """A client of the container engine."""
    import docker

    client = docker.from_env()
    yield client
    client.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del client


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec of a demo: a trained model and data."""
    return make_example(tmp_path_factory.mktemp("digits") / "demo")
