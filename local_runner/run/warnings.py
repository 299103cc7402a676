"""Warnings about a pipeline that a run starts with."""

from collections.abc import Iterator
from typing import Any

import kfp
from google.protobuf import json_format

from quantgate.local_runner.ir.container import python_function
from quantgate.local_runner.ir.pipeline import Pipeline, is_newer
from quantgate.local_runner.ir.placeholders import left_alone, whole_placeholder
from quantgate.local_runner.processes.resources import accelerator_of
from quantgate.local_runner.tasks.plan import display_name
from quantgate.local_runner.tasks.step import RUN_FACTS


def cautions(pipeline: Pipeline) -> list[str]:
    """Return a sentence for everything that may not be as the author of a pipeline expects."""
    said = [*_compiler_cautions(pipeline)]
    for task in _tasks(pipeline):
        executor = _executor_of(pipeline, task)
        if executor is not None:
            said += _accelerator_cautions(task, executor)
        said += _placeholder_cautions(task, executor)
    return list(dict.fromkeys(said))


def _tasks(pipeline: Pipeline) -> Iterator[Any]:
    for parent in [pipeline.root, *pipeline.components.values()]:
        for key in sorted(parent.dag.tasks):
            yield parent.dag.tasks[key]


def _executor_of(pipeline: Pipeline, task: Any) -> Any | None:
    component = pipeline.component_of(task)
    is_executed = component.HasField("executor_label")
    return pipeline.executors[component.executor_label] if is_executed else None


def _compiler_cautions(pipeline: Pipeline) -> Iterator[str]:
    if is_newer(pipeline.compiler):
        yield (
            f"the pipeline was compiled by kfp {pipeline.compiler}, and kfp {kfp.__version__} is "
            "here: what it holds is known, but may mean something else by now"
        )


def _accelerator_cautions(task: Any, executor: Any) -> Iterator[str]:
    accelerator = accelerator_of(executor.container.resources)
    if accelerator:
        yield (
            f"task `{display_name(task)}` asks for {accelerator}; the local runner hands out none, "
            "and the task runs with what this machine has"
        )


def _placeholder_cautions(task: Any, executor: Any | None) -> Iterator[str]:
    texts = [*_constants(task), *(_container_texts(executor) if executor else ())]
    for placeholder in left_alone(*texts):
        yield (
            f"task `{display_name(task)}`: KFP hands {placeholder} on as it is written, and so "
            "does this run; KFP fills it in only where it is a whole argument of a task "
            "(and pipeline_root nowhere)"
        )


def _constants(task: Any) -> Iterator[str]:
    for source in task.inputs.parameters.values():
        constant = source.runtime_value.constant
        if whole_placeholder(constant.string_value) not in RUN_FACTS:
            yield json_format.MessageToJson(constant, ensure_ascii=False)


def _container_texts(executor: Any) -> Iterator[str]:
    container = executor.container
    yield from (variable.value for variable in container.env)
    if not python_function(container):
        yield from [*container.command, *container.args]
