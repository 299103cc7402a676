"""Runs give the same outputs even if the cache is damaged, shared or full."""

# Components are written as users write them.
# ruff: noqa: PTH102, PTH123, SIM115, UP006, UP035

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest
from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.local_runner.records.events import Warned

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)

RUNNER = """
import json
import sys
from pathlib import Path
from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.local_runner.records.events import Warned

source, root, cache = map(Path, sys.argv[1:4])

def say(event):
    if isinstance(event, Warned):
        print(event.sentence, file=sys.stderr, flush=True)

result = run_pipeline(
    read_pipeline(source), {}, root / "artifacts", root / "logs", observer=say, cache=cache
)
cached = sum(task.cached for task in result.tasks)
print(json.dumps([result.outputs, cached, result.succeeded]))
"""


@component
def make(number: int, made: Output[Dataset]) -> int:
    import os
    import time

    os.mkdir(made.path)
    for part in range(20):
        with open(f"{made.path}/part {part}", "w") as stream:
            stream.write(f"{number} {part}\n" * 2000)
    time.sleep(0.05)
    return number * number


@component
def add(numbers: List[int], sets: Input[List[Dataset]]) -> str:
    sizes = [len(open(f"{one.path}/part 19").read()) for one in sets]
    return f"{sum(numbers)} {sizes}"


@dsl.pipeline(name="squares")
def squares() -> str:
    with dsl.ParallelFor([1, 2, 3, 4, 5, 6]) as number:
        made = make(number=number)
    return add(
        numbers=dsl.Collected(made.outputs["Output"]), sets=dsl.Collected(made.outputs["made"])
    ).output


EXPECTED = {"Output": f"91 {[10000] * 6}"}
TASKS = 7


class Runner:
    """Runs the pipeline in separate processes that share a cache."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder = folder
        self.source = source
        self.cache = folder / "my cache"
        self.script = folder / "runner.py"
        self.script.write_text(RUNNER)
        self.count = 0

    def command(self, cache: Path | None = None) -> list[str]:
        self.count += 1
        root = self.folder / f"run {self.count}"
        return list(map(str, [sys.executable, self.script, self.source, root, cache or self.cache]))

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ends(self, process: "subprocess.Popen[str]") -> tuple[int, str]:
        """Check the outputs, and return the number of cached tasks and the warnings."""
        printed, warnings = process.communicate(timeout=120)
        assert process.returncode == 0, warnings
        outputs, cached, succeeded = json.loads(printed)
        assert (outputs, succeeded) == (EXPECTED, True)
        return cached, warnings

    def run(self) -> tuple[int, str]:
        return self.ends(self.start())


@pytest.fixture
def runner(compiled, tmp_path) -> Runner:
    return Runner(tmp_path, compiled(squares))


def entry_of(cache: Path, title: str) -> Path:
    for document in sorted(cache.glob("entries/*/entry.json")):
        if json.loads(document.read_text())["body"]["title"] == title:
            return document.parent
    raise AssertionError(f"there is no entry of {title}")


def truncate(entry: Path) -> None:
    with (entry / "outputs" / "made" / "part 3").open("r+") as stream:
        stream.truncate(5)


def flip_a_byte(entry: Path) -> None:
    path = entry / "outputs" / "made" / "part 3"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def remove_a_file(entry: Path) -> None:
    (entry / "outputs" / "made" / "part 3").unlink()


def cut_the_document(entry: Path) -> None:
    document = entry / "entry.json"
    document.write_text(document.read_text()[:-20])


def change_the_document(entry: Path) -> None:
    document = entry / "entry.json"
    document.write_text(document.read_text().replace('"parameters": {', '"parameters": {"x": 1, '))


def empty(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.mkdir()


def replace_by_another(entry: Path) -> None:
    other = next(path for path in sorted(entry.parent.iterdir()) if path != entry)
    shutil.rmtree(entry)
    shutil.copytree(other, entry)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "outputs/made/part 3 was changed"),
        (flip_a_byte, "outputs/made/part 3 was changed"),
        (remove_a_file, "outputs/made/part 3 cannot be read"),
        (cut_the_document, "entry.json cannot be read"),
        (change_the_document, "entry.json was changed"),
        (empty, "entry.json is missing"),
        (replace_by_another, "entry.json was changed"),
    ],
)
def test_damaged_entry_is_dropped_with_a_warning_and_replaced(compiled, tmp_path, damage, reason):
    warnings = []

    def listen(event):
        if isinstance(event, Warned):
            warnings.append(event.sentence)

    pipeline, cache = read_pipeline(compiled(squares)), tmp_path / "cache"

    def run(name: str) -> int:
        folder = tmp_path / name
        result = run_pipeline(pipeline, {}, folder, folder, observer=listen, cache=cache)
        assert result.outputs == EXPECTED
        return sum(task.cached for task in result.tasks)

    assert run("first") == 0
    damage(entry_of(cache, "make"))
    assert run("second") == TASKS - 1
    assert warnings == [f"make: its entry in the cache is damaged ({reason}). The task runs again"]
    assert run("third") == TASKS
    assert len(warnings) == 1


def test_runs_killed_at_random_moments_leave_a_usable_cache(runner):
    """Each of ten runs is killed at a random moment, and may leave any state behind."""
    moments = random.Random(4)
    for _ in range(10):
        if len(list(runner.cache.glob("entries/*"))) == TASKS:
            shutil.rmtree(runner.cache)
        process = runner.start()
        time.sleep(moments.uniform(0.4, 1.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    kept = len(list(runner.cache.glob("entries/*")))
    assert runner.run() == (kept, "")
    assert runner.run() == (TASKS, "")


def test_finished_tasks_of_a_killed_run_are_reused(runner):
    process = runner.start()
    limit = time.monotonic() + 60
    while len(list(runner.cache.glob("entries/*/entry.json"))) < 2:
        assert time.monotonic() < limit
        time.sleep(0.01)
    process.kill()
    process.communicate()
    cached, warnings = runner.run()
    assert (cached >= 2, warnings) == (True, "")


def test_concurrent_runs_share_the_cache(runner):
    both = [runner.start(), runner.start()]
    assert [warnings for _, warnings in map(runner.ends, both)] == ["", ""]
    assert len(list(runner.cache.glob("entries/*"))) == TASKS
    assert list(runner.cache.glob("partial/*")) == []
    assert runner.run() == (TASKS, "")


def test_unwritable_cache_gives_one_warning(runner):
    runner.cache.write_text("a file stands here")
    assert runner.run() == (
        0,
        f"the cache in {runner.cache} cannot be written (Not a directory). "
        "Later runs may have to run these tasks again\n",
    )
    assert runner.cache.read_text() == "a file stands here"


def test_full_disk_gives_one_warning(runner, small_disk):
    small = runner.folder / "small disk"
    mount = small_disk(small, "600k")
    run = " ".join(f"'{word}'" for word in runner.command(small / "cache"))
    script = f"{mount} && {run} && ls '{small}/cache/partial' | wc -l"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=True
    )
    (outputs, cached, succeeded), left = map(json.loads, done.stdout.splitlines())
    assert (outputs, cached, succeeded, left) == (EXPECTED, 0, True, 0)
    assert done.stderr == (
        f"the cache in {small / 'cache'} cannot be written (No space left on device). "
        "Later runs may have to run these tasks again\n"
    )
