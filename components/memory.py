"""How much memory child processes take, as Linux tells it."""

import re
from collections.abc import Sequence
from pathlib import Path

_OWN = re.compile(r"^RssAnon:\s*([0-9]+) kB$", re.MULTILINE)


def own_bytes(pid: int) -> int:
    """Memory that a process has written to, in bytes; code that it shares with others is not in it.

    Returns:
        0 where the process has ended, or where the system does not tell.
    """
    try:
        found = _OWN.search(Path(f"/proc/{pid}/status").read_text("ascii"))
    except OSError:
        return 0
    return 1024 * int(found.group(1)) if found else 0


def bytes_together(pids: Sequence[int], inherited: int) -> int:
    """Memory of several children of one process, in bytes.

    Args:
        pids: of the children.
        inherited: what their parent had when they were forked. They share it, so it is not theirs.
    """
    return sum(max(0, own_bytes(pid) - inherited) for pid in pids)
