"""Branches and exit handlers, as kfp compiles them."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH123, T201, UP006, UP014, UP035

from typing import List, NamedTuple

import pytest
from kfp import dsl
from kfp.dsl import Dataset, Input, Output, PipelineTaskFinalStatus

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def say(text: str) -> str:
    return text


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def is_even(a: int) -> bool:
    return a % 2 == 0


@component
def write(text: str, out: Output[Dataset]):
    with open(out.path, "w") as stream:
        stream.write(text)


@component
def read(data: Input[Dataset]) -> str:
    return open(data.path).read()


@component
def join(words: List[str]) -> str:
    return ",".join(words)


@component
def fail(text: str = "no") -> str:
    raise ValueError(text)


@component
def report(prefix: str, final: PipelineTaskFinalStatus) -> str:
    said = [final.state, final.pipeline_task_name, final.error_code, final.error_message]
    print(*said, sep="|")
    return "|".join([prefix, *map(str, said)])


def errors(result) -> dict:
    return {
        task.name if task.iteration is None else (task.name, task.iteration): task.error
        for task in result.tasks
    }


@dsl.pipeline(name="three-ways")
def three_ways(size: int) -> str:
    measured = add(a=size)
    with dsl.If(measured.output > 10):
        large = say(text="large")
    with dsl.Elif(measured.output > 5):
        medium = say(text="medium")
    with dsl.Else():
        small = say(text="small")
    return say(text=dsl.OneOf(large.output, medium.output, small.output)).output


@pytest.mark.parametrize(
    ("size", "word", "ran"), [(10, "large", "say"), (5, "medium", "say-2"), (4, "small", "say-3")]
)
def test_one_branch_runs_and_gives_its_output(run, states, size, word, ran):
    result = run(three_ways, size=size)
    assert (result.succeeded, result.outputs) == (True, {"Output": word})
    others = {"say", "say-2", "say-3"} - {ran}
    assert states(result) == {
        "add": "SUCCEEDED", ran: "SUCCEEDED", "say-4": "SUCCEEDED",
        **dict.fromkeys(others, "SKIPPED"),
    }  # fmt: skip


def test_a_skipped_branch_says_why(run):
    assert errors(run(three_ways, size=5)) == {
        "add": None,
        "say": "skipped, because `add-Output > 10` does not hold: add-Output is 6",
        "say-2": None,
        "say-3": "skipped, because `!(add-Output > 10) && !(add-Output > 5)` does not hold: "
        "add-Output is 6",
        "say-4": None,
    }


def test_one_of_artifacts_reaches_its_reader(run):
    @dsl.pipeline(name="files")
    def pipeline(which: str) -> Dataset:
        with dsl.If(which == "a"):
            first = write(text="file a")
        with dsl.Else():
            second = write(text="file b")
        chosen = dsl.OneOf(first.output, second.output)
        read(data=chosen)
        return chosen

    for which in "ab":
        result = run(pipeline, which=which)
        assert result.succeeded
        assert result.outputs["Output"].path.read_text() == f"file {which}"


def test_every_comparison_that_kfp_compiles(run):
    @dsl.pipeline(name="compared")
    def pipeline(a: int, b: float, c: str, d: bool):
        with dsl.If(a == 2):
            say(text="").set_display_name("integer equal")
        with dsl.If(a != 2):
            say(text="").set_display_name("integer unequal")
        with dsl.If(b < 2.5):
            say(text="").set_display_name("float less")
        with dsl.If(b >= a):
            say(text="").set_display_name("float against integer")
        with dsl.If(c == "it is\\t2"):
            say(text="").set_display_name("text with an escape")
        with dsl.If(c < "b"):
            say(text="").set_display_name("texts in order")
        with dsl.If(is_even(a=a).output == True):  # noqa: E712
            say(text="").set_display_name("truth")
        with dsl.If(d == False):  # noqa: E712
            say(text="").set_display_name("falsehood")
        with dsl.If(-4 >= add(a=a, b=-6).output):  # noqa: SIM300
            say(text="").set_display_name("negative, on the left")

    def ran(**arguments) -> set:
        result = run(pipeline, **arguments)
        assert result.succeeded
        done = {task.display_name for task in result.tasks if task.state.value == "SUCCEEDED"}
        return done - {"add", "is-even"}

    assert ran(a=2, b=2.25, c="it is\t2", d=False) == {
        "integer equal", "float less", "float against integer", "text with an escape", "truth",
        "falsehood", "negative, on the left",
    }  # fmt: skip
    assert ran(a=3, b=2.5, c="a", d=True) == {"integer unequal", "texts in order"}


def test_branches_inside_loops_and_loops_inside_branches(run, states):
    @dsl.pipeline(name="nested")
    def pipeline(rows: List[dict], count: int) -> NamedTuple("Out", [("each", str), ("all", str)]):
        with dsl.ParallelFor(rows) as row:
            with dsl.If(row.kind == "x"):
                one = say(text=row.word)
            with dsl.Else():
                with dsl.If(count > 1):
                    add(a=count)
                other = say(text="-")
            word = say(text=dsl.OneOf(one.output, other.output))
        with dsl.If(count > 1):
            with dsl.ParallelFor(["a", "b"]) as letter:
                each = say(text=letter)
            many = join(words=dsl.Collected(each.output))
        with dsl.Else():
            few = say(text="few")
        kind = NamedTuple("Out", [("each", str), ("all", str)])
        return kind(
            join(words=dsl.Collected(word.output)).output,
            say(text=dsl.OneOf(many.output, few.output)).output,
        )

    rows = [{"kind": "x", "word": "p"}, {"kind": "y", "word": "q"}, {"kind": "x", "word": "r"}]
    result = run(pipeline, rows=rows, count=2)
    assert (result.succeeded, result.outputs) == (True, {"each": "p,-,r", "all": "a,b"})
    assert [states(result)["add", index] for index in range(3)] == [
        "SKIPPED", "SUCCEEDED", "SKIPPED",
    ]  # fmt: skip
    result = run(pipeline, rows=rows[:1], count=1)
    assert (result.succeeded, result.outputs) == (True, {"each": "p", "all": "few"})


def test_a_condition_without_a_value_fails_its_branch(run):
    @dsl.pipeline(name="unordered")
    def pipeline(word: str, flag: bool):
        with dsl.If(flag > False):
            say(text=word)

    result = run(pipeline, word="a", flag=True)
    assert not result.succeeded
    assert [task.error for task in result.tasks] == ["its condition compares True > False"]


def test_a_failed_branch_is_not_a_skipped_one(run, states):
    @dsl.pipeline(name="failing-branch")
    def pipeline(a: int) -> str:
        with dsl.If(a == 1):
            one = fail()
        with dsl.Else():
            other = say(text="other")
        return say(text=dsl.OneOf(one.output, other.output)).output

    result = run(pipeline, a=1)
    assert (result.succeeded, result.outputs) == (False, {})
    assert states(result) == {"fail": "FAILED", "say": "SKIPPED", "say-2": "SKIPPED"}
    assert errors(result)["say-2"] == "skipped, because `fail` failed"


@dsl.pipeline(name="choosing")
def choosing(a: int) -> Dataset:
    with dsl.If(a == 1):
        first = write(text="one")
    with dsl.Else():
        second = write(text="other")
    return dsl.OneOf(first.output, second.output)


def test_a_pipeline_that_chooses_inside_another(run):
    @dsl.pipeline(name="around")
    def pipeline(a: int) -> str:
        return read(data=choosing(a=a).output).output

    assert run(pipeline, a=1).outputs == {"Output": "one"}
    assert run(pipeline, a=2).outputs == {"Output": "other"}


@dsl.pipeline(name="guarded")
def guarded(text: str):
    with dsl.ExitHandler(report(prefix="over"), name="work"):
        with dsl.If(text == "fail"):
            fail(text=text).set_display_name("Risky")
        say(text=text)


def printed(result, task: str) -> str:
    (matching,) = (one for one in result.tasks if one.name == task)
    return matching.log_tail


def test_an_exit_task_runs_after_success_and_failure_and_gets_the_status(run, states):
    result = run(guarded, text="x")
    assert result.succeeded
    assert printed(result, "report") == "COMPLETE|exit-handler-1|None|None"

    result = run(guarded, text="fail")
    assert not result.succeeded
    assert states(result) == {"fail": "FAILED", "say": "SUCCEEDED", "report": "SUCCEEDED"}
    assert printed(result, "report") == "FAILED|exit-handler-1|None|None"


def test_an_exit_task_runs_when_its_group_failed_and_not_when_it_was_skipped(run, states):
    @dsl.pipeline(name="failed-group")
    def failed():
        with dsl.ExitHandler(report(prefix="over")):
            say(text=fail().output)

    result = run(failed)
    assert states(result) == {"fail": "FAILED", "say": "SKIPPED", "report": "SUCCEEDED"}

    @dsl.pipeline(name="skipped-group")
    def skipped():
        broken = fail()
        with dsl.ExitHandler(report(prefix="over")):
            say(text=broken.output)

    result = run(skipped)
    assert states(result) == {"fail": "FAILED", "say": "SKIPPED", "report": "SKIPPED"}
    assert errors(result)["report"] == "skipped, because `fail` failed"


def test_a_failed_exit_task_fails_the_run(run, states):
    @dsl.pipeline(name="bad-end")
    def pipeline():
        with dsl.ExitHandler(fail(text="at the end")):
            say(text="x")

    result = run(pipeline)
    assert not result.succeeded
    assert states(result) == {"say": "SUCCEEDED", "fail": "FAILED"}


def test_a_task_may_ignore_a_failure_upstream(run):
    @component
    def carry_on(text: str = "nothing came") -> str:
        return text

    @dsl.pipeline(name="ignoring")
    def pipeline() -> NamedTuple("Out", [("text", str), ("state", str)]):
        broken, other = fail(), fail()
        after = report(prefix="after").after(broken).ignore_upstream_failure()
        carried = carry_on(text=other.output).ignore_upstream_failure()
        kind = NamedTuple("Out", [("text", str), ("state", str)])
        return kind(carried.output, after.output)

    result = run(pipeline)
    assert not result.succeeded
    assert result.outputs == {"text": "nothing came", "state": "after|FAILED|fail|None|None"}


@pytest.mark.filterwarnings("ignore:You may be attemp:RuntimeWarning")
def test_kfp_local_chooses_the_same_branches(run, compiled, tmp_path):
    from kfp import components, local

    local.init(
        runner=local.SubprocessRunner(use_venv=False),
        pipeline_root=str(tmp_path / "witness"),
        enable_caching=False,
    )
    theirs = components.load_component_from_file(str(compiled(three_ways)))
    for size in (4, 5, 10):
        assert theirs(size=size).outputs == run(three_ways, size=size).outputs


def test_nested_loops_over_the_output_of_a_task_are_collected(run):
    @component
    def tables() -> List[dict]:
        return [{"numbers": [1, 2]}, {"numbers": []}, {"numbers": [3]}]

    @component
    def show(numbers: list, files: Input[List[Dataset]]) -> str:
        return repr([numbers, [open(file.path).read() for file in files]])

    @dsl.pipeline(name="collecting")
    def pipeline() -> str:
        with dsl.ParallelFor(tables().output) as table, dsl.ParallelFor(table.numbers) as number:
            more = add(a=number, b=10)
            file = write(text=f"<{number}>")
        return show(numbers=dsl.Collected(more.output), files=dsl.Collected(file.output)).output

    assert run(pipeline).outputs == {"Output": "[[11, 12, 13], ['<1>', '<2>', '<3>']]"}
