"""The first record of a TFRecord file, read without TensorFlow.

A record is its length in 8 bytes, their checksum in 4, the content, and its checksum in 4.
Source: tensorflow/core/lib/io/record_writer.h, tensorflow/core/example/example.proto
"""

import gzip
import struct
import zlib
from functools import cache
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from quantgate.components.build_dataset.libraries import library
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.components.build_dataset.tfrecord import is_gzip, reader_of_records
from quantgate.spec.model.source_files import data_files

_LENGTH = struct.Struct("<Q")
_CHECKSUM_BYTES = 4
#: A longer record is damaged, or too large to hold in memory for a check.
MOST_BYTES = 64 << 20
_PACKAGE = "quantgate.records"
#: The fields of each message, with number, type and whether the field is repeated.
_MESSAGES: dict[str, list[tuple[str, int, str, bool]]] = {
    "BytesList": [("value", 1, "TYPE_BYTES", True)],
    "FloatList": [("value", 1, "TYPE_FLOAT", True)],
    "Int64List": [("value", 1, "TYPE_INT64", True)],
    "Feature": [
        ("bytes_list", 1, "BytesList", False),
        ("float_list", 2, "FloatList", False),
        ("int64_list", 3, "Int64List", False),
    ],
    "Features": [("feature", 1, "Features.FeatureEntry", True)],
    "Example": [("features", 1, "Features", False)],
}


def first_batch(request: Request) -> Batch | None:
    """Return the described features of a source's first record.

    Returns:
        None if there is no record that can be read without TensorFlow.

    Raises:
        InputError: no features are described, or the record lacks them.
    """
    batch_of = reader_of_records(request)
    for file in data_files(Path(request.data.source), "tfrecord"):
        if example := _first_example(file):
            return batch_of(example, f"{file}, record 0")
    return None


def _first_example(file: Path) -> Any:
    """Return the first record, or None if there is none or the file is damaged."""
    decode_error = library("google.protobuf.message", "TFRecord files").DecodeError
    try:
        with gzip.open(file) if is_gzip(file) else file.open("rb") as opened:
            content = _first_content(opened)
        return None if content is None else _example_class().FromString(content)
    except (OSError, EOFError, zlib.error, decode_error):
        return None


def _first_content(file: BufferedIOBase) -> bytes | None:
    head = file.read(_LENGTH.size + _CHECKSUM_BYTES)
    if len(head) < _LENGTH.size + _CHECKSUM_BYTES:
        return None
    (length,) = _LENGTH.unpack(head[: _LENGTH.size])
    if length > MOST_BYTES:
        return None
    content = file.read(length)
    return content if len(content) == length else None


@cache
def _example_class() -> Any:
    """Return a class that reads `tf.train.Example`."""
    descriptors = library("google.protobuf.descriptor_pb2", "TFRecord files")
    file = descriptors.FileDescriptorProto(name="example.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if name == "Feature":
            message.oneof_decl.add(name="kind")
        if name == "Features":
            entry = message.nested_type.add(name="FeatureEntry")
            entry.options.map_entry = True
            _add_fields(entry, [("key", 1, "TYPE_STRING", False), ("value", 2, "Feature", False)])
        _add_fields(message, fields)
    pool = library("google.protobuf.descriptor_pool", "TFRecord files").DescriptorPool()
    pool.Add(file)
    factory = library("google.protobuf.message_factory", "TFRecord files")
    return factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Example"))


def _add_fields(message: Any, fields: list[tuple[str, int, str, bool]]) -> None:
    for name, number, kind, is_repeated in fields:
        field = message.field.add(name=name, number=number)
        field.label = field.LABEL_REPEATED if is_repeated else field.LABEL_OPTIONAL
        if kind.startswith("TYPE_"):
            field.type = getattr(field, kind)
        else:
            field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
        if message.oneof_decl:
            field.oneof_index = 0
