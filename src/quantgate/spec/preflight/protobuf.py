"""Reading of protocol buffers without their library or definitions."""

from collections.abc import Iterator

#: Number of bytes after a tag, by wire type with a fixed size.
_FIXED = {1: 8, 5: 4}
_VARINT, _BYTES = 0, 2
_SIGN = 1 << 63


def messages(content: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the messages and strings of one field.

    Raises:
        ValueError: the content is not a message.
        IndexError: the content is truncated.
    """
    for each, value in _fields(content):
        if each == number and isinstance(value, memoryview):
            yield value


def merged(content: memoryview, number: int) -> memoryview:
    """Return the message of one field that is not repeated. It is empty by default."""
    return memoryview(b"".join(messages(content, number)))


def text(content: memoryview, number: int) -> str:
    """Return the text of one field. It is empty by default."""
    return str(merged(content, number), "utf-8")


def integer(content: memoryview, number: int) -> int:
    """Return the signed integer of one field. It is 0 by default."""
    values = [value for each, value in _fields(content) if each == number]
    value = values[-1] if values and isinstance(values[-1], int) else 0
    return value - 2 * _SIGN if value >= _SIGN else value


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number and value of each varint, message and string."""
    offset = 0
    while offset < len(content):
        tag, offset = _varint(content, offset)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, offset = _varint(content, offset)
            yield number, value
            continue
        is_bytes = wire_type == _BYTES
        size, offset = _varint(content, offset) if is_bytes else (_fixed(wire_type), offset)
        if offset + size > len(content):
            raise ValueError("truncated")
        if is_bytes:
            yield number, content[offset : offset + size]
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
