"""Run foreign code in a child process and keep its output, which has the reasons of C++ code."""

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import Reach

TIMEOUT_S = 3600.0
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Attempt(Generic[ResultT]):
    """The end of a call.

    Attributes:
        result: its return value, None after a failure.
        failure: the failure, None after a result.
        printed: its output.
    """

    result: ResultT | None
    failure: IsolatedFailure | None
    printed: str

    @property
    def is_provisional(self) -> bool:
        """True if time or memory ran out, so that another attempt may succeed."""
        return self.failure is not None and self.failure.passing


def attempt(function: Callable[..., ResultT], *arguments: Any) -> Attempt[ResultT]:
    """Call a function in a child process, and copy its output to the task's log."""
    with tempfile.TemporaryDirectory(prefix="quantgate-") as folder:
        log = Path(folder, "printed")
        log.touch()
        result, failure = None, None
        try:
            result = run_isolated(
                _printing_to,
                log,
                function,
                arguments,
                limits=ResourceLimits(TIMEOUT_S),
                reach=Reach((str(log),)),
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
