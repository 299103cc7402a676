"""Loops: their items, their order, what is collected from them, and their tasks that fail."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH107, PTH118, PTH123, PTH208, UP006, UP014, UP035

from typing import Dict, List, NamedTuple

import pytest
from kfp import dsl
from kfp.dsl import Dataset, Input, Output
from small_components import add, component, join_files, measure, read, total, write

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@component
def names(count: int) -> List[str]:
    return [f"name {index}" for index in range(count)]


def test_collected_lists_keep_the_order_of_the_items(run, states):
    @component
    def late(item: dict, out: Output[Dataset]) -> str:
        import time

        time.sleep(item["seconds"])
        with open(out.path, "w") as stream:
            stream.write(item["key"])
        return item["key"].upper()

    @component
    def join(words: List[str]) -> str:
        return "".join(words)

    @dsl.pipeline(name="collected")
    def pipeline() -> NamedTuple("Outputs", [("files", str), ("words", str)]):
        items = [
            {"key": key, "seconds": wait} for key, wait in zip("abc", [0.8, 0.4, 0.0], strict=True)
        ]
        with dsl.ParallelFor(items) as item:
            task = late(item=item)
        files = join_files(files=dsl.Collected(task.outputs["out"]))
        words = join(words=dsl.Collected(task.outputs["Output"]))
        kind = NamedTuple("Outputs", [("files", str), ("words", str)])
        return kind(files.output, words.output)

    result = run(pipeline, jobs=3)

    assert result.outputs == {"files": "a,b,c", "words": "ABC"}
    assert [task.iteration for task in result.tasks if task.name == "late"] == [2, 1, 0]
    assert states(result)["late", 1] == "SUCCEEDED"


def test_a_loop_item_that_is_a_dict_is_passed_whole(run):
    @component
    def keys(item: dict) -> str:
        return ",".join(sorted(item)) + str(item["n"])

    @dsl.pipeline(name="whole")
    def pipeline() -> List[str]:
        with dsl.ParallelFor([{"a": "x", "n": 1}, {"b": "y", "n": 2}]) as item:
            task = keys(item=item)
        return dsl.Collected(task.output)

    assert run(pipeline).outputs == {"Output": ["a,n1", "b,n2"]}


def test_a_loop_over_a_parameter_and_over_the_output_of_a_task(run):
    @dsl.pipeline(name="dynamic")
    def pipeline(numbers: List[int]) -> NamedTuple("Outputs", [("sum", int), ("text", str)]):
        with dsl.ParallelFor(numbers, parallelism=1) as number:
            plus = add(a=number)
        with dsl.ParallelFor(names(count=2).output) as name:
            file = write(text=f"<{name}>")
        text = join_files(files=dsl.Collected(file.outputs["out"]), separator=" ")
        kind = NamedTuple("Outputs", [("sum", int), ("text", str)])
        return kind(total(numbers=dsl.Collected(plus.output)).output, text.output)

    assert run(pipeline, numbers=[1, 2, 3]).outputs == {"sum": 9, "text": "<name 0> <name 1>"}


def test_a_loop_inside_a_loop_sees_the_items_of_both(run):
    @dsl.pipeline(name="loops")
    def pipeline():
        with dsl.ParallelFor([{"a": "x", "b": [1, 2]}, {"a": "y", "b": [3]}]) as outer:
            write(text=outer.a)
            with dsl.ParallelFor(outer.b) as inner:
                write(text=f"{inner}")

    result = run(pipeline)
    logs = sorted(task.log.name for task in result.tasks)
    assert result.succeeded
    assert logs == [
        "write-2.0.0.log", "write-2.0.1.log", "write-2.1.0.log", "write.0.log", "write.1.log",
    ]  # fmt: skip


def test_the_parallelism_limit_of_a_loop_is_honoured(run, tmp_path):
    @component
    def crowd(folder: str, item: int) -> int:
        import os
        import time

        mine = os.path.join(folder, str(item))
        open(mine, "w").close()
        seen, deadline = len(os.listdir(folder)), time.monotonic() + 10
        while seen < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
            seen = len(os.listdir(folder))
        time.sleep(0.1)
        os.remove(mine)
        return seen

    @dsl.pipeline(name="crowded")
    def pipeline(folder: str) -> List[int]:
        with dsl.ParallelFor([0, 1, 2, 3], parallelism=2) as item:
            task = crowd(folder=folder, item=item)
        return dsl.Collected(task.output)

    (tmp_path / "crowd").mkdir()
    seen = run(pipeline, folder=str(tmp_path / "crowd"), jobs=4).outputs["Output"]
    assert max(seen) == 2


@dsl.pipeline(name="inner")
def inner(data: Input[Dataset], extra: str = "!") -> NamedTuple(
    "Outputs", [("length", int), ("copy", Dataset)]
):
    text = read(data=data)
    copy = write(text=f"{text.output}{extra} in here")
    kind = NamedTuple("Outputs", [("length", int), ("copy", Dataset)])
    return kind(measure(data=copy.output).output, copy.output)


def test_a_pipeline_inside_a_loop(run):
    @dsl.pipeline(name="looped")
    def pipeline() -> str:
        with dsl.ParallelFor(["a", "b"]) as item:
            nested = inner(data=write(text=item).output, extra=item)
        return join_files(files=dsl.Collected(nested.outputs["copy"])).output

    assert run(pipeline).outputs == {"Output": "aa in here,bb in here"}


def test_the_tasks_of_a_skipped_loop_and_pipeline_are_reported(run, states):
    @component
    def fail() -> str:
        raise RuntimeError("no")

    @dsl.pipeline(name="skipping")
    def pipeline():
        failed = fail()
        with dsl.ParallelFor(["a", "b"]) as item:
            write(text=item).after(failed)
        inner(data=write(text=failed.output).output)

    result = run(pipeline)
    assert states(result) == {
        "fail": "FAILED", ("write", 0): "SKIPPED", ("write", 1): "SKIPPED", "write-2": "SKIPPED",
        "inner.read": "SKIPPED", "inner.write": "SKIPPED", "inner.measure": "SKIPPED",
    }  # fmt: skip


def test_an_item_without_the_key_fails_by_name(run):
    @component
    def rows() -> List[Dict[str, int]]:
        return [{"a": 1}, {"b": 2}]

    @dsl.pipeline(name="keyless")
    def pipeline():
        with dsl.ParallelFor(rows().output) as row:
            add(a=row.a)

    result = run(pipeline)
    errors = {task.iteration: task.error for task in result.tasks if task.name == "add"}
    assert errors == {0: None, 1: "input parameter `a`: the loop item {'b': 2} has no `a`"}
