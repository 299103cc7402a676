"""Read a `tf.data.Dataset` from the folder that its `save` wrote."""

from collections.abc import Iterator

from quantgate.components.build_dataset.forms import batches_of
from quantgate.components.build_dataset.libraries import gist, library
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.errors import InputError


def read_saved_dataset(request: Request) -> Iterator[Batch]:
    """Yield the elements in order. This starts TensorFlow's runtime.

    Raises:
        InputError: the folder was not written by `Dataset.save`, or its elements are not samples.
    """
    return batches_of(_elements(request.data.source), request)


def _elements(folder: str) -> Iterator[object]:
    tf = library("tensorflow", "a saved tf.data dataset")
    decode_error = library("google.protobuf.message", "a saved tf.data dataset").DecodeError
    try:
        yield from tf.data.Dataset.load(folder).as_numpy_iterator()
    except (tf.errors.OpError, decode_error, ValueError, TypeError) as error:
        raise InputError(
            f"{folder} cannot be read as a tf.data dataset: {gist(error)}. Write it with "
            "`Dataset.save`"
        ) from error
