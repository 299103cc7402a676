"""Run a function in a child process, so that its crash is a sentence and not ours."""

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

ResultT = TypeVar("ResultT")


class IsolatedFailure(Exception):
    """The child raised, crashed or ran out of time; `str(error)` is the reason for a person."""


class FailedInChild(IsolatedFailure):
    """The function raised; `str(error)` is its exception, the class's name first."""


def run_isolated(function: Callable[..., ResultT], *arguments: object, timeout_s: float) -> ResultT:
    """Return `function(*arguments)`, computed in a forked child process.

    What the child prints goes where ours goes. Its result is pickled.

    Raises:
        FailedInChild: the function raised.
        IsolatedFailure: a signal ended the child, or the time was up.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    sys.stdout.flush()
    sys.stderr.flush()
    child = context.Process(target=_call, args=(sender, function, arguments))
    child.start()
    sender.close()
    try:
        return cast(ResultT, _receive(child, receiver, timeout_s))
    finally:
        child.kill()
        child.join()
        receiver.close()


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


def _receive(
    child: multiprocessing.process.BaseProcess, receiver: Connection, timeout_s: float
) -> object:
    if not receiver.poll(timeout_s):
        raise IsolatedFailure(f"took longer than {timeout_s:g} s and was stopped")
    try:
        succeeded, answer = receiver.recv()
    except EOFError:
        child.join()
        raise IsolatedFailure(_how_it_ended(child.exitcode)) from None
    if not succeeded:
        raise FailedInChild(answer)
    return answer


def _how_it_ended(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return f"crashed with {name}{hint}"
    return f"ended with exit code {exitcode} and no result"
