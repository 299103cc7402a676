"""Exit tasks: the status that they get, and those that a cluster starts twice or never."""

import json

import pytest
from kfp import dsl

from differences.steps import fail, number, report, say
from harness.cluster import Refused

backend_only = pytest.mark.backend


@dsl.pipeline(name="handlers")
def handlers():
    with dsl.ExitHandler(report()):
        say(text="x")
    with dsl.ExitHandler(report()):
        fail()
    with dsl.ExitHandler(report()):
        said = say(text="not y")
        with dsl.If(said.output == "y"):
            say(text=said.output)
    with dsl.ExitHandler(report()), dsl.ParallelFor([1, 2]) as item:
        number(value=item)
    with dsl.ExitHandler(report()), dsl.ParallelFor([3, 4]) as item:  # noqa: SIM117
        with dsl.If(item <= 3):
            number(value=item)


@dsl.pipeline(name="cached-handler")
def cached_handler():
    with dsl.ExitHandler(report()):
        say(text="x")


@dsl.pipeline(name="statuses")
def statuses():
    report().after(say(text="x")).ignore_upstream_failure()
    broken = fail().set_retry(1, backoff_duration="0s")
    report().after(broken).ignore_upstream_failure()
    report().after(say(text=broken.output)).ignore_upstream_failure()
    with dsl.ExitHandler(report()):
        say(text=broken.output)


@dsl.pipeline(name="broken-exit")
def broken_exit():
    with dsl.ExitHandler(fail()):
        say(text="x")


@dsl.pipeline(name="after-ignoring")
def after_ignoring():
    ignoring = say(text="ignores").after(fail()).ignore_upstream_failure()
    say(text="waits").after(ignoring)


@dsl.pipeline(name="from-ignoring")
def from_ignoring():
    ignoring = say(text="ignores").after(say(text="x")).ignore_upstream_failure()
    say(text=ignoring.output)


@dsl.pipeline(name="two-on-one")
def two_on_one():
    broken = fail()
    say(text="first").after(broken).ignore_upstream_failure()
    say(text="second").after(broken).ignore_upstream_failure()


@dsl.pipeline(name="after-two")
def after_two():
    say(text="last").after(fail(), number(value=1)).ignore_upstream_failure()


@dsl.pipeline(name="after-loop")
def after_loop():
    with dsl.ParallelFor([1, 2]) as item:
        looped = number(value=item)
    say(text="last").after(looped).ignore_upstream_failure()


@dsl.pipeline(name="after-import")
def after_import():
    imported = dsl.importer(artifact_uri="s3://mlpipeline/none", artifact_class=dsl.Dataset)
    say(text="last").after(imported).ignore_upstream_failure()


def statuses_of(run):
    """Return the final status that each exit task was given, by name."""
    return {
        path.strip("/"): task.inputs["final"]
        for path, task in run.tasks.items()
        if "final" in task.inputs
    }


def states_of(run):
    return {name: status["state"] for name, status in statuses_of(run).items()}


def states_here(run):
    """Return the states that exit tasks of a local run were given, as `report` prints them."""
    return {
        name: lines[0].split()[0]
        for name, lines in run.printed.items()
        if name.startswith("report") and lines != [""]
    }


HANDLED = {
    "report": "COMPLETE",
    "report-2": "FAILED",
    "report-3": "RUNNING",
    "report-4": "COMPLETE",
    "report-5": "RUNNING",
}


@backend_only
def test_the_state_of_an_exit_handler_is_that_of_the_metadata_store(backend, compiled):
    run = backend.run(compiled(handlers), {})
    assert run.phase == "Failed"
    workflow = json.loads((run.folder / "workflow.json").read_text())
    assert statuses_of(run)["report-2"] == {
        "state": "FAILED",
        "error": {},
        "pipelineTaskName": "exit-handler-2",
        "pipelineJobResourceName": workflow["metadata"]["name"],
    }
    loops_count = backend.built.version >= "2.17"
    assert states_of(run) == HANDLED | ({} if loops_count else {"report-4": "RUNNING"})


