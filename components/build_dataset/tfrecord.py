"""Read TFRecord files of `tf.train.Example`."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.fields import as_text
from quantgate.components.build_dataset.libraries import gist, library
from quantgate.components.build_dataset.pictures import Preparation, preparation_for
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.errors import InputError
from quantgate.records.tasks import TensorFacts
from quantgate.spec.model.data import Feature
from quantgate.spec.model.source_files import data_files

Array = NDArray[Any]
#: The first bytes of a file that gzip compressed.
GZIP = b"\x1f\x8b\x08"
CHUNK_BYTES = 1 << 20


def read_records(request: Request) -> Iterator[Batch]:
    """Yield the described features of every record. This starts TensorFlow's runtime.

    Raises:
        InputError: no features are described, or a record lacks them.
    """
    batch_of = reader_of_records(request)
    for file in data_files(Path(request.data.source), "tfrecord"):
        for number, example in enumerate(_examples(file)):
            yield batch_of(example, f"{file}, record {number}")


def reader_of_records(request: Request) -> Callable[[Any, str], Batch]:
    """Return a function of a `tf.train.Example` and its place, which reads the described features.

    Raises:
        InputError: no features are described.
    """
    features = request.data.features
    if not features:
        raise InputError(
            f"{request.data.source} holds TFRecords, which do not have their shapes. Describe "
            "`features`"
        )
    pictures = {
        name: preparation_for(request, _expected(name, request))
        for name, feature in features.items()
        if feature.encoding == "image"
    }
    return lambda example, where: {
        name: _value(example, name, feature, pictures, where)[np.newaxis]
        for name, feature in features.items()
    }


def _examples(file: Path) -> Iterator[Any]:
    tf = library("tensorflow", "TFRecord files")
    compression = "GZIP" if is_gzip(file) else ""
    records = tf.data.TFRecordDataset(str(file), compression).as_numpy_iterator()
    decode_error = library("google.protobuf.message", "TFRecord files").DecodeError
    try:
        for record in records:
            yield tf.train.Example.FromString(record)
        if compression:
            _check_end(file)
    except (tf.errors.OpError, decode_error) as error:
        raise InputError(
            f"{file} cannot be read as TFRecords of tf.train.Example: {gist(error)}"
        ) from error


def is_gzip(file: Path) -> bool:
    """Return whether the content is gzip, because TensorFlow's writers add no suffix for it."""
    with file.open("rb") as opened:
        return opened.read(len(GZIP)) == GZIP


def _check_end(file: Path) -> None:
    """Read a gzip file to its end, because TensorFlow takes a truncated one as complete."""
    try:
        with gzip.open(file) as content:
            while content.read(CHUNK_BYTES):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file} is a damaged gzip file: {error}. Write it again") from error


def _expected(name: str, request: Request) -> TensorFacts:
    return request.signature.inputs.get(name, TensorFacts(shape=[], dtype="uint8"))


def _value(
    example: Any, name: str, feature: Feature, pictures: Mapping[str, Preparation], where: str
) -> Array:
    stored = example.features.feature.get(name)
    kind = stored.WhichOneof("kind") if stored else None
    if kind is None:
        present = ", ".join(f"`{key}`" for key in sorted(example.features.feature))
        raise InputError(f"{where} has no feature `{name}`. It has {present or 'none'}")
    values, place = getattr(stored, kind).value, f"{where}: feature `{name}`"
    if feature.encoding is None:
        return _numbers(values, kind, feature, place)
    if kind != "bytes_list" or len(values) != 1:
        raise InputError(
            f"{place} holds {len(values)} values of {kind}, but `encoding` is "
            "for one value of bytes_list"
        )
    if feature.encoding == "text":
        return as_text(np.array([values[0]]), f"{where}, feature {name}")[0, ...]
    if name in pictures:
        return pictures[name].read(io.BytesIO(values[0]), place)
    return _shaped(_raw(values[0], feature, place), feature, place)


def _numbers(values: Any, kind: str, feature: Feature, place: str) -> Array:
    if kind == "bytes_list":
        raise InputError(f"{place} holds bytes. Set `encoding` to `raw`, `image` or `text`")
    array = np.array(values, np.float32 if kind == "float_list" else np.int64)
    return _shaped(_cast(array, feature, place), feature, place)


def _cast(array: Array, feature: Feature, place: str) -> Array:
    """Cast an array. Raise an error if NumPy would cut off fractions or wrap large values."""
    if feature.dtype.startswith("float"):
        return array.astype(feature.dtype)
    if array.dtype.kind == "f":
        raise InputError(
            f"{place} holds floats, which are not rounded to {feature.dtype}. "
            "Describe it with `dtype: float32`"
        )
    cast = array.astype(feature.dtype)
    if not np.array_equal(cast, array):
        raise InputError(
            f"{place} holds {array.min()} to {array.max()}, which {feature.dtype}"
            " cannot hold. Describe it with a wider `dtype`"
        )
    return cast


def _raw(content: bytes, feature: Feature, place: str) -> Array:
    dtype = np.dtype(feature.dtype).newbyteorder("<")
    if len(content) % dtype.itemsize:
        raise InputError(
            f"{place} holds {len(content)} bytes, which is not a whole number of {feature.dtype}"
        )
    return np.frombuffer(content, dtype).astype(feature.dtype)


def _shaped(array: Array, feature: Feature, place: str) -> Array:
    if array.size != np.prod(feature.shape, dtype=np.int64):
        raise InputError(
            f"{place} holds {array.size} values, which is not the shape {feature.shape} of the spec"
        )
    return array.reshape(feature.shape)
