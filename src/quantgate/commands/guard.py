"""One place where an error becomes an exit code."""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from quantgate import __version__
from quantgate.errors import ExitCode, QuantgateError


def guarded(handler: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; expected errors become a message, everything else a bug report."""
    try:
        return handler(options)
    except QuantgateError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; nothing was promoted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception:
        log = _write_bug_report(traceback.format_exc())
        sys.stderr.write(
            f"error: this is a bug in quantgate {__version__}, not in your spec or model.\n"
            f"What happened is written down in {log}; please report it with that file.\n"
        )
        return ExitCode.BUG


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
