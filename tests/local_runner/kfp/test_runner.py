"""Pipelines under KFP's local runner: outcomes, failures, interruptions, refusals."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from quantgate.errors import PipelineError, StepFailed
from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.local_runner.kfp.runner import run_with_kfp
from quantgate.local_runner.records import events


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def write(text: str, out: Output[Artifact]) -> str:
    from pathlib import Path

    Path(out.path).write_text(text)
    out.metadata["length"] = float(len(text))
    return text.upper()


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def double(item: dict, source: Input[Artifact], out: Output[Artifact]) -> int:
    from pathlib import Path

    Path(out.path).write_text(Path(source.path).read_text() * int(item["times"]))
    return int(item["times"])  # kfp.local turns whole numbers into floats


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def fail(out: Output[Artifact]):
    raise ValueError("no good")


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def refuse():
    from quantgate.errors import InputError

    raise InputError("the model is not one: give another")


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def wait(pid: str, out: Output[Artifact]):
    import os
    import time
    from pathlib import Path

    Path(pid).write_text(str(os.getpid()))
    time.sleep(600)


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def listed() -> list:
    return [1]


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def label(subject: str, shard: int, out: Output[Artifact]):
    from pathlib import Path

    Path(out.path).write_text(f"{subject}{int(shard)} ")


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def join(parts: Input[list[Artifact]], out: Output[Artifact]):
    from pathlib import Path

    Path(out.path).write_text("".join(Path(part.path).read_text() for part in parts))


@dsl.container_component
def shell():
    return dsl.ContainerSpec(image="busybox", command=["true"])


@pytest.fixture
def run_kfp(compiled: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Compile a pipeline function and run it under kfp.local."""

    def run(function: Any, observer: Any = events.say_nothing, **arguments: Any) -> Any:
        path = compiled(function)
        return run_with_kfp(path, arguments, tmp_path / "kfp röot", tmp_path / "logs", observer)

    return run


def test_kfps_runner_gives_the_same_outputs_as_ours(
    compiled, run_kfp, tmp_path: Path, states
) -> None:
    @dsl.pipeline(name="both")
    def both(text: str) -> Artifact:
        source = write(text=text)
        with dsl.ParallelFor([{"times": 2}, {"times": 3}]) as item:
            double(item=item, source=source.outputs["out"])
        return source.outputs["out"]

    told: list[Any] = []
    theirs = run_kfp(both, told.append, text="aß")
    pipeline = read_pipeline(compiled(both))
    ours = run_pipeline(pipeline, {"text": "aß"}, tmp_path / "ours", tmp_path / "logs")
    assert states(theirs) == states(ours)
    one, other = theirs.outputs["Output"], ours.outputs["Output"]
    assert one.path.read_text() == other.path.read_text() == "aß"
    assert (one.name, one.type, one.metadata) == (other.name, other.type, other.metadata)
    folder = tmp_path / "kfp röot"
    written = sorted(path.read_text() for path in folder.glob("*/*/double/out"))
    assert written == ["aßaß", "aßaßaß"]
    assert isinstance(told[0], events.RunStarted) and isinstance(told[-1], events.RunEnded)
    ended = {event.task.path for event in told if isinstance(event, events.TaskEnded)}
    assert ended == {task.path for task in told[0].tasks} and len(ended) == 3


def test_a_loop_inside_a_loop_is_merged_in_the_order_of_its_items(
    compiled, run_kfp, tmp_path: Path, states
) -> None:
    @dsl.pipeline(name="sharded")
    def sharded() -> None:
        with dsl.ParallelFor(["x", "y", "z"]) as subject:
            with dsl.ParallelFor([1, 2, 3]) as shard:
                part = label(subject=subject, shard=shard)
            join(parts=dsl.Collected(part.outputs["out"]))

    theirs = run_kfp(sharded)
    ours = run_pipeline(read_pipeline(compiled(sharded)), {}, tmp_path / "ours", tmp_path / "logs")
    assert states(theirs) == states(ours)
    folder = tmp_path / "kfp röot"
    merged = sorted(path.read_text() for path in folder.glob("*/*/join/out"))
    assert merged == ["x1 x2 x3 ", "y1 y2 y3 ", "z1 z2 z3 "]


def test_a_task_that_fails_says_why(run_kfp, tmp_path: Path) -> None:
    @dsl.pipeline(name="failing")
    def failing() -> None:
        first = fail()
        double(item={"times": 2}, source=first.outputs["out"])

    result = run_kfp(failing)
    assert not result.succeeded
    ended = {task.name: (task.state.value, task.error) for task in result.tasks}
    assert ended == {
        "fail": ("FAILED", "ValueError: no good"),
        "double": ("SKIPPED", "skipped, because `fail` failed"),
    }
    assert {task.log for task in result.tasks} == {tmp_path / "logs" / "kfp-local.log"}


