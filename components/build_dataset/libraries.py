"""Import libraries that only some formats need, so that an image may lack them."""

import importlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from quantgate.errors import InputError

_HOW_TO_GET: Mapping[str, str] = MappingProxyType(
    {
        "PIL": "Pillow: install `quantgate[data]`",
        "pyarrow": "pyarrow: install `quantgate[data]`",
        "google": "protobuf: install `quantgate[convert]`",
        "tensorflow": "TensorFlow: write `format` beside the source in the spec, so that the task "
        "runs in the image that has it, or install `quantgate[convert]`",
    }
)


def library(name: str, purpose: str) -> Any:
    """Import a library or one of its modules.

    Args:
        name: of the library or module.
        purpose: the data that needs it, for the message.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(f"reading {purpose} needs {_HOW_TO_GET[name.split('.')[0]]}") from error


def gist(error: Exception) -> str:
    """Return the first line of TensorFlow's message, without the names of its nodes and ops."""
    first, *_ = str(error).splitlines() or [type(error).__name__]
    return re.sub(r"\{\{.*?\}\} | \[Op:.*", "", first)
