"""The plan, and the arguments that a run accepts."""

import pytest
import yaml
from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from quantgate.errors import UsageError
from quantgate.local_runner import dry_run, read_pipeline, run_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

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


def test_the_plan_expands_what_is_known_and_says_what_waits_for_what(compiled):
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
        "pipeline `strict`: it has no input `txt`; "
        "`count`: expected NUMBER_INTEGER, got float 1.5; "
        "`flag`: expected BOOLEAN, got int 1; "
        "`items`: expected LIST, got str '[]'; "
        "`share`: expected NUMBER_DOUBLE, got bool True; "
        "`table`: expected STRUCT, got list [1]; "
        "`text` (STRING) has no value; give it one"
    )


def test_a_text_is_not_made_of_a_number(compiled, tmp_path):
    pipeline = read_pipeline(compiled(planned))
    with pytest.raises(UsageError) as caught:
        run_pipeline(pipeline, {"items": [], "text": 3}, tmp_path, tmp_path)
    assert str(caught.value) == "pipeline `planned`: `text`: expected STRING, got int 3"


def test_a_literal_is_kept(compiled):
    path = compiled(planned)
    document = yaml.safe_load(path.read_text("utf-8"))
    document["root"]["inputDefinitions"]["parameters"]["text"]["literals"] = ["a b", "c"]
    path.write_text(yaml.safe_dump(document), "utf-8")
    pipeline = read_pipeline(path)

    assert dry_run(pipeline, {"items": [], "text": "c"})
    with pytest.raises(UsageError) as caught:
        dry_run(pipeline, {"items": [], "text": "d"})
    assert str(caught.value) == ("pipeline `planned`: `text`: expected one of 'a b', 'c', got 'd'")


def test_jobs_must_leave_room_for_a_task(compiled, tmp_path):
    pipeline = read_pipeline(compiled(planned))
    with pytest.raises(UsageError) as caught:
        run_pipeline(pipeline, {"items": []}, tmp_path, tmp_path, jobs=0)
    assert str(caught.value) == "jobs is 0; at least one task must be able to run"
