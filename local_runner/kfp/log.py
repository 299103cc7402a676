"""What can be told from the log of KFP's local runners, which all tasks share."""

import re

_COLOUR = re.compile(r"\x1b\[\d+m")
_TRACEBACK = "Traceback (most recent call last):"


def began(log: str, task: str) -> bool:
    """Whether the log says that a task, by its component's name, was given to a process."""
    return f"Executing task '{task}'" in _COLOUR.sub("", log)


def why_failed(log: str, task: str) -> str:
    """Return what a failed task raised, as far as the log has it."""
    told, failed, _ = _COLOUR.sub("", log).partition(f"Task '{task}' finished with status FAILURE")
    before, raised, trace = told.rpartition("\n")[0].rpartition(_TRACEBACK)
    if not failed or not raised:
        return "it ended without its outputs"
    indent = len(before) - before.rfind("\n") - 1
    lines = [line[indent:] for line in trace.splitlines()]
    return _without_class("\n".join(line for line in lines if line and line[0] != " "))


def _without_class(raised: str) -> str:
    """Leave out where an exception of quantgate's own was defined, for its text is a sentence."""
    return re.sub(r"^quantgate\.errors\.\w+: ", "", raised)
