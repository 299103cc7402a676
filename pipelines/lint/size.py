"""Rules about the sizes of the file, of run parameters and of single arguments."""

import json
from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Executor, Task, executors_of, part, tasks_of, text, texts
from quantgate.pipelines.lint.executor_input import argument_bytes, estimate
from quantgate.pipelines.lint.findings import Violation

#: The largest pipeline that can be stored and run.
_PIPELINE_BYTES = 700_000
#: The API server's limit for all parameters of a run together.
_PARAMETER_BYTES = 10_000
#: Linux's limit for one argument of a command, without its final zero byte.
_ARGUMENT_BYTES = 128 * 1024 - 1

_AS_ARTIFACT = "pass long values as artifacts"
_AS_PIPELINES = "move parts of it into nested pipelines"


def pipeline_size(file: PipelineFile) -> Iterator[Violation]:
    """Yield a file that is too large to be stored and run."""
    if file.size > _PIPELINE_BYTES:
        yield Violation(
            "the pipeline",
            f"it is {file.size:,} bytes, and should stay under {_PIPELINE_BYTES:,}",
            "move long constants into artifacts, and parts into nested pipelines",
        )


def run_parameters(file: PipelineFile) -> Iterator[Violation]:
    """Yield the defaults of parameters if they are too large together for a run."""
    declared = part(file.document, "root", "inputDefinitions", "parameters")
    defaults = {
        name: part(declared, name)["defaultValue"]
        for name in declared
        if "defaultValue" in part(declared, name)
    }
    size = _bytes(json.dumps(defaults, ensure_ascii=False, default=str))
    if size > _PARAMETER_BYTES:
        yield Violation(
            "the pipeline's parameters",
            f"their defaults are {size:,} bytes together, but a run takes at most "
            f"{_PARAMETER_BYTES:,}",
            "put long values into a file and pass its URI",
        )


def argument_size(file: PipelineFile) -> Iterator[Violation]:
    """Yield values that are too long for an argument of the driver, launcher or command."""
    groups = (
        *map(_of_executor, executors_of(file)),
        *(_of_task(file, task) for task in tasks_of(file)),
    )
    # A part that is too long makes the whole too long. One violation of each group is enough.
    single = [violation for checks in groups for violation in _first(checks)]
    yield from single
    if not single:
        yield from _of_pipelines(file)


def _first(groups: Iterator[list[Violation]]) -> list[Violation]:
    return next(filter(None, groups), [])


def _of_executor(executor: Executor) -> Iterator[list[Violation]]:
    yield [
        violation
        for key in ("command", "args")
        for index, given in enumerate(texts(executor.container, key))
        for violation in _too_long(f"{executor.place}, {key}[{index}]", _bytes(given), "it is")
    ]
    size = argument_bytes(executor.container)
    yield list(_too_long(executor.place, size, "its command, arguments and variables are"))


def _of_task(file: PipelineFile, task: Task) -> Iterator[list[Violation]]:
    constants = argument_bytes(task.constants)
    yield list(_too_long(task.place, constants, "its constant inputs are"))
    items = text(part(task.message, "parameterIterator", "items"), "raw")
    yield list(_too_long(f"{task.place}, items of the loop", _bytes(items), "they are"))
    yield list(_too_long(task.place, argument_bytes(task.message), "it is"))
    yield list(_collected(file, task))


def _collected(file: PipelineFile, task: Task) -> Iterator[Violation]:
    """Yield a task whose collected artifacts are too long together."""
    estimated = estimate(file, task)
    if task.is_dag or not estimated.collected or estimated.size <= _ARGUMENT_BYTES:
        return
    loops = " and ".join(f"`{loop}`" for loop in estimated.loops)
    most = estimated.most_items(_ARGUMENT_BYTES)
    yield Violation(
        task.place,
        f"what it collects from {estimated.items:,} iterations of {loops} makes its inputs about "
        f"{estimated.size:,} bytes as one argument, but Linux takes at most {_ARGUMENT_BYTES:,}, "
        f"enough for {most:,} iterations at most",
        "loop over fewer items, or collect in groups that write one artifact each",
    )


def _of_pipelines(file: PipelineFile) -> Iterator[Violation]:
    """Yield pipelines, loops and branches. The driver takes all tasks of one as one argument."""
    components = part(file.document, "components")
    for name in sorted(components):
        if part(components, name, "dag"):
            size = argument_bytes(part(components, name))
            yield from _too_long(f"component `{name}`", size, "its tasks are", _AS_PIPELINES)
    size = argument_bytes(part(file.document, "root"))
    yield from _too_long("the pipeline", size, "its tasks are", _AS_PIPELINES)


def _too_long(place: str, size: int, what: str, advice: str = _AS_ARTIFACT) -> Iterator[Violation]:
    if size > _ARGUMENT_BYTES:
        yield Violation(
            place,
            f"{what} {size:,} bytes as one argument, but Linux takes at most {_ARGUMENT_BYTES:,}",
            advice,
        )


def _bytes(written: str) -> int:
    return len(written.encode(errors="replace"))
