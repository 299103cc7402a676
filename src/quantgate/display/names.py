"""What tasks and iterations are called for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantgate.local_runner import PlannedTask, TaskResult


@dataclass(frozen=True)
class Names:
    """Names for a pipeline whose loop runs over candidates."""

    candidates: Sequence[str]

    def candidate(self, iteration: int | None) -> str | None:
        """Return the candidate of an iteration; None outside of the loop."""
        return None if iteration is None else self.candidates[iteration]

    def title(self, task: "PlannedTask | TaskResult") -> str:
        """Return the name of a task: an iteration's has its candidate."""
        candidate = self.candidate(task.iteration)
        return task.display_name if candidate is None else f"{task.display_name} {candidate}"
