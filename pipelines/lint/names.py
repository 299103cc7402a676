"""Rules about the names of tasks and of the pipeline."""

import re
from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Message, Task, executor_of, part, parts, tasks_of, text
from quantgate.pipelines.lint.findings import Violation


def importer_name(file: PipelineFile) -> Iterator[Violation]:
    """Yield importers with a display name, which drivers do not find.

    The importer's launcher registers its execution under `taskInfo.name`. The driver of a consumer
    looks for the key of the task.
    """
    for task in tasks_of(file):
        if _is_importer(file, task) and _renamed(task) and _is_consumed(file, task):
            yield Violation(
                task.place,
                f"it is an importer named `{_shown(task)}`, and its consumers fail with `cannot "
                f'find producer task "{task.key}"`',
                "leave out its set_display_name",
            )


def loop_name(file: PipelineFile) -> Iterator[Violation]:
    """Yield loops with a display name whose outputs are collected."""
    for task in tasks_of(file):
        if part(task.message, "parameterIterator") and _renamed(task) and _is_consumed(file, task):
            yield Violation(
                task.place,
                f"the loop is named `{_shown(task)}`, and KFP 2.14 and 2.15 do not find what is "
                "collected from it",
                "leave out the name of the dsl.ParallelFor",
            )


def pipeline_name(file: PipelineFile) -> Iterator[Violation]:
    """Yield the pipeline if the API server refuses its name."""
    name = text(part(file.document, "pipelineInfo"), "name")
    if not re.search("[a-z0-9]", name):
        yield Violation(
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
    """Return whether a driver looks the task up. No driver reads outputs of the root."""
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
