"""Error handling of all commands: from an error to its message and exit code."""

import argparse
import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any

from quantgate import __version__
from quantgate.commands.common.connecting import redacted
from quantgate.commands.common.messages import write_message
from quantgate.commands.common.streams import discard_output, prepare_streams, settle_output
from quantgate.errors import ExitCode, QuantgateError
from quantgate.foundation.credentials import masked
from quantgate.foundation.sentences import capitalized

#: Errors of the machine rather than of quantgate, each with what to do.
_SYSTEM_REFUSES: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: "make room and run again",
        errno.EDQUOT: "make room and run again",
        errno.EROFS: "choose another path",
        errno.EACCES: "change its permissions, or choose another path",
        errno.EPERM: "change its permissions, or choose another path",
        errno.EMFILE: "raise the limit with `ulimit -n`",
        errno.ENFILE: "stop other programs and run again",
        errno.ENOMEM: "free memory and run again",
    }
)
#: Errors of a path that the user gave, each with what to do.
_PATH_IS_WRONG: Mapping[int, str] = MappingProxyType(
    {
        errno.ENAMETOOLONG: "choose a shorter path",
        errno.EISDIR: "give the path of a file",
        errno.ENOTDIR: "choose a path whose parents are folders",
        errno.EEXIST: "choose another path",
        errno.ELOOP: "give the path that the links should lead to",
    }
)


#: The signals that end a command, with Python's own handlers.
_DEFAULTS: Mapping[signal.Signals, Any] = MappingProxyType(
    {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
)


def guarded(handler: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command. Expected errors become a message, all others a bug report."""
    prepare_streams()
    with _interrupted_once():
        try:
            code = handler(options)
            sys.stdout.flush()
            return code
        except BrokenPipeError:
            # The reader of the output has exited, which ended the run. 0 would mean a winner.
            settle_output()
            return ExitCode.STEP_FAILED
        except BaseException as error:
            settle_output()
            code, message = explained(error, options)
            if code == ExitCode.INTERRUPTED:
                sys.stderr.write(f"\n{message}\n")
            else:
                write_message(message, kind="error")
            return code


def explained(error: BaseException, options: argparse.Namespace) -> tuple[ExitCode, str]:
    """Return the exit code and the message of an error that ends a command.

    Raises:
        BaseException: `error` itself if it asks the process to exit.
    """
    if isinstance(error, QuantgateError):
        return error.exit_code, masked(str(error))
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED, f"interrupted: {str(error) or 'nothing was promoted'}"
    if not isinstance(error, Exception):
        raise error
    if isinstance(error, OSError) and error.errno in _SYSTEM_REFUSES:
        return ExitCode.STEP_FAILED, _refusal(error)
    if isinstance(error, OSError) and error.errno in _PATH_IS_WRONG and _is_given(error, options):
        return ExitCode.USAGE, _wrong_path(error)
    log = _write_bug_report(error)
    return ExitCode.BUG, (
        f"this is a bug in quantgate {__version__}, not in your spec or model.\n"
        f"Please report it and attach {log}, which has the details."
    )


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """Handle SIGTERM, which CI and clusters send, and SIGHUP of a closed terminal like Ctrl-C.

    A signal that is ignored stays ignored, such as SIGHUP under nohup. Signals after the first are
    ignored. Ending all tasks takes less than 2 s, and an interrupted clean-up would leave some of
    them running.
    """
    if threading.current_thread() is not threading.main_thread() or _has_own_handler():
        yield
        return
    handled = [number for number in _DEFAULTS if signal.getsignal(number) == _DEFAULTS[number]]
    terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]

    def interrupt(received: int, _frame: FrameType | None) -> None:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)
        if received == signal.SIGHUP:
            discard_output(terminals)
        raise KeyboardInterrupt

    for number in handled:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in handled:
            if signal.getsignal(number) is interrupt:
                signal.signal(number, _DEFAULTS[number])


def _has_own_handler() -> bool:
    """Return whether the program around this command handles Ctrl-C itself."""
    return signal.getsignal(signal.SIGINT) not in (signal.default_int_handler, signal.SIG_IGN)


def _refusal(error: OSError) -> str:
    path = f" {error.filename}" if error.filename else ""
    way_out = _SYSTEM_REFUSES[error.errno or 0]
    return f"the system refuses to read or write{path}: {error.strerror}. {capitalized(way_out)}"


def _wrong_path(error: OSError) -> str:
    way_out = _PATH_IS_WRONG[error.errno or 0]
    return f"cannot use {error.filename}: {error.strerror}. {capitalized(way_out)}"


def _is_given(error: OSError, options: argparse.Namespace) -> bool:
    """Return whether the error is about a path that the user gave, or one below it."""
    given = [value for value in vars(options).values() if isinstance(value, (str, Path))]
    path = Path(str(error.filename or ""))
    return any(Path(value) in (path, *path.parents) for value in given if str(value) != ".")


def _write_bug_report(error: Exception) -> Path:
    import tempfile
    import traceback

    trace = masked("".join(traceback.format_exception(error)))
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    name = f"bug-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    made_by = f"quantgate {__version__}\nPython {sys.version}\n"
    report = f"{made_by}arguments {redacted(sys.argv[1:])}\n\n{trace}"
    for folder in (state / "quantgate", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(report, encoding="utf-8")
        except OSError:
            continue
        return folder / name
    sys.stderr.write(report)
    return Path("the lines above")
