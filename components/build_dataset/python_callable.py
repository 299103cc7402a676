"""Read samples from a Python function."""

from collections.abc import Iterable, Iterator

from quantgate.components.build_dataset.forms import batches_of
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.components.user_code import import_code, load_function
from quantgate.errors import InputError


def read_callable(request: Request) -> Iterator[Batch]:
    """Call `module:function`, and yield its samples.

    Raises:
        InputError: there is no such function, or its results are not samples.
    """
    source = request.data.source
    if request.code:
        import_code(request.code)
    samples = load_function(source)()
    if not isinstance(samples, Iterable):
        raise InputError(
            f"{source} returned {type(samples).__name__}, not samples. It must yield them"
        )
    return batches_of(samples, request)
