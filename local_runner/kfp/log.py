"""Read the log of KFP's local runners, which all tasks share."""

import re

_COLOUR = re.compile(r"\x1b\[\d+m")
_TRACEBACK = "Traceback (most recent call last):"


def began(log: str, task: str) -> bool:
    """Return whether the log says that a task started. It names the task's component."""
    return f"Executing task '{task}'" in _COLOUR.sub("", log)


def why_failed(log: str, task: str) -> str:
    """Return the error that a failed task raised, if the log has it."""
    before_failure, failed, _ = _COLOUR.sub("", log).partition(
        f"Task '{task}' finished with status FAILURE"
    )
    before, raised, trace = before_failure.rpartition("\n")[0].rpartition(_TRACEBACK)
    if not failed or not raised:
        return "it ended without its outputs"
    indent = len(before) - before.rfind("\n") - 1
    lines = [line[indent:] for line in trace.splitlines()]
    return _without_class("\n".join(line for line in lines if line and line[0] != " "))


def _without_class(raised: str) -> str:
    """Return an error without the class of quantgate's exceptions, whose text is a sentence."""
    return re.sub(r"^quantgate\.errors\.\w+: ", "", raised)
