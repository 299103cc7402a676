"""Run a function in a child process, so that its crash is a sentence and not ours."""

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar, cast

ResultT = TypeVar("ResultT")


class IsolatedFailure(Exception):
    """The child raised, crashed or ran out of time; `str(error)` is the reason for a person."""


class FailedInChild(IsolatedFailure):
    """The function raised; `str(error)` is its exception, the class's name first."""


class _Child(NamedTuple):
    process: BaseProcess
    receiver: Connection


def run_isolated(function: Callable[..., ResultT], *arguments: object, timeout_s: float) -> ResultT:
    """Return `function(*arguments)`, computed in a forked child process.

    What the child prints goes where ours goes. Its result is pickled.

    Raises:
        FailedInChild: the function raised.
        IsolatedFailure: a signal ended the child, or the time was up.
    """
    (result,) = run_side_by_side(function, [arguments], timeout_s=timeout_s)
    return result


def run_side_by_side(
    function: Callable[..., ResultT], calls: Sequence[tuple[object, ...]], *, timeout_s: float
) -> list[ResultT]:
    """Return `function(*arguments)` for each of the calls, each in a child process of its own.

    The first failure ends them all.

    Raises:
        FailedInChild: the function raised.
        IsolatedFailure: a signal ended a child, or the time was up.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    children: list[_Child] = []
    end = time.monotonic() + timeout_s
    try:
        children.extend(_started(function, arguments) for arguments in calls)
        return [cast(ResultT, _receive(child, timeout_s, end)) for child in children]
    finally:
        for child in children:
            child.process.kill()
            child.process.join()
            child.receiver.close()


def _started(function: Callable[..., Any], arguments: tuple[object, ...]) -> _Child:
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(sender, function, arguments))
    process.start()
    sender.close()
    return _Child(process, receiver)


def _call(sender: Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    try:
        answer = (True, function(*arguments))
    except Exception as error:
        traceback.print_exc()
        answer = (False, f"{type(error).__name__}: {error}")
    sender.send(answer)
    sender.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the parent's exit handlers are not the child's to run


def _receive(child: _Child, timeout_s: float, end: float) -> object:
    if not child.receiver.poll(max(0.0, end - time.monotonic())):
        raise IsolatedFailure(f"took longer than {timeout_s:g} s and was stopped")
    try:
        succeeded, answer = child.receiver.recv()
    except EOFError:
        child.process.join()
        raise IsolatedFailure(_how_it_ended(child.process.exitcode)) from None
    if not succeeded:
        raise FailedInChild(answer)
    return answer


def _how_it_ended(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return f"crashed with {name}{hint}"
    return f"ended with exit code {exitcode} and no result"
