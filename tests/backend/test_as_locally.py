"""The local runner repeats KFP's unexpected behaviour, or refuses it: see docs/pipelines.md."""

import json
from pathlib import Path
from typing import Any, List  # noqa: UP035

import pytest
from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus

from harness.cluster import Refused
from quantgate.errors import PipelineError
from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.local_runner.records import events

pytestmark = [
    pytest.mark.backend,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]
component = dsl.component(base_image="none", install_kfp_package=False)

#: The states of KFP, with their names in a local run.
DONE = {"COMPLETE": "SUCCEEDED", "CACHED": "SUCCEEDED", "FAILED": "FAILED"}


@component
def say(text: str) -> str:
    return text


@component
def fail(text: str = "no") -> str:
    raise ValueError(text)


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def show(values: list) -> str:
    return repr(values)


@component
def report(final: PipelineTaskFinalStatus) -> str:
    return f"{final.state} {final.pipeline_task_name} {final.error_code} {final.error_message}"


@component
def variable(name: str) -> str:
    import os

    return os.environ[name]


@dsl.container_component
def echo(out: dsl.OutputPath(str), job: str):
    return dsl.ContainerSpec(
        image="none",
        command=["sh", "-c", 'mkdir -p "$(dirname "$0")"; printf "%s|" "$@" > "$0"', out],
        args=[dsl.PIPELINE_TASK_NAME_PLACEHOLDER, f"{dsl.PIPELINE_ROOT_PLACEHOLDER}/x", job],
    )


@dsl.pipeline(name="flat")
def flat():
    with dsl.ParallelFor([10, 20]) as tens, dsl.ParallelFor([1, 2]) as ones:
        more = add(a=tens, b=ones)
    show(values=dsl.Collected(more.output))


@dsl.pipeline(name="gaps")
def gaps(limit: int):
    with dsl.ParallelFor([1, 2]) as number:  # noqa: SIM117
        with dsl.If(number <= limit):
            more = add(a=number)
    show(values=dsl.Collected(more.output))


@dsl.pipeline(name="over-items")
def over_items(numbers: List[int]):  # noqa: UP006
    with dsl.ParallelFor(numbers) as number:
        more = add(a=number)
    show(values=dsl.Collected(more.output))


@dsl.pipeline(name="status")
def status(text: str):
    with dsl.ExitHandler(report()):
        said = say(text=text)
        with dsl.If(said.output == "go"):
            say(text=said.output)


@dsl.pipeline(name="deep-status")
def deep_status(limit: int):
    with dsl.ExitHandler(report()), dsl.ParallelFor([1, 2]) as number:  # noqa: SIM117
        with dsl.If(number <= limit):
            add(a=number)


@dsl.pipeline(name="failing-status")
def failing_status():
    with dsl.ExitHandler(report()):
        fail()


@dsl.pipeline(name="skipped-group")
def skipped_group():
    broken = fail()
    with dsl.ExitHandler(report()):
        say(text=broken.output)


@dsl.pipeline(name="literal")
def literal():
    echo(job=dsl.PIPELINE_TASK_NAME_PLACEHOLDER)
    say(text=dsl.PIPELINE_ROOT_PLACEHOLDER)
    say(text=f"run {dsl.PIPELINE_JOB_ID_PLACEHOLDER}")
    text = "{{$.pipeline_root}} {{$.inputs.parameters['name']}}"
    variable(name="TEXT").set_env_variable("TEXT", text)


