"""One place where an error becomes an exit code."""

import argparse
import errno
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, MappingProxyType

from quantgate import __version__
from quantgate.commands.common.connecting import redacted
from quantgate.commands.common.streams import prepare_streams, settle_output
from quantgate.errors import ExitCode, QuantgateError

#: What is wrong with the machine and not with quantgate, and the way out.
_SYSTEM_REFUSES: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: "make room and run again",
        errno.EDQUOT: "make room and run again",
        errno.EROFS: "name another place",
        errno.EACCES: "change its permissions, or name another place",
        errno.EPERM: "change its permissions, or name another place",
        errno.EMFILE: "raise the limit with `ulimit -n`",
        errno.ENFILE: "end other programs and run again",
        errno.ENOMEM: "free memory and run again",
    }
)
#: What is wrong with a path, and the way out.
_PATH_IS_WRONG: Mapping[int, str] = MappingProxyType(
    {
        errno.ENAMETOOLONG: "give a shorter one",
        errno.EISDIR: "name a file",
        errno.ENOTDIR: "name a place whose parents are folders",
        errno.EEXIST: "name another place",
        errno.ELOOP: "name the place itself in place of its links",
    }
)


def guarded(handler: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; expected errors become a message, everything else a bug report."""
    prepare_streams()
    with _interrupted_once():
        try:
            code = handler(options)
            sys.stdout.flush()
            return code
        except BrokenPipeError:
            # Whoever read our output has gone, and a run has ended with it: 0 would mean a winner.
            settle_output()
            return ExitCode.STEP_FAILED
        except BaseException as error:
            settle_output()
            code, message = explained(error, options)
            mark = "\n" if code == ExitCode.INTERRUPTED else "error: "
            sys.stderr.write(f"{mark}{message}\n")
            return code


def explained(error: BaseException, options: argparse.Namespace) -> tuple[ExitCode, str]:
    """Return what an error that ends a command with such options stands for, and what to tell.

    Raises:
        BaseException: the error, where it is no error but a wish to end.
    """
    if isinstance(error, QuantgateError):
        return error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED, f"interrupted; {str(error) or 'nothing was promoted'}"
    if not isinstance(error, Exception):
        raise error
    if isinstance(error, OSError) and error.errno in _SYSTEM_REFUSES:
        return ExitCode.STEP_FAILED, _refusal(error)
    if isinstance(error, OSError) and error.errno in _PATH_IS_WRONG and _is_given(error, options):
        return ExitCode.USAGE, _wrong_path(error)
    log = _write_bug_report("".join(traceback.format_exception(error)))
    return ExitCode.BUG, (
        f"this is a bug in quantgate {__version__}, not in your spec or model.\n"
        f"What happened is written down in {log}; please report it with that file."
    )


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """Let SIGTERM, which CI and clusters send, end a run as tidily as Ctrl-C does.

    What comes after the first of them changes nothing: to end all tasks takes less than 2 s, and
    cut short it would leave some behind.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heeded = handlers[signal.SIGINT] is signal.default_int_handler
    if not heeded or threading.current_thread() is not threading.main_thread():
        yield
        return
    for number in handlers:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _interrupt:
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _refusal(error: OSError) -> str:
    place = f" {error.filename}" if error.filename else ""
    way_out = _SYSTEM_REFUSES[error.errno or 0]
    return f"the system refuses to read or write{place}: {error.strerror}; {way_out}"


def _wrong_path(error: OSError) -> str:
    way_out = _PATH_IS_WRONG[error.errno or 0]
    return f"cannot use {error.filename}: {error.strerror}; {way_out}"


def _is_given(error: OSError, options: argparse.Namespace) -> bool:
    """Whether it is about a path that the user gave, or one below it."""
    given = [value for value in vars(options).values() if isinstance(value, (str, Path))]
    place = Path(str(error.filename or ""))
    return any(Path(value) in (place, *place.parents) for value in given if str(value) != ".")


def _write_bug_report(trace: str) -> Path:
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
