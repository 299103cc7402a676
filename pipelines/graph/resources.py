"""Names and resource requests of tasks."""

from typing import Any, TypeAlias

from kfp.dsl.pipeline_task import PipelineTask

Channel: TypeAlias = Any  # kfp's PipelineChannel, or a constant of the parameter's type

CONVERT_MEMORY = "4G"
RUNTIME_MEMORY = "1G"


def conversion(task: PipelineTask, title: str) -> PipelineTask:
    """Set the name of a task that uses TensorFlow, and its resource requests."""
    return _resources(task, title, CONVERT_MEMORY)


def runtime(task: PipelineTask, title: str) -> PipelineTask:
    """Set the name of a task without TensorFlow, and its resource requests."""
    return _resources(task, title, RUNTIME_MEMORY)


def _resources(task: PipelineTask, title: str, memory: str) -> PipelineTask:
    return task.set_display_name(title).set_cpu_request("1").set_memory_request(memory)
