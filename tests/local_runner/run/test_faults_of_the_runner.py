"""A killed runner leaves no process and no temporary folder."""

import os
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from kfp import dsl

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

RUNNER = """
import sys
from pathlib import Path
from quantgate.local_runner import read_pipeline, run_pipeline

source, folder = Path(sys.argv[1]), Path(sys.argv[2])
run_pipeline(read_pipeline(source), {"marker": str(folder)}, folder / "root", folder / "logs")
"""


@dsl.component(base_image="image:1", install_kfp_package=False)
def hide(marker: str):
    import os
    import pathlib
    import tempfile
    import time

    tempfile.mkdtemp()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            pathlib.Path(marker, "hidden").write_text(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    time.sleep(600)


@dsl.pipeline(name="hiding")
def hiding(marker: str):
    hide(marker=marker)


class Runners:
    """Starts runners and lists the processes and files that they leave."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder = folder
        self.source = source
        self.mark = f"QUANTGATE_TEST_MARK={uuid.uuid4().hex}"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.script = folder / "runner.py"
        self.script.write_text(RUNNER, "utf-8")

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        folder = self.folder / name
        folder.mkdir()
        return subprocess.Popen(
            [sys.executable, self.script, self.source, folder],
            env={
                **os.environ,
                "TMPDIR": str(self.temporary),
                "QUANTGATE_TEST_MARK": self.mark.partition("=")[2],
            },
            stderr=subprocess.PIPE,
        )

    def left(self) -> list[str]:
        """Return the marked processes that run, and the temporary files."""
        remains = [str(path) for path in self.temporary.iterdir()]
        for environment in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in environment.read_bytes():
                    remains.append(str(environment))
            except OSError:
                continue
        return remains

    def is_clean(self, seconds: float) -> bool:
        limit = time.monotonic() + seconds
        while self.left() and time.monotonic() < limit:
            time.sleep(0.02)
        return not self.left()


@pytest.fixture
def runners(compiled, tmp_path) -> Runners:
    return Runners(tmp_path, compiled(hiding))


def test_no_process_or_folder_is_left_when_the_runner_is_killed(runners):
    hidden = runners.folder / "run" / "hidden"
    process = runners.start("run")
    limit = time.monotonic() + 60
    while not hidden.exists():
        assert process.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.02)
    assert len(runners.left()) >= 5
    process.kill()
    process.communicate()
    assert runners.is_clean(20), runners.left()


def test_no_process_is_left_whenever_the_runner_is_killed(runners):
    moments = random.Random(6)
    for number in range(8):
        process = runners.start(f"run {number}")
        time.sleep(moments.uniform(0.3, 1.6))
        process.kill()
        process.communicate()
    assert runners.is_clean(20), runners.left()
