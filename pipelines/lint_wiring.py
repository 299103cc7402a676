"""Rules about sizes, parameters and references."""

import json
import re
from collections.abc import Iterator
from typing import Any

from quantgate.pipeline_file import PipelineFile
from quantgate.pipelines.findings import Found
from quantgate.pipelines.ir import Task, executors_of, part, producers_of, tasks_of, text, texts

#: What a pipeline should stay under to be stored and run.
_PIPELINE_BYTES = 700_000
#: What the API server takes for all parameters of a run together.
_PARAMETER_BYTES = 10_000
#: Linux's limit on one argument of a command, without the zero byte that ends it.
_ARGUMENT_BYTES = 128 * 1024 - 1

#: KFP's `PIPELINE_*` placeholders.
_OF_PIPELINE = re.compile(r"\{\{\$\.pipeline_\w+\}\}")


def pipeline_size(file: PipelineFile) -> Iterator[Found]:
    """The whole file."""
    if file.size > _PIPELINE_BYTES:
        yield Found(
            "the pipeline",
            f"it is {file.size:,} bytes, and should stay under {_PIPELINE_BYTES:,}",
            "put long constants into artifacts, and parts into pipelines of their own",
        )


def run_parameters(file: PipelineFile) -> Iterator[Found]:
    """The defaults of a run's parameters, which a run from the UI sends all together."""
    declared = part(file.document, "root", "inputDefinitions", "parameters")
    defaults = {
        name: part(declared, name)["defaultValue"]
        for name in declared
        if "defaultValue" in part(declared, name)
    }
    size = _bytes(defaults)
    if size > _PARAMETER_BYTES:
        yield Found(
            "the pipeline's parameters",
            f"their defaults are {size:,} bytes together, and a run takes {_PARAMETER_BYTES:,}",
            "put what is long into a file and give its URI",
        )


def argument_size(file: PipelineFile) -> Iterator[Found]:
    """Single arguments of commands; the inputs of a task are one of them."""
    for executor in executors_of(file):
        container = part(executor.message, "container")
        for key in ("command", "args"):
            for place, given in enumerate(texts(container, key)):
                yield from _too_long(f"{executor.place}, {key}[{place}]", _bytes(given), "it is")
    for task in tasks_of(file):
        yield from _too_long(task.place, _bytes(task.constants), "its constant inputs are")
        items = text(part(task.message, "parameterIterator", "items"), "raw")
        yield from _too_long(f"{task.place}, items of the loop", _bytes(items), "they are")


def placeholder(file: PipelineFile) -> Iterator[Found]:
    """`PIPELINE_*` placeholders, which only work as a whole input."""
    for task in tasks_of(file):
        for name, value in sorted(task.constants.items()):
            for line in _texts(value):
                inside = _OF_PIPELINE.search(line)
                if inside and (line != inside.group() or line is not value):
                    yield Found(
                        f"{task.place}, input `{name}`",
                        f"{inside.group()} is a part of the text, and stays as it is on a cluster",
                        "hand the placeholder in as an input of its own and join the texts in "
                        "the component",
                    )


def reference(file: PipelineFile) -> Iterator[Found]:
    """Components, executors and tasks that are named and not there."""
    executors = part(file.document, "deploymentSpec", "executors")
    for task in tasks_of(file):
        label = text(task.component, "executorLabel")
        if not task.component:
            name = text(part(task.message, "componentRef"), "name")
            yield _missing(task, f"its component `{name}`")
        elif label not in executors and not part(task.component, "dag"):
            yield _missing(task, f"its executor `{label}`")
        for producer in sorted(producers_of(task.message) - set(task.siblings)):
            yield _missing(task, f"the task `{producer}` that it waits for")


def _missing(task: Task, what: str) -> Found:
    return Found(task.place, f"{what} is not in the file", "compile the pipeline anew")


def _too_long(place: str, size: int, what: str) -> Iterator[Found]:
    if size > _ARGUMENT_BYTES:
        yield Found(
            place,
            f"{what} {size:,} bytes as one argument, and Linux takes {_ARGUMENT_BYTES:,}",
            "hand on what is long as an artifact",
        )


def _bytes(value: Any) -> int:
    written = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    )
    return len(written.encode())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
