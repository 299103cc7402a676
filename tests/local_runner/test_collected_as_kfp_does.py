"""Lists collected from loops and branches, as KFP 2.17 collects or refuses them."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH123, UP006, UP035

from typing import List

import pytest
from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from quantgate.errors import PipelineError
from quantgate.local_runner import read_pipeline

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def show(values: list) -> str:
    return repr(values)


@component
def write(text: str, out: Output[Dataset]):
    with open(out.path, "w") as stream:
        stream.write(text)


@component
def read_all(files: Input[List[Dataset]]) -> str:
    return ",".join(open(file.path).read() for file in files)


def error_of(result, name: str) -> str | None:
    (task,) = (one for one in result.tasks if one.name == name)
    return task.error


def refusal(path) -> list[str]:
    with pytest.raises(PipelineError) as caught:
        read_pipeline(path)
    return str(caught.value).splitlines()[1:]


def test_a_list_of_artifacts_into_a_pipeline_is_refused(compiled):
    @dsl.pipeline(name="inner")
    def inner(files: Input[List[Dataset]]) -> str:
        return read_all(files=files).output

    @dsl.pipeline(name="outer")
    def outer():
        with dsl.ParallelFor(["a", "b"]) as text:
            written = write(text=text)
        inner(files=dsl.Collected(written.output))

    assert refusal(compiled(outer)) == [
        "  task `inner`: it passes the list of artifacts `files` into a pipeline, loop or branch, "
        "and KFP only passes on one artifact. Collect it in the task that reads it"
    ]


def test_outputs_collected_from_nested_loops_are_one_flat_list(run):
    @dsl.pipeline(name="flat")
    def pipeline() -> str:
        with dsl.ParallelFor([10, 20]) as tens, dsl.ParallelFor([1, 2]) as ones:
            more = add(a=tens, b=ones)
        return show(values=dsl.Collected(more.output)).output

    assert run(pipeline).outputs == {"Output": "[11, 12, 21, 22]"}


def test_a_collected_output_that_is_a_list_stays_a_list(run):
    @component
    def pair(a: int) -> list:
        return [a, -a]

    @dsl.pipeline(name="inner")
    def inner(a: int) -> List[list]:
        with dsl.ParallelFor([0, 1]) as more:
            sum_ = add(a=a, b=more)
            one = pair(a=sum_.output)
        return dsl.Collected(one.output)

    @dsl.pipeline(name="lists")
    def pipeline() -> str:
        with dsl.ParallelFor([10, 20]) as a:
            each = inner(a=a)
        return show(values=dsl.Collected(each.output)).output

    assert run(pipeline).outputs == {"Output": "[[10, -10], [11, -11], [20, -20], [21, -21]]"}


def test_collecting_where_a_branch_was_not_taken_fails(run, states):
    @dsl.pipeline(name="gaps")
    def pipeline(limit: int) -> str:
        with dsl.ParallelFor([1, 2, 3]) as number:  # noqa: SIM117
            with dsl.If(number <= limit):
                more = add(a=number)
        return show(values=dsl.Collected(more.output)).output

    assert run(pipeline, limit=3).outputs == {"Output": "[2, 3, 4]"}
    result = run(pipeline, limit=1)
    assert (result.succeeded, states(result)["show"]) == (False, "FAILED")
    assert error_of(result, "show") == (
        "`values` collects from a loop in which iteration 1 has none, because a `dsl.If` was not "
        "taken, and KFP's driver crashes there. Add a `dsl.Else` and collect `dsl.OneOf`"
    )


def test_collecting_files_where_a_branch_was_not_taken_fails(run, states):
    @dsl.pipeline(name="gaps-of-files")
    def pipeline(limit: int) -> str:
        with dsl.ParallelFor([1, 2]) as number:  # noqa: SIM117
            with dsl.If(number <= limit):
                written = write(text=f"<{number}>")
        return read_all(files=dsl.Collected(written.output)).output

    assert run(pipeline, limit=2).outputs == {"Output": "<1>,<2>"}
    result = run(pipeline, limit=0)
    assert (result.succeeded, states(result)["read-all"]) == (False, "FAILED")
    assert "in which iteration 0 has none" in error_of(result, "read-all")


def test_collecting_from_a_loop_without_items_fails_but_not_inside_another(run):
    @dsl.pipeline(name="empty")
    def pipeline(tables: List[dict]) -> str:
        with dsl.ParallelFor(tables) as table, dsl.ParallelFor(table.numbers) as number:
            more = add(a=number)
        return show(values=dsl.Collected(more.output)).output

    assert run(pipeline, tables=[{"numbers": []}, {"numbers": [1]}]).outputs == {"Output": "[2]"}
    assert error_of(run(pipeline, tables=[]), "show") == (
        "`values` collects from a loop without items, and KFP's driver fails there (producer not "
        "found). Skip the task if the list is empty"
    )
