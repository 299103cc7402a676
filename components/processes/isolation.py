"""Run functions in child processes, so that a crash becomes an exception with a reason.

The children are in a sandbox (`quantgate.components.processes.sandbox`) unless they run the user's
own code.
"""

import multiprocessing
import multiprocessing.popen_fork  # imported here so that not every task imports it
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar, cast

from quantgate.components.processes.answers import NotAnAnswer, read_answer, send_answer
from quantgate.components.processes.memory import bytes_together, own_bytes
from quantgate.components.processes.sandbox import NOWHERE, Reach, enter, temporary_folder
from quantgate.domain.units import bytes_of
from quantgate.foundation.exit_status import ending_of

ResultT = TypeVar("ResultT")
#: Seconds between two checks of the children's memory. A process fills at most a few GB a second,
#: so it exceeds its limit by some 50 MB. `RLIMIT_AS` would count addresses that TensorFlow reserves
#: and never touches. `RLIMIT_DATA` would end a conversion by a signal that gives no reason.
CHECK_S = 0.01


class IsolatedFailure(Exception):
    """A child that raised, crashed, or ran out of time or memory.

    Attributes:
        passing: whether another attempt may succeed, because time or memory ran out or because the
            child was killed from outside.
    """

    passing = False


class FailedInChild(IsolatedFailure):
    """An exception in the function. `str(error)` is the name of its class and its message."""


class OutOfBounds(IsolatedFailure):
    """A child that exceeded its time or memory, or was killed from outside."""

    passing = True


class OutOfMemory(OutOfBounds):
    """A child that exceeded its memory limit, or could not allocate memory."""


class Killed(OutOfBounds):
    """A child that was killed from outside, for example because the machine ran out of memory."""


class _Child(NamedTuple):
    process: BaseProcess
    receiver: Connection


@dataclass(frozen=True)
class ResourceLimits:
    """The time and memory that child processes may use together.

    Attributes:
        timeout_s: seconds until they are stopped.
        memory: a size such as "8GiB", or "" for no limit. It is measured at intervals, so a child
            may exceed it for a moment.
    """

    timeout_s: float
    memory: str = ""


class _Watch(NamedTuple):
    """Limits that have begun to count.

    Attributes:
        limits: for all children together.
        end: the deadline on the monotonic clock.
        inherited: bytes that the parent had written to when it forked.
    """

    limits: ResourceLimits
    end: float
    inherited: int

    @classmethod
    def from_now(cls, limits: ResourceLimits) -> "_Watch":
        return cls(limits, time.monotonic() + limits.timeout_s, own_bytes(os.getpid()))

    def pause(self) -> float:
        """Return the seconds until the next check."""
        left = max(0.0, self.end - time.monotonic())
        return min(left, CHECK_S) if self.limits.memory else left

    def excess(self, children: Sequence[_Child]) -> OutOfBounds | None:
        """Return the failure of children that exceed a limit."""
        if time.monotonic() >= self.end:
            return OutOfBounds(f"took longer than {self.limits.timeout_s:g} s and was stopped")
        memory, pids = self.limits.memory, [child.process.pid or 0 for child in children]
        if memory and bytes_together(pids, self.inherited) > bytes_of(memory):
            return OutOfMemory(f"needed more than {memory} of memory and was stopped")
        return None


def run_isolated(
    function: Callable[..., ResultT],
    *arguments: object,
    limits: ResourceLimits,
    reach: Reach = NOWHERE,
) -> ResultT:
    """Return `function(*arguments)`, computed in a forked child process.

    The child prints to this process's output. Its result is pickled.

    Args:
        function: called in the child.
        arguments: of the function.
        limits: the time and memory that it may use.
        reach: the changes that it may make outside of its process.

    Raises:
        FailedInChild: the function raised.
        OutOfBounds: the child took more time or memory than `limits`.
        IsolatedFailure: a signal ended the child.
    """
    (result,) = run_side_by_side(function, [arguments], limits=limits, reach=reach)
    return result


def run_side_by_side(
    function: Callable[..., ResultT],
    calls: Sequence[tuple[object, ...]],
    *,
    limits: ResourceLimits,
    reach: Reach = NOWHERE,
) -> list[ResultT]:
    """Return `function(*arguments)` for each call, each in a child process of its own.

    The first failure ends all of them.

    Raises:
        FailedInChild: the function raised.
        OutOfBounds: the children together took more time or memory than `limits`.
        IsolatedFailure: a signal ended a child.
    """
    results: dict[int, ResultT] = {}
    with _running(function, calls, reach) as children:
        for place, answer in _answers(children, _Watch.from_now(limits)):
            if isinstance(answer, IsolatedFailure):
                raise answer
            results[place] = cast(ResultT, answer)
    return [results[place] for place in range(len(calls))]


def attempt_side_by_side(
    function: Callable[..., ResultT],
    calls: Sequence[tuple[object, ...]],
    *,
    limits: ResourceLimits,
    reach: Reach = NOWHERE,
) -> "list[ResultT | IsolatedFailure]":
    """Return the result or the failure of each call. A failure leaves the others running."""
    with _running(function, calls, reach) as children:
        answers = dict(_answers(children, _Watch.from_now(limits)))
    return [cast("ResultT | IsolatedFailure", answers[place]) for place in range(len(calls))]


@contextmanager
def _running(
    function: Callable[..., Any], calls: Sequence[tuple[object, ...]], reach: Reach
) -> Iterator[list[_Child]]:
    sys.stdout.flush()
    sys.stderr.flush()
    with temporary_folder(reach) as folder:
        children: list[_Child] = []
        try:
            for arguments in calls:
                children.append(_started(partial(function, *arguments), reach, folder))
            yield children
        finally:
            for child in children:
                child.process.kill()
                child.process.join()
                child.receiver.close()


def _started(function: Callable[[], Any], reach: Reach, folder: str) -> _Child:
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(sender, function, reach, folder))
    process.start()
    sender.close()
    return _Child(process, receiver)


def _call(sender: Connection, function: Callable[[], Any], reach: Reach, folder: str) -> None:
    send_answer(sender, partial(_in_sandbox, function, reach, folder))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # skips the exit handlers that the child inherited


def _in_sandbox(function: Callable[[], Any], reach: Reach, folder: str) -> object:
    enter(reach, folder)
    return function()


def _answers(children: Sequence[_Child], watch: _Watch) -> Iterator[tuple[int, object]]:
    """Yield each child's place with its result or IsolatedFailure, as soon as it is known."""
    pending = dict(enumerate(children))
    while pending:
        ready = wait([child.receiver for child in pending.values()], watch.pause())
        for place in [place for place, child in pending.items() if child.receiver in ready]:
            yield place, _received(pending.pop(place))
        excess = None if ready else watch.excess(list(pending.values()))
        if excess:
            yield from ((place, excess) for place in pending)
            return


def _received(child: _Child) -> object:
    try:
        succeeded, answer = read_answer(child.receiver.recv_bytes())
    except EOFError:
        child.process.join()
        return _how_it_ended(child.process.exitcode)
    except NotAnAnswer as error:
        return IsolatedFailure(str(error))
    if succeeded is None:
        return OutOfMemory(answer)
    return answer if succeeded else FailedInChild(answer)


def _how_it_ended(exitcode: int | None) -> IsolatedFailure:
    reason = ending_of(exitcode or 0)
    if exitcode == -signal.SIGKILL:
        return Killed(reason)
    has_crashed = exitcode is not None and exitcode < 0
    return IsolatedFailure(reason if has_crashed else f"{reason} and no result")
