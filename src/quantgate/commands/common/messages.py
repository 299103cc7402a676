"""Messages on standard error, on a terminal with colour and wrapped at words."""

import os
import sys
from typing import TextIO

from quantgate.foundation.terminal import beneath, visible

#: The start of lines that stay as they are, such as excerpts of files and logs.
_VERBATIM = "    "
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1m"}
_PLAIN = "\x1b[0m"


def write_message(text: str, *, kind: str, origin: str = "") -> None:
    """Write a message to standard error.

    Args:
        text: the message, of one line or several.
        kind: "error", "warning" or "note", which it starts with.
        origin: the command that the kind is preceded by.
    """
    label = f"{origin}: {kind}:" if origin else f"{kind}:"
    message = visible(f"{label} {text}")
    stream = sys.stderr
    if stream.isatty():
        message = "\n".join(_wrapped(line, _columns(stream)) for line in message.splitlines())
        if _has_colours():
            message = message.replace(label, f"{_COLOURS[kind]}{label}{_PLAIN}", 1)
    beneath(stream).write(f"{message}\n")


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def _has_colours() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def _wrapped(line: str, columns: int) -> str:
    """Wrap a line between words. Words that are too long, such as paths, stay whole."""
    import textwrap

    if line.startswith(_VERBATIM) or len(line) <= columns:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line,
        columns,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
