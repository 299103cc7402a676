"""Warnings about a pipeline at the start of a run."""

from collections.abc import Iterator

import kfp
from google.protobuf import json_format

from quantgate.local_runner.ir.pipeline import Pipeline, is_newer
from quantgate.local_runner.ir.placeholders import left_alone, whole_placeholder
from quantgate.local_runner.ir.run_facts import RUN_FACTS
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.processes.resources import accelerator_of


def cautions(pipeline: Pipeline) -> list[str]:
    """Return a sentence for everything that the author of a pipeline may not expect."""
    sentences = [*_compiler_cautions(pipeline)]
    for task in pipeline.root.below():
        sentences += [*_accelerator_cautions(task), *_placeholder_cautions(task)]
    return list(dict.fromkeys(sentences))


def _compiler_cautions(pipeline: Pipeline) -> Iterator[str]:
    if is_newer(pipeline.compiler):
        yield (
            f"the pipeline was compiled by kfp {pipeline.compiler}, but kfp {kfp.__version__} is "
            "installed: all its fields are known, but their meaning may have changed"
        )


def _accelerator_cautions(task: TaskNode) -> Iterator[str]:
    accelerator = accelerator_of(task.executor.container.resources) if task.executor else None
    if accelerator:
        yield (
            f"task `{task.display_name}` asks for {accelerator}, but the local runner assigns "
            "none. The task may use what this machine has"
        )


def _placeholder_cautions(task: TaskNode) -> Iterator[str]:
    for placeholder in left_alone(*_constants(task), *_container_texts(task)):
        yield (
            f"task `{task.display_name}`: KFP passes {placeholder} on unchanged, and so does "
            "this run. KFP only fills it in if it is a whole argument of a task "
            "(and pipeline_root never)"
        )


def _constants(task: TaskNode) -> Iterator[str]:
    for source in task.spec.inputs.parameters.values():
        constant = source.runtime_value.constant
        if whole_placeholder(constant.string_value) not in RUN_FACTS:
            yield json_format.MessageToJson(constant, ensure_ascii=False)


def _container_texts(task: TaskNode) -> Iterator[str]:
    if task.executor is None:
        return
    container = task.executor.container
    yield from (variable.value for variable in container.env)
    if not task.function:
        yield from [*container.command, *container.args]
