"""Pipelines that run as on a cluster: order, loops, nesting, parameters, artifacts."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH107, PTH110, PTH118, PTH123, PTH208, UP006, UP014, UP035, UP045

import json
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

import pytest
from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def write(text: str, out: Output[Dataset]):
    with open(out.path, "w") as stream:
        stream.write(text)
    out.metadata["length"] = len(text)


@component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as stream:
        return stream.read()


@component
def measure(data: Input[Dataset]) -> int:
    return data.metadata["length"]


@component
def join_files(files: Input[List[Dataset]], separator: str = ",") -> str:
    return separator.join(open(file.path).read() for file in files)


@component
def add(a: int, b: int = 1) -> int:
    return a + b


@component
def total(numbers: List[int]) -> int:
    return sum(numbers)


@component
def names(count: int) -> List[str]:
    return [f"name {index}" for index in range(count)]


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


def test_an_imported_file_reaches_its_reader_and_metadata_its_consumer(run, tmp_path):
    source = tmp_path / "a file.txt"
    source.write_text("imported")

    @dsl.pipeline(name="imports")
    def pipeline(uri: str, who: str) -> str:
        data = dsl.importer(
            artifact_uri=uri, artifact_class=Dataset, metadata={"length": 3, "by": who}
        )
        copy = write(text=read(data=data.output).output)
        add(a=measure(data=data.output).output)
        return read(data=copy.output).output

    for uri in (str(source), source.as_uri()):
        result = run(pipeline, uri=uri, who="me")
        assert (result.succeeded, result.outputs) == (True, {"Output": "imported"})


def test_a_constant_uri_is_imported(run, tmp_path):
    source = tmp_path / "folder"
    source.mkdir()

    @dsl.pipeline(name="constant")
    def pipeline() -> Model:
        return dsl.importer(artifact_uri=str(source), artifact_class=Model).output

    imported = run(pipeline).outputs["Output"]
    assert (imported.path, imported.type) == (source, "system.Model")


def test_a_missing_file_and_a_remote_one_fail_their_imports(run, tmp_path):
    @dsl.pipeline(name="missing")
    def pipeline(here: str, there: str):
        read(data=dsl.importer(artifact_uri=here, artifact_class=Dataset).output)
        dsl.importer(artifact_uri=there, artifact_class=Dataset)
        dsl.importer(artifact_uri="", artifact_class=Dataset)

    result = run(pipeline, here=str(tmp_path / "gone"), there="nowhere://bucket/data")

    assert {task.name: task.error for task in result.tasks} == {
        "importer": f"cannot import {tmp_path}/gone: there is no such file or folder",
        "importer-2": "cannot fetch nowhere://bucket/data: Protocol not known: nowhere. "
        "`nowhere://` needs fsspec and the package it asks for, "
        "`pip install 'quantgate[s3]'` for S3",
        "importer-3": "cannot import anything: its URI is empty. Give it a file or folder",
        "read": "skipped, because `importer` failed",
    }


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
            {"key": key, "seconds": wait} for key, wait in zip("abc", [0.2, 0.1, 0.0], strict=True)
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


def test_a_pipeline_inside_a_loop(run):
    @dsl.pipeline(name="looped")
    def pipeline() -> str:
        with dsl.ParallelFor(["a", "b"]) as item:
            nested = inner(data=write(text=item).output, extra=item)
        return join_files(files=dsl.Collected(nested.outputs["copy"])).output

    assert run(pipeline).outputs == {"Output": "aa in here,bb in here"}


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
