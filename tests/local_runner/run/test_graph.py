"""Pipelines that run as on a cluster: order, loops, nesting, parameters, artifacts."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH110, PTH123, UP014, UP045

import json
from pathlib import Path
from typing import NamedTuple, Optional

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Output
from small_components import add, component, join_files, measure, read, total, write

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@component
def describe(
    number: float,
    flag: bool,
    table: dict,
    items: list,
    text: Optional[str] = None,
    count: Optional[int] = None,
) -> str:
    return repr([number, flag, table, items, text, count])


@component
def outcome(text: str, report: Output[Artifact], scores: Output[Metrics]) -> NamedTuple(
    "Outcome", [("good", bool), ("ratio", float), ("table", dict), ("items", list)]
):
    scores.log_metric("accuracy", 0.5)
    with open(report.path, "w") as stream:
        stream.write(text)
    return True, 2.0, {"a": 1}, [1, 2]


def test_every_type_of_parameter_is_passed_and_returned(run):
    @dsl.pipeline(name="types")
    def pipeline(number: float, flag: bool, table: dict, items: list) -> str:
        return describe(number=number, flag=flag, table=table, items=items).output

    result = run(pipeline, number=2, flag=False, table={"a": [1, None]}, items=[1.5, "x"])

    assert result.succeeded
    assert result.outputs == {"Output": "[2.0, False, {'a': [1, None]}, [1.5, 'x'], None, None]"}


def test_named_outputs_and_metadata_are_returned(run, tmp_path):
    @dsl.pipeline(name="named")
    def pipeline() -> NamedTuple(
        "Outputs", [("good", bool), ("ratio", float), ("table", dict), ("scores", Metrics)]
    ):
        done = outcome(text="é")
        kind = NamedTuple(
            "Outputs", [("good", bool), ("ratio", float), ("table", dict), ("scores", Metrics)]
        )
        return kind(
            done.outputs["good"],
            done.outputs["ratio"],
            done.outputs["table"],
            done.outputs["scores"],
        )

    outputs = run(pipeline).outputs

    assert (outputs["good"], outputs["ratio"], outputs["table"]) == (True, 2.0, {"a": 1})
    assert outputs["scores"].metadata == {"accuracy": 0.5}
    assert outputs["scores"].type == "system.Metrics"
    assert (tmp_path / "out püt/named/outcome/report").read_text("utf-8") == "é"


@dsl.pipeline(name="inner")
def inner(data: Input[Dataset], extra: str = "!") -> NamedTuple(
    "Outputs", [("length", int), ("copy", Dataset)]
):
    text = read(data=data)
    copy = write(text=f"{text.output}{extra} in here")
    kind = NamedTuple("Outputs", [("length", int), ("copy", Dataset)])
    return kind(measure(data=copy.output).output, copy.output)


def test_a_pipeline_inside_a_pipeline_takes_and_gives_artifacts(run, tmp_path):
    @dsl.pipeline(name="outer")
    def pipeline(text: str) -> NamedTuple("Outputs", [("length", int), ("text", str)]):
        nested = inner(data=write(text=text).output)
        kind = NamedTuple("Outputs", [("length", int), ("text", str)])
        return kind(nested.outputs["length"], read(data=nested.outputs["copy"]).output)

    result = run(pipeline, text="ü")

    assert result.outputs == {"length": len("ü! in here"), "text": "ü! in here"}
    assert {task.name for task in result.tasks} == {
        "write", "inner.read", "inner.write", "inner.measure", "read",
    }  # fmt: skip
    assert (tmp_path / "out püt/outer/inner/write/out").is_file()


def test_long_names_of_logs_are_cut(run):
    long = "quite_a_long_name_" * 5

    @dsl.component(base_image="image:1", install_kfp_package=False)
    def talk(text: str) -> str:
        print("heard", text)  # noqa: T201
        return text

    @dsl.pipeline(name=f"inner-{long}".replace("_", "-").rstrip("-"))
    def inner(text: str) -> str:
        return talk(text=text).output

    @dsl.pipeline(name=f"middle-{long}".replace("_", "-").rstrip("-"))
    def middle(text: str) -> str:
        return inner(text=text).output

    @dsl.pipeline(name=f"outer-{long}".replace("_", "-").rstrip("-"))
    def outer(text: str) -> str:
        return middle(text=text).output

    @dsl.pipeline(name="deep")
    def pipeline():
        for text in ("a", "b"):
            outer(text=text)

    tasks = run(pipeline).tasks
    assert sorted(task.log_tail for task in tasks) == ["heard a", "heard b"]
    assert all(task.log.name.endswith(".talk.log") for task in tasks)


def test_outputs_are_filled_into_texts(run):
    @dsl.pipeline(name="texts")
    def pipeline(who: str = "{{$.inputs.parameters['n']}}") -> str:
        number = add(a=4)
        table = {"n": number.output, "text": f"{number.output} by {who}"}
        return describe(number=0.5, flag=True, table=table, items=[number.output]).output

    assert run(pipeline).outputs == {
        "Output": "[0.5, True, {'n': 5, 'text': \"5 by {{$.inputs.parameters['n']}}\"}, [5], "
        "None, None]"
    }


def test_placeholders_of_the_run(run):
    @dsl.pipeline(name="facts")
    def pipeline() -> NamedTuple("Outputs", [("name", str), ("id", str), ("task", str)]):
        made = [
            read(data=write(text=placeholder).output).output
            for placeholder in (
                dsl.PIPELINE_JOB_NAME_PLACEHOLDER,
                dsl.PIPELINE_JOB_ID_PLACEHOLDER,
                dsl.PIPELINE_TASK_NAME_PLACEHOLDER,
            )
        ]
        return NamedTuple("Outputs", [("name", str), ("id", str), ("task", str)])(*made)

    outputs = run(pipeline).outputs
    assert outputs["name"].startswith("facts-")
    assert len(outputs["id"]) == 36
    assert outputs["task"] == "write-3"


def test_a_task_waits_for_another_without_its_data(run, tmp_path):
    @component
    def leave(path: str):
        import time

        time.sleep(0.1)
        open(path, "w").close()

    @component
    def find(path: str) -> bool:
        import os

        return os.path.exists(path)

    @dsl.pipeline(name="after")
    def pipeline(path: str) -> bool:
        left = leave(path=path)
        return find(path=path).after(left).output

    assert run(pipeline, path=str(tmp_path / "left")).outputs == {"Output": True}


def test_independent_tasks_continue_when_a_task_fails(run, states):
    @component
    def fail_on(item: str) -> str:
        if item == "b":
            raise ValueError("b is bad")
        return item

    @dsl.pipeline(name="failing")
    def pipeline() -> NamedTuple("Outputs", [("sum", int), ("text", str), ("ended", int)]):
        with dsl.ParallelFor(["a", "b"]) as item:
            risky = fail_on(item=item).set_display_name("Risky")
            write(text=risky.output)
        count = add(a=2)
        text = read(data=write(text="x").output)
        last = total(numbers=[1]).after(risky)
        kind = NamedTuple("Outputs", [("sum", int), ("text", str), ("ended", int)])
        return kind(count.output, text.output, last.output)

    result = run(pipeline)

    assert not result.succeeded
    assert result.outputs == {"sum": 3, "text": "x"}
    assert states(result) == {
        ("fail-on", 0): "SUCCEEDED", ("fail-on", 1): "FAILED",
        ("write", 0): "SUCCEEDED", ("write", 1): "SKIPPED",
        "add": "SUCCEEDED", "write-2": "SUCCEEDED", "read": "SUCCEEDED", "total": "SKIPPED",
    }  # fmt: skip
    failed = next(task for task in result.tasks if task.state.value == "FAILED")
    skipped = {task.error for task in result.tasks if task.state.value == "SKIPPED"}
    assert failed.error == "ValueError: b is bad"
    assert failed.log_tail.endswith("ValueError: b is bad")
    assert skipped == {"skipped, because `Risky` (iteration 1) failed"}


def test_an_observer_sees_each_task_start_and_end(run):
    seen = []

    @dsl.pipeline(name="observed")
    def pipeline():
        total(numbers=[1]).after(add(a=1))

    run(pipeline, observer=seen.append)
    kinds = ("TaskWaiting", "TaskStarted", "TaskEnded")
    told = [(type(event).__name__, event.task.name) for event in seen if hasattr(event, "task")]
    assert [(kind, name) for kind, name in told if kind in kinds] == [
        (kind, name) for name in ("add", "total") for kind in kinds
    ]


@pytest.mark.filterwarnings("ignore:You may be attemp:RuntimeWarning")
def test_kfp_local_gives_the_same_outputs(run, compiled, tmp_path):
    from kfp import components, local

    @dsl.pipeline(name="witness")
    def pipeline(base: int, text: str = "é") -> NamedTuple(
        "Outputs", [("sum", int), ("ratio", float), ("table", dict), ("text", str)]
    ):
        grown = add(a=add(a=base).output, b=10)
        done = outcome(text=text)
        with dsl.ParallelFor([{"key": "a"}, {"key": "b"}]) as item:
            file = write(text=item.key)
        text = join_files(files=dsl.Collected(file.outputs["out"]))
        kind = NamedTuple(
            "Outputs", [("sum", int), ("ratio", float), ("table", dict), ("text", str)]
        )
        return kind(grown.output, done.outputs["ratio"], done.outputs["table"], text.output)

    local.init(
        runner=local.SubprocessRunner(use_venv=False),
        pipeline_root=str(tmp_path / "witness"),
        enable_caching=False,
    )
    theirs = components.load_component_from_file(str(compiled(pipeline)))(base=1)

    ours = run(pipeline, base=1).outputs
    assert json.loads(json.dumps(theirs.outputs)) == ours
    assert ours == {"sum": 12, "ratio": 2.0, "table": {"a": 1}, "text": "a,b"}
    assert Path(tmp_path / "witness").is_dir()
