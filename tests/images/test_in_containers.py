"""The whole pipeline in the real images, without a network, as an unprivileged user."""

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from quantgate.components.images import RUNTIME
from quantgate.errors import ExitCode
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.planning.planner import make_plan
from quantgate.records.decision import Decision
from quantgate.runs.run import Settings, run_spec
from quantgate.runs.runners import DOCKER, LOCAL
from quantgate.spec import load

pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]

ROOT = Path(__file__).resolve().parents[2]
OWN_IMAGE = "localhost/quantgate-tests/own:1"


def facts_of(decision: Decision) -> dict[str, object]:
    """Return the parts of a decision that do not depend on measured time."""
    return {
        entry.name: (entry.status, entry.model_sha256, entry.measurements["top1"], entry.reasons)
        for entry in decision.entries
    }


def rests_on(decision: Decision) -> dict[str, object]:
    """Return the provenance of the metrics. Publication targets and Python's paths differ."""
    return decision.provenance.model_dump(exclude={"spec_sha256", "python", "platform"})


def test_containers_reach_the_same_decision(digits: Path, tmp_path: Path) -> None:
    spec = shutil.copytree(digits.parent, tmp_path / "demo") / digits.name
    decisions = {}
    for runner in (LOCAL, DOCKER):
        wish = [f"promote.to=published-{runner}", "gate.latency_p50_ms.max_ratio=1000"]
        loaded = load(spec, wish)
        settings = Settings(tmp_path / f"runs {runner}", runner=runner)
        done = run_spec(loaded, make_plan(loaded.spec), settings)
        assert done.exit_code == ExitCode.OK, done.failures
        decisions[runner] = done.decision
    ours, theirs = decisions[LOCAL], decisions[DOCKER]
    assert (theirs.outcome, theirs.winner) == (ours.outcome, ours.winner)
    assert facts_of(theirs) == facts_of(ours)
    assert rests_on(theirs) == rests_on(ours)
    _check_owner(tmp_path / "demo" / f"published-{DOCKER}" / "latest")


def _check_owner(published: Path) -> None:
    """Check that files belong to the caller, or to the images' user if the caller is root."""
    status = published.stat()
    assert status.st_uid == (os.getuid() or 65532)
    assert status.st_mode & 0o444 == 0o444
    assert os.access(published, os.R_OK)


QUICK = ("quantize.modes=[float16, dynamic_range]", "gate.latency_p50_ms.max_ratio=1000")
CODE = """\
import pathlib
import numpy as np


def worst_digit(outputs, labels):
    try:
        pathlib.Path("/opt/mark").write_text("")
    except OSError as error:
        assert error.errno == 30, error  # EROFS
    else:
        raise AssertionError("the root file system can be written")
    right = outputs.argmax(axis=1) == labels
    return min(float(right[labels == digit].mean()) for digit in np.unique(labels))
"""
METRIC = "measure.metrics=[top1, {metric: 'own_code:worst_digit', better: higher}]"


def run_in_containers(spec: Path, folder: Path, *wishes: str) -> Decision:
    loaded = load(spec, [f"promote.to={folder / 'published'}", *QUICK, *wishes])
    done = run_spec(loaded, make_plan(loaded.spec), Settings(folder / "runs", runner=DOCKER))
    assert done.exit_code == ExitCode.OK, done.failures
    assert done.decision is not None
    return done.decision


def test_user_code_runs_in_read_only_containers(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "own_code.py").write_text(CODE)
    wish = f"code={tmp_path / 'own_code.py'}"
    decision = run_in_containers(digits, tmp_path, METRIC, wish)
    assert decision.baseline.measurements["worst_digit"] > 0.9
    assert decision.provenance.code_sha256 == sha256_of_bytes(CODE.encode())


@pytest.fixture
def own_image(engine: Any) -> Any:
    """An image based on quantgate's, as in the docs on specs."""
    page = (ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
    assert f"FROM {RUNTIME}" in page
    files = {
        "Dockerfile": f"FROM {RUNTIME}\nCOPY own_code.py /opt/own/\nENV PYTHONPATH=/opt/own\n",
        "own_code.py": CODE,
    }
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    context.seek(0)
    engine.images.build(fileobj=context, custom_context=True, tag=OWN_IMAGE, rm=True)
    yield OWN_IMAGE
    engine.images.remove(OWN_IMAGE, force=True)


def test_an_image_based_on_ours_may_have_user_code(
    own_image: str, digits: Path, tmp_path: Path
) -> None:
    images = f"cluster.images.runtime={own_image}"
    decision = run_in_containers(digits, tmp_path, METRIC, images)
    assert decision.baseline.measurements["worst_digit"] > 0.9
    assert decision.provenance.code_sha256 is None


@pytest.mark.parametrize("after_s", [0.0, 0.15, 0.3, 0.6])
def test_a_runner_that_is_killed_leaves_no_container(
    engine: Any, digits: Path, tmp_path: Path, after_s: float
) -> None:
    """It is killed some time after its first container started, at any moment of Docker's work."""
    command = [sys.executable, "-m", "quantgate", "run", str(digits), "--runner", DOCKER]
    wish = ["--set", f"promote.to={tmp_path / 'published'}", "--runs-dir", str(tmp_path / "runs")]
    with subprocess.Popen(
        [*command, *wish], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as runner:
        assert _within(60, lambda: _ours(engine))
        time.sleep(after_s)
        runner.send_signal(signal.SIGKILL)
    assert _within(10, lambda: not _ours(engine))
    time.sleep(3)
    assert _ours(engine) == []


def _ours(engine: Any) -> list[str]:
    containers = engine.api.containers(all=True, filters={"label": "quantgate.run"})
    return [container["Id"] for container in containers]


def _within(seconds: float, is_so: Any) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.02)
    return False
