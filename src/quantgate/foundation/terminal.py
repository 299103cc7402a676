"""Text from models and data, made harmless for terminals.

A name in a model can hold escape sequences, which a terminal obeys, and controls of the direction
of writing, which let a text look like another one.
"""

import io
import json
import re
from typing import TextIO

_STYLES = re.compile(r"\x1b\[[0-9;:]*m")
#: Controls except for tab and line feed, marks of direction, separators of lines, and characters
#: that are not seen. The joiners of emoji and of some scripts stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    r"""Return a text without colours, and with other controls as escapes such as `\u001b`.

    The escapes are those of JSON, so that JSON keeps its meaning.
    """
    return _UNSEEN.sub(_escaped, _STYLES.sub("", text))


def _escaped(match: "re.Match[str]") -> str:
    return json.dumps(match[0])[1:-1]


class VisibleStream(io.TextIOBase):
    """A stream that makes everything visible that is written to it.

    Attributes:
        beneath: the stream that it writes to. Quantgate's own colours and moves of the cursor are
            written there.
    """

    def __init__(self, beneath: TextIO) -> None:
        self.beneath = beneath

    def write(self, text: str) -> int:
        """Write a text."""
        self.beneath.write(visible(text))
        return len(text)

    def flush(self) -> None:
        """Flush the stream beneath."""
        if not self.beneath.closed:
            self.beneath.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return whether the stream beneath is a terminal."""
        return self.beneath.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream beneath."""
        return self.beneath.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream beneath."""
        return self.beneath.encoding


def beneath(stream: TextIO) -> TextIO:
    """Return the stream for quantgate's own escape sequences. Texts must be visible already."""
    return stream.beneath if isinstance(stream, VisibleStream) else stream
