"""`quantgate cache ls | prune`."""

import argparse
import sys

from quantgate.commands.common.arguments import add_cache_dir, examples
from quantgate.commands.common.bounds import require_bounds, size_text, time_text, total_text
from quantgate.commands.common.kept import Action, add_actions
from quantgate.errors import ExitCode
from quantgate.foundation.extras import require

_NOUNS = ("entry", "entries")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of this verb."""
    parser.description = (
        "List or prune the cached results of tasks. A run reuses a result if the "
        "task's code, parameters, inputs and versions are the same."
    )
    parser.epilog = examples(
        "quantgate cache ls",
        "quantgate cache prune --max-size 10GiB",
    )
    add_actions(
        parser,
        add_cache_dir,
        listing=Action(
            list_entries,
            help="list the cached results",
            description="List the cached results, least recently used first.",
        ),
        pruning=Action(
            prune_entries,
            help="delete old results, or shrink the cache to a size",
            description="Delete results that have not been used for some time. Then delete the "
            "least recently used results until the cache fits a size.",
        ),
        age="delete results not used for this long",
        size="size of the cache",
    )


def list_entries(options: argparse.Namespace) -> int:
    """Print a line for each entry, and their total size."""
    require("the cache", "kfp")
    from quantgate.local_runner.cache.prune import kept

    entries = kept(options.cache_dir)
    for entry in entries:
        size = size_text(entry.size_bytes)
        sys.stdout.write(f"{time_text(entry.used)}  {entry.key[:12]}  {size:>17}  {entry.title}\n")
    sys.stdout.write(f"{total_text(entries, *_NOUNS)}, in {options.cache_dir}\n")
    return ExitCode.OK


def prune_entries(options: argparse.Namespace) -> int:
    """Delete entries and print how many.

    Raises:
        UsageError: neither an age nor a size is given, or an entry cannot be deleted.
    """
    require_bounds(options)
    require("the cache", "kfp")
    from quantgate.local_runner.cache.prune import prune

    deleted = prune(options.cache_dir, options.older_than, options.max_size)
    sys.stdout.write(f"deleted {total_text(deleted, *_NOUNS)}\n")
    return ExitCode.OK