def test_the_local_runner_gives_exit_handlers_the_same_states(here, compiled):
    run = here.run(compiled(handlers))
    assert (run.phase, states_here(run)) == ("Failed", HANDLED)
    assert run.printed["report-2"] == ["FAILED exit-handler-2 None None"]


@backend_only
def test_a_handler_of_cached_tasks_stays_running(backend, compiled):
    runs = [backend.run(compiled(cached_handler), {}) for _ in range(2)]
    assert [states_of(run) for run in runs] == [{"report": "COMPLETE"}, {"report": "RUNNING"}]


def test_the_local_runner_leaves_a_handler_of_cached_tasks_running(here, compiled):
    runs = [here.run(compiled(cached_handler)) for _ in range(2)]
    assert [states_here(run) for run in runs] == [{"report": "COMPLETE"}, {"report": "RUNNING"}]


STATUSES = (
    {"report": "COMPLETE", "report-2": "FAILED"},
    {"report": "CACHED", "report-2": "FAILED"},
)


@backend_only
def test_an_exit_task_after_a_task_gets_the_state_of_that_task(backend, compiled):
    runs = [backend.run(compiled(statuses), {}) for _ in range(2)]
    assert tuple(states_of(run) for run in runs) == STATUSES
    assert not runs[0].tasks.keys() & {"/report-3", "/report-4"}


def test_the_local_runner_gives_exit_tasks_the_same_states(here, compiled):
    runs = [here.run(compiled(statuses)) for _ in range(2)]
    assert tuple(states_here(run) for run in runs) == STATUSES
    assert [runs[0].states[name] for name in ("report-3", "report-4")] == ["SKIPPED", "SKIPPED"]


@backend_only
def test_a_run_succeeds_though_its_exit_task_fails(backend, compiled):
    run = backend.run(compiled(broken_exit), {})
    assert (run.phase, run.states["/fail"]) == ("Succeeded", "FAILED")


@backend_only
@pytest.mark.parametrize("pipeline", [after_ignoring, from_ignoring])
def test_nothing_may_wait_for_a_task_that_ignores_failures(backend, compiled, pipeline):
    with pytest.raises(Refused, match="sorting failed: invalid dependency say"):
        backend.run(compiled(pipeline), {})


@backend_only
def test_the_last_of_two_exit_tasks_after_one_task_runs(backend, compiled):
    run = backend.run(compiled(two_on_one), {})
    assert (run.phase, sorted(run.tasks)) == ("Failed", ["/", "/fail", "/say-2"])


@backend_only
def test_an_exit_task_after_two_tasks_runs_twice(backend, compiled):
    run = backend.run(compiled(after_two), {})
    assert (run.phase, sorted(run.tasks)) == ("Failed", ["/", "/fail", "/number", "/say", "/say'"])


@backend_only
@pytest.mark.parametrize("pipeline", [after_loop, after_import])
def test_an_exit_task_after_a_loop_or_an_import_never_starts(backend, compiled, pipeline):
    run = backend.run(compiled(pipeline), {})
    assert (run.phase, "/say" in run.tasks) == ("Succeeded", False)


@pytest.mark.parametrize(
    ("pipeline", "reason", "rules"),
    [
        (after_ignoring, "KFP refuses such a run", {"after-ignored"}),
        (from_ignoring, "KFP refuses such a run", {"after-ignored"}),
        (two_on_one, "KFP starts only that one", {"exit-task"}),
        (after_two, "KFP takes exactly one task before it", {"exit-task"}),
        (after_loop, "KFP never starts it", {"exit-task"}),
        (after_import, "KFP never starts it", {"exit-task"}),
    ],
)
def test_the_local_runner_and_the_linter_refuse_such_exit_tasks(
    here, compiled, pipeline, reason, rules
):
    text = compiled(pipeline)
    assert reason in here.refusal(text)
    assert here.rules(text) == rules


def test_the_linter_accepts_the_other_exit_tasks(here, compiled):
    for pipeline in (handlers, cached_handler, statuses, broken_exit):
        assert here.rules(compiled(pipeline)) == set()
