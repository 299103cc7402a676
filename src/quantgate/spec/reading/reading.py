"""Reading of a spec file into a document: plain values with their positions."""

import re
from pathlib import Path
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from quantgate.errors import KeyPath, Problem, UsageError
from quantgate.foundation.credentials import masked
from quantgate.foundation.files import is_named_pipe
from quantgate.foundation.nearest_names import nearest
from quantgate.spec.problems.findings import spec_error
from quantgate.spec.problems.wording import described, dotted, few, listed
from quantgate.spec.reading.document import Document, Mark
from quantgate.spec.reading.scalars import scalar_value
from quantgate.spec.reading.syntax import Refusal, compose, split_lines

MAX_BYTES = 1 << 20

#: Suffixes of model files that people give in place of a spec.
_MODEL_SUFFIXES = (".tflite", ".keras", ".h5")
_NO_SPEC = "Give the path of a spec file. `quantgate init` writes one to start from"
_COMPILED = re.compile(rb"^(deploymentSpec:|kind: Pipeline(Version)?\s*$)", re.MULTILINE)
# Control characters and surrogates. Names and paths do not have them, and terminals may run them.
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def read(path: Path) -> Document:
    """Read a spec file. Credentials in URIs are masked, so that no message shows them.

    Raises:
        UsageError: the file does not exist or cannot be read.
        SpecError: the file is not UTF-8, not YAML, or not a mapping.
    """
    content = _content(path)
    if path.suffix in _MODEL_SUFFIXES:
        raise _model_instead(path)
    _refuse_compiled_pipeline(path, content)
    lines = split_lines(masked(content.decode("utf-8-sig", errors="replace")))
    try:
        plain = _Plain()
        value = plain.top(compose(_text(content)))
    except Refusal as refusal:
        raise spec_error([problem_of(refusal)], str(path), lines) from None
    return Document(str(path), lines, value, plain.marks, tuple(plain.problems))


def plain_value(text: str) -> object:
    """Read a YAML value from a text, None if the text is empty.

    Raises:
        Refusal: the text is not YAML, or it has duplicate keys or keys that are not text.
    """
    plain = _Plain()
    value = plain.value(node, ()) if (node := compose(text)) else None
    for problem in plain.problems:
        raise Refusal(problem.line or 1, problem.column or 1, problem.message, problem.hint)
    return value


def problem_of(refusal: Refusal) -> Problem:
    """Return a refusal as a problem of the document."""
    return Problem((), refusal.line, refusal.column, refusal.message, refusal.hint)


def _content(path: Path) -> bytes:
    if is_named_pipe(path):
        raise UsageError(f"{path} is a named pipe. Give the path of a spec file")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist. {_specs_near(path)}") from None
    except IsADirectoryError:
        if (path / "saved_model.pb").is_file():
            raise _model_instead(path) from None
        raise UsageError(f"{path} is a folder. Give the path of the spec file in it") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{path} cannot be read: {why}. Give the path of a spec file") from None


def _model_instead(path: Path) -> UsageError:
    return UsageError(
        f"{path} is a model, not a spec. `quantgate init {path}` writes a spec for it"
    )


def _specs_near(path: Path) -> str:
    """Return the fix for a missing spec: the specs in the folder, or how to get one."""
    specs = {file.stem: file.name for file in sorted(path.parent.glob("[!.]*.y*ml"))}
    if near := nearest(path.stem, specs):
        return f"Did you mean {listed(specs[stem] for stem in near)}?"
    present = few([*specs.values()], most=8)
    return f"{path.parent.absolute()} has {present}" if specs else _NO_SPEC


def _refuse_compiled_pipeline(path: Path, content: bytes) -> None:
    if _COMPILED.search(content):
        raise UsageError(
            f"{path} is a compiled pipeline, not a spec. Give the spec that it was compiled from. "
            f"`quantgate lint {path}` checks a compiled pipeline, and "
            "`quantgate.local_runner.run_pipeline` runs it from Python"
        )


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        message = "the file is larger than 1 MiB, so it is not a spec"
        raise Refusal(1, 1, message, "Give the path of a spec file.")
    try:
        return masked(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        message = "this character is not UTF-8"
        raise Refusal.at_end_of(before, message, "Save the file as UTF-8.") from None


def _position(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


class _Plain:
    """Converts nodes to plain values, and collects their positions and problems."""

    def __init__(self) -> None:
        self.marks: dict[KeyPath, Mark] = {}
        self.problems: list[Problem] = []

    def top(self, node: Node | None) -> dict[str, Any]:
        if node is None or (isinstance(node, ScalarNode) and not node.value):
            raise Refusal(1, 1, "the file is empty", "A spec starts with `version: 1`.")
        if not isinstance(node, MappingNode):
            value = described(self.value(node, ()))
            message = f"a spec is a mapping of keys, not {value}"
            raise Refusal(*_position(node), message, "A spec starts with `version: 1`.")
        self.marks[()] = Mark(_position(node))
        return self._mapping(node, ())

    def value(self, node: Node, path: KeyPath) -> object:
        self.marks.setdefault(path, Mark(_position(node)))
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _scalar(self, node: Node, path: KeyPath) -> object:
        value = scalar_value(node.tag, node.value)
        if isinstance(value, str) and (unusable := _UNUSABLE.search(value)):
            message = f"{dotted(path)} has the control character U+{ord(unusable.group()):04X}"
            self._note(node, path, message, "Remove control characters.")
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
                hint = f"The other one is in line {self._line_of(inner)}. Remove one of them."
                self._note(key_node, inner, message, hint)
                continue
            self.marks[inner] = Mark(_position(value_node), _position(key_node))
            mapping[key] = self.value(value_node, inner)
        return mapping

    def _key(self, node: Node, path: KeyPath) -> str | None:
        key = _Plain().value(node, ())
        if not isinstance(key, str):
            message = f"a key in {dotted(path)} must be text, not {described(key)}"
            self._note(node, (*path, str(key)), message, "Write it as a word.")
            return None
        if _UNUSABLE.search(key):
            message = f"a key in {dotted(path)} has a control character"
            self._note(node, (*path, key), message, "Remove the control character.")
            return None
        return key

    def _line_of(self, path: KeyPath) -> int:
        mark = self.marks[path]
        return (mark.key or mark.value)[0]

    def _note(self, node: Node, path: KeyPath, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(path, *_position(node), message, hint))
