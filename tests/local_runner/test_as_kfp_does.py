"""Surprising behaviour of KFP 2.17, which the local runner follows or refuses."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: T201, UP006, UP035

from typing import List

import pytest
import yaml
from kfp import dsl
from kfp.dsl import Dataset, PipelineTaskFinalStatus

from quantgate.errors import PipelineError
from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.local_runner.records.events import Warned

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


component = dsl.component(base_image="image:1", install_kfp_package=False)


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
def report(final: PipelineTaskFinalStatus) -> str:
    print(final.state, final.pipeline_task_name, final.error_code, final.error_message)
    print(final.pipeline_job_resource_name)
    return str(final.state)


def reported(result) -> list[str]:
    (task,) = (one for one in result.tasks if one.name == "report")
    return task.log_tail.splitlines()


def error_of(result, name: str) -> str | None:
    (task,) = (one for one in result.tasks if one.name == name)
    return task.error


def refusal(path) -> list[str]:
    with pytest.raises(PipelineError) as caught:
        read_pipeline(path)
    return str(caught.value).splitlines()[1:]


def test_the_state_of_an_exit_handler_is_that_of_the_metadata_store(run):
    @dsl.pipeline(name="ends-well")
    def pipeline():
        with dsl.ExitHandler(report()):
            say(text="x")

    said, job = reported(run(pipeline))
    assert said == "COMPLETE exit-handler-1 None None"
    assert job.startswith("ends-well-")


def test_a_pipeline_stays_running_where_no_launcher_ended_last_in_it(run):
    @dsl.pipeline(name="left-running")
    def pipeline(text: str):
        with dsl.ExitHandler(report()):
            said = say(text=text)
            with dsl.If(said.output == "go"):
                say(text=said.output)

    assert reported(run(pipeline, text="go"))[0] == "COMPLETE exit-handler-1 None None"
    assert reported(run(pipeline, text="stop"))[0] == "RUNNING exit-handler-1 None None"


def test_a_state_reaches_the_pipeline_from_loops_and_branches_inside(run):
    @dsl.pipeline(name="deep")
    def pipeline(limit: int):
        with dsl.ExitHandler(report()), dsl.ParallelFor([1, 2]) as number:  # noqa: SIM117
            with dsl.If(number <= limit):
                add(a=number)

    assert reported(run(pipeline, limit=2))[0] == "COMPLETE exit-handler-1 None None"
    assert reported(run(pipeline, limit=1))[0] == "RUNNING exit-handler-1 None None"


def test_the_final_status_of_a_failed_task_has_no_error(run):
    @dsl.pipeline(name="fails")
    def pipeline():
        with dsl.ExitHandler(report()):
            fail()

    assert reported(run(pipeline))[0] == "FAILED exit-handler-1 None None"


def test_the_final_status_of_a_task_from_the_cache_is_cached(compiled, tmp_path):
    @dsl.pipeline(name="again")
    def pipeline():
        said = say(text="x")
        report().after(said).ignore_upstream_failure()

    read = read_pipeline(compiled(pipeline))
    seen = [
        reported(run_pipeline(read, {}, tmp_path / "out", tmp_path / name, cache=tmp_path / "c"))
        for name in ("first", "second")
    ]
    assert [said for said, _ in seen] == ["COMPLETE say None None", "CACHED say None None"]


def test_an_exit_task_after_a_task_that_did_not_run_does_not_run(run, states):
    @dsl.pipeline(name="skipped-before")
    def pipeline():
        said = say(text=fail().output)
        report().after(said).ignore_upstream_failure()

    result = run(pipeline)
    assert states(result) == {"fail": "FAILED", "say": "SKIPPED", "report": "SKIPPED"}
    assert error_of(result, "report") == "skipped, because `fail` failed"


def test_exit_tasks_that_kfp_cannot_run_are_refused(compiled):
    @dsl.pipeline(name="exits")
    def pipeline():
        broken, other = fail(), fail()
        after = say(text="x").after(broken).ignore_upstream_failure()
        say(text="y").after(broken).ignore_upstream_failure()
        say(text="z").after(broken, other).ignore_upstream_failure()
        say(text="waits").after(after)
        with dsl.ParallelFor([1, 2]) as number:
            add(a=number)
        file = dsl.importer(artifact_uri="/nowhere", artifact_class=Dataset)
        say(text="after an import").after(file).ignore_upstream_failure()

    assert refusal(compiled(pipeline)) == [
        "  task `say`: it is an exit task after `fail`, as `say-2` is, and KFP starts only that "
        "one",
        "  task `say-3`: it is an exit task after `fail` and `fail-2`, but KFP takes exactly one "
        "task before it",
        "  task `say-5`: it is an exit task after `importer`, a loop or an import, and KFP never "
        "starts it",
        "  task `say-4`: it waits for the exit task `say` (`ignore_upstream_failure`), and KFP "
        "refuses such a run: others cannot wait for an exit task",
    ]


def heard(pipeline, tmp_path, **arguments):
    """Run a pipeline and return its result and its warnings."""
    events = []
    result = run_pipeline(
        read_pipeline(pipeline), arguments, tmp_path / "out", tmp_path / "logs",
        observer=events.append,
    )  # fmt: skip
    return result, [event.sentence for event in events if isinstance(event, Warned)]


LEFT = (
    "task `{}`: KFP passes {} on unchanged, and so does this run. KFP only fills it in if it is a "
    "whole argument of a task (and pipeline_root never)"
)


def test_placeholders_of_the_run_stay_unchanged_in_commands_and_longer_texts(compiled, tmp_path):
    @dsl.container_component
    def echo(out: dsl.OutputPath(str), job: str):
        return dsl.ContainerSpec(
            image="alpine",
            command=["sh", "-c", 'mkdir -p "$(dirname "$0")"; printf "%s|" "$@" > "$0"', out],
            args=[dsl.PIPELINE_TASK_NAME_PLACEHOLDER, f"{dsl.PIPELINE_ROOT_PLACEHOLDER}/x", job],
        )

    @dsl.pipeline(name="literal")
    def pipeline():
        echo(job=dsl.PIPELINE_TASK_NAME_PLACEHOLDER)
        say(text=dsl.PIPELINE_ROOT_PLACEHOLDER)
        say(text=f"run {dsl.PIPELINE_JOB_ID_PLACEHOLDER}").set_env_variable(
            "A", "{{$.pipeline_root}}"
        )

    path = compiled(pipeline)
    result, warnings = heard(path, tmp_path)
    assert result.succeeded
    folder = tmp_path / "out/literal"
    written = {task.name: task for task in result.tasks}
    assert written.keys() == {"echo", "say", "say-2"}
    assert warnings == [
        LEFT.format("echo", "{{$.pipeline_root}}"),
        LEFT.format("echo", "{{$.pipeline_task_name}}"),
        LEFT.format("say", "{{$.pipeline_root}}"),
        LEFT.format("say-2", "{{$.pipeline_job_uuid}}"),
        LEFT.format("say-2", "{{$.pipeline_root}}"),
    ]
    assert (
        folder / "echo/out"
    ).read_text() == "{{$.pipeline_task_name}}|{{$.pipeline_root}}/x|echo|"


def test_facts_of_the_run_in_arguments_and_variables_are_as_on_a_cluster(run):
    @component
    def environment(name: str) -> str:
        import os

        return os.environ[name]

    @dsl.pipeline(name="variable")
    def pipeline() -> str:
        task = environment(name="PLACE")
        task.set_env_variable("PLACE", "at {{$.pipeline_root}} of {{$.inputs.parameters['name']}}")
        return task.output

    assert run(pipeline).outputs == {
        "Output": "at {{$.pipeline_root}} of {{$.inputs.parameters['name']}}"
    }


def test_a_condition_on_a_part_of_a_loop_item_compares_texts(run, states):
    """kfp declares the part as STRING, and KFP's driver converts the number to a text."""

    @dsl.pipeline(name="parts")
    def pipeline(items: List[dict]):
        with dsl.ParallelFor(items) as item, dsl.If(item.n == 2):
            say(text="taken")

    result = run(pipeline, items=[{"n": 1}, {"n": 2.0}, {"n": "2"}])
    assert states(result) == {
        ("say", 0): "SKIPPED",
        ("say", 1): "SUCCEEDED",
        ("say", 2): "SUCCEEDED",
    }


def changed(path, change):
    """Change the first document of a compiled pipeline."""
    documents = list(yaml.safe_load_all(path.read_text("utf-8")))
    change(documents[0])
    path.write_text(yaml.safe_dump_all(documents), "utf-8")
    return path


@dsl.pipeline(name="small")
def small():
    say(text="x")


def test_a_pipeline_without_a_name_is_refused(compiled):
    path = changed(compiled(small), lambda document: document["pipelineInfo"].update(name=""))
    assert refusal(path) == [
        "  the pipeline: it has no name (pipelineInfo.name), and KFP refuses it"
    ]


def test_a_newer_compiler_is_a_warning(compiled, tmp_path):
    import kfp

    path = changed(compiled(small), lambda document: document.update(sdkVersion="kfp-99.1.0"))
    result, warnings = heard(path, tmp_path)
    assert result.succeeded
    assert warnings == [
        f"the pipeline was compiled by kfp 99.1.0, but kfp {kfp.__version__} is installed: all "
        "its fields are known, but their meaning may have changed"
    ]
    path = changed(path, lambda document: document.update(sdkVersion=f"kfp-{kfp.__version__}"))
    assert heard(path, tmp_path)[1] == []
