"""Names of tasks and candidates for users."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantgate.local_runner import PlannedTask, TaskResult


def candidate_of(task: "PlannedTask | TaskResult") -> str | None:
    """Return the candidate of a task, None outside of the loops over candidates."""
    item = task.item
    return str(item["candidate"]) if isinstance(item, dict) and "candidate" in item else None


def shard_of(task: "PlannedTask | TaskResult") -> str | None:
    """Return the number of a task's shard, such as "4 of 16", None outside of loops over shards."""
    item = task.item
    if not isinstance(item, dict) or "of" not in item:
        return None
    of_round = f", round {item['round']} of {item['rounds']}" if "round" in item else ""
    return f"{item['shard']} of {item['of']}{of_round}"


def title_of(task: "PlannedTask | TaskResult") -> str:
    """Return the name of a task, with its candidate and its shard if it has them."""
    candidate, shard = candidate_of(task), shard_of(task)
    named = task.display_name if candidate is None else f"{task.display_name} {candidate}"
    return named if shard is None else f"{named} ({shard})"
