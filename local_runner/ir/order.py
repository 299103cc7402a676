"""The order of the tasks of one pipeline."""

from collections.abc import Mapping
from typing import Any


def producers(task: Any) -> list[str]:
    """Return the keys of the sibling tasks that a task waits for, in alphabetical order."""
    sources = [
        *(source.task_output_parameter for source in task.inputs.parameters.values()),
        *(source.task_output_artifact for source in task.inputs.artifacts.values()),
        *(source.task_final_status for source in task.inputs.parameters.values()),
    ]
    named = {source.producer_task for source in sources if source.producer_task}
    return sorted(named | set(task.dependent_tasks))


def in_order(waits_for: Mapping[str, list[str]]) -> list[str]:
    """Return the keys of tasks so that each comes after those that it waits for."""
    ordered: dict[str, None] = {}
    while len(ordered) < len(waits_for):
        ready = [
            key
            for key, before in waits_for.items()
            if key not in ordered and all(name in ordered for name in before)
        ]
        ordered.update(dict.fromkeys(sorted(ready)))
    return list(ordered)
