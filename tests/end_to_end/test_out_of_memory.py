"""The kernel kills processes that take too much memory, in a small control group."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kfp import compiler, dsl

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]
ROOT = Path("/sys/fs/cgroup")
ROOM_BYTES = 500_000_000
INSIDE = """
import json
import sys
from pathlib import Path

Path(sys.argv[1]).write_text("0")  # itself, and all that it starts
"""
PIPELINE = """
from quantgate.local_runner import read_pipeline, run_pipeline

source, folder = map(Path, sys.argv[2:])
result = run_pipeline(read_pipeline(source), {}, folder / "artifacts", folder / "logs")
print(json.dumps({task.name: task.error for task in result.tasks}))
"""
ISOLATED = """
from quantgate.components.processes.isolation import ResourceLimits, attempt_side_by_side

def take(pieces):
    kept = [b"x" * 10_000_000 for _ in range(pieces)]
    return len(kept)

greedy, modest = attempt_side_by_side(take, [(400,), (1,)], limits=ResourceLimits(60))
print(json.dumps([type(greedy).__name__, str(greedy), greedy.passing, modest]))
"""
component = dsl.component(base_image="image:1", install_kfp_package=False)


@dataclass(frozen=True)
class Group:
    """A control group of either version: its folder, and the file that counts killed processes."""

    folder: Path
    events: str

    def run(self, script: str, *arguments: Path) -> object:
        """Run a script and its children in the group, and return the JSON that it prints."""
        members = self.folder / "cgroup.procs"
        command = [sys.executable, "-c", INSIDE + script, members, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return json.loads(done.stdout)

    @property
    def killed(self) -> int:
        """The number of processes in it that the kernel has killed."""
        lines = (self.folder / self.events).read_text().splitlines()
        return int(next(line for line in lines if line.startswith("oom_kill ")).split()[1])


@pytest.fixture
def group() -> Iterator[Group]:
    """A group with little memory. The test is skipped if the system allows none."""
    try:
        made = _made(f"quantgate-{os.getpid()}")
    except OSError as error:
        pytest.skip(f"no control group with a memory limit can be made here: {error}")
    yield made
    _remove(made.folder)


def _made(name: str) -> Group:
    if (ROOT / "memory").is_dir():
        return _limited(ROOT / "memory" / name, "memory.limit_in_bytes", "memory.oom_control")
    (ROOT / "cgroup.subtree_control").write_text("+memory")
    return _limited(ROOT / name, "memory.max", "memory.events")


def _limited(folder: Path, limit: str, events: str) -> Group:
    folder.mkdir()
    try:
        (folder / limit).write_text(str(ROOM_BYTES))
    except OSError:
        folder.rmdir()
        raise
    return Group(folder, events)


def _remove(folder: Path) -> None:
    """Remove a group once the kernel has cleared away its last process."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            folder.rmdir()
        except OSError:
            time.sleep(0.05)
        else:
            return


@component
def take() -> int:
    kept = [b"x" * 10_000_000 for _ in range(400)]
    return len(kept)


@component
def stay() -> int:
    import time

    time.sleep(2)
    return 1


@dsl.pipeline(name="greed")
def greed() -> None:
    take()
    stay()


def test_a_task_that_the_kernel_kills_fails_alone(group: Group, tmp_path: Path) -> None:
    source = tmp_path / "pipeline.yaml"
    compiler.Compiler().compile(greed, str(source))
    said = group.run(PIPELINE, source, tmp_path)
    assert said == {"take": "crashed with SIGKILL, perhaps out of memory", "stay": None}
    assert group.killed == 1


def test_a_conversion_that_the_kernel_kills_does_not_end_its_task(group: Group) -> None:
    said = group.run(ISOLATED)
    sentence = "crashed with SIGKILL, perhaps out of memory"
    assert said == ["Killed", sentence, True, 1]
    assert group.killed == 1