def test_an_error_of_quantgate_is_reported_as_a_sentence(run_kfp) -> None:
    @dsl.pipeline(name="refusing")
    def refusing() -> None:
        refuse()

    result = run_kfp(refusing)
    assert [task.error for task in result.tasks] == ["the model is not one: give another"]


def test_an_interruption_leaves_no_process(run_kfp, tmp_path: Path) -> None:
    @dsl.pipeline(name="waiting")
    def waiting(pid: str) -> None:
        wait(pid=pid)

    def interrupt(event: events.Event) -> None:
        if isinstance(event, events.TaskStarted):
            while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
                time.sleep(0.05)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_kfp(waiting, interrupt, pid=str(tmp_path / "pid"))
    assert not _is_alive(int((tmp_path / "pid").read_text()))


def _is_alive(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


def test_an_error_of_kfp_names_the_log(
    run_kfp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken" / "kfp").mkdir(parents=True)
    (tmp_path / "broken" / "kfp" / "__init__.py").write_text("raise ImportError('broken')")

    @dsl.pipeline(name="unstarted")
    def unstarted() -> None:
        write(text="a")

    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    with pytest.raises(StepFailed) as raised:
        run_kfp(unstarted)
    log = tmp_path / "logs" / "kfp-local.log"
    assert str(raised.value) == (
        f"kfp.local ended with an error that is not a task's\n  its log: {log}"
    )
    assert "ImportError: broken" in log.read_text()


@dsl.pipeline(name="nested-loops")
def nested_loops() -> None:
    with dsl.ParallelFor([1, 2]), dsl.ParallelFor([3, 4]):
        written = write(text="a")
    join(parts=dsl.Collected(written.outputs["out"]))


@dsl.pipeline(name="loop-over-a-parameter")
def loop_over_a_parameter(items: list = [1]) -> None:  # noqa: B006 - KFP wants a literal
    with dsl.ParallelFor(items):
        write(text="a")


@dsl.pipeline(name="upstream-parameter")
def upstream_parameter() -> None:
    text = write(text="a").outputs["Output"]
    with dsl.ParallelFor([1, 2]):
        write(text=text)


@dsl.pipeline(name="condition")
def condition() -> None:
    with dsl.If(write(text="a").outputs["Output"] == "A"):
        write(text="b")


@dsl.pipeline(name="inner")
def inner(source: Input[Artifact]) -> None:
    double(item={"times": 2}, source=source)


@dsl.pipeline(name="nested-artifact")
def nested_artifact() -> None:
    inner(source=write(text="a").outputs["out"])


@dsl.pipeline(name="container")
def container() -> None:
    shell()


@dsl.pipeline(name="remote")
def remote(place: str = "") -> None:
    write(text=place)


@dsl.pipeline(name="importing")
def importing() -> None:
    dsl.importer(artifact_uri="gs://bucket/code.py", artifact_class=Artifact)


@pytest.mark.parametrize(
    ("function", "arguments", "sentences"),
    [
        (
            importing,
            {},
            [
                "task `importer` imports gs://bucket/code.py: it does not fetch files. Copy them "
                "to this machine"
            ],
        ),
        (
            nested_loops,
            {},
            [
                "task `for-loop-2.for-loop-4`: it gives a list of lists for each output of a loop "
                "inside a loop"
            ],
        ),
        (
            loop_over_a_parameter,
            {},
            ["task `for-loop-1`: it only runs loops over literal lists"],
        ),
        (
            upstream_parameter,
            {},
            [
                "task `for-loop-2`: it would replace `pipelinechannel--write-Output` with the item "
                "of the loop"
            ],
        ),
        (condition, {}, ["task `condition-1`: it may skip a `dsl.If` whose condition holds"]),
        (
            nested_artifact,
            {},
            ["task `inner`: it does not pass artifacts to a pipeline inside a pipeline"],
        ),
        (container, {}, ["task `shell`: it drops the outputs of container components"]),
        (
            remote,
            {"place": "gs://bucket/model"},
            ["`place` is gs://bucket/model: it does not fetch files. Copy them to this machine"],
        ),
        (
            remote,
            {"place": "/my/python3/model"},
            [
                "it would replace `python3` inside the path /my/python3/model: rename that file or "
                "folder"
            ],
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_known_differences_from_a_cluster_are_refused(
    run_kfp, tmp_path: Path, function, arguments, sentences
) -> None:
    with pytest.raises(PipelineError) as raised:
        run_kfp(function, **arguments)
    path = tmp_path / "comp iléd" / "pipeline.yaml"
    listed = "\n".join(f"  {sentence}" for sentence in sentences)
    assert str(raised.value) == (
        f"{path}: kfp.local would not run this as a cluster does:\n{listed}"
    )
    assert not (tmp_path / "kfp röot").exists()
