"""The options of `prune`, and the text of what is kept on disk."""

import argparse
import re
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from quantgate.domain.figures import SIZE
from quantgate.domain.units import SIZE_UNITS
from quantgate.errors import UsageError
from quantgate.foundation.pruning import Kept
from quantgate.wording.figures import figure_text

_SECONDS: Mapping[str, int] = MappingProxyType(
    {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
)


def add_bounds(parser: argparse.ArgumentParser, *, age: str, size: str) -> None:
    """Add --older-than and --max-size, with the beginning of their help texts."""
    parser.add_argument(
        "--older-than", type=_age, metavar="AGE", help=f"{age}, such as 12h, 30d or 8w"
    )
    parser.add_argument(
        "--max-size",
        type=_size,
        metavar="SIZE",
        help=f"maximum {size}, such as 500MB, 2GB or 1GiB",
    )


def require_bounds(options: argparse.Namespace) -> None:
    """Require an age or a size.

    Raises:
        UsageError: neither is given.
    """
    if options.older_than is None and options.max_size is None:
        raise UsageError(
            "say what to delete: `--older-than 30d`, `--max-size 2GB` or both. "
            "`--max-size 0` deletes everything"
        )


def time_text(seconds: float) -> str:
    """Return a Unix time as local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def size_text(size_bytes: int) -> str:
    """Return a size with its unit."""
    return figure_text(SIZE.name, float(size_bytes))


def total_text(kept: Sequence[Kept], one: str, several: str) -> str:
    """Return a number and a size, as in "3 entries, 1,024 bytes"."""
    noun = one if len(kept) == 1 else several
    return f"{len(kept)} {noun}, {size_text(sum(each.size_bytes for each in kept))}"


def _age(text: str) -> float:
    return _quantity(text, _SECONDS, "an age such as 12h, 30d or 8w")


def _size(text: str) -> float:
    return _quantity(text, SIZE_UNITS, "a size such as 500MB, 2GB or 1GiB")


def _quantity(text: str, units: Mapping[str, int], expected: str) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([a-zA-Z]*)", text)
    if match is None or match.group(2) not in units:
        raise argparse.ArgumentTypeError(f"`{text}` is not {expected}")
    return float(match.group(1)) * units[match.group(2)]
