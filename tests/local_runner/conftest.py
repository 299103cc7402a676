"""Fixtures that compile small pipelines with kfp, run them, and look at processes and disks."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., Path]:
    """Compile a pipeline function into a file with a space and an umlaut in its path."""
    from kfp import compiler

    def compile_pipeline(function: Any) -> Path:
        folder = tmp_path / "comp iléd"
        folder.mkdir(exist_ok=True)
        path = folder / "pipeline.yaml"
        compiler.Compiler().compile(function, str(path))
        return path

    return compile_pipeline


@pytest.fixture
def run(tmp_path: Path, compiled: Callable[..., Path]) -> Callable[..., Any]:
    """Compile a pipeline function and run it with the given arguments."""
    from quantgate.local_runner import read_pipeline, run_pipeline

    def run_function(function: Any, **settings: Any) -> Any:
        options = {key: settings.pop(key) for key in ("jobs", "observer") if key in settings}
        pipeline = read_pipeline(compiled(function))
        return run_pipeline(
            pipeline, settings, tmp_path / "out püt", tmp_path / "my logs", **options
        )

    return run_function


@pytest.fixture
def states() -> Callable[..., dict[Any, str]]:
    """Return how the tasks of a run ended, by name, or by name and iteration inside a loop."""

    def by_name(result: Any) -> dict[Any, str]:
        return {
            task.name if task.iteration is None else (task.name, task.iteration): task.state.value
            for task in result.tasks
        }

    return by_name


@pytest.fixture
def is_running() -> Callable[[int], bool]:
    """Return whether a process runs. A zombie does not."""

    def look(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    return look


@pytest.fixture
def small_disk() -> Callable[..., str]:
    """Return the shell command that mounts a small disk, visible only to its caller."""

    def mount(folder: Path, size: str) -> str:
        folder.mkdir()
        command = f"mount -t tmpfs -o size={size} none '{folder}'"
        if os.system(f'unshare -rm sh -c "{command}" 2>/dev/null') != 0:
            pytest.skip("this machine lets nobody mount a small disk of their own")
        return command

    return mount
