"""Names of tasks on a cluster, the same as in a local run, with candidates in loops."""

import json
import random
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from kfp import dsl
from kfp.compiler import Compiler

from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.pipelines.cluster.run_tasks import _fnv1a

GOLDENS = Path(__file__).resolve().parents[1] / "pipelines" / "goldens"
WORKFLOW = "digits-x7k2p"
Node = dict[str, Any]

SHARDS = [{"shard": number, "of": 2, "round": 2, "rounds": 3} for number in (1, 2)]


def node_id(path: str) -> str:
    """Return the id of a node: the workflow's name and the 32-bit FNV-1a hash of its path."""
    mixed = reduce(
        lambda value, byte: (value ^ byte) * 0x01000193 % 2**32, path.encode(), 2166136261
    )
    return f"{path.partition('.')[0]}-{mixed}"


def nodes_of(pipeline: dict[str, Any], state: Callable[[str], str | None]) -> list[Node]:
    """Return the nodes of a pipeline's Argo workflow as the API lists them.

    Names and structure are those of `argocompiler` in the backend, 2.14 to 2.17. The order is any,
    and a node has neither its own id nor its parent's. `state` is asked with each node's path.
    """
    root = f"{WORKFLOW}.root"
    tree = [
        (WORKFLOW, [f"{root}-driver"]),
        (f"{root}-driver", [root]),
        (root, []),
        *_tasks(pipeline, pipeline["root"], root),
    ]
    nodes = [_node(path, below, state(path)) for path, below in tree if state(path)]
    random.Random(7).shuffle(nodes)
    return nodes


def _node(path: str, below: list[str], state: str | None) -> Node:
    return {
        "run_id": "r1",
        "task_id": f"task of {path}",
        "display_name": path.rpartition(".")[2],
        "create_time": "2026-11-23T10:00:00Z",
        "start_time": "2026-11-23T10:00:00Z",
        "end_time": "0001-01-01T00:00:00Z",
        "state": state,
        "child_tasks": [{"pod_name": node_id(child)} for child in below],
    }


