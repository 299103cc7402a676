"""`quantgate cache ls | prune`."""

import argparse
import re
import sys
import time
from collections.abc import Mapping

from quantgate.commands.common.arguments import add_cache_dir
from quantgate.domain.figures import SIZE
from quantgate.domain.units import SIZE_UNITS
from quantgate.errors import ExitCode, UsageError
from quantgate.foundation.extras import require
from quantgate.wording.figures import figure_text

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this verb's parser."""
    parser = verbs.add_parser(
        "cache",
        help="list or prune the cached results of tasks",
        description="List or prune the cached results of tasks. A run reuses a result if the "
        "task's code, parameters, inputs and versions are the same.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "ls",
        help="list the cached results",
        description="List the cached results, least recently used first.",
    )
    add_cache_dir(listing)
    listing.set_defaults(handler=list_entries)
    pruning = actions.add_parser(
        "prune",
        help="delete old results, or shrink the cache to a size",
        description="Delete results that have not been used for some time. Then delete the least "
        "recently used results until the cache fits a size.",
    )
    pruning.add_argument(
        "--older-than",
        type=_age,
        metavar="AGE",
        help="delete results not used for this long, such as 12h, 30d or 8w",
    )
    pruning.add_argument(
        "--max-size",
        type=_size,
        metavar="SIZE",
        help="maximum size of the cache, such as 500MB, 2GB or 1GiB",
    )
    add_cache_dir(pruning)
    pruning.set_defaults(handler=prune_entries)


def _age(text: str) -> float:
    return _quantity(text, _SECONDS, "an age such as 12h, 30d or 8w")


def _size(text: str) -> float:
    return _quantity(text, SIZE_UNITS, "a size such as 500MB, 2GB or 1GiB")


def _quantity(text: str, units: Mapping[str, int], expected: str) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([a-zA-Z]*)", text)
    if match is None or match.group(2) not in units:
        raise argparse.ArgumentTypeError(f"`{text}` is not {expected}")
    return float(match.group(1)) * units[match.group(2)]


def list_entries(options: argparse.Namespace) -> int:
    """Print a line for each entry, and their total size."""
    require("the cache", "kfp")
    from quantgate.local_runner.cache.prune import kept

    entries = kept(options.cache_dir)
    for entry in entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
        size = _size_text(entry.size_bytes)
        sys.stdout.write(f"{used}  {entry.key[:12]}  {size:>17}  {entry.title}\n")
    total = sum(entry.size_bytes for entry in entries)
    sys.stdout.write(f"{_counted(len(entries))}, {_size_text(total)}, in {options.cache_dir}\n")
    return ExitCode.OK


def prune_entries(options: argparse.Namespace) -> int:
    """Delete entries and print how many.

    Raises:
        UsageError: neither an age nor a size is given, or an entry cannot be deleted.
    """
    if options.older_than is None and options.max_size is None:
        raise UsageError(
            "say what to delete: `--older-than 30d`, `--max-size 2GB` or both; "
            "`--max-size 0` deletes everything"
        )
    require("the cache", "kfp")
    from quantgate.local_runner.cache.prune import prune

    deleted = prune(options.cache_dir, options.older_than, options.max_size)
    freed = sum(entry.size_bytes for entry in deleted)
    sys.stdout.write(f"deleted {_counted(len(deleted))}, {_size_text(freed)}\n")
    return ExitCode.OK


def _counted(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _size_text(size_bytes: int) -> str:
    return figure_text(SIZE.name, float(size_bytes))
