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
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from quantgate import __version__
from quantgate.commands.streams import prepare_streams, settle_output
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


def guarded(handler: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; expected errors become a message, everything else a bug report."""
    prepare_streams()
    _let_termination_interrupt()
    try:
        code = handler(options)
        sys.stdout.flush()
        return code
    except QuantgateError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; nothing was promoted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, and a run has ended with it: 0 would mean a winner.
        settle_output()
        return ExitCode.STEP_FAILED
    except Exception as error:
        settle_output()
        if isinstance(error, OSError) and error.errno in _SYSTEM_REFUSES:
            sys.stderr.write(f"error: {_refusal(error)}\n")
            return ExitCode.STEP_FAILED
        log = _write_bug_report(traceback.format_exc())
        sys.stderr.write(
            f"error: this is a bug in quantgate {__version__}, not in your spec or model.\n"
            f"What happened is written down in {log}; please report it with that file.\n"
        )
        return ExitCode.BUG


def _let_termination_interrupt() -> None:
    """Let SIGTERM, which CI and clusters send, end a run as tidily as Ctrl-C does."""
    may_be_interrupted = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if may_be_interrupted and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def _refusal(error: OSError) -> str:
    place = f" {error.filename}" if error.filename else ""
    way_out = _SYSTEM_REFUSES[error.errno or 0]
    return f"the system refuses to read or write{place}: {error.strerror}; {way_out}"


def _write_bug_report(trace: str) -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    name = f"bug-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    report = f"quantgate {__version__}\nPython {sys.version}\narguments {sys.argv[1:]}\n\n{trace}"
    for folder in (state / "quantgate", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(report, encoding="utf-8")
        except OSError:
            continue
        return folder / name
    sys.stderr.write(report)
    return Path("the lines above")
