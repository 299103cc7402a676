"""The names of tensors in messages."""

import re
from collections.abc import Sequence

from quantgate.components.litert.flatbuffer import text

_MOST_NAMES = 5


def source_name(name: bytes) -> str:
    """Return a tensor's name in the float model, without the suffixes of LiteRT Quantizer."""
    return re.sub(r"(_quantized|_dequant)+$", "", text(name))


def shortlist(names: Sequence[str]) -> str:
    """Return the first names, and the number of the others."""
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown
