"""Names of tasks and candidates for users."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantgate.local_runner import PlannedTask, TaskResult


def candidate_of(task: "PlannedTask | TaskResult") -> str | None:
    """Return the candidate of a task, None outside of the loops over candidates."""
    item = task.item
    return str(item["candidate"]) if isinstance(item, dict) and "candidate" in item else None


def title_of(task: "PlannedTask | TaskResult") -> str:
    """Return the name of a task, with its candidate if it has one."""
    candidate = candidate_of(task)
    return task.display_name if candidate is None else f"{task.display_name} {candidate}"
