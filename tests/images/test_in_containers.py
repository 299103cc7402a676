"""The whole pipeline in the real images, without network, as a user that is not root."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quantgate.components.images import CONVERT, RUNTIME
from quantgate.decision import Decision
from quantgate.demo import make_example
from quantgate.engines import DOCKER, LOCAL
from quantgate.errors import ExitCode
from quantgate.plan import make_plan
from quantgate.running import Settings, run_spec
from quantgate.spec import load

# In a process of its own: a client that finds no engine leaves its socket open.
LOOK = """
import sys, docker
client = docker.from_env()
for image in sys.argv[1:]:
    client.images.get(image)
"""


pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]


@pytest.fixture(autouse=True, scope="module")
def _containers() -> None:
    look = [sys.executable, "-c", LOOK, CONVERT, RUNTIME]
    done = subprocess.run(look, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"`make images` and an engine: {done.stderr.strip().splitlines()[-1]}")


def facts_of(decision: Decision) -> dict[str, object]:
    """What a decision says, without what the clock has a say in."""
    return {
        entry.name: (entry.status, entry.model_sha256, entry.measurements["top1"], entry.reasons)
        for entry in (decision.baseline, *decision.candidates)
    }


def rests_on(decision: Decision) -> dict[str, object]:
    """What the figures rest on; the two specs differ in where they publish."""
    return decision.provenance.model_dump(exclude={"spec_sha256"})


def test_containers_reach_the_same_decision(tmp_path: Path) -> None:
    spec = make_example(tmp_path / "demo")
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
    """Files belong to the caller, or to the images' user where the caller is root."""
    found = published.stat()
    assert found.st_uid == (os.getuid() or 65532)
    assert found.st_mode & 0o444 == 0o444
    assert os.access(published, os.R_OK)
