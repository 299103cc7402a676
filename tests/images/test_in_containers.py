"""The whole pipeline in the real images, without network, as a user that is not root."""

import os
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


def _missing() -> str:
    """Say why there can be no containers; "" where there can."""
    docker = pytest.importorskip("docker")
    # With a version it asks nothing before there is something to close.
    client = docker.from_env(version=docker.constants.DEFAULT_DOCKER_API_VERSION)
    try:
        absent = [image for image in (CONVERT, RUNTIME) if not client.images.list(name=image)]
    except (docker.errors.DockerException, OSError) as error:
        return f"no container engine answers: {error}"
    finally:
        client.close()
    return f"`make images` builds {', '.join(absent)}" if absent else ""


pytestmark = [pytest.mark.slow, pytest.mark.tensorflow]


@pytest.fixture(autouse=True, scope="module")
def _containers() -> None:
    if why := _missing():
        pytest.skip(why)


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
