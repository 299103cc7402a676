"""The signatures that a SavedModel declares, read from `saved_model.pb` without TensorFlow.

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

#: Bytes that follow a tag of a wire type with a fixed size.
_FIXED = {1: 8, 5: 4}
_VARINT, _BYTES = 0, 2


@dataclass(frozen=True)
class Graph:
    """One graph of a SavedModel: its tags, and the names of each signature's outputs."""

    tags: frozenset[str]
    outputs: dict[str, list[str]]


def graphs_of(folder: Path) -> list[Graph]:
    """Read what a SavedModel declares; nothing where it is no protocol buffer.

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
    """Yield the messages and texts of one field; raises ValueError on what is no message."""
    place = 0
    while place < len(content):
        tag, place = _varint(content, place)
        kind = tag & 7
        if kind == _VARINT:
            _, place = _varint(content, place)
            continue
        size, place = _varint(content, place) if kind == _BYTES else (_fixed(kind), place)
        if place + size > len(content):
            raise ValueError("cut short")
        if kind == _BYTES and tag >> 3 == wanted:
            yield content[place : place + size]
        place += size


def _fixed(kind: int) -> int:
    if kind not in _FIXED:
        raise ValueError(f"no wire type: {kind}")
    return _FIXED[kind]


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