def _tasks(pipeline: Any, parent: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    for key, task in parent["dag"]["tasks"].items():
        component = pipeline["components"][task["componentRef"]["name"]]
        yield from _task(pipeline, task, component, f"{path}.{key}")


def _task(pipeline: Any, task: Any, component: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if iterator := task.get("parameterIterator"):
        yield path, [f"{path}.iteration-driver"]
        yield f"{path}.iteration-driver", [f"{path}.iteration-iterations"]
        count = len(json.loads(iterator["items"].get("raw", "[1, 2, 3]")))
        each = [f"{path}.iteration-iterations({index}:{index})" for index in range(count)]
        yield f"{path}.iteration-iterations", each
        for iteration in each:
            item = f"{iteration}.iteration-item"
            yield iteration, [f"{item}-driver"]
            yield from _task(pipeline, {}, component, item)
    elif "dag" in component:
        yield f"{path}-driver", [path]
        yield path, []
        yield from _tasks(pipeline, component, path)
    elif "importer" in pipeline["deploymentSpec"]["executors"][component["executorLabel"]]:
        yield path, []
    else:
        yield f"{path}-driver", [path]
        yield path, [f"{path}.executor"]
        yield f"{path}.executor", [f"{path}.executor(0)"]
        yield f"{path}.executor(0)", []


def golden(name: str) -> dict[str, Any]:
    text = (GOLDENS / f"{name}.pipeline.yaml").read_text(encoding="utf-8")
    return next(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


@dsl.component(base_image="x:1")
def work(item: dict):
    pass


@dsl.component(base_image="x:1")
def count() -> list:
    return []


@dsl.component(base_image="x:1")
def choose() -> str:
    return ""


@dsl.component(base_image="x:1")
def say(text: str):
    pass


@dsl.pipeline(name="inner")
def inner():
    with dsl.ParallelFor([{"candidate": "c"}, {"candidate": "d"}]) as item:
        work(item=item).set_display_name("Quantize")


@dsl.pipeline(name="outer")
def outer():
    with dsl.ParallelFor([{"candidate": "a"}, {"candidate": "b"}]) as item:
        work(item=item).set_display_name("Quantize")
    with dsl.ParallelFor([{"candidate": "c"}]) as item:
        work(item=item).set_display_name("Quantize")
    with dsl.ParallelFor(["x", "y"]) as text:
        say(text=text)
    with dsl.ParallelFor(count().output) as text:
        say(text=text)
    with dsl.If(choose().output == "yes", name="maybe"):
        inner()
    with dsl.ParallelFor([{"candidate": "e"}]) as item:
        work(item=item).set_display_name("Quantize")
        with dsl.ParallelFor(SHARDS) as shard:
            work(item=shard).set_display_name("Evaluate shard")


@pytest.fixture
def compiled(tmp_path: Path) -> dict[str, Any]:
    Compiler().compile(outer, str(tmp_path / "outer.yaml"))
    return yaml.load((tmp_path / "outer.yaml").read_text(), yaml.CSafeLoader)


@pytest.fixture
def shown(quantgate, kfp) -> Callable[..., list[str]]:
    """Return the lines of `status` without the last one, which is about the run."""

    def lines(pipeline: dict[str, Any], state: Callable[[str], str | None]) -> list[str]:
        kfp.pipeline_spec, kfp.states, kfp.looks = pipeline, ["RUNNING"], 0
        kfp.tasks = nodes_of(pipeline, state)
        done = quantgate("status", "r1")
        assert (done.code, done.stderr) == (0, "")
        return done.stdout.splitlines()[:-1]

    return lines


def test_ids_are_those_of_argo() -> None:
    """Names and ids from the test data of Argo Workflows."""
    for name, number in (
        ("reproduce-bug-9tpfr.process-tasks(1:1)", 3412607194),
        ("parameter-aggregation-one-will-fail2-jt776.one-will-fail(0:0)", 1842114754),
    ):
        assert _fnv1a(name) == number
        assert node_id(name) == f"{name.partition('.')[0]}-{number}"


def loops_of(pipeline: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the candidates of a golden, each with the path of its iteration."""
    for key, task in pipeline["root"]["dag"]["tasks"].items():
        items = json.loads(task.get("parameterIterator", {}).get("items", {}).get("raw", "[]"))
        for index, item in enumerate(items):
            yield item["candidate"], f".{key}.iteration-iterations({index}:{index})."


def test_iterations_are_named_by_candidate(shown) -> None:
    pipeline = golden("smallest-on-cpu")
    places = dict(loops_of(pipeline))
    expected = {
        **dict.fromkeys(places, "SUCCEEDED"),
        "float16": "RUNNING",
        "full_integer": "FAILED",
    }

    def state(path: str) -> str:
        inside = [expected[name] for name, place in places.items() if place in path]
        return inside[0] if inside else "SUCCEEDED"

    lines = shown(pipeline, state)
    modes = {name for name in places if name in QUANTIZED_MODES}
    for task, names in {
        "Quantize": modes,
        "Quantize by recipe": places.keys() - modes,
        "Evaluate": places.keys(),
    }.items():
        told = {line for line in lines if line[12:] in {f"{task} {name}" for name in places}}
        assert told == {f"{expected[name]:<10}  {task} {name}" for name in names}
    assert "SUCCEEDED   Evaluate baseline" in lines


def test_only_tasks_are_shown(shown) -> None:
    lines = shown(golden("smallest-on-cpu"), lambda _: "SUCCEEDED")
    names = [line.split(maxsplit=1)[1] for line in lines]
    assert len(names) == len(set(names))
    assert not {name for name in names if "driver" in name or "iteration" in name}
    assert not {"root", "executor", WORKFLOW} & set(names)


def test_tasks_in_several_loops_and_nested_pipelines_are_named(shown, compiled) -> None:
    lines = shown(compiled, lambda path: "RUNNING" if "(1:1)" in path else "SUCCEEDED")
    assert sorted(lines) == sorted(
        [
            "SUCCEEDED   Quantize a",
            "RUNNING     Quantize b",
            "SUCCEEDED   Quantize c",
            "RUNNING     Quantize d",
            "SUCCEEDED   Quantize e",
            "SUCCEEDED   Evaluate shard e (1 of 2, round 2 of 3)",
            "RUNNING     Evaluate shard e (2 of 2, round 2 of 3)",
            "SUCCEEDED   say (iteration 0)",
            "RUNNING     say (iteration 1)",
            "RUNNING     say-2",
            "SUCCEEDED   count",
            "SUCCEEDED   choose",
        ]
    )


def test_tasks_that_have_not_started_are_not_shown(shown) -> None:
    began = ("importer", "root", "convert-baseline")

    def state(path: str) -> str | None:
        if "promote" in path:
            return "RUNTIME_STATE_UNSPECIFIED"  # Argo's "Omitted"
        return "SUCCEEDED" if path.rpartition(".")[2].startswith(began) else None

    lines = shown(golden("smallest-on-cpu"), state)
    assert "SUCCEEDED   Convert float32 baseline" in lines
    assert not [line for line in lines if "Quantize" in line or "Promote" in line]


def test_uploaded_pipeline_is_requested_once(quantgate, kfp) -> None:
    pipeline = golden("smallest-on-cpu")
    kfp.version_spec, kfp.pipeline_spec = pipeline, {}
    kfp.states = ["RUNNING", "RUNNING", "FAILED"]
    place = dict(loops_of(pipeline))["float16"]
    kfp.tasks = nodes_of(pipeline, lambda path: "FAILED" if place in path else "SUCCEEDED")
    done = quantgate("status", "r1", "--wait", "--poll", "0.02")
    assert "FAILED      Quantize float16\n" in done.stdout
    assert "Quantize float16 failed: its log in the UI says why" in done.stderr
    assert len(kfp.sent("GET", "/apis/v2beta1/pipelines/p1/versions/v1")) == 1


def test_tasks_of_a_deleted_pipeline_are_shown_by_key(quantgate, kfp) -> None:
    kfp.pipeline_spec, kfp.states = {}, ["RUNNING"]
    kfp.tasks = nodes_of(golden("smallest-on-cpu"), lambda _: "SUCCEEDED")
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (0, "")
    assert "SUCCEEDED   quantize\n" in done.stdout
    assert "SUCCEEDED   gate\n" in done.stdout
    assert not [line for line in done.stdout.splitlines() if "driver" in line or "(0:0)" in line]
