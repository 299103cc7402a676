"""The command as a user types it, in a process of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

QUANTGATE = Path(sys.executable).parent / "quantgate"
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def quantgate(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """Run `quantgate ARGUMENTS`; folder and time limit as keywords. All share one cache."""
    state = tmp_path_factory.mktemp("state")
    own = {"XDG_STATE_HOME": str(state), "XDG_CACHE_HOME": str(state), "COLUMNS": "120"}

    def run(
        *arguments: object, cwd: Path | None = None, timeout: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [QUANTGATE, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def demo(quantgate: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a demo that has run: saved_model, data, quantgate.yaml, runs."""
    folder = tmp_path_factory.mktemp("demo") / "digits demo"
    done = quantgate("demo", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "demo.out").write_text(done.stdout)
    return folder


@pytest.fixture
def example(demo: Path, tmp_path: Path) -> Path:
    """A copy of the demo's inputs to break, with two quick candidates and no limit on the clock."""
    folder = tmp_path / "example"
    folder.mkdir()
    for name in ("calibration.npz", "evaluation.npz", "quantgate.yaml"):
        shutil.copy(demo / name, folder / name)
    shutil.copytree(demo / "saved_model", folder / "saved_model")
    spec = folder / "quantgate.yaml"
    text = spec.read_text().replace("modes: auto", "modes: [dynamic_range, integer_only_int8]")
    spec.write_text(text.replace("  latency_p50_ms: {max_ratio: 4}\n", ""))
    return folder
