"""Sizes as people write them: `500MB`, `2GB`, `8GiB`."""

import re
from collections.abc import Mapping
from types import MappingProxyType

#: Bytes in a unit, by the unit's name.
UNITS: Mapping[str, int] = MappingProxyType(
    {
        "": 1,
        "B": 1,
        **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", start=1)},
        **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", start=1)},
    }
)
#: Of a size with a unit; the spec's schema carries it too.
PATTERN = r"^[0-9]+(\.[0-9]+)? ?([kMGT]B|[KMGT]iB)$"
_PARTS = re.compile(r"([0-9.]+) ?([a-zA-Z]*)")


def bytes_of(size: str) -> int:
    """Read a size that has the form of `PATTERN`, in bytes.

    Raises:
        ValueError: it has not.
    """
    found = _PARTS.fullmatch(size)
    if found is None or found.group(2) not in UNITS:
        raise ValueError(f"`{size}` is not a size such as 500MB, 2GB or 8GiB")
    return round(float(found.group(1)) * UNITS[found.group(2)])
