"""The plan, and the arguments that a run accepts."""

import pytest
import yaml
from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from quantgate.errors import UsageError
from quantgate.local_runner import dry_run, read_pipeline, run_pipeline

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def write(text: str, out: Output[Dataset]):
    pass


@component
def words(text: str) -> list:
    return text.split()


@component
def read(data: Input[Dataset]):
    pass


@dsl.pipeline(name="inner")
def inner(data: Input[Dataset], items: list = ["x"]) -> Dataset:  # noqa: B006
    read(data=data)
    with dsl.ParallelFor(items) as item:
        write(text=item)
    return write(text="done").output


@dsl.pipeline(name="planned")
def planned(items: list[str], text: str = "a b"):
    first = write(text=text).set_display_name("First")
    with dsl.ParallelFor(["a", "b"], name="letters") as item:
        read(data=write(text=item).after(first).output)
    with dsl.ParallelFor(items) as item:
        write(text=item)
    with dsl.ParallelFor(words(text=text).output) as item:
        write(text=item)
    read(data=inner(data=first.output).output).set_display_name("Last")


def test_the_plan_expands_known_loops_and_names_the_tasks_before_each(compiled):
    tasks = dry_run(read_pipeline(compiled(planned)), {"items": ["x"]})
    assert [(task.name, task.display_name, task.iteration, task.waits_for) for task in tasks] == [
        ("write-3", "write-3", 0, ()),
        ("words", "words", None, ()),
        ("write", "First", None, ()),
        ("write-2", "write-2", 0, ("First",)),
        ("read", "read", 0, ("write-2",)),
        ("write-2", "write-2", 1, ("First",)),
        ("read", "read", 1, ("write-2",)),
        ("write-4", "write-4", None, ("words",)),
        ("inner.write", "write", 0, ("First",)),
        ("inner.read", "read", None, ("First",)),
        ("inner.write-2", "write-2", None, ("First",)),
        ("read-2", "Last", None, ("inner",)),
    ]


@dsl.pipeline(name="strict")
def strict(
    text: str, count: int, share: float, flag: bool, table: dict, items: list, more: str = "x"
):
    write(text=text)


def test_every_wrong_argument_is_named(compiled):
    pipeline = read_pipeline(compiled(strict))
    given = {"count": 1.5, "flag": 1, "share": True, "table": [1], "items": "[]", "txt": "a"}
    with pytest.raises(UsageError) as caught:
        dry_run(pipeline, given)
    assert str(caught.value) == (
        "pipeline `strict`: its arguments do not fit:\n"
        "  it has no input `txt`\n"
        "  `count`: expected NUMBER_INTEGER, got float 1.5\n"
        "  `flag`: expected BOOLEAN, got int 1\n"
        "  `items`: expected LIST, got str '[]'\n"
        "  `share`: expected NUMBER_DOUBLE, got bool True\n"
        "  `table`: expected STRUCT, got list [1]\n"
        "  `text` (STRING) needs a value"
    )


def test_a_number_is_not_accepted_for_a_text(compiled, tmp_path):
    pipeline = read_pipeline(compiled(planned))
    with pytest.raises(UsageError) as caught:
        run_pipeline(pipeline, {"items": [], "text": 3}, tmp_path, tmp_path)
    assert str(caught.value) == (
        "pipeline `planned`: its arguments do not fit:\n  `text`: expected STRING, got int 3"
    )


def test_an_argument_outside_the_allowed_literals_is_refused(compiled):
    path = compiled(planned)
    document = yaml.safe_load(path.read_text("utf-8"))
    document["root"]["inputDefinitions"]["parameters"]["text"]["literals"] = ["a b", "c"]
    path.write_text(yaml.safe_dump(document), "utf-8")
    pipeline = read_pipeline(path)

    assert dry_run(pipeline, {"items": [], "text": "c"})
    with pytest.raises(UsageError) as caught:
        dry_run(pipeline, {"items": [], "text": "d"})
    assert str(caught.value) == (
        "pipeline `planned`: its arguments do not fit:\n"
        "  `text`: expected one of 'a b', 'c', got 'd'"
    )


def test_jobs_below_one_are_refused(compiled, tmp_path):
    pipeline = read_pipeline(compiled(planned))
    with pytest.raises(UsageError) as caught:
        run_pipeline(pipeline, {"items": []}, tmp_path, tmp_path, jobs=0)
    assert str(caught.value) == "jobs is 0, but it has to be at least 1"


@component
def grow(a: int) -> int:
    return a + 1


@dsl.pipeline(name="branching")
def branching(a: int, letters: list[str]):
    grown = grow(a=a)
    with dsl.If(a == 1):
        write(text="one").set_display_name("known")
        read(data=write(text="more").after(grown).output)
    with dsl.Else():
        write(text="other").set_display_name("other")
    with dsl.If(grown.output > 3), dsl.ParallelFor(letters) as letter, dsl.If(letter != "a"):
        write(text=letter).set_display_name("letter")
    grow(a=a).after(grown).set_display_name("last")


def fates(tasks) -> dict:
    return {
        task.display_name if task.iteration is None else (task.display_name, task.iteration): (
            task.skipped or task.to_run
        )
        for task in tasks
    }


def test_a_known_condition_is_decided_and_an_open_one_is_named(compiled):
    tasks = dry_run(read_pipeline(compiled(branching)), {"a": 1, "letters": ["a", "b"]})
    assert fates(tasks) == {
        "grow": "the cache is off",
        "known": "waits for `grow`",
        "write-2": "waits for `grow`",
        "read": "waits for `grow`",
        "other": "skipped, because `!(a == 1)` does not hold: a is 1",
        ("letter", 0): "skipped, because `letters-loop-item != 'a'` does not hold: "
        "letters-loop-item is a",
        ("letter", 1): "depends on `grow-Output > 3`",
        "last": "waits for `grow`",
    }
    skipped = [task.display_name for task in tasks if task.to_run is None]
    assert sorted(skipped) == ["letter", "other"]


def test_branches_on_a_cached_result_are_decided(compiled, tmp_path):
    pipeline = read_pipeline(compiled(branching))
    arguments = {"a": 2, "letters": ["a", "b"]}
    cache = tmp_path / "cache"
    result = run_pipeline(pipeline, arguments, tmp_path / "root", tmp_path / "logs", cache=cache)
    assert result.succeeded
    assert fates(dry_run(pipeline, arguments, cache)) == {
        "grow": None,
        "known": "skipped, because `a == 1` does not hold: a is 2",
        "write-2": "skipped, because `a == 1` does not hold: a is 2",
        "read": "skipped, because `a == 1` does not hold: a is 2",
        "other": None,
        ("letter", 0): "skipped, because `grow-Output > 3` does not hold: grow-Output is 3",
        ("letter", 1): "skipped, because `grow-Output > 3` does not hold: grow-Output is 3",
        "last": None,
    }
