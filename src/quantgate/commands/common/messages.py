"""Messages on standard error, on a terminal with colour and wrapped at words."""

import os
import sys

from quantgate.commands.common.wrapping import fitted
from quantgate.foundation.terminal import beneath, visible

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
    stream = sys.stderr
    message = fitted(visible(f"{label} {text}"), stream)
    if stream.isatty() and _has_colours():
        message = message.replace(label, f"{_COLOURS[kind]}{label}{_PLAIN}", 1)
    beneath(stream).write(f"{message}\n")


def _has_colours() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
