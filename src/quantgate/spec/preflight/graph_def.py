"""Reading of a SavedModel's signatures from `saved_model.pb` without TensorFlow.

Source of the field numbers: tensorflow/core/protobuf/saved_model.proto and meta_graph.proto.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_META_GRAPHS = 2
_META_INFO, _SIGNATURES, _TAGS = 1, 5, 4
_OUTPUTS = 2
_KEY, _VALUE = 1, 2
_INTERNAL_PREFIX = "__saved_model"

#: Number of bytes after a tag, by wire type with a fixed size.
_FIXED = {1: 8, 5: 4}
_VARINT, _BYTES = 0, 2


@dataclass(frozen=True)
class Graph:
    """A graph of a SavedModel: its tags, and the output names of each signature."""

    tags: frozenset[str]
    outputs: dict[str, list[str]]


def graphs_of(folder: Path) -> list[Graph]:
    """Return the graphs of a SavedModel, or nothing if the file is not a protocol buffer.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        content = memoryview((folder / "saved_model.pb").read_bytes())
        return [_graph(part) for part in _parts(content, _META_GRAPHS)]
    except (ValueError, IndexError):
        return []


def _graph(content: memoryview) -> Graph:
    info = b"".join(_parts(content, _META_INFO))
    tags = frozenset(_text(part) for part in _parts(memoryview(info), _TAGS))
    signatures = {_key(entry): _value(entry) for entry in _parts(content, _SIGNATURES)}
    outputs = {
        key: [_key(entry) for entry in _parts(signature, _OUTPUTS)]
        for key, signature in signatures.items()
        if not key.startswith(_INTERNAL_PREFIX)
    }
    return Graph(tags, outputs)


def _key(entry: memoryview) -> str:
    return "".join(_text(part) for part in _parts(entry, _KEY))


def _value(entry: memoryview) -> memoryview:
    return memoryview(b"".join(_parts(entry, _VALUE)))


def _text(part: memoryview) -> str:
    return str(part, "utf-8")


def _parts(content: memoryview, wanted: int) -> Iterator[memoryview]:
    """Yield the messages and strings of one field.

    Raises:
        ValueError: the content is not a message.
    """
    offset = 0
    while offset < len(content):
        tag, offset = _varint(content, offset)
        wire_type = tag & 7
        if wire_type == _VARINT:
            _, offset = _varint(content, offset)
            continue
        is_bytes = wire_type == _BYTES
        size, offset = _varint(content, offset) if is_bytes else (_fixed(wire_type), offset)
        if offset + size > len(content):
            raise ValueError("truncated")
        if is_bytes and tag >> 3 == wanted:
            yield content[offset : offset + size]
        offset += size


def _fixed(wire_type: int) -> int:
    if wire_type not in _FIXED:
        raise ValueError(f"unknown wire type: {wire_type}")
    return _FIXED[wire_type]


def _varint(content: memoryview, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
        shift += 7
