"""A Python function that yields samples."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from quantgate.components.build_dataset.forms import batches_of
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.errors import InputError


def read_callable(request: Request) -> Iterator[Batch]:
    """Call `module:function` and read what it yields.

    Raises:
        InputError: there is no such function, or what it gives is not samples.
    """
    source = request.data.source
    samples = _function(source)()
    if not isinstance(samples, Iterable):
        raise InputError(
            f"{source} returned {type(samples).__name__}, not samples; let it yield them"
        )
    return batches_of(samples, request)


def _function(source: str) -> Callable[[], Any]:
    name, _, attribute = source.partition(":")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{source} cannot be imported: {error}; put the module beside the spec, or on a "
            "cluster into the image"
        ) from error
    function: Callable[[], Any] | None = getattr(module, attribute, None)
    if not callable(function):
        raise InputError(f"{source}: the module `{name}` has no function `{attribute}`")
    return function
