"""The rule about missing components, executors and tasks."""

from collections.abc import Iterator

from quantgate.foundation.pipeline_file import PipelineFile
from quantgate.pipelines.ir import Task, part, producers_of, tasks_of, text
from quantgate.pipelines.lint.findings import Violation


def reference(file: PipelineFile) -> Iterator[Violation]:
    """Yield tasks that refer to missing components, executors or tasks."""
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


def _missing(task: Task, what: str) -> Violation:
    return Violation(task.place, f"{what} is not in the file", "compile the pipeline again")
