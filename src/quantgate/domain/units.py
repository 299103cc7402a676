"""Sizes and other amounts with a unit, as people write them: `500MB`, `8GiB`, `10ms`."""

import re
from collections.abc import Mapping
from types import MappingProxyType

#: Bytes in a unit, by the unit's name.
SIZE_UNITS: Mapping[str, int] = MappingProxyType(
    {
        "": 1,
        "B": 1,
        **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", start=1)},
        **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", start=1)},
    }
)
#: The form of a size with a unit, for the spec's schema too.
SIZE_PATTERN = r"^[0-9]+(\.[0-9]+)? ?([kMGT]B|[KMGT]iB)$"
_SIZE_PARTS = re.compile(r"([0-9.]+) ?([a-zA-Z]*)")


def bytes_of(size: str) -> int:
    """Return a size that has the form of `SIZE_PATTERN`, in bytes.

    Raises:
        ValueError: the text has another form.
    """
    parts = _SIZE_PARTS.fullmatch(size)
    if parts is None or parts.group(2) not in SIZE_UNITS:
        raise ValueError(f"`{size}` is not a size such as 500MB, 2GB or 8GiB")
    return round(float(parts.group(1)) * SIZE_UNITS[parts.group(2)])


#: The form of an amount with a unit, for the spec's schema too.
AMOUNT_PATTERN = r"^[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)? ?([A-Za-zµ]+)$"
_AMOUNT_PARTS = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?) ?([A-Za-zµ]+)")
_TIMES = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}

#: The size of each unit that can be written, by the unit that figures are counted in.
AMOUNT_UNITS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "bytes": {"bytes": 1, **{name: factor for name, factor in SIZE_UNITS.items() if name}},
        "ms": _TIMES,
        "dB": {"dB": 1.0},
    }
)
_FACTORS: Mapping[str, float] = MappingProxyType(
    {name: factor for units in AMOUNT_UNITS.values() for name, factor in units.items()}
)


def unit_of(value: object) -> str | None:
    """Return the unit that an amount was written with, or None if it has none."""
    parts = _AMOUNT_PARTS.fullmatch(value) if isinstance(value, str) else None
    return parts.group(2) if parts else None


def amount_of(value: object) -> object:
    """Return an amount with a known unit in the unit that figures are counted in, as a float.

    Return anything else as it is. The caller checks that the unit fits the figure.
    """
    parts = _AMOUNT_PARTS.fullmatch(value) if isinstance(value, str) else None
    if parts is None or parts.group(2) not in _FACTORS:
        return value
    # A division by a whole number is exact where a product with its inverse is not.
    number, factor = float(parts.group(1)), _FACTORS[parts.group(2)]
    return number * factor if factor >= 1 else number / round(1 / factor)
