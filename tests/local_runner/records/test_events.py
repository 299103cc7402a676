"""The events that an observer receives from real runs."""

# Components are written as users write them.
# ruff: noqa: PTH110, PTH123, T201

import threading

import pytest
from kfp import dsl

from quantgate.local_runner.records.events import (
    RunEnded,
    RunStarted,
    TaskEnded,
    TaskLoaded,
    TaskLoading,
    TaskProgress,
    TaskRetried,
    TaskStarted,
    TaskWaiting,
    Warned,
    one_at_a_time,
)

LOADS = [TaskLoading, TaskLoaded]

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def count(number: int):
    import os
    import time

    path = os.environ["QUANTGATE_PROGRESS"]
    with open(path, "a") as stream:
        stream.write(f"{number}\n")
        for _ in range(number):
            stream.write(".")
            stream.flush()
            time.sleep(0.3)


@component
def fail(marker: str):
    import os

    if not os.path.exists(marker):
        open(marker, "w").close()
        raise ValueError("not yet")


@component
def crash():
    import os
    import signal

    print("the last words")
    os.kill(os.getpid(), signal.SIGSEGV)


@dsl.pipeline(name="inner")
def inner(a: int) -> int:
    return add(a=a).output


@dsl.pipeline(name="whole")
def whole():
    first = add(a=1)
    with dsl.ParallelFor([10, 20]) as item:
        add(a=item).after(first).set_display_name("Grow")
    inner(a=first.output)


@pytest.fixture
def told(run):
    """Run a pipeline and return its events."""

    def events_of(pipeline, **settings):
        events = []
        run(pipeline, observer=events.append, **settings)
        return events

    return events_of


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_a_run_reports_events_from_its_plan_to_its_result(told):
    events = told(whole)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert events[0].pipeline == "whole"
    paths = {
        ("add",),
        ("for-loop-2", "0", "add-2"),
        ("for-loop-2", "1", "add-2"),
        ("inner", "add"),
    }
    assert {task.path for task in events[0].tasks} == paths
    for kind in (TaskWaiting, TaskStarted, TaskEnded):
        assert {event.task.path for event in of(kind, events)} == paths
        assert len(of(kind, events)) == len(paths)
    assert [event.result for event in of(TaskEnded, events)] == events[-1].result.tasks


def kinds_of(path, events):
    return [type(e) for e in events if getattr(e, "task", None) and e.task.path == path]


def test_a_task_waits_then_starts_then_ends(told):
    events = told(whole)
    for path in {event.task.path for event in of(TaskEnded, events)}:
        kinds = kinds_of(path, events)
        assert [kind for kind in kinds if kind not in LOADS] == [
            TaskWaiting,
            TaskStarted,
            TaskEnded,
        ]


def test_the_first_task_of_a_run_loads_its_libraries(told):
    @dsl.pipeline(name="twice")
    def pipeline():
        second = add(a=add(a=1, b=2).output, b=3)
        second.set_display_name("second")

    events = told(pipeline)
    assert kinds_of(("add",), events) == [TaskWaiting, *LOADS, TaskStarted, TaskEnded]
    assert kinds_of(("add-2",), events) == [TaskWaiting, TaskStarted, TaskEnded]


def test_progress_is_reported_while_a_task_runs(told):
    @dsl.pipeline(name="counting")
    def pipeline():
        count(number=3)

    events = told(pipeline)
    progress = [(event.done, event.total) for event in of(TaskProgress, events)]
    assert progress[-1] == (3, 3)
    assert len(progress) >= 2
    assert progress == sorted(set(progress))


def test_a_retry_is_reported_with_its_reason(told, tmp_path):
    @dsl.pipeline(name="retrying")
    def pipeline(marker: str):
        fail(marker=marker).set_retry(2, backoff_duration="0s")

    events = told(pipeline, marker=str(tmp_path / "marker"))
    (retried,) = of(TaskRetried, events)
    assert (retried.attempt, retried.error) == (1, "ValueError: not yet")
    (ended,) = of(TaskEnded, events)
    assert ended.result.state.value == "SUCCEEDED"


def test_a_crash_fails_its_task_and_skips_the_tasks_after_it(told):
    @dsl.pipeline(name="crashing")
    def pipeline():
        add(a=1).after(crash())

    events = told(pipeline)
    failed, skipped = [event.result for event in of(TaskEnded, events)]
    assert (failed.state.value, failed.error) == ("FAILED", "crashed with SIGSEGV")
    assert not failed.explained
    assert failed.log_tail.startswith("the last words\n")
    assert skipped.state.value == "SKIPPED"
    assert [event.task.path for event in of(TaskStarted, events)] == [("crash",)]


def test_events_of_several_threads_arrive_one_at_a_time():
    inside, most = [], []

    def observe(event):
        inside.append(event)
        most.append(len(inside))
        inside.remove(event)

    tell = one_at_a_time(observe)
    threads = [
        threading.Thread(target=lambda: [tell(Warned("x")) for _ in range(500)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (2000, 1)