def outputs_in(folder: Path) -> dict[str, Any]:
    """Return the output parameters that a task of a local run left."""
    written = folder / "executor_output.json"
    if written.is_file():
        return json.loads(written.read_text()).get("parameterValues", {})
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("pipeline", "arguments"),
    [
        (flat, {}),
        (gaps, {"limit": 2}),
        (gaps, {"limit": 1}),
        (over_items, {"numbers": [1]}),
        (over_items, {"numbers": []}),
        (status, {"text": "go"}),
        (status, {"text": "stop"}),
        (deep_status, {"limit": 2}),
        (deep_status, {"limit": 1}),
        (failing_status, {}),
        (skipped_group, {}),
        (literal, {}),
    ],
    ids=lambda value: getattr(value, "name", None) or str(value),
)
def test_tasks_have_the_same_states_and_outputs_as_locally(
    backend, compiled, tmp_path, pipeline, arguments
) -> None:
    if backend.built.version != "2.17":
        pytest.skip("the local runner follows 2.17")
    # Tests share the backend's cache, and a task that is taken from there has another state.
    text = compiled(pipeline).replace("enableCache: true", "enableCache: false")
    path = tmp_path / "here.yaml"
    path.write_text(text)
    there = backend.run(text, arguments)
    ended: dict[str, str] = {}

    def note(event: events.Event) -> None:
        if isinstance(event, events.TaskEnded) and event.result.state.value != "SKIPPED":
            ended["/".join(("", *event.task.path))] = event.result.state.value

    out = tmp_path / "out"
    here = run_pipeline(read_pipeline(path), arguments, out, tmp_path / "logs", observer=note)
    pods = {
        task: done for task, done in there.tasks.items() if done.type == "system.ContainerExecution"
    }
    assert here.succeeded == (there.phase == "Succeeded")
    assert {task: DONE[done.state] for task, done in pods.items()} == {
        task: state for task, state in ended.items() if task in pods
    }
    # A task whose driver fails has no entry in the store.
    assert {state for task, state in ended.items() if task not in pods} <= {"FAILED"}
    for task, done in pods.items():
        if done.state == "COMPLETE":
            assert outputs_in(out / pipeline.name / task[1:]) == done.outputs, task


@dsl.pipeline(name="waiting")
def waiting():
    after = say(text="x").after(fail()).ignore_upstream_failure()
    say(text="y").after(after)


def test_a_task_after_an_exit_task_is_refused_by_both(backend, compiled, tmp_path) -> None:
    path = tmp_path / "here.yaml"
    path.write_text(compiled(waiting))
    with pytest.raises(Refused, match="invalid dependency say"):
        backend.run(path.read_text(), {})
    with pytest.raises(PipelineError, match="it waits for the exit task `say`"):
        read_pipeline(path)


@dsl.pipeline(name="two-exits")
def two_exits():
    first = say(text="a")
    say(text="lost").after(first).ignore_upstream_failure()
    show(values=[1]).after(first).ignore_upstream_failure()


@dsl.pipeline(name="two-before")
def two_before():
    show(values=[1]).after(say(text="a"), say(text="b")).ignore_upstream_failure()


@dsl.pipeline(name="after-an-import")
def after_an_import():
    imported = dsl.importer(artifact_uri="s3://bucket/key", artifact_class=dsl.Dataset)
    say(text="never").after(imported).ignore_upstream_failure()
    say(text="x")


@pytest.mark.parametrize(
    ("pipeline", "tasks"),
    [
        (two_exits, ["/say", "/show"]),
        (two_before, ["/say", "/say-2", "/show", "/show'"]),
        (after_an_import, ["/importer", "/say-2"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_exit_tasks_that_run_differently_in_kfp_are_refused_here(
    backend, compiled, tmp_path, pipeline, tasks
) -> None:
    path = tmp_path / "here.yaml"
    path.write_text(compiled(pipeline))
    there = backend.run(path.read_text(), {})
    assert there.phase == "Succeeded"
    assert [task for task in there.tasks if task != "/"] == tasks
    with pytest.raises(PipelineError, match="it is an exit task after"):
        read_pipeline(path)


@component
def write(text: str, out: dsl.Output[dsl.Dataset]):
    with open(out.path, "w") as stream:  # noqa: PTH123
        stream.write(text)


@component
def count(files: dsl.Input[List[dsl.Dataset]]) -> int:  # noqa: UP006
    return len(files)


@dsl.pipeline(name="counting")
def counting(files: dsl.Input[List[dsl.Dataset]]) -> int:  # noqa: UP006
    return count(files=files).output


@dsl.pipeline(name="list-into-a-pipeline")
def list_into_a_pipeline():
    with dsl.ParallelFor(["a", "b"]) as text:
        written = write(text=text)
    counting(files=dsl.Collected(written.output))


def test_a_list_of_artifacts_into_a_pipeline_loses_all_but_one(backend, compiled, tmp_path) -> None:
    path = tmp_path / "here.yaml"
    path.write_text(compiled(list_into_a_pipeline))
    there = backend.run(path.read_text(), {})
    assert there.phase == "Succeeded"
    assert there.tasks["/counting/count"].outputs == {"Output": 1}
    with pytest.raises(PipelineError, match="KFP only passes on one artifact"):
        read_pipeline(path)
