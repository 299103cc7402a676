"""Rules about names: those that a backend looks tasks up by, and the pipeline's own."""

import re
from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Message, Task, executor_of, part, parts, tasks_of, text
from quantgate.pipelines.lint.findings import Found


def importer_name(file: PipelineFile) -> Iterator[Found]:
    """Yield importers with a display name, which the driver does not find by their key.

    The importer's launcher registers its execution under `taskInfo.name`; the driver of a consumer
    looks for the key of the task.
    """
    for task in tasks_of(file):
        if _is_importer(file, task) and _renamed(task) and _is_consumed(file, task):
            yield Found(
                task.place,
                f"it is an importer named `{_shown(task)}`, and its consumers fail with `cannot "
                f'find producer task "{task.key}"`',
                "leave out its set_display_name",
            )


def loop_name(file: PipelineFile) -> Iterator[Found]:
    """Yield loops with a name whose outputs are collected."""
    for task in tasks_of(file):
        if part(task.message, "parameterIterator") and _renamed(task) and _is_consumed(file, task):
            yield Found(
                task.place,
                f"the loop is named `{_shown(task)}`, and KFP 2.14 and 2.15 do not find what is "
                "collected from it",
                "leave out the name of the dsl.ParallelFor",
            )


def pipeline_name(file: PipelineFile) -> Iterator[Found]:
    """Yield a pipeline whose name the API server refuses."""
    name = text(part(file.document, "pipelineInfo"), "name")
    if not re.search("[a-z0-9]", name):
        yield Found(
            "the pipeline",
            f"its name is `{name}`, and a cluster refuses it" if name else "it has no name",
            "name it with lowercase letters, digits and hyphens, as in @dsl.pipeline(name=...)",
        )


def _is_importer(file: PipelineFile, task: Task) -> bool:
    return "importer" in executor_of(file, task.component)


def _shown(task: Task) -> str:
    return text(part(task.message, "taskInfo"), "name")


def _renamed(task: Task) -> bool:
    return _shown(task) not in ("", task.key)


def _is_consumed(file: PipelineFile, task: Task) -> bool:
    """Tell whether a driver has to look the task up; outputs of the root are read by none."""
    given = any(task.key in _producers(part(each)) for each in task.siblings.values())
    is_root = task.parent is part(file.document, "root")
    return given or (not is_root and task.key in _handed_out(task.parent))


def _producers(task: Message) -> set[str]:
    keys = {"parameters": "taskOutputParameter", "artifacts": "taskOutputArtifact"}
    return {
        text(part(source, keys[kind]), "producerTask")
        for kind in keys
        for source in part(task, "inputs", kind).values()
    }


def _handed_out(pipeline: Message) -> set[str]:
    outputs = part(pipeline, "dag", "outputs")
    selectors = [
        selector
        for declared in part(outputs, "artifacts").values()
        for selector in parts(part(declared), "artifactSelectors")
    ]
    for declared in part(outputs, "parameters").values():
        selectors.append(part(declared, "valueFromParameter"))
        selectors += parts(part(declared, "valueFromOneof"), "parameterSelectors")
    return {text(selector, "producerSubtask") for selector in selectors}
