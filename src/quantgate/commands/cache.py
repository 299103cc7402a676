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
        help="list or prune the results that runs use again",
        description="Results of tasks are kept, and used again by every run whose task rests on "
        "the same code, parameters, inputs and versions.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "ls", help="list what is kept", description="List what is kept, least recently used first."
    )
    add_cache_dir(listing)
    listing.set_defaults(handler=list_entries)
    pruning = actions.add_parser(
        "prune",
        help="delete what was not used for long, or what is too much",
        description="Delete what was not used for a time, and then, least recently used first, "
        "what goes beyond a size.",
    )
    pruning.add_argument(
        "--older-than",
        type=_age,
        metavar="AGE",
        help="delete what was not used for this long: 12h, 30d, 8w",
    )
    pruning.add_argument(
        "--max-size", type=_size, metavar="SIZE", help="keep no more than this: 500MB, 2GB, 1GiB"
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
    """Print a line for each entry, and how much they are together."""
    require("the cache", "kfp")
    from quantgate.local_runner.cache.prune import kept

    entries = kept(options.cache_dir)
    for entry in entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
        taken = _size_text(entry.size_bytes)
        sys.stdout.write(f"{used}  {entry.key[:12]}  {taken:>17}  {entry.title}\n")
    total = sum(entry.size_bytes for entry in entries)
    sys.stdout.write(f"{_counted(len(entries))}, {_size_text(total)}, in {options.cache_dir}\n")
    return ExitCode.OK


def prune_entries(options: argparse.Namespace) -> int:
    """Delete entries and say how many.

    Raises:
        UsageError: nothing says which, or an entry cannot be deleted.
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
