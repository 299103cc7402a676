"""A compiled pipeline with any change is run, or refused with a sentence."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: UP006, UP035

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, List

import pytest
import yaml
from kfp import dsl, kubernetes
from kfp.dsl import Dataset, Input, Output, PipelineTaskFinalStatus

from quantgate.errors import QuantgateError
from quantgate.local_runner import dry_run, read_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)

_DELETED = object()
_VALUES = (_DELETED, None, 3, "x", [], {}, True, {"a": {"b": 1}})


@component
def write(text: str, out: Output[Dataset]) -> str:
    return text


@component
def read(files: Input[List[Dataset]], words: list) -> str:
    return ",".join(words)


@component
def end(final: PipelineTaskFinalStatus):
    pass


@dsl.pipeline(name="inner")
def inner(x: int = 2) -> str:
    with dsl.If(x == 1):
        one = write(text="one")
    with dsl.Else():
        other = write(text="other")
    return dsl.OneOf(one.outputs["Output"], other.outputs["Output"])


@dsl.pipeline(name="everything")
def everything(x: int = 1, names: List[dict] = [{"a": "b"}]):  # noqa: B006
    with dsl.ExitHandler(end()):
        with dsl.ParallelFor(names, parallelism=2) as name:
            written = write(text=f"{name.a} {x}").set_retry(2).set_cpu_request("1")
            kubernetes.use_secret_as_env(written, "store", {"token": "TOKEN"}, optional=True)
        imported = dsl.importer(artifact_uri="/tmp", artifact_class=Dataset, metadata={"a": 1})
        files, words = written.outputs["out"], written.outputs["Output"]
        read(files=dsl.Collected(files), words=dsl.Collected(words)).after(imported)
        inner(x=x)


def places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))
        else:
            yield (*at, key)


def damaged(documents: list[Any], at: tuple[Any, ...], value: Any) -> list[Any]:
    documents = copy.deepcopy(documents)
    node: Any = documents
    for key in at[:-1]:
        node = node[key]
    if value is _DELETED:
        del node[at[-1]]
    else:
        node[at[-1]] = value
    return documents


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_pipeline_is_refused_with_a_sentence(compiled, seed: int) -> None:
    path: Path = compiled(everything)
    documents = list(yaml.load_all(path.read_text("utf-8"), yaml.CSafeLoader))
    chance = random.Random(seed)
    ways = [(at, value) for at in places(documents) if len(at) > 1 for value in _VALUES]
    refused = 0
    for at, value in chance.sample(ways, 60):
        path.write_text(yaml.safe_dump_all(damaged(documents, at, value)), "utf-8")
        try:
            dry_run(read_pipeline(path), {})
        except QuantgateError as error:
            assert str(error).strip(), (at, value)
            refused += 1
    assert refused > 20
