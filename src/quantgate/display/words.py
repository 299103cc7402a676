"""Words and marks for states of tasks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantgate.local_runner import TaskResult

#: Marks by state. Words beside them say the same, for people who do not see the marks.
MARKS: Mapping[str, str] = MappingProxyType(
    {
        "waiting": "·",
        "running": "▸",
        "cached": "✓",
        "succeeded": "✓",
        "failed": "✗",
        "skipped": "–",  # noqa: RUF001
    }
)
ASCII_MARKS: Mapping[str, str] = MappingProxyType(
    {
        "waiting": ".",
        "running": ">",
        "cached": "+",
        "succeeded": "+",
        "failed": "x",
        "skipped": "-",
    }
)


def standing_of(result: "TaskResult") -> str:
    """Return the final state of a task: succeeded, cached, failed or skipped."""
    return "cached" if result.cached else result.state.value.lower()


def elapsed(seconds: float) -> str:
    """Return a duration as text: "7 s", "2:07", "1:02:07"."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def share(done: int, total: int | None) -> str:
    """Return the progress as text: "1,200/10,000", or "1,200" without a total."""
    return f"{done:,}" if total is None else f"{min(done, total):,}/{total:,}"
