"""Parsing of YAML text into a tree of nodes, or into one error with its position."""

import re
from typing import TYPE_CHECKING

import yaml
from yaml.events import AliasEvent, NodeEvent
from yaml.nodes import Node

from quantgate.spec.problems.wording import space_after_colon
from quantgate.spec.reading.scalars import CoreLoader

if TYPE_CHECKING:
    from yaml._yaml import Mark as CMark

    AnyMark = yaml.Mark | CMark | None

MAX_DEPTH = 20

_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # as in PyYAML

_QUOTE_IT = "Put the value in quotes."
_CHECK_INDENTATION = "Check the indentation: the keys of one mapping start in the same column."

_TWO_COLONS = "mapping values are not allowed here"
_NO_FIT = "expected <block end>"
_OPEN_LIST = "expected ',' or ']'"
_OPEN_MAPPING = "expected ',' or '}'"

#: The start of PyYAML's message, the message to show instead, and the hint.
_KNOWN_ERRORS = (
    ("but found another document", "a second document starts here", "Keep one spec in a file."),
    (
        _TWO_COLONS,
        "YAML expects no `: ` here",
        "Check the indentation, and put a value that contains `: ` in quotes.",
    ),
    (
        "could not find expected ':'",
        "the key before this position has no colon",
        "Write `key: value`, with a space after the colon.",
    ),
    (
        "expected the node content",
        "a value is missing here",
        "Write it, or close the list or mapping before it.",
    ),
    (_NO_FIT, "this line does not fit the lines above it", _CHECK_INDENTATION),
    ("found unexpected end of stream", "a quote is not closed", "Add the closing quote."),
    (_OPEN_LIST, "a list is not closed", "Add the missing `,` or `]`."),
    (_OPEN_MAPPING, "a mapping is not closed", "Add the missing `,` or `}`."),
)


class Refusal(Exception):
    """The text is not valid. `line` and `column` count from 1."""

    def __init__(self, line: int, column: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.hint = line, column, message, hint

    @classmethod
    def at_end_of(cls, text: str, message: str, hint: str | None = None) -> "Refusal":
        """Return a refusal at the position after a text."""
        lines = split_lines(text)
        return cls(len(lines), len(lines[-1]) + 1, message, hint)

    @classmethod
    def at_mark(cls, mark: "AnyMark", message: str, hint: str | None = None) -> "Refusal":
        """Return a refusal at PyYAML's position, or at the start if there is none."""
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return cls(line, column, message, hint)


def split_lines(text: str) -> tuple[str, ...]:
    """Split a text into lines as PyYAML does."""
    return tuple(_LINE_BREAK.split(text))


def compose(text: str) -> Node | None:
    """Parse one YAML document. Return None for an empty text.

    Raises:
        Refusal: the text is not YAML, has aliases, anchors, tags or tabs, or is nested too deeply.
    """
    try:
        return _Composer(text).compose_only_document()
    except yaml.reader.ReaderError as error:
        code = f"U+{error.character:04X}"
        message = f"YAML does not allow the character {code}"
        raise Refusal.at_end_of(text[: error.position], message, "Remove it.") from None
    except yaml.MarkedYAMLError as error:
        raise _refusal(text, error) from None


class _Composer(CoreLoader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def compose_only_document(self) -> Node | None:
        try:
            return self.get_single_node()
        except (ValueError, OverflowError):  # an escape above the last character: "\UFFFFFFFF"
            message = "an escape in the quotes here is not a character"
            raise Refusal.at_mark(self.get_mark(), message, "Remove it.") from None

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        # Before PyYAML expands anything, as nested aliases can fill the memory.
        event: NodeEvent = self.peek_event()  # type: ignore[no-untyped-call]
        _refuse_unsupported(event)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} levels deep"
            raise Refusal.at_mark(event.start_mark, message)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _refuse_unsupported(event: NodeEvent) -> None:
    if isinstance(event, AliasEvent):
        message = f"the alias `*{event.anchor}` is not allowed in a spec"
        raise Refusal.at_mark(event.start_mark, message, "Write the value out.")
    if event.anchor:
        message = f"the anchor `&{event.anchor}` is not allowed in a spec"
        raise Refusal.at_mark(event.start_mark, message, "Remove it, and write each value out.")
    if tag := getattr(event, "tag", None):
        message = f"the tag `{tag}` is not allowed in a spec"
        raise Refusal.at_mark(event.start_mark, message, "Remove it, or put the text in quotes.")


def _refusal(text: str, error: yaml.MarkedYAMLError) -> Refusal:
    mark = _place(error)
    problem = error.problem or error.context or "unreadable"
    character = split_lines(text)[mark.line][mark.column : mark.column + 1] if mark else ""
    if character == "\t":
        return Refusal.at_mark(mark, "YAML does not allow a tab here", "Use spaces instead.")
    if problem.endswith("that cannot start any token"):
        return Refusal.at_mark(mark, f"a value cannot start with `{character}`", _QUOTE_IT)
    if mark and problem.startswith((_TWO_COLONS, _NO_FIT)):
        unspaced = _unspaced_above(text, mark.line)
        if unspaced:
            return unspaced
    for start, message, hint in _KNOWN_ERRORS:
        if problem.startswith(start):
            return Refusal.at_mark(mark, message, hint)
    return Refusal.at_mark(mark, f"this is not YAML: {problem}")


def _place(error: yaml.MarkedYAMLError) -> "AnyMark":
    """Return the position of an error: the start of what is not closed in its own line."""
    start, reached = error.context_mark, error.problem_mark
    is_open = (error.problem or "").startswith((_OPEN_LIST, _OPEN_MAPPING))
    if start and reached and is_open and start.line < reached.line:
        return start
    return reached or start


def _unspaced_above(text: str, line: int) -> Refusal | None:
    """Return the refusal of the nearest line above if it is a key and a value without a space."""
    lines = split_lines(text)
    number = next((above for above in range(line - 1, -1, -1) if lines[above].strip()), None)
    if number is None:
        return None
    words = lines[number]
    hint = space_after_colon(words.partition(" #")[0].strip())
    column = len(words) - len(words.lstrip()) + 1
    return Refusal(number + 1, column, "this key has no value", hint) if hint else None
