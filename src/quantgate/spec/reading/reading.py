"""A spec file to a document: plain values, and the place of each of them."""

import re
from pathlib import Path
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from quantgate.errors import KeyPath, Problem, UsageError
from quantgate.spec.problems.findings import spec_error
from quantgate.spec.problems.wording import described, dotted
from quantgate.spec.reading.document import Document, Mark
from quantgate.spec.reading.scalars import scalar_value
from quantgate.spec.reading.syntax import Refusal, compose, split_lines

MAX_BYTES = 1 << 20

# Names and paths hold none of these, and a terminal that is shown them may obey them.
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def read(path: Path) -> Document:
    """Read a spec file.

    Raises:
        UsageError: there is no such file.
        SpecError: it is not UTF-8, not YAML, or not one mapping.
    """
    content = _content(path)
    lines = split_lines(content.decode("utf-8-sig", errors="replace"))
    try:
        plain = _Plain()
        value = plain.top(compose(_text(content)))
    except Refusal as refusal:
        raise spec_error([problem_of(refusal)], str(path), lines) from None
    return Document(str(path), lines, value, plain.marks, tuple(plain.problems))


def plain_value(text: str) -> object:
    """Read a YAML value on its own; nothing at all is None.

    Raises:
        Refusal: the text is not YAML, or has two keys of one name, or keys that are not text.
    """
    plain = _Plain()
    value = plain.value(node, ()) if (node := compose(text)) else None
    for problem in plain.problems:
        raise Refusal(problem.line or 1, problem.column or 1, problem.message, problem.hint)
    return value


def problem_of(refusal: Refusal) -> Problem:
    """Make a refusal a problem of the whole document."""
    return Problem((), refusal.line, refusal.column, refusal.message, refusal.hint)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; name a spec file") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder; name the spec file in it") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be read: {why}; name a spec file") from None


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise Refusal(1, 1, "a spec of more than 1 MiB is not read", "Name a spec file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        raise Refusal.at_end_of(before, "this is not UTF-8", "Save the file as UTF-8.") from None


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


class _Plain:
    """Turns nodes into plain values, and notes their places and what is wrong with them."""

    def __init__(self) -> None:
        self.marks: dict[KeyPath, Mark] = {}
        self.problems: list[Problem] = []

    def top(self, node: Node | None) -> dict[str, Any]:
        if node is None or (isinstance(node, ScalarNode) and not node.value):
            raise Refusal(1, 1, "the file is empty", "A spec starts with `version: 1`.")
        if not isinstance(node, MappingNode):
            value = described(self.value(node, ()))
            message = f"a spec is a mapping of keys, not {value}"
            raise Refusal(*_place(node), message, "A spec starts with `version: 1`.")
        self.marks[()] = Mark(_place(node))
        return self._mapping(node, ())

    def value(self, node: Node, path: KeyPath) -> object:
        self.marks.setdefault(path, Mark(_place(node)))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _scalar(self, node: Node, path: KeyPath) -> object:
        value = scalar_value(node.tag, node.value)
        if isinstance(value, str) and (unusable := _UNUSABLE.search(value)):
            message = f"{dotted(path)} holds the character U+{ord(unusable.group()):04X}"
            self._note(node, path, message, "Write it without control characters.")
        return value

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            inner = (*path, key)
            if key in mapping:
                message = f"{dotted(inner)} is given twice"
                hint = f"It is in line {self._line_of(inner)} already; remove one of the two."
                self._note(key_node, inner, message, hint)
                continue
            self.marks[inner] = Mark(_place(value_node), _place(key_node))
            mapping[key] = self.value(value_node, inner)
        return mapping

    def _key(self, node: Node, path: KeyPath) -> str | None:
        key = _Plain().value(node, ())
        if not isinstance(key, str):
            message = f"a key in {dotted(path)} must be text, not {described(key)}"
            self._note(node, (*path, str(key)), message, "Write it as a word.")
            return None
        if _UNUSABLE.search(key):
            message = f"a key in {dotted(path)} holds a control character"
            self._note(node, (*path, key), message, "Write the key without it.")
            return None
        return key

    def _line_of(self, path: KeyPath) -> int:
        mark = self.marks[path]
        return (mark.key or mark.value)[0]

    def _note(self, node: Node, path: KeyPath, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(path, *_place(node), message, hint))
