"""Local runs of a pipeline with sources in a bucket."""

# Components are written as users write them.
# ruff: noqa: PTH123, SIM115

import signal
import subprocess
import sys
import threading
import time

import pytest
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Output

from quantgate.local_runner import dry_run, read_pipeline, run_pipeline
from quantgate.local_runner.cache.prune import kept, prune

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@dsl.component(base_image="image:1", install_kfp_package=False)
def join(one: Input[Dataset], two: Input[Dataset], out: Output[Dataset]) -> str:
    import os

    contents = open(os.path.join(one.path, "a")).read() + open(two.path).read()  # noqa: PTH118
    open(out.path, "w").write(contents)
    return contents


@dsl.pipeline(name="joined")
def pipeline(folder: str, file: str) -> str:
    one = dsl.importer(artifact_uri=folder, artifact_class=Dataset)
    two = dsl.importer(artifact_uri=file, artifact_class=Dataset).after(one)
    return join(one=one.output, two=two.output).outputs["Output"]


SOURCES = {"folder": "gs://bucket/data", "file": "gs://bucket/data/a"}


@pytest.fixture
def compiled(tmp_path):
    compiler.Compiler().compile(pipeline, str(tmp_path / "pipeline.yaml"))
    return tmp_path / "pipeline.yaml"


@pytest.fixture
def run(compiled, tmp_path):
    def run_it(cache=True):
        return run_pipeline(
            read_pipeline(compiled),
            SOURCES,
            tmp_path / "out",
            tmp_path / "logs",
            cache=tmp_path / "cache" if cache else None,
        )

    return run_it


def cached(result):
    return {task.name: task.cached for task in result.tasks}


def test_cache_key_depends_on_content_and_not_on_uri_or_time(bucket, run):
    bucket.put("data/a", b"first")
    assert run().outputs["Output"] == "firstfirst"
    bucket.put("data/a", b"first")
    again = run()
    assert cached(again)["join"]
    assert again.outputs["Output"] == "firstfirst"
    bucket.put("data/a", b"other")
    changed = run()
    assert not cached(changed)["join"]
    assert changed.outputs["Output"] == "otherother"


def test_run_without_a_cache_keeps_its_downloads(bucket, run, tmp_path):
    bucket.put("data/a", b"first")
    assert run(cache=False).outputs["Output"] == "firstfirst"
    assert not (tmp_path / "cache").exists()


def test_source_stays_the_same_during_a_run(bucket, compiled, tmp_path):
    bucket.put("data/a", b"first")
    twice = {"folder": "gs://bucket/data", "file": "gs://bucket/data"}

    @dsl.component(base_image="image:1", install_kfp_package=False)
    def both(one: Input[Dataset], two: Input[Dataset]) -> str:
        return open(f"{one.path}/a").read() + open(f"{two.path}/a").read()

    @dsl.pipeline(name="twice")
    def same(folder: str, file: str) -> str:
        one = dsl.importer(artifact_uri=folder, artifact_class=Dataset)
        two = dsl.importer(artifact_uri=file, artifact_class=Dataset).after(one)
        return both(one=one.output, two=two.output).output

    compiler.Compiler().compile(same, str(compiled))

    def change(event):
        if type(event).__name__ == "TaskEnded" and event.task.name == "importer":
            bucket.put("data/a", b"other")

    result = run_pipeline(
        read_pipeline(compiled), twice, tmp_path / "out", tmp_path / "logs", observer=change
    )
    assert result.outputs["Output"] == "firstfirst"


def test_dry_run_shows_the_files_to_fetch(bucket, compiled, run, tmp_path):
    bucket.put("data/a", b"first")
    planned = dry_run(read_pipeline(compiled), SOURCES, tmp_path / "cache")
    assert [task.to_run for task in planned][:1] == [
        "gs://bucket/data would be fetched: 1 file, 5 bytes"
    ]
    assert not (tmp_path / "cache").exists()
    run()
    planned = dry_run(read_pipeline(compiled), SOURCES, tmp_path / "cache")
    assert [task.to_run for task in planned] == [None, None, None]


def test_downloads_are_listed_and_pruned(bucket, run, tmp_path):
    bucket.put("data/a", b"first")
    run()
    titles = {entry.title for entry in kept(tmp_path / "cache")}
    assert titles == {"fetched gs://bucket/data", "fetched gs://bucket/data/a", "join"}
    assert len(prune(tmp_path / "cache", max_bytes=0)) == 3
    assert kept(tmp_path / "cache") == []
    assert run().outputs["Output"] == "firstfirst"


def test_downloads_in_use_are_not_pruned(bucket, compiled, tmp_path):
    bucket.put("data/a", b"first")
    pruned = []

    def disturb(event):
        if type(event).__name__ == "TaskStarted" and event.task.name == "join":
            pruned.extend(prune(tmp_path / "cache", max_bytes=0))

    result = run_pipeline(
        read_pipeline(compiled),
        SOURCES,
        tmp_path / "out",
        tmp_path / "logs",
        observer=disturb,
        cache=tmp_path / "cache",
    )
    assert result.outputs["Output"] == "firstfirst"
    assert pruned == []


def test_missing_source_fails_its_import(bucket, run):
    errors = {task.name: task.error for task in run().tasks}
    assert errors["importer"] == (
        "cannot fetch gs://bucket/data: there is nothing there. Check its name"
    )


RUNNER = """
import sys
from pathlib import Path
from quantgate.local_runner import read_pipeline, run_pipeline
source, out = map(Path, sys.argv[1:3])
arguments = {"folder": "gs://bucket/data", "file": "gs://bucket/data/a"}
run_pipeline(read_pipeline(source), arguments, out / "out", out / "logs", cache=out / "cache")
"""


@pytest.mark.timing
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_run_leaves_no_download_process(bucket, compiled, tmp_path, number):
    bucket.put("data/a", b"first" * 100_000)
    asked, released = threading.Event(), threading.Event()

    def stall(_):
        asked.set()
        released.wait(120)

    bucket.fail(stall, media=True)
    command = [sys.executable, "-c", RUNNER, str(compiled), str(tmp_path)]
    runner = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    assert asked.wait(60)
    began = time.monotonic()
    runner.send_signal(number)
    runner.wait(60)
    while fetching(tmp_path) and time.monotonic() - began < 60:
        time.sleep(0.05)
    assert fetching(tmp_path) == "", "it waited for the answer of storage"
    released.set()


def fetching(folder):
    listed = subprocess.run(
        ["pgrep", "-f", f"fetch_child .* {folder}"], capture_output=True, text=True
    )
    return listed.stdout
