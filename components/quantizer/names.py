"""The names of tensors in messages."""

import re
from collections.abc import Sequence

from quantgate.components.litert.flatbuffer import text

_MOST_NAMES = 5


def source_name(name: bytes) -> str:
    """Return a tensor's name in the float model, without the suffixes of LiteRT Quantizer."""
    return re.sub(r"(_quantized|_dequant)+$", "", text(name))


def shortlist(names: Sequence[str]) -> str:
    """Return the first names, and the number of the others.

    A converter joins the names of fused ops by `;`. The first one is enough to find an op.
    """
    firsts = (name.partition(";")[0] for name in names[:_MOST_NAMES])
    shown = ", ".join(f"`{first}`" for first in firsts)
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown
