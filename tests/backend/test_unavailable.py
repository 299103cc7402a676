"""Missing requirements are named in a message that says how to get them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.backend
HERE = Path(__file__).resolve().parent


def build(cache: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Build the newest programs into an empty cache."""
    command = [sys.executable, HERE / "build_backends.py", "2.17"]
    own = {**os.environ, "QUANTGATE_BACKEND_CACHE": str(cache), **environment}
    return subprocess.run(command, env=own, capture_output=True, text=True)


def test_a_missing_go_is_named(tmp_path) -> None:
    done = build(tmp_path / "cache", PATH="/usr/bin-of-another-machine")
    assert done.returncode == 1
    assert "go is not installed" in done.stderr
    assert "https://go.dev/doc/install" in done.stderr


def test_a_module_that_cannot_be_downloaded_is_named(tmp_path) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    done = build(tmp_path / "cache", GOPROXY="off", GOMODCACHE=str(tmp_path / "modules"))
    assert done.returncode == 1
    assert "the programs of KFP 2.17 cannot be built" in done.stderr
    assert "module lookup disabled by GOPROXY=off" in done.stderr


def test_missing_namespaces_are_named(tmp_path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "unshare").write_text("#!/bin/sh\necho 'Operation not permitted' >&2\nexit 1\n")
    (tools / "unshare").chmod(0o755)
    (tmp_path / "pipeline.yaml").write_text("{}")
    command = [sys.executable, HERE / "run_pipeline.py", tmp_path / "pipeline.yaml"]
    done = subprocess.run(
        command,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "pods need mount namespaces" in done.stdout
    assert "Operation not permitted" in done.stdout
