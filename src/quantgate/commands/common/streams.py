"""Handling of standard streams that are closed, full, disconnected or ASCII-only."""

import io
import os
import sys
from collections.abc import Iterable
from typing import TextIO, cast

from quantgate.foundation.terminal import VisibleStream


def prepare_streams() -> None:
    """Make all text printable to all standard streams, and harmless. Closed streams discard it.

    Otherwise the next opened file would get the descriptor of a closed stream, and with it all
    printed text.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, which is this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")
    sys.stdout, sys.stderr = _prepared(sys.stdout), _prepared(sys.stderr)


def _prepared(stream: TextIO) -> TextIO:
    if isinstance(stream, VisibleStream):
        return stream
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return cast(TextIO, VisibleStream(stream))


def start_again_if_ascii() -> None:
    """Restart the command in Python's UTF-8 mode if the locale is ASCII-only.

    Python reads non-ASCII file names as surrogates there, which JSON and pipelines cannot encode.
    The output keeps the locale's encoding.
    """
    if sys.getfilesystemencoding() not in ("ascii", "us-ascii"):
        return
    os.environ.setdefault("PYTHONIOENCODING", f"{sys.getfilesystemencoding()}:replace")
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def settle_output() -> None:
    """Flush the output, or discard it on an error, so that Python's exit cannot fail."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_output([sys.stdout.fileno()])


def discard_output(descriptors: Iterable[int]) -> None:
    """Discard what is written to descriptors from now on, as their reader is gone."""
    for descriptor in descriptors:
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
