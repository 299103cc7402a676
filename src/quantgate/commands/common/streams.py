"""The standard streams, which may be closed, full, gone, or of a poor encoding."""

import io
import os
import sys


def prepare_streams() -> None:
    """Let any text be printed anywhere; to a closed stream it goes nowhere.

    A closed one would otherwise be taken by the next file that is opened, and be printed into.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free: this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def start_again_if_ascii() -> None:
    """Start the command again, in Python's UTF-8 mode, where the locale has nothing but ASCII.

    Names of files with other letters are broken text there, which neither JSON nor a pipeline can
    hold. What is printed keeps the locale's encoding.
    """
    if sys.getfilesystemencoding() not in ("ascii", "us-ascii"):
        return
    os.environ.setdefault("PYTHONIOENCODING", f"{sys.getfilesystemencoding()}:replace")
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def settle_output() -> None:
    """Write what is left to be written, or throw it away, so that Python's exit cannot fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
