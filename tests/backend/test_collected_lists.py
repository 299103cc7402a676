"""Collected lists: into pipelines and out of loops, branches and loops without items."""

# KFP wants the old spellings.
# ruff: noqa: UP006, UP035

import json
from typing import List

import pytest
from kfp import dsl
from kfp.dsl import Collected, Dataset, Input

from differences.steps import add, number, read_all, save, say, show, write

backend_only = pytest.mark.backend


@dsl.pipeline(name="reads")
def reads(files: Input[List[Dataset]]):
    read_all(files=files)


@dsl.pipeline(name="shows")
def shows(values: list):
    show(values=values)


@dsl.pipeline(name="loops")
def loops(values: List[int]):
    with dsl.ParallelFor(values) as value:
        number(value=value)


@dsl.pipeline(name="files-into-pipeline")
def files_into_pipeline():
    with dsl.ParallelFor(["a", "b", "c"]) as text:
        written = write(text=text)
    reads(files=Collected(written.output))


@dsl.pipeline(name="numbers-into-pipelines")
def numbers_into_pipelines():
    with dsl.ParallelFor([1, 2, 3]) as item:
        numbers = number(value=item)
    shows(values=Collected(numbers.output))
    loops(values=Collected(numbers.output))


@dsl.pipeline(name="two-loops")
def two_loops():
    with dsl.ParallelFor([10, 20]) as tens:
        with dsl.ParallelFor([1, 2]) as ones:
            numbers = add(a=tens, b=ones)
            files = save(value=ones)
        shown = show(values=Collected(numbers.output))
        read_all(files=Collected(files.output))
    show(values=Collected(numbers.output))
    show(values=Collected(shown.output))
    read_all(files=Collected(files.output))


@dsl.pipeline(name="gaps")
def gaps(limit: int):
    with dsl.ParallelFor([1, 2, 3]) as item:  # noqa: SIM117
        with dsl.If(item <= limit):
            numbers = number(value=item)
            files = save(value=item)
    show(values=Collected(numbers.output))
    read_all(files=Collected(files.output))


@dsl.pipeline(name="either")
def either():
    with dsl.ParallelFor([1, 2]) as item:
        with dsl.If(item <= 1):
            small = number(value=1)
        with dsl.Else():
            large = number(value=9)
        numbers = add(a=dsl.OneOf(small.output, large.output), b=0)
    show(values=Collected(numbers.output))


@dsl.pipeline(name="empty")
def empty(items: list):
    with dsl.ParallelFor(items) as item:
        numbers = number(value=item)
        files = save(value=item)
    show(values=Collected(numbers.output))
    read_all(files=Collected(files.output))
    say(text="after").after(numbers)


def shown(run):
    """Return the outputs of the tasks outside of loops, by path."""
    tasks = {path: task for path, task in run.tasks.items() if "/for-loop" not in path}
    return {path: value for path in tasks for value in tasks[path].outputs.values()}


@backend_only
def test_one_of_a_list_of_files_reaches_a_pipeline(backend, compiled):
    run = backend.run(compiled(files_into_pipeline), {})
    assert run.phase == "Succeeded"
    assert run.tasks["/reads/read-all"].outputs["Output"] in ("a", "b", "c")


def test_a_list_of_files_into_a_pipeline_is_refused_here(here, compiled):
    text = compiled(files_into_pipeline)
    assert "KFP only passes on one artifact" in here.refusal(text)
    assert here.rules(text) == {"nested-list"}


@backend_only
def test_all_of_a_list_of_numbers_reach_pipelines(backend, compiled):
    run = backend.run(compiled(numbers_into_pipelines), {})
    assert run.phase == "Succeeded"
    assert run.tasks["/shows/show"].outputs == {"out": "[1,2,3]"}
    looped = [run.tasks[f"/loops/for-loop-1/{index}/number"] for index in range(3)]
    assert [task.outputs["out"] for task in looped] == [1, 2, 3]


def test_all_of_a_list_of_numbers_reach_pipelines_here(here, compiled):
    text = compiled(numbers_into_pipelines)
    run = here.run(text)
    assert json.loads(run.printed["shows.show"][0]) == [1, 2, 3]
    assert run.printed["loops.number"] == ["1", "2", "3"]
    assert here.rules(text) == set()


@backend_only
def test_lists_collected_over_two_loops_are_flat(backend, compiled):
    run = backend.run(compiled(two_loops), {})
    assert run.phase == "Succeeded"
    assert shown(run) == {
        "/show-2": "[11,12,21,22]",
        "/show-3": r'["[11,12]","[21,22]"]',
        "/read-all-2": "1,2,1,2",
    }
    assert run.tasks["/for-loop-2/0/read-all"].outputs == {"Output": "1,2"}


def test_lists_collected_over_two_loops_are_flat_here(here, compiled):
    text = compiled(two_loops)
    run = here.run(text)
    assert json.loads(run.printed["show-2"][0]) == [11, 12, 21, 22]
    assert run.printed["read-all-2"] == ["1,2,1,2"]
    assert run.printed["read-all"] == ["1,2", "1,2"]
    assert here.rules(text) == {"collected-nested"}


CRASH = "panic: runtime error: invalid memory address or nil pointer dereference"


@backend_only
def test_collecting_from_a_skipped_branch_fails(backend, compiled):
    run = backend.run(compiled(gaps), {"limit": 2})
    assert run.phase == "Failed"
    assert [failure.message for failure in run.failures] == [CRASH, CRASH]


@backend_only
def test_collecting_from_taken_branches_works(backend, compiled):
    run = backend.run(compiled(gaps), {"limit": 3})
    assert run.phase == "Succeeded"
    assert shown(run) == {"/show": "[1,2,3]", "/read-all": "1,2,3"}


def test_collecting_from_branches_is_the_same_here(here, compiled):
    text = compiled(gaps)
    run = here.run(text, {"limit": 2})
    assert run.phase == "Failed"
    assert run.errors.keys() >= {"show", "read-all"}
    assert "in which iteration 2 has none" in run.errors["show"]
    assert here.run(text, {"limit": 3}).printed["read-all"] == ["1,2,3"]
    assert here.rules(text) == {"collected-if"}


@backend_only
def test_collecting_one_of_two_branches_works(backend, compiled):
    run = backend.run(compiled(either), {})
    assert (run.phase, shown(run)) == ("Succeeded", {"/show": "[1,9]"})


def test_collecting_one_of_two_branches_works_here(here, compiled):
    text = compiled(either)
    assert json.loads(here.run(text).printed["show"][0]) == [1, 9]
    assert here.rules(text) == set()


@backend_only
def test_collecting_from_a_loop_without_items_fails_and_waiting_for_it_does_not(backend, compiled):
    run = backend.run(compiled(empty), {"items": []})
    assert run.phase == "Failed"
    assert [failure.message.count("not in tasks") for failure in run.failures] == [1, 1]
    assert run.states["/say"] == "COMPLETE"


def test_a_loop_without_items_is_the_same_here(here, compiled):
    run = here.run(compiled(empty), {"items": []})
    assert run.phase == "Failed"
    assert run.states == {"show": "FAILED", "read-all": "FAILED", "say": "SUCCEEDED"}
    assert "a loop without items" in run.errors["show"]
