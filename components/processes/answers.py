"""The answers of child processes, read without running what a child may have slipped in.

Pickled data can name any function to call. A model in a child could write to the child's pipe, so
only arrays, plain values and quantgate's own records and errors are read.
"""

import io
import pickle
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

#: Functions and classes from which NumPy's arrays and the standard library's values are made.
_MAKERS = frozenset(
    {
        ("_codecs", "encode"),
        ("builtins", "bytearray"),
        ("builtins", "complex"),
        ("builtins", "frozenset"),
        ("builtins", "range"),
        ("builtins", "set"),
        ("builtins", "slice"),
        ("collections", "Counter"),
        ("collections", "OrderedDict"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("pathlib", "PosixPath"),
        ("pathlib._local", "PosixPath"),
    }
)
_OWN = "quantgate."


class NotAnAnswer(Exception):
    """An answer that is damaged, or holds anything other than data."""


def send_answer(sender: Connection, function: Callable[[], object]) -> None:
    """Call a function, and send its result or its error.

    The answer is a pair: True and the result, False and the error, or None and the lack of memory.
    """
    answer: tuple[bool | None, object]
    try:
        answer = (True, function())
    except MemoryError:
        traceback.print_exc()
        answer = (None, "ran out of memory")
    except Exception as error:
        traceback.print_exc()
        answer = (False, f"{type(error).__name__}: {error}")
    sender.send_bytes(pickle.dumps(answer))
    sender.close()


def read_answer(content: bytes) -> Any:
    """Return what a child has pickled.

    Raises:
        NotAnAnswer: it is damaged, or it names anything other than data.
    """
    try:
        return _Reader(io.BytesIO(content)).load()
    except Exception as error:
        raise NotAnAnswer(f"returned an answer that is not accepted: {error}") from error


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class or function by name, if data is made from it."""
        named = super().find_class(module, name) if _may_be_data(module, name) else None
        if (module, name) in _MAKERS or _is_own_class(named):
            return named
        raise NotAnAnswer(f"it names {module}.{name}")


def _may_be_data(module: str, name: str) -> bool:
    return (module, name) in _MAKERS or module.startswith(_OWN)


def _is_own_class(named: object) -> bool:
    return isinstance(named, type) and named.__module__.startswith(_OWN)
