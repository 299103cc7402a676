"""Foreign code in a child process, with what it prints: C++ tells its reasons nowhere else."""

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated

TIMEOUT_S = 3600.0
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Attempt(Generic[ResultT]):
    """How a call ended: with a result, or with a failure; and everything that it printed."""

    result: ResultT | None
    failure: IsolatedFailure | None
    printed: str

    @property
    def is_provisional(self) -> bool:
        """Whether time or memory ran out, and the next try may end otherwise."""
        return self.failure is not None and self.failure.passing


def attempt(function: Callable[..., ResultT], *arguments: Any) -> Attempt[ResultT]:
    """Call a function in a child process; what it prints goes into the task's log as well."""
    with tempfile.TemporaryDirectory(prefix="quantgate-") as folder:
        log = Path(folder, "printed")
        log.touch()
        result, failure = None, None
        try:
            result = run_isolated(
                _printing_to, log, function, arguments, limits=ResourceLimits(TIMEOUT_S)
            )
        except IsolatedFailure as error:
            failure = error
        printed = log.read_text(encoding="utf-8", errors="replace")
    sys.stdout.write(printed)
    return Attempt(result, failure, printed)


def _printing_to(
    log: Path, function: Callable[..., ResultT], arguments: tuple[Any, ...]
) -> ResultT:
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    return function(*arguments)
