"""Rules about tasks that run after others even if those have failed.

The backend makes them hooks of the tasks that they wait for, and does not put them into the DAG.
"""

from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import (
    Message,
    Task,
    component_of,
    executor_of,
    part,
    producers_of,
    tasks_of,
    text,
)
from quantgate.pipelines.lint.findings import Violation

_ANYWAY = "ALL_UPSTREAM_TASKS_COMPLETED"
#: Images of tasks that the driver carries out itself.
_DRIVER_IMAGES = ("argostub/createpvc", "argostub/deletepvc")


def after_ignored(file: PipelineFile) -> Iterator[Violation]:
    """Yield tasks that wait for a task with `ignore_upstream_failure`."""
    for task in tasks_of(file):
        for key in sorted(producers_of(task.message)):
            if _runs_anyway(part(task.siblings, key)):
                yield Violation(
                    task.place,
                    f"it waits for `{key}`, which ignores upstream failures and is a hook on a "
                    f"cluster, not a task: {_outcome(task)}",
                    f"do its work in `{key}`, or leave out that task's ignore_upstream_failure",
                )


def exit_task(file: PipelineFile) -> Iterator[Violation]:
    """Yield tasks with `ignore_upstream_failure` that a cluster starts never or too often."""
    for task in tasks_of(file):
        problem = _problem(file, task) if _runs_anyway(task.message) else ""
        if problem:
            yield Violation(
                task.place,
                f"it ignores upstream failures, and {problem}",
                "give it one task to wait for, a component or a pipeline, that no other such task "
                "waits for, or make it the exit task of a dsl.ExitHandler",
            )


def _runs_anyway(task: Message) -> bool:
    return text(part(task, "triggerPolicy"), "strategy") == _ANYWAY


def _outcome(task: Task) -> str:
    if _runs_anyway(task.message):
        return "it never starts"
    return "a cluster refuses the pipeline"


def _problem(file: PipelineFile, task: Task) -> str:
    waited_for = sorted(producers_of(task.message))
    if not waited_for:
        return "waits for no task: a cluster never starts it"
    for key in waited_for:
        if not _takes_hooks(file, part(task.siblings, key)):
            return f"a cluster starts nothing after `{key}`, a loop, importer or volume"
        last = max(_hooks_of(task.siblings, key))
        if last != task.key:
            return f"after `{key}` a cluster starts `{last}` instead"
    if len(waited_for) > 1:
        named = " and ".join(f"`{key}`" for key in waited_for)
        return f"a cluster starts it once after each of {named}"
    return ""


def _hooks_of(siblings: Message, key: str) -> list[str]:
    """Return the hooks of a task. The backend keeps only the last one in order."""
    return [
        name
        for name in siblings
        if _runs_anyway(part(siblings, name)) and key in producers_of(part(siblings, name))
    ]


def _takes_hooks(file: PipelineFile, task: Message) -> bool:
    if part(task, "parameterIterator"):
        return False
    component = component_of(file, task)
    container = part(executor_of(file, component), "container")
    is_container = bool(container) and text(container, "image") not in _DRIVER_IMAGES
    # Missing executors break another rule.
    return is_container or bool(part(component, "dag")) or not executor_of(file, component)
