"""The end of a process, in words."""

import signal


def ending_of(status: int) -> str:
    """Describe how a process ended.

    Args:
        status: its exit code, or the negative number of the signal that ended it.
    """
    if status >= 0:
        return f"ended with exit code {status}"
    name = _signal_name(-status)
    hint = ", perhaps out of memory" if name == "SIGKILL" else ""
    return f"crashed with {name}{hint}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
