"""Convert samples of any supported form to arrays [k, ...] by key.

In LiteRT's guide to post-training quantization, a representative dataset yields `{name: array}`,
`(signature, {name: array})`, or a list of arrays in the order of the inputs. Each array has a batch
dimension there. Samples without one are supported, too, and so are labels beside the inputs.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.fields import TEXT, as_text
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.errors import InputError

Array = NDArray[Any]
NUMBERS = "fiub"


def batches_of(samples: Iterable[object], request: Request) -> Iterator[Batch]:
    """Yield every sample as arrays by key.

    Raises:
        InputError: a sample has an unknown form, no numbers, or arrays of different length.
    """
    for number, sample in enumerate(samples):
        where = f"{request.data.source}: sample {number}"
        if _is_for_another(sample, request, where):
            continue
        named = _named(sample, request, where)
        if not named:
            raise InputError(f"{where} holds no arrays. Yield one for each input")
        arrays = {
            key: (_field if key in request.texts else _numbers)(value, key, where)
            for key, value in named.items()
        }
        yield _batch(arrays, request, where)


def _named(sample: object, request: Request, where: str) -> Mapping[str, object]:
    if isinstance(sample, Mapping):
        return sample
    if isinstance(sample, tuple) and len(sample) == 2:
        first, second = sample
        if isinstance(first, str) and isinstance(second, Mapping):
            return second
        if isinstance(first, (Mapping, tuple)):
            inputs = _named(first, request, where)
            return {**inputs, **({label: second} if (label := _label(request, where)) else {})}
    values = list(sample) if isinstance(sample, (list, tuple)) else [sample]
    return _in_order(values, request, where)


def _is_for_another(sample: object, request: Request, where: str) -> bool:
    """Return whether a sample is for another one of the converted signatures."""
    match sample:
        case (str() as key, Mapping()) if key not in request.signatures:
            listed = ", ".join(f"`{signature}`" for signature in request.signatures)
            raise InputError(
                f"{where} is for the signature `{key}`, but the spec converts {listed}. Yield "
                "samples only for the signatures that are converted"
            )
        case (str() as key, Mapping()):
            return key != request.signature.key
        case (tuple() as inputs, _):
            return _is_for_another(inputs, request, where)
        case _:
            return False


def _in_order(values: list[object], request: Request, where: str) -> Mapping[str, object]:
    names = list(request.signature.inputs)
    surplus = len(values) - len(names)
    if surplus not in (0, 1):
        listed = ", ".join(f"`{name}`" for name in names)
        raise InputError(
            f"{where} has {len(values)} values, and the model takes {listed}. Yield them in this "
            "order with the label last, or by name"
        )
    keys = [*names, _label(request, where)] if surplus else [*names]
    return {key: value for key, value in zip(keys, values, strict=True) if key}


def _label(request: Request, where: str) -> str | None:
    """Return the key for labels beside the inputs."""
    if request.label in request.signature.inputs:
        raise InputError(
            f"{where} has a label beside the inputs, but `label` names the input "
            f"`{request.label}`. Give the label another name"
        )
    return request.label


def _field(value: object, key: str, where: str) -> Array:
    """Return numbers or text. TensorFlow yields text as Python's bytes."""
    array = np.asarray(value)
    if array.dtype.kind == "O" and all(isinstance(name, (str, bytes)) for name in array.flat):
        array = np.array(array.tolist())
    if array.dtype.kind not in TEXT:
        return _numbers(value, key, where)
    return as_text(array.reshape(-1), key).reshape(array.shape)


def _numbers(value: object, key: str, where: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"{where}: `{key}` is not an array: {error}") from error
    if array.dtype.kind not in NUMBERS:
        kind = "text" if array.dtype.kind in "SUO" else str(array.dtype)
        raise InputError(
            f"{where}: `{key}` holds {kind}, but only numbers can be fed. Yield numbers"
        )
    return array


def _batch(arrays: dict[str, Array], request: Request, where: str) -> Batch:
    """Return arrays with a batch dimension, which is 1 for a sample without one."""
    inputs = request.signature.inputs
    batched = any(
        array.ndim == len(inputs[key].shape) > 0 for key, array in arrays.items() if key in inputs
    )
    rows = {
        key: np.atleast_1d(array) if batched else array[np.newaxis] for key, array in arrays.items()
    }
    lengths = {key: len(array) for key, array in rows.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"`{key}` {length}" for key, length in lengths.items())
        raise InputError(f"{where} is a batch whose arrays differ in length: {counts}")
    return rows
